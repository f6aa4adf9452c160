/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a connection. In: an accepted socket, a finished TLS handshake. Out:
 * what the kernel or a certificate vouches for, and nothing that the peer merely says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "rpc/limits.h"

enum rpc_door { RPC_DOOR_UNIX, RPC_DOOR_TCP, RPC_DOOR_TLS };

struct rpc_peer {
	enum rpc_door door;
	/* Unix: of the process that connected, when it did (SO_PEERCRED). */
	pid_t pid;
	uid_t uid;
	gid_t gid;
	/* TLS: the peer has shown a certificate, and a CA that we trust has signed it. */
	bool is_verified;
	/* Then: subject CN first, after it DNS names, URIs and mail addresses of subjectAltName, as
	 * far as RPC_TLS_NAMES_MAX goes. Owned. */
	char *names[RPC_TLS_NAMES_MAX];
	size_t names_count;
	struct sockaddr_storage address; /* TCP and TLS */
};

/* FD: a connected socket. */
int peer_init(struct rpc_peer *out, enum rpc_door door, int fd);
void peer_done(struct rpc_peer *peer);

/* "uid 1000 (pid 4711)", "127.0.0.1:40000", "\"CN\" at 127.0.0.1:40000". Cut to fit. */
void rpc_peer_describe(const struct rpc_peer *peer, char *out, size_t bytes);
