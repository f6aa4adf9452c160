/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that both the JSON and the compact form need: numbers, times, quoting.
 * In: values, and bytes that may come from a hostile process. Out: characters.
 *
 * Functions named put write at AT without looking for room and return the end of what they wrote;
 * functions named add append to a buffer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	TEXT_UINT_BYTES_MAX = 20,
	TEXT_TIME_BYTES_MAX = 30,    /* 2006-01-02T15:04:05.123456789Z */
	TEXT_FRACTION_BYTES_MAX = 10 /* .123456789 */
};

/* Digits after the dot of a second: 0 to 9, or as many groups of three as the value needs. */
enum { TEXT_FRACTION_FULL = 9, TEXT_FRACTION_NEEDED = 10 };

/* Seconds of Unix time that RFC 3339 can write: from year 1 to year 9999. */
#define TEXT_SECONDS_MIN (-62135596800LL)
#define TEXT_SECONDS_MAX 253402300799LL

char *text_put_uint(char *at, uint64_t value);

/* RFC 3339 in UTC with FRACTION digits; what lies outside years 1 to 9999 is clamped. */
char *text_put_time(char *at, int64_t seconds, int32_t nanos, unsigned int fraction);

/* A dot and FRACTION digits of NANOS (below 1000000000), nothing when these are none. */
char *text_put_fraction(char *at, uint32_t nanos, unsigned int fraction);

/* TEXT, as a Go-quoted string if it has a space or a character that a terminal must not get. */
void text_add_quoted(struct buf *out, const char *text);

/* The same, but a plain space is no reason to quote. */
void text_add_printable(struct buf *out, const char *text);
