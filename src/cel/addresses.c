/* SPDX-License-Identifier: Apache-2.0 */
/* ip() and cidr(), and what can be asked of them. */
#include "cel/addresses.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "cel/calls.h"
#include "cel/text.h"

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static unsigned int address_bits(const struct cel_value *address)
{
	return address->family == 4 ? 32 : 128;
}

/* ---- read and written ------------------------------------------------------------------------
 */

bool cel_ip_read(struct span text, struct cel_value *out)
{
	char copy[INET6_ADDRSTRLEN];

	*out = (struct cel_value){ .kind = CEL_KIND_IP };
	if (text.bytes >= sizeof(copy) || memchr(text.data, '\0', text.bytes))
		return false;
	memcpy(copy, text.data, text.bytes);
	copy[text.bytes] = '\0';
	if (inet_pton(AF_INET, copy, out->address) == 1) {
		out->family = 4;
		return true;
	}
	if (inet_pton(AF_INET6, copy, out->address) != 1)
		return false;
	out->family = 6;
	return memcmp(out->address, mapped_prefix, sizeof(mapped_prefix)) != 0;
}

bool cel_cidr_read(struct span text, struct cel_value *out)
{
	struct span address = span_cut(&text, '/');
	uint64_t bits;

	if (!cel_ip_read(address, out))
		return false;
	out->kind = CEL_KIND_CIDR;
	if (text.bytes > 3 || (text.bytes > 1 && text.data[0] == '0') ||
	    !cel_text_to_uint(text, &bits) || bits > address_bits(out))
		return false;
	out->prefix_bits = (uint8_t)bits;
	return true;
}

/* The longest run of two or more groups that are zero, the first of the longest; its length. */
static int find_zeros(const uint16_t groups[8], int *begin)
{
	int longest = 1;

	for (int i = 0; i < 8; i++) {
		int run = 0;

		while (i + run < 8 && !groups[i + run])
			run++;
		if (run > longest) {
			longest = run;
			*begin = i;
		}
	}
	return longest > 1 ? longest : 0;
}

static bool build_ipv6(struct cel_builder *builder, const uint8_t address[16])
{
	uint16_t groups[8];
	int begin = 8, run;

	for (int i = 0; i < 8; i++)
		groups[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
	run = find_zeros(groups, &begin);
	for (int i = 0; i < 8; i++) {
		if (run && i == begin) {
			if (!cel_build_text(builder, "::"))
				return false;
			i += run - 1;
			continue;
		}
		if (!cel_build_format(builder, "%s%x", i && i != begin + run ? ":" : "", groups[i]))
			return false;
	}
	return true;
}

bool cel_address_write(struct cel_eval *eval, const struct cel_value *from, struct cel_value *out)
{
	struct cel_builder builder = { .eval = eval };
	const uint8_t *address = from->address;
	bool is_built = from->family == 4 ? cel_build_format(&builder, "%u.%u.%u.%u", address[0],
							     address[1], address[2], address[3])
					  : build_ipv6(&builder, address);

	if (is_built && from->kind == CEL_KIND_CIDR)
		is_built = cel_build_format(&builder, "/%u", from->prefix_bits);
	*out = cel_build_value(&builder);
	return is_built;
}

CEL_CALL(cel_to_ip)
{
	return cel_ip_read(arguments[0].text, out) ||
	       cel_fail_about(eval, "\"%.*s\" is no address of IPv4 or IPv6", arguments[0].text);
}

CEL_CALL(cel_to_cidr)
{
	return cel_cidr_read(arguments[0].text, out) ||
	       cel_fail_about(eval, "\"%.*s\" is no network like \"10.0.0.0/8\"",
			      arguments[0].text);
}

CEL_CALL(cel_is_ip)
{
	struct cel_value ip;

	*out = cel_value_of_bool(cel_ip_read(arguments[0].text, &ip));
	return true;
}

CEL_CALL(cel_is_cidr)
{
	struct cel_value cidr;

	*out = cel_value_of_bool(cel_cidr_read(arguments[0].text, &cidr));
	return true;
}

CEL_CALL(cel_ip_is_canonical)
{
	struct cel_value ip, text;

	if (!cel_to_ip(eval, arguments, &ip) || !cel_address_write(eval, &ip, &text))
		return false;
	*out = cel_value_of_bool(text.text.bytes == arguments[0].text.bytes &&
				 memcmp(text.text.data, arguments[0].text.data, text.text.bytes) ==
					 0);
	return true;
}

/* ---- kinds of addresses (RFC 6890) -----------------------------------------------------------
 */

/* Are the first BITS of both the same? */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	return memcmp(a, b, bits / 8) == 0 && (!rest || !((a[bits / 8] ^ b[bits / 8]) & mask));
}

struct block {
	uint8_t address[16];
	uint8_t prefix_bits;
};

static bool is_in(const struct cel_value *ip, const struct block *v4, const struct block *v6)
{
	const struct block *block = ip->family == 4 ? v4 : v6;

	return same_bits(ip->address, block->address, block->prefix_bits);
}

static const struct block unspecified[] = { { { 0 }, 32 }, { { 0 }, 128 } };
static const struct block loopback[] = { { { 127 }, 8 }, { { [15] = 1 }, 128 } };
static const struct block multicast[] = { { { 224 }, 4 }, { { 0xff }, 8 } };
static const struct block link_local[] = { { { 169, 254 }, 16 }, { { 0xfe, 0x80 }, 10 } };
static const struct block broadcast = { { 255, 255, 255, 255 }, 32 };

static bool is_link_local_multicast(const struct cel_value *ip)
{
	static const struct block v4 = { { 224, 0, 0 }, 24 };

	/* of IPv6 the scope is in the second byte, beside flags */
	return ip->family == 4 ? same_bits(ip->address, v4.address, v4.prefix_bits)
			       : ip->address[0] == 0xff && (ip->address[1] & 0x0f) == 2;
}

CEL_CALL(cel_ip_family)
{
	*out = cel_value_of_int(arguments[0].family);
	return true;
}

CEL_CALL(cel_ip_is_unspecified)
{
	*out = cel_value_of_bool(is_in(&arguments[0], &unspecified[0], &unspecified[1]));
	return true;
}

CEL_CALL(cel_ip_is_loopback)
{
	*out = cel_value_of_bool(is_in(&arguments[0], &loopback[0], &loopback[1]));
	return true;
}

CEL_CALL(cel_ip_is_link_local_multicast)
{
	*out = cel_value_of_bool(is_link_local_multicast(&arguments[0]));
	return true;
}

CEL_CALL(cel_ip_is_link_local_unicast)
{
	*out = cel_value_of_bool(is_in(&arguments[0], &link_local[0], &link_local[1]));
	return true;
}

/* Private networks count as global, as in Go. */
CEL_CALL(cel_ip_is_global_unicast)
{
	const struct cel_value *ip = &arguments[0];

	*out = cel_value_of_bool(!is_in(ip, &unspecified[0], &unspecified[1]) &&
				 !is_in(ip, &loopback[0], &loopback[1]) &&
				 !is_in(ip, &multicast[0], &multicast[1]) &&
				 !is_in(ip, &link_local[0], &link_local[1]) &&
				 (ip->family == 6 || !is_in(ip, &broadcast, &broadcast)));
	return true;
}

/* ---- networks --------------------------------------------------------------------------------
 */

CEL_CALL(cel_cidr_contains_ip)
{
	const struct cel_value *cidr = &arguments[0];
	struct cel_value ip = arguments[1];

	if (ip.kind == CEL_KIND_STRING && !cel_to_ip(eval, &arguments[1], &ip))
		return false;
	*out = cel_value_of_bool(ip.family == cidr->family &&
				 same_bits(ip.address, cidr->address, cidr->prefix_bits));
	return true;
}

CEL_CALL(cel_cidr_contains_cidr)
{
	const struct cel_value *cidr = &arguments[0];
	struct cel_value other = arguments[1];

	if (other.kind == CEL_KIND_STRING && !cel_to_cidr(eval, &arguments[1], &other))
		return false;
	*out = cel_value_of_bool(other.family == cidr->family &&
				 other.prefix_bits >= cidr->prefix_bits &&
				 same_bits(other.address, cidr->address, cidr->prefix_bits));
	return true;
}

CEL_CALL(cel_cidr_ip)
{
	*out = arguments[0];
	out->kind = CEL_KIND_IP;
	out->prefix_bits = 0;
	return true;
}

CEL_CALL(cel_cidr_masked)
{
	*out = arguments[0];
	for (unsigned int bit = out->prefix_bits; bit < address_bits(out); bit++)
		out->address[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return true;
}

CEL_CALL(cel_cidr_prefix_length)
{
	*out = cel_value_of_int(arguments[0].prefix_bits);
	return true;
}
