/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plain word of YAML is: nothing, a truth value, a number or text. In: the word. Out: its
 * kind and value, by the rules with which Kubernetes turns YAML into JSON (YAML 1.1: "yes", "on",
 * "0x10", "010" and "1_000" mean something).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum scalar_kind { SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_FLOAT, SCALAR_TEXT };

struct scalar {
	enum scalar_kind kind;
	bool truth;	    /* SCALAR_BOOL */
	bool is_negative;   /* SCALAR_INT */
	uint64_t magnitude; /* SCALAR_INT: without its sign */
};

struct scalar scalar_resolve(struct span word);

/*
 * A whole number: decimal, 0x hexadecimal, 0 or 0o octal, 0b binary, with a sign and with "_"
 * between digits. False: it is none, or it has more than 64 bits.
 */
bool scalar_parse_int(struct span word, bool *out_negative, uint64_t *out_magnitude);
