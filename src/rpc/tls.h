/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS on a non-blocking socket, by OpenSSL. In: a context with certificates (tls_context.h), a
 * connected socket. Out: bytes in clear, who the peer is, and words for what went wrong.
 *
 * Signals are never raised: bytes go through send(2) with MSG_NOSIGNAL.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/diag.h"
#include "rpc/peer.h"

struct tls;

/* The socket stays the caller's. The session keeps CONTEXT alive. NULL: no memory. */
struct tls *tls_new(SSL_CTX *context, int fd, bool is_server);
/* Says goodbye if the socket has room for it. NULL is fine. */
void tls_free(struct tls *tls);

struct rpc_client_tls;
/* A client's handshake on a connected socket that is not waited for longer than DEADLINE_NS. Any
 * error but -ENOMEM has a line in DIAG. */
int tls_connect(struct tls **out, int fd, const char *address, const struct rpc_client_tls *options,
		uint64_t deadline_ns, struct diag *diag);

/* A client's: the certificate must be for NAME, a host name or an IP address. */
int tls_expect_name(struct tls *tls, const char *name);

/* 0: done, and both sides speak h2; -EAGAIN: see tls_get_read_events(); -EPROTO: tls_explain(). */
int tls_handshake(struct tls *tls);

/* Bytes; 0: the peer has ended; -EAGAIN; another negative errno. */
ssize_t tls_read(struct tls *tls, void *out, size_t bytes);
/* Some of the bytes, or a negative errno. After -EAGAIN the next write begins with the same bytes,
 * though not at the same address. */
ssize_t tls_write(struct tls *tls, const void *data, size_t bytes);
/* Whether tls_read() would find bytes that the socket does not show any more. */
bool tls_has_pending(const struct tls *tls);
/* How many messages about TLS itself (key updates, renegotiations, alerts) have come since this was
 * asked last. One that follows another is read by the next tls_read(). */
unsigned int tls_take_messages(struct tls *tls);
/* What the last read or write (or handshake) that said -EAGAIN waits for: POLLIN, POLLOUT. */
short tls_get_read_events(const struct tls *tls);
short tls_get_write_events(const struct tls *tls);

/* Why it went wrong, as a sentence without a beginning: "the certificate has expired". A client's
 * names the flag of tetra that would help. */
void tls_explain(const struct tls *tls, struct buf *out);

/* Fills in the names of the peer's certificate, if it was verified. */
int tls_fill_peer(const struct tls *tls, struct rpc_peer *out);
