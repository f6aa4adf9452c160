/* SPDX-License-Identifier: Apache-2.0 */
/* The client's handshake, waited for with poll(2). */
#include <errno.h>
#include <poll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "rpc/address.h"
#include "rpc/client.h"
#include "rpc/tls.h"
#include "rpc/tls_context.h"

static void cleanup_context(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

static void cleanup_tls(struct tls **tls)
{
	tls_free(*tls);
}

static int tls_wait(const struct tls *tls, int fd, uint64_t deadline_ns)
{
	struct pollfd one = { .fd = fd, .events = tls_get_read_events(tls) };
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);
	uint64_t ms = now < deadline_ns ? (deadline_ns - now) / CLOCK_NS_PER_MS + 1 : 0;

	if (now >= deadline_ns)
		return -ETIMEDOUT;
	return poll(&one, 1, ms > INT32_MAX ? INT32_MAX : (int)ms) < 0 && errno != EINTR ? -errno
											 : 0;
}

static int tls_shake_hands(struct tls *tls, int fd, uint64_t deadline_ns)
{
	int error = tls_handshake(tls);

	while (error == -EAGAIN) {
		error = tls_wait(tls, fd, deadline_ns);
		if (!error)
			error = tls_handshake(tls);
	}
	return error;
}

/* The name that the certificate must have: what was asked for, or the host of ADDRESS. */
static int tls_name_peer(struct tls *tls, const char *address, const struct rpc_client_tls *options)
{
	_cleanup_free_ char *host = address_get_host(address);
	const char *name =
		options->server_name && *options->server_name ? options->server_name : host;

	/* ":54321" is this machine. */
	return tls_expect_name(tls, name && *name ? name : "localhost");
}

int tls_connect(struct tls **out, int fd, const char *address, const struct rpc_client_tls *options,
		uint64_t deadline_ns, struct diag *diag)
{
	const struct tls_files files = { options->cert_file, options->key_file, options->ca_files,
					 options->ca_files_count };
	_cleanup_(cleanup_context) SSL_CTX *context = NULL;
	_cleanup_(cleanup_tls) struct tls *tls = NULL;
	_cleanup_buf_ struct buf why = {};
	char room[96];
	int error = tls_context_new_client(&context, &files, options->skips_verification, diag);

	if (error)
		return error;
	tls = tls_new(context, fd, false);
	if (!tls)
		return -ENOMEM;
	error = tls_name_peer(tls, address, options);
	if (!error)
		error = tls_shake_hands(tls, fd, deadline_ns);
	if (!error) {
		*out = TAKE_PTR(tls);
		return 0;
	}
	if (error == -EPROTO || error == -ECONNRESET)
		tls_explain(tls, &why);
	else
		buf_add_text(&why, address_error_text(-error, room, sizeof(room)));
	diag_add(diag, "cannot speak TLS with \"%s\": %s", address, buf_text(&why));
	return error;
}
