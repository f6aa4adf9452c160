/* SPDX-License-Identifier: Apache-2.0 */
/* Names of address families, protocols, states and types of sockets. One row per name is in
 * network_names.def. */
#pragma once

#include <stdint.h>

enum network_table {
	NETWORK_FAMILY,
	NETWORK_PROTOCOL,
	NETWORK_STATE, /* of TCP; other sockets use some of them */
	NETWORK_TYPE,
	NETWORK_TABLES,
};

enum { NETWORK_DIGITS_BYTES = 12 };

/* "AF_INET"; a number without a name is written into DIGITS. */
const char *network_name_get(enum network_table table, uint32_t number,
			     char digits[NETWORK_DIGITS_BYTES]);
