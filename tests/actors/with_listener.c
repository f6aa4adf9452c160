/* SPDX-License-Identifier: Apache-2.0 */
/* with_listener tcp|udp FILE [ARG...]: executes FILE while a socket of this process listens at a
 * free port of 127.0.0.1. The port replaces an ARG "PORT", is $PORT, and is printed as port=N. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "actor.h"

static int listen_somewhere(int type, char port[8])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, bytes) ||
	    (type == SOCK_STREAM && listen(fd, 8)) ||
	    getsockname(fd, (struct sockaddr *)&address, &bytes))
		actor_die("listen");
	snprintf(port, 8, "%u", ntohs(address.sin_port));
	return fd;
}

int main(int argc, char **argv)
{
	char port[8];

	actor_need(argc, 2, "with_listener tcp|udp FILE [ARG...]");
	listen_somewhere(strcmp(argv[1], "udp") ? SOCK_STREAM : SOCK_DGRAM, port);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "PORT") == 0)
			argv[i] = port;
	}
	if (setenv("PORT", port, 1))
		actor_die("setenv");
	printf("port=%s\n", port);
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		actor_die("fork");
	if (child == 0) {
		execv(argv[2], argv + 2);
		actor_die(argv[2]);
	}
	return actor_wait(child);
}
