/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts: characters, numbers written and read, and a text that grows in the arena of an evaluation.
 * In: bytes, which need not be UTF-8. Out: texts. A byte that is part of no character counts as
 * one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "cel/value.h"

/* Bytes of the character at AT, which is inside. */
size_t cel_text_step(struct span text, size_t at);
size_t cel_text_count(struct span text);
/* The place of character INDEX, or the end; false: the text is shorter than INDEX. */
bool cel_text_seek(struct span text, int64_t index, size_t *out);
/* Writes a character, below 0x110000, as UTF-8; returns its bytes, 1 to 4. */
size_t cel_utf8_write(char *out, uint32_t code);
bool cel_text_is_utf8(struct span text);
/* The first place of WANTED at or behind FROM, or SIZE_MAX. */
size_t cel_text_find(struct span text, struct span wanted, size_t from);

/* The whole text as a number. */
bool cel_text_to_double(struct span text, double *out);
bool cel_text_to_int(struct span text, int64_t *out);
bool cel_text_to_uint(struct span text, uint64_t *out);

enum { CEL_DOUBLE_BYTES_MAX = 32 };
/* As Go writes it: as few digits as tell it from others, an exponent from 1e+21 on. */
size_t cel_double_write(char out[CEL_DOUBLE_BYTES_MAX], double value);

struct cel_builder {
	struct cel_eval *eval;
	char *data;
	size_t bytes, capacity;
};

/* False: the evaluation ends. */
bool cel_build(struct cel_builder *builder, const char *data, size_t bytes);
bool cel_build_text(struct cel_builder *builder, const char *text);
bool cel_build_format(struct cel_builder *builder, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct cel_value cel_build_value(const struct cel_builder *builder);
