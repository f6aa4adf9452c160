/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: bytes in and out, and the meaning of OpenSSL's errors. */
#include "rpc/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tls {
	SSL *ssl;
	BIO_METHOD *method; /* ours, of the one BIO below */
	int fd;
	short read_events, write_events;
	bool is_server;
	bool has_ended;	       /* the socket has; with or without a goodbye */
	unsigned int messages; /* see tls_take_messages() */
	unsigned long error;   /* OpenSSL's, of what failed last; 0: it said nothing */
	long verify_error;
};

/* ---- bytes below ---- */

static int tls_bio_write(BIO *bio, const char *data, int bytes)
{
	const struct tls *tls = BIO_get_data(bio);
	ssize_t sent = send(tls->fd, data, (size_t)bytes, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)sent;
}

static int tls_bio_read(BIO *bio, char *out, int bytes)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t got = recv(tls->fd, out, (size_t)bytes, 0);

	BIO_clear_retry_flags(bio);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	tls->has_ended |= got == 0;
	return (int)got;
}

static long tls_bio_control(BIO *bio, int command, long number, void *pointer)
{
	return command == BIO_CTRL_FLUSH;
}

static int tls_attach_socket(struct tls *tls)
{
	BIO *bio;

	tls->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket without signals");
	if (!tls->method || !BIO_meth_set_write(tls->method, tls_bio_write) ||
	    !BIO_meth_set_read(tls->method, tls_bio_read) ||
	    !BIO_meth_set_ctrl(tls->method, tls_bio_control))
		return -ENOMEM;
	bio = BIO_new(tls->method);
	if (!bio)
		return -ENOMEM;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	return 0;
}

static void tls_on_message(int is_sent, int version, int type, const void *data, size_t bytes,
			   SSL *ssl, void *context)
{
	struct tls *tls = context;

	if (!is_sent && (type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT))
		tls->messages++;
}

static void tls_cleanup(struct tls **tls)
{
	tls_free(*tls);
}

struct tls *tls_new(SSL_CTX *context, int fd, bool is_server)
{
	_cleanup_(tls_cleanup) struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	tls->fd = fd;
	tls->is_server = is_server;
	tls->read_events = POLLIN;
	tls->write_events = POLLOUT;
	tls->ssl = SSL_new(context);
	if (!tls->ssl || tls_attach_socket(tls))
		return NULL;
	SSL_set_msg_callback(tls->ssl, tls_on_message);
	SSL_set_msg_callback_arg(tls->ssl, tls);
	if (is_server)
		SSL_set_accept_state(tls->ssl);
	else
		SSL_set_connect_state(tls->ssl);
	return TAKE_PTR(tls);
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	/* After an error OpenSSL wants no goodbye. */
	if (tls->ssl && SSL_is_init_finished(tls->ssl) && !tls->error && !tls->has_ended)
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
	SSL_free(tls->ssl);
	BIO_meth_free(tls->method);
	free(tls);
}

int tls_expect_name(struct tls *tls, const char *name)
{
	X509_VERIFY_PARAM *parameters = SSL_get0_param(tls->ssl);

	if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name))
		return 0;
	ERR_clear_error();
	X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (!X509_VERIFY_PARAM_set1_host(parameters, name, 0) ||
	    !SSL_set_tlsext_host_name(tls->ssl, name))
		return -EINVAL;
	return 0;
}

/* ---- reading and writing ---- */

/* What RESULT of an OpenSSL call means; 0: the peer has ended. */
static int tls_judge(struct tls *tls, int result, short *events)
{
	int saved = errno;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*events = POLLIN;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		*events = POLLOUT;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		tls->has_ended = true;
		return 0;
	default:
		break;
	}
	tls->error = ERR_peek_error();
	tls->verify_error = SSL_get_verify_result(tls->ssl);
	ERR_clear_error();
	if (tls->error && ERR_GET_REASON(tls->error) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return -EPROTO;
	if (tls->has_ended)
		return 0;
	return saved ? -saved : -EPROTO;
}

/* "h2" by ALPN, as gRPC wants it. */
static bool tls_speaks_h2(const struct tls *tls)
{
	const unsigned char *name;
	unsigned int bytes;

	SSL_get0_alpn_selected(tls->ssl, &name, &bytes);
	return bytes == 2 && memcmp(name, "h2", 2) == 0;
}

int tls_handshake(struct tls *tls)
{
	int result, error;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(tls->ssl);
	if (result == 1)
		return tls_speaks_h2(tls) ? 0 : -EPROTO;
	error = tls_judge(tls, result, &tls->read_events);
	tls->write_events = tls->read_events;
	if (!error)
		return -ECONNRESET;
	return error;
}

ssize_t tls_read(struct tls *tls, void *out, size_t bytes)
{
	size_t got;
	int result;

	ERR_clear_error();
	errno = 0;
	tls->read_events = POLLIN;
	result = SSL_read_ex(tls->ssl, out, bytes, &got);
	return result == 1 ? (ssize_t)got : tls_judge(tls, result, &tls->read_events);
}

ssize_t tls_write(struct tls *tls, const void *data, size_t bytes)
{
	size_t sent;
	int result, error;

	ERR_clear_error();
	errno = 0;
	tls->write_events = POLLOUT;
	result = SSL_write_ex(tls->ssl, data, bytes, &sent);
	if (result == 1)
		return (ssize_t)sent;
	error = tls_judge(tls, result, &tls->write_events);
	return error ? error : -EPIPE;
}

bool tls_has_pending(const struct tls *tls)
{
	return SSL_pending(tls->ssl) > 0;
}

unsigned int tls_take_messages(struct tls *tls)
{
	unsigned int messages = tls->messages;

	tls->messages = 0;
	return messages;
}

short tls_get_read_events(const struct tls *tls)
{
	return tls->read_events;
}

short tls_get_write_events(const struct tls *tls)
{
	return tls->write_events;
}

/* ---- words ---- */

/* What is wrong, and what a client's person can do about it. */
struct tls_text {
	long error;
	const char *text;
	const char *advice;
};

#define UNKNOWN_CA                                    \
	"the certificate is signed by an unknown CA", \
		"; give the CA's certificate with --tls-ca-cert-files"
#define NO_TLS "the other side does not speak TLS", "; leave the --tls flags out"
#define WANTED "; give one with --tls-cert-file and --tls-key-file"

/* Results of certificate checks. */
static const struct tls_text tls_verify_texts[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, "the certificate has expired", "" },
	{ X509_V_ERR_CERT_NOT_YET_VALID,
	  "the certificate is not valid yet; is the clock of this machine right?", "" },
	{ X509_V_ERR_HOSTNAME_MISMATCH, "the certificate is for another host name",
	  "; give that name with --tls-server-name" },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, "the certificate is not for this IP address",
	  "; give the name that it is for with --tls-server-name" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, UNKNOWN_CA },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, UNKNOWN_CA },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, UNKNOWN_CA },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, UNKNOWN_CA },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	  "the certificate is signed by itself and not among the trusted ones",
	  "; give it with --tls-ca-cert-files" },
	{ X509_V_ERR_INVALID_PURPOSE, "the certificate is not made for this use", "" },
};

/* What the other side says, or how it shows that it is none. Numbers of the library SSL. */
static const struct tls_text tls_reason_texts[] = {
	{ SSL_R_WRONG_VERSION_NUMBER, NO_TLS },
	{ SSL_R_HTTP_REQUEST, NO_TLS },
	{ SSL_R_NO_APPLICATION_PROTOCOL, "the other side does not speak HTTP/2", "" },
	{ SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "the other side does not speak HTTP/2", "" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "the other side wants a certificate", WANTED },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the other side shows no certificate", "" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
	  "the other side wants a certificate, or none of its ciphers is known here", WANTED },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the other side does not know the CA of our certificate",
	  "" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the other side does not accept our certificate", "" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
	  "the other side says that our certificate has expired", "" },
	{ SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
	  "the other side says that our certificate is not made for this use", "" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
	  "the other side wants another version of TLS; want 1.2 or 1.3", "" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, "the other side speaks an old TLS; want 1.2 or 1.3", "" },
};

static const struct tls_text *tls_find_text(const struct tls_text *rows, size_t count, long error)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].error == error)
			return &rows[i];
	}
	return NULL;
}

void tls_explain(const struct tls *tls, struct buf *out)
{
	bool is_about_certificate = ERR_GET_REASON(tls->error) == SSL_R_CERTIFICATE_VERIFY_FAILED &&
				    tls->verify_error != X509_V_OK;
	const struct tls_text *row;
	const char *other;

	if (!tls->error) {
		buf_add_text(out, SSL_is_init_finished(tls->ssl) && !tls_speaks_h2(tls)
					  ? "the other side does not speak HTTP/2"
					  : "the other side ended the connection");
		return;
	}
	if (is_about_certificate) {
		row = tls_find_text(tls_verify_texts, COUNT(tls_verify_texts), tls->verify_error);
		other = X509_verify_cert_error_string(tls->verify_error);
	} else {
		row = tls_find_text(tls_reason_texts, COUNT(tls_reason_texts),
				    ERR_GET_REASON(tls->error));
		other = ERR_reason_error_string(tls->error);
	}
	if (row)
		buf_add_format(out, "%s%s", row->text, tls->is_server ? "" : row->advice);
	else
		buf_add_text(out, other ? other : "TLS failed");
}

/* ---- the peer's names ---- */

/* A name with a NUL byte inside could look like another one: it does not count. */
static int peer_add_name(struct rpc_peer *peer, const ASN1_STRING *value)
{
	unsigned char *text = NULL;
	int bytes = value ? ASN1_STRING_to_UTF8(&text, value) : 0;
	int error = 0;

	if (bytes > 0 && bytes <= RPC_TLS_NAME_BYTES_MAX && !memchr(text, '\0', (size_t)bytes) &&
	    peer->names_count < RPC_TLS_NAMES_MAX) {
		peer->names[peer->names_count] = strndup((const char *)text, (size_t)bytes);
		error = peer->names[peer->names_count] ? 0 : -ENOMEM;
		peer->names_count += !error;
	}
	OPENSSL_free(text);
	return error;
}

static int peer_add_alternatives(struct rpc_peer *peer, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int error = 0;

	for (int i = 0; !error && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);

		if (one->type == GEN_DNS || one->type == GEN_URI || one->type == GEN_EMAIL)
			error = peer_add_name(peer, one->d.ia5);
	}
	GENERAL_NAMES_free(names);
	return error;
}

int tls_fill_peer(const struct tls *tls, struct rpc_peer *out)
{
	X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
	const X509_NAME *subject;
	int error = 0;
	int at;

	if (!certificate || SSL_get_verify_result(tls->ssl) != X509_V_OK)
		return 0;
	out->is_verified = true;
	subject = X509_get_subject_name(certificate);
	at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	if (at >= 0)
		error = peer_add_name(out,
				      X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (!error)
		error = peer_add_alternatives(out, certificate);
	ERR_clear_error();
	return error;
}
