/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are places in the table, so that a name costs one look. */
#include "event/network_names.h"

#include "event/text.h"

enum { NETWORK_NUMBERS = 263 }; /* IPPROTO_MPTCP is the largest */

static const char *const network_names[NETWORK_TABLES][NETWORK_NUMBERS] = {
#define NETWORK_NAME(table, name, number) [NETWORK_##table][number] = (name),
#include "event/network_names.def"
#undef NETWORK_NAME
};

const char *network_name_get(enum network_table table, uint32_t number,
			     char digits[NETWORK_DIGITS_BYTES])
{
	if (number < NETWORK_NUMBERS && network_names[table][number])
		return network_names[table][number];
	*text_put_uint(digits, number) = '\0';
	return digits;
}
