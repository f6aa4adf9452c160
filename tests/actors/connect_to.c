/* SPDX-License-Identifier: Apache-2.0 */
/* connect_to tcp|udp PORT: connects a socket to that port of 127.0.0.1; with udp it sends a byte.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "actor.h"

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	actor_need(argc, 2, "connect_to tcp|udp PORT");
	bool is_udp = strcmp(argv[1], "udp") == 0;
	address.sin_port = htons((uint16_t)actor_number(argv[2]));
	int fd = socket(AF_INET, is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		actor_die("connect");
	if (is_udp && send(fd, "x", 1, 0) != 1)
		actor_die("send");
	return 0;
}
