/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses as people write them: "localhost:54321", ":54321", "[::1]:54321", "unix:///path". In:
 * text. Out: listening or connected sockets, non-blocking and closed on exec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"

/* A name has an IPv4 and an IPv6 address; few have more. One with more than this is refused. */
enum { ADDRESS_SOCKETS_MAX = 8 };

bool address_is_unix(const char *text);
/* The path of a unix address, borrowed from TEXT. */
const char *address_get_path(const char *text);

/* The host of a TCP address, without the brackets of IPv6; the caller's to free. NULL: none. */
char *address_get_host(const char *text);

struct address_options {
	const char *text;
	const char *flag; /* to choose another, for complaints; NULL: --server-address */
	/* Of the file of a unix socket; group -1: that of this process. */
	mode_t mode;
	gid_t group;
};

/*
 * Listens on all addresses of the name; one that this machine does not have is left out while
 * another works. Port 0 takes a free one, the same for all. A unix socket gets mode and group; a
 * file left by a dead process is replaced. A line in DIAG with every error. OUT has room for
 * ADDRESS_SOCKETS_MAX.
 */
int address_listen(const struct address_options *options, int *out_fds, size_t *out_count,
		   struct diag *diag);
uint16_t address_get_port(int fd); /* of a bound TCP socket; 0: none */

bool address_is_local(int fd); /* unix, or bound to a loopback address */

/* Tries all addresses of the name. DIAG gets a line only when TEXT itself is wrong (-EINVAL). */
int address_connect(const char *text, uint64_t timeout_ns, int *out_fd, struct diag *diag);

/* A positive errno in words that go on in a sentence: "connection refused". Borrowed until the
 * next call. */
const char *address_error_text(int error, char *room, size_t bytes);
