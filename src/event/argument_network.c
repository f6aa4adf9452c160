/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, packets and addresses of sockets. */
#include "event/argument_fill.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#define NETWORK_NAME_OF(texts, table, number, member) \
	((char *)network_name_get(NETWORK_##table, (number), (texts)->member))

/* "" for a family that has no addresses of this form. */
static char *put_address(char out[INET6_ADDRSTRLEN], uint16_t family, const __u64 address[2])
{
	out[0] = '\0';
	if (family == AF_INET || family == AF_INET6)
		inet_ntop(family, address, out, INET6_ADDRSTRLEN);
	return out;
}

const char *argument_fill_sock_arg(struct argument_message *out, const struct record_value *value)
{
	struct argument_addresses *texts = &out->network.texts;
	Tetragon__KprobeSock *message = &out->network.sock;
	struct wire_socket sock;

	memcpy(&sock, value->bytes.data, sizeof(sock));
	tetragon__kprobe_sock__init(message);
	message->family = NETWORK_NAME_OF(texts, FAMILY, sock.family, family);
	message->type = NETWORK_NAME_OF(texts, TYPE, sock.type, type);
	message->protocol = NETWORK_NAME_OF(texts, PROTOCOL, sock.protocol, protocol);
	message->state = NETWORK_NAME_OF(texts, STATE, sock.state, state);
	message->mark = sock.mark;
	message->priority = sock.priority;
	message->saddr = put_address(texts->source, sock.family, sock.source);
	message->daddr = put_address(texts->destination, sock.family, sock.destination);
	message->sport = sock.source_port;
	message->dport = sock.destination_port;
	message->cookie = sock.cookie;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SOCK_ARG;
	out->argument.sock_arg = message;
	return NULL;
}

const char *argument_fill_skb_arg(struct argument_message *out, const struct record_value *value)
{
	struct argument_addresses *texts = &out->network.texts;
	Tetragon__KprobeSkb *message = &out->network.packet;
	struct wire_packet packet;

	memcpy(&packet, value->bytes.data, sizeof(packet));
	tetragon__kprobe_skb__init(message);
	message->hash = packet.hash;
	message->len = packet.length;
	message->priority = packet.priority;
	message->mark = packet.mark;
	message->saddr = put_address(texts->source, packet.family, packet.source);
	message->daddr = put_address(texts->destination, packet.family, packet.destination);
	message->sport = packet.source_port;
	message->dport = packet.destination_port;
	message->proto = packet.protocol;
	message->sec_path_len = packet.security_path_length;
	message->sec_path_olen = packet.security_path_old_length;
	message->protocol = NETWORK_NAME_OF(texts, PROTOCOL, packet.protocol, protocol);
	message->family = NETWORK_NAME_OF(texts, FAMILY, packet.family, family);
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SKB_ARG;
	out->argument.skb_arg = message;
	return NULL;
}

const char *argument_fill_sockaddr_arg(struct argument_message *out,
				       const struct record_value *value)
{
	struct argument_addresses *texts = &out->network.texts;
	Tetragon__KprobeSockaddr *message = &out->network.address;
	struct wire_address address;

	memcpy(&address, value->bytes.data, sizeof(address));
	tetragon__kprobe_sockaddr__init(message);
	message->family = NETWORK_NAME_OF(texts, FAMILY, address.family, family);
	message->addr = put_address(texts->source, address.family, address.address);
	message->port = address.port;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SOCKADDR_ARG;
	out->argument.sockaddr_arg = message;
	return NULL;
}

/* A name that is no path begins with a NUL (unix(7), "abstract"); it is shown with an @ there. */
const char *argument_fill_sockaddrun_arg(struct argument_message *out,
					 const struct record_value *value)
{
	Tetragon__KprobeSockaddrUn *message = &out->network.unix_address;
	struct span path = value->bytes;
	struct wire_unix_address address;
	bool is_abstract;

	memcpy(&address, path.data, sizeof(address));
	path.data += sizeof(address);
	path.bytes -= sizeof(address);
	is_abstract = path.bytes > 1 && !path.data[0];
	path.data += is_abstract;
	path.bytes -= is_abstract;
	tetragon__kprobe_sockaddr_un__init(message);
	message->family = NETWORK_NAME_OF(&out->network.texts, FAMILY, address.family, family);
	message->path = argument_set_text(out, is_abstract ? "@" : "", path);
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SOCKADDRUN_ARG;
	out->argument.sockaddrun_arg = message;
	return message->path ? NULL : argument_no_memory;
}
