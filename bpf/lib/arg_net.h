/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Readers of what the network knows: sockets, packets, addresses. See lib/arg.h. */
#pragma once

#include "lib/arg.h"

#include <bpf/bpf_endian.h>

/* Room for a value of fixed size, or NULL (then its status is set). */
static __always_inline void *arg_get_fixed_room(const struct reading *reading)
{
	char *room = arg_get_room(reading->scratch);

	if (!room) {
		arg_put_status(reading, WIRE_VALUE_NO_ROOM);
		return NULL;
	}
	return room + sizeof(struct wire_value);
}

static __always_inline void arg_put_fixed(const struct reading *reading, void *value, __u32 bytes)
{
	arg_put(reading, (char *)value - sizeof(struct wire_value), bytes, WIRE_VALUE_OK);
}

static __always_inline void arg_read_sock(const struct reading *reading, const struct sock *sock)
{
	struct wire_socket *out = arg_get_fixed_room(reading);

	reading->scratch->numbers[reading->slot] = (__u64)sock;
	if (!out)
		return;
	__builtin_memset(out, 0, sizeof(*out));
	if (!sock ||
	    bpf_core_read(&out->family, sizeof(out->family), &sock->__sk_common.skc_family))
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	out->cookie = (__u64)sock;
	out->state = reading->scratch->socket_state;
	if (!out->state)
		out->state = BPF_CORE_READ(sock, __sk_common.skc_state);
	out->type = BPF_CORE_READ(sock, sk_type);
	out->protocol = BPF_CORE_READ(sock, sk_protocol);
	out->mark = BPF_CORE_READ(sock, sk_mark);
	out->priority = BPF_CORE_READ(sock, sk_priority);
	if (out->family == AF_INET || out->family == AF_INET6) {
		out->source_port = BPF_CORE_READ(sock, __sk_common.skc_num);
		out->destination_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
	}
	if (out->family == AF_INET) {
		*(__u32 *)out->source = BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr);
		*(__u32 *)out->destination = BPF_CORE_READ(sock, __sk_common.skc_daddr);
	} else if (out->family == AF_INET6) {
		bpf_core_read(out->source, 16, &sock->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(out->destination, 16, &sock->__sk_common.skc_v6_daddr);
	}
	arg_put_fixed(reading, out, sizeof(*out));
}

/* Headers as they stand in the packet (include/uapi/linux/ip.h, ipv6.h). */
struct packet_ipv4 {
	__u8 length, service;
	__u16 total, id, fragment;
	__u8 life, protocol;
	__u16 sum;
	__u32 source, destination;
};

struct packet_ipv6 {
	__u32 flow;
	__u16 payload;
	__u8 next, hops;
	__u64 source[2], destination[2];
};

static __always_inline bool packet_has_ports(__u16 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

static __always_inline void packet_read_addresses(struct wire_packet *out, const char *network)
{
	union {
		struct packet_ipv4 v4;
		struct packet_ipv6 v6;
	} header = {};

	if (bpf_probe_read_kernel(&header, sizeof(header), network))
		return;
	if (header.v4.length >> 4 == 4) {
		out->family = AF_INET;
		out->protocol = header.v4.protocol;
		*(__u32 *)out->source = header.v4.source;
		*(__u32 *)out->destination = header.v4.destination;
	} else if (header.v4.length >> 4 == 6) {
		out->family = AF_INET6;
		out->protocol = header.v6.next;
		out->source[0] = header.v6.source[0];
		out->source[1] = header.v6.source[1];
		out->destination[0] = header.v6.destination[0];
		out->destination[1] = header.v6.destination[1];
	}
}

static __always_inline void arg_read_packet(const struct reading *reading)
{
	const struct sk_buff *packet = (void *)reading->argument;
	struct wire_packet *out = arg_get_fixed_room(reading);
	const char *head;
	__u16 ports[2];

	reading->scratch->numbers[reading->slot] = (__u64)BPF_CORE_READ(packet, sk);
	if (!out)
		return;
	__builtin_memset(out, 0, sizeof(*out));
	if (bpf_core_read(&head, sizeof(head), &packet->head) || !head)
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	out->hash = BPF_CORE_READ(packet, hash);
	out->length = BPF_CORE_READ(packet, len);
	out->mark = BPF_CORE_READ(packet, mark);
	out->priority = BPF_CORE_READ(packet, priority);
	out->link_protocol = bpf_ntohs(BPF_CORE_READ(packet, protocol));
	packet_read_addresses(out, head + BPF_CORE_READ(packet, network_header));
	if (packet_has_ports(out->protocol) &&
	    !bpf_probe_read_kernel(ports, sizeof(ports),
				   head + BPF_CORE_READ(packet, transport_header))) {
		out->source_port = bpf_ntohs(ports[0]);
		out->destination_port = bpf_ntohs(ports[1]);
	}
	arg_put_fixed(reading, out, sizeof(*out));
}

/* The beginning of every struct sockaddr_in and sockaddr_in6 (include/uapi/linux/in.h, in6.h). */
struct address_any {
	__u16 family;
	__u16 port;
	__u32 ipv4; /* IPv6: flow information */
	__u64 ipv6[2];
};

static __always_inline void arg_read_address(const struct reading *reading)
{
	struct wire_address *out = arg_get_fixed_room(reading);
	struct address_any any = {};

	if (!out)
		return;
	__builtin_memset(out, 0, sizeof(*out));
	if (arg_read(reading, &any, 16, reading->argument))
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	out->family = any.family;
	if (any.family == AF_INET) {
		out->port = bpf_ntohs(any.port);
		*(__u32 *)out->address = any.ipv4;
	} else if (any.family == AF_INET6) {
		out->port = bpf_ntohs(any.port);
		arg_read(reading, out->address, 16, reading->argument + 8);
	}
	arg_put_fixed(reading, out, sizeof(*out));
}

#define UNIX_PATH_BYTES 108

/* Without the length of the address, an abstract name ends at its first NUL behind the leading one.
 */
static __always_inline void arg_read_unix_address(const struct reading *reading)
{
	struct wire_unix_address *out = arg_get_fixed_room(reading);
	__u16 family = 0;
	char *path;
	long bytes;

	if (!out)
		return;
	if (arg_read(reading, &family, sizeof(family), reading->argument))
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	out->family = family;
	out->pad = 0;
	path = (char *)(out + 1);
	bytes = 0;
	path[0] = '@';
	if (family == AF_UNIX) {
		__u64 from = reading->argument + 2;
		__u32 most = UNIX_PATH_BYTES;
		char first = 0;

		if (arg_read(reading, &first, 1, from))
			return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
		if (first) /* all of it may be a path; the NUL is the helper's then */
			most++;
		if (arg_is_user(reading))
			bytes = bpf_probe_read_user_str(path + !first, most,
							(void *)(from + !first));
		else
			bytes = bpf_probe_read_kernel_str(path + !first, most,
							  (void *)(from + !first));
		bytes = bytes <= 1 ? 0 : bytes - 1 + !first;
		bytes &= 127;
	}
	arg_set_text(reading->scratch, reading->slot, path, bytes);
	reading->scratch->numbers[reading->slot] = family;
	arg_put_fixed(reading, out, sizeof(*out) + bytes);
}
