/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loopback tcp|udp ADDRESS FROM TO: in a network of its own, connects from port FROM to port TO of
 * the same address and asks for the peer's name, or sends one datagram there.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "actor.h"

struct place {
	struct sockaddr_storage address;
	socklen_t bytes;
};

static struct place place_of(const char *address, long port)
{
	struct place place = {};
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&place.address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&place.address;

	if (inet_pton(AF_INET, address, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons((uint16_t)port);
		place.bytes = sizeof(*ipv4);
		return place;
	}
	if (inet_pton(AF_INET6, address, &ipv6->sin6_addr) != 1)
		actor_die(address);
	ipv6->sin6_family = AF_INET6;
	ipv6->sin6_port = htons((uint16_t)port);
	place.bytes = sizeof(*ipv6);
	return place;
}

static void make_network(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int control;

	if (unshare(CLONE_NEWNET))
		actor_die("unshare");
	control = socket(AF_INET, SOCK_DGRAM, 0);
	if (control < 0 || ioctl(control, SIOCSIFFLAGS, &request))
		actor_die("lo");
	close(control);
}

static int open_socket(int type, const struct place *place)
{
	int one = 1, descriptor = socket(place->address.ss_family, type, 0);

	if (descriptor < 0 || setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(descriptor, (const struct sockaddr *)&place->address, place->bytes))
		actor_die("bind");
	return descriptor;
}

int main(int argc, char **argv)
{
	struct place from, to, peer = { .bytes = sizeof(peer.address) };
	int type, receiver, sender;

	actor_need(argc, 4, "loopback tcp|udp ADDRESS FROM TO");
	type = strcmp(argv[1], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	from = place_of(argv[2], actor_number(argv[3]));
	to = place_of(argv[2], actor_number(argv[4]));
	make_network();
	receiver = open_socket(type, &to);
	sender = open_socket(type, &from);
	if (type == SOCK_DGRAM) {
		if (sendto(sender, "matrix", 6, 0, (const struct sockaddr *)&to.address,
			   to.bytes) != 6)
			actor_die("sendto");
		return 0;
	}
	if (listen(receiver, 1) ||
	    connect(sender, (const struct sockaddr *)&to.address, to.bytes) ||
	    getpeername(sender, (struct sockaddr *)&peer.address, &peer.bytes))
		actor_die("connect");
	return 0;
}
