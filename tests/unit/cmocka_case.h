/* SPDX-License-Identifier: Apache-2.0 */
/* What every cmocka program needs, in the order that cmocka wants it, and words for tests. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/span.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A literal with NULs in it; the final one is not part of it. */
#define SPAN(literal) ((struct span){ literal, sizeof(literal) - 1 })

/* Says which row of a table went wrong, then what the assertion says. */
#define assert_row_string(row, got, want)                                                     \
	do {                                                                                  \
		if (strcmp((got), (want)) != 0)                                               \
			print_error("row %zu: \"%s\"\n", (size_t)(row), (const char *)(got)); \
		assert_string_equal(got, want);                                               \
	} while (0)

#define assert_span_equal(run, text)                              \
	do {                                                      \
		struct span got_ = (run);                         \
                                                                  \
		assert_int_equal(got_.bytes, strlen(text));       \
		assert_memory_equal(got_.data, text, got_.bytes); \
	} while (0)
