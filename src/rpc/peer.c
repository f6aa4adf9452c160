/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of unix sockets and addresses of the others; certificates are read in tls.c. */
#include "rpc/peer.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

static int peer_read_credentials(struct rpc_peer *out, int fd)
{
	struct ucred credentials;
	socklen_t bytes = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) < 0)
		return -errno;
	out->pid = credentials.pid;
	out->uid = credentials.uid;
	out->gid = credentials.gid;
	return 0;
}

int peer_init(struct rpc_peer *out, enum rpc_door door, int fd)
{
	socklen_t bytes = sizeof(out->address);

	/* Nobody until the kernel says otherwise. */
	*out = (struct rpc_peer){ .door = door, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (door == RPC_DOOR_UNIX)
		return peer_read_credentials(out, fd);
	return getpeername(fd, (struct sockaddr *)&out->address, &bytes) < 0 ? -errno : 0;
}

void peer_done(struct rpc_peer *peer)
{
	for (size_t i = 0; i < peer->names_count; i++)
		free(peer->names[i]);
	peer->names_count = 0;
}

void rpc_peer_describe(const struct rpc_peer *peer, char *out, size_t bytes)
{
	const struct sockaddr *address = (const struct sockaddr *)&peer->address;
	char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
	const char *open, *close;

	if (peer->door == RPC_DOOR_UNIX) {
		snprintf(out, bytes, "uid %u (pid %d)", peer->uid, peer->pid);
		return;
	}
	getnameinfo(address, sizeof(peer->address), host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	open = address->sa_family == AF_INET6 ? "[" : "";
	close = address->sa_family == AF_INET6 ? "]" : "";
	if (peer->names_count)
		snprintf(out, bytes, "\"%.*s\" at %s%s%s:%s", RPC_TLS_NAME_BYTES_MAX,
			 peer->names[0], open, host, close, port);
	else
		snprintf(out, bytes, "%s%s%s:%s", open, host, close, port);
}
