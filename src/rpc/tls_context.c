/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts from files: what is read, what is allowed, what is said when it does not fit. */
#include "rpc/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "rpc/address.h"
#include "rpc/limits.h"

/* TLS 1.2: forward secrecy and AEAD only. TLS 1.3 has nothing else. */
#define TLS_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"

static void cleanup_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void cleanup_context(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

static void cleanup_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void cleanup_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static bool tls_is_given(const char *path)
{
	return path && *path;
}

/* All of a regular file. What is neither there nor readable is one line, with WHAT it is. */
static int tls_read_file(const char *what, const char *path, BIO **out, struct diag *diag)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_(cleanup_bio) BIO *bio = BIO_new(BIO_s_mem());
	struct stat status;
	char room[96], data[16384];
	size_t total = 0;
	ssize_t bytes = -1;

	if (!bio)
		return -ENOMEM;
	if (fd < 0 || fstat(fd, &status) < 0) {
		diag_add(diag, "cannot read %s file \"%s\": %s", what, path,
			 address_error_text(errno, room, sizeof(room)));
		return -EINVAL;
	}
	if (!S_ISREG(status.st_mode)) {
		diag_add(diag, "cannot read %s file \"%s\": it is no regular file", what, path);
		return -EINVAL;
	}
	while (total <= RPC_TLS_FILE_BYTES_MAX && (bytes = read(fd, data, sizeof(data))) > 0) {
		if (BIO_write(bio, data, (int)bytes) != bytes)
			return -ENOMEM;
		total += (size_t)bytes;
	}
	if (!bytes) {
		*out = TAKE_PTR(bio);
		return 0;
	}
	diag_add(diag, "cannot read %s file \"%s\": %s", what, path,
		 bytes < 0 ? address_error_text(errno, room, sizeof(room)) : "it is too large");
	return -EINVAL;
}

/* Whether no block was left; a broken one, after the good ones of a file, is said. */
static int tls_check_end(const char *what, const char *path, struct diag *diag)
{
	unsigned long error = ERR_peek_last_error();

	ERR_clear_error();
	if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE)
		return 0;
	diag_add(diag, "%s file \"%s\" has a certificate that is broken or cut off", what, path);
	return -EINVAL;
}

/* Says that a file holds something else than it should. */
static int tls_complain(const char *what, const char *path, const char *wanted, struct diag *diag)
{
	ERR_clear_error();
	diag_add(diag, "%s file \"%s\" holds no %s in PEM", what, path, wanted);
	return -EINVAL;
}

/* An encrypted key would make OpenSSL ask on the terminal. */
static int tls_give_no_password(char *out, int bytes, int is_writing, void *context)
{
	return -1;
}

static int tls_use_certificate(SSL_CTX *context, const char *path, struct diag *diag)
{
	_cleanup_(cleanup_bio) BIO *bio = NULL;
	int error = tls_read_file("certificate", path, &bio, diag);
	_cleanup_(cleanup_certificate) X509 *leaf = NULL;
	X509 *next;

	if (error)
		return error;
	leaf = PEM_read_bio_X509_AUX(bio, NULL, tls_give_no_password, NULL);
	if (!leaf)
		return tls_complain("certificate", path, "certificate", diag);
	if (SSL_CTX_use_certificate(context, leaf) != 1) {
		diag_add(diag, "certificate file \"%s\" cannot be used: %s", path,
			 ERR_reason_error_string(ERR_get_error()));
		return -EINVAL;
	}
	while ((next = PEM_read_bio_X509(bio, NULL, tls_give_no_password, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(context, next) == 1)
			continue;
		X509_free(next);
		return -ENOMEM;
	}
	return tls_check_end("certificate", path, diag);
}

static int tls_use_key(SSL_CTX *context, const struct tls_files *files, struct diag *diag)
{
	_cleanup_(cleanup_bio) BIO *bio = NULL;
	int error = tls_read_file("private key", files->key_file, &bio, diag);
	_cleanup_(cleanup_key) EVP_PKEY *key = NULL;

	if (error)
		return error;
	key = PEM_read_bio_PrivateKey(bio, NULL, tls_give_no_password, NULL);
	if (!key)
		return tls_complain("private key", files->key_file, "key without a password", diag);
	if (SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1)
		return 0;
	ERR_clear_error();
	diag_add(diag, "private key file \"%s\" does not belong to certificate file \"%s\"",
		 files->key_file, files->cert_file);
	return -EINVAL;
}

/* Trusts all certificates of a file. */
static int tls_trust_file(SSL_CTX *context, const char *path, bool is_server, struct diag *diag)
{
	_cleanup_(cleanup_bio) BIO *bio = NULL;
	int error = tls_read_file("CA", path, &bio, diag);
	unsigned int count = 0;

	while (!error) {
		_cleanup_(cleanup_certificate) X509 *one =
			PEM_read_bio_X509(bio, NULL, tls_give_no_password, NULL);

		if (!one)
			break;
		count++;
		/* Clients are told whom the server trusts. */
		if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one) != 1 ||
		    (is_server && SSL_CTX_add_client_CA(context, one) != 1))
			error = -ENOMEM;
	}
	if (error)
		return error;
	return count ? tls_check_end("CA", path, diag)
		     : tls_complain("CA", path, "certificate", diag);
}

static int tls_use_files(SSL_CTX *context, const struct tls_files *files, bool is_server,
			 struct diag *diag)
{
	int error = 0;

	if (tls_is_given(files->cert_file) != tls_is_given(files->key_file)) {
		diag_add(diag, "a certificate file and a private key file go together; give both");
		return -EINVAL;
	}
	if (tls_is_given(files->cert_file)) {
		error = tls_use_certificate(context, files->cert_file, diag);
		if (!error)
			error = tls_use_key(context, files, diag);
	}
	for (size_t i = 0; !error && i < files->ca_files_count; i++)
		error = tls_trust_file(context, files->ca_files[i], is_server, diag);
	return error;
}

/* What both sides want. Sessions are not resumed: each handshake looks at the certificates of
 * today. */
static int tls_set_up(SSL_CTX *context)
{
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(context, TLS_CIPHERS) != 1)
		return -ENOMEM;
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	/* Messages about TLS itself are not read on and on in one go, while nobody counts them. */
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(context, RPC_TLS_CHAIN_BYTES_MAX);
	return 0;
}

static int tls_select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
			       const unsigned char *offered, unsigned int bytes, void *context)
{
	for (unsigned int at = 0; at < bytes; at += 1U + offered[at]) {
		if (offered[at] != 2 || at + 3 > bytes || memcmp(offered + at + 1, "h2", 2) != 0)
			continue;
		*out = offered + at + 1;
		*out_bytes = 2;
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int tls_context_new_server(SSL_CTX **out, const struct tls_files *files, bool requires_certificate,
			   struct diag *diag)
{
	_cleanup_(cleanup_context) SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	int error = context ? tls_set_up(context) : -ENOMEM;

	if (error)
		return error;
	if (!tls_is_given(files->cert_file) || (requires_certificate && !files->ca_files_count)) {
		diag_add(diag, "TLS wants %s",
			 tls_is_given(files->cert_file)
				 ? "a file with the CAs of the clients that are to be verified"
				 : "a certificate file and a private key file");
		return -EINVAL;
	}
	error = tls_use_files(context, files, true, diag);
	if (error)
		return error;
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_alpn_select_cb(context, tls_select_protocol, NULL);
	if (files->ca_files_count)
		SSL_CTX_set_verify(
			context,
			SSL_VERIFY_PEER |
				(requires_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
			NULL);
	*out = TAKE_PTR(context);
	return 0;
}

int tls_context_new_client(SSL_CTX **out, const struct tls_files *files, bool is_trusting,
			   struct diag *diag)
{
	static const unsigned char protocols[] = { 2, 'h', '2' };
	_cleanup_(cleanup_context) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int error = context ? tls_set_up(context) : -ENOMEM;

	if (!error)
		error = tls_use_files(context, files, false, diag);
	if (error)
		return error;
	if (!files->ca_files_count)
		SSL_CTX_set_default_verify_paths(context);
	SSL_CTX_set_verify(context, is_trusting ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	/* Of the few functions of OpenSSL where 0 is success. */
	if (SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols)))
		return -ENOMEM;
	*out = TAKE_PTR(context);
	return 0;
}
