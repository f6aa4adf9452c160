/* SPDX-License-Identifier: Apache-2.0 */
/* Where something stands in the text of a policy. */
#pragma once

#include <stdint.h>

/* All three count characters (Unicode code points), not bytes. */
struct place {
	uint32_t line;	 /* from 1; 0: nowhere in the text */
	uint32_t column; /* from 1 */
	uint32_t width;	 /* of what is meant; what goes beyond the line is not underlined */
};
