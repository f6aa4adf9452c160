/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, keys and trusted CAs, from files in PEM. In: paths. Out: what sessions are made of,
 * or a line that says what is wrong with which file.
 */
#pragma once

#include <openssl/ssl.h>

#include "base/diag.h"
#include "base/loop.h"
#include "rpc/server.h"

/* Empty or NULL: not given. */
struct tls_files {
	const char *cert_file; /* with the chain behind it */
	const char *key_file;
	const char *const *ca_files;
	size_t ca_files_count;
};

/* -EINVAL with a line in DIAG, or -ENOMEM. Freed with SSL_CTX_free(). */
int tls_context_new_server(SSL_CTX **out, const struct tls_files *files, bool requires_certificate,
			   struct diag *diag);
/* Without CA files, the system's count. IS_TRUSTING: anybody's certificate will do. */
int tls_context_new_client(SSL_CTX **out, const struct tls_files *files, bool is_trusting,
			   struct diag *diag);

/* A server's context that is made anew when its files change (Kubernetes' mounted secrets
 * included). What cannot be used leaves the old one in place. */
struct tls_source;

int tls_source_new(struct tls_source **out, struct loop *loop,
		   const struct rpc_tls_options *options, struct diag *diag);
void tls_source_free(struct tls_source *source); /* NULL is fine */
/* Borrowed; sessions made of it outlive its replacement. */
SSL_CTX *tls_source_get(const struct tls_source *source);
