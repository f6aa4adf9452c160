/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, times and quoting for the encoders; which field is written how is theirs. */
#include "event/text.h"

#include "base/utf8.h"

/* The code point of the LENGTH bytes at TEXT, which are one valid character. */
static uint32_t decode_rune(const char *text, size_t length)
{
	uint32_t rune = (uint8_t)text[0];

	if (length > 1)
		rune &= 0x7fu >> length;
	for (size_t i = 1; i < length; i++)
		rune = rune << 6 | ((uint8_t)text[i] & 0x3f);
	return rune;
}

/*
 * Controls, format characters (they can reorder what a terminal shows), separators other than the
 * plain space, surrogates and private use: the Unicode 14 categories Cc, Cf, Cs, Co, Zs, Zl, Zp.
 */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x0, 0x1f },	      { 0x7f, 0xa0 },	    { 0xad, 0xad },	  { 0x600, 0x605 },
	{ 0x61c, 0x61c },     { 0x6dd, 0x6dd },	    { 0x70f, 0x70f },	  { 0x890, 0x891 },
	{ 0x8e2, 0x8e2 },     { 0x1680, 0x1680 },   { 0x180e, 0x180e },	  { 0x2000, 0x200f },
	{ 0x2028, 0x202f },   { 0x205f, 0x2064 },   { 0x2066, 0x206f },	  { 0x3000, 0x3000 },
	{ 0xd800, 0xf8ff },   { 0xfeff, 0xfeff },   { 0xfff9, 0xfffb },	  { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x13430, 0x13438 }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f }, { 0xf0000, 0xffffd }, { 0x100000, 0x10fffd },
};

static bool is_printable(uint32_t rune)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++) {
		if (rune <= unprintable[i].last)
			return rune < unprintable[i].first;
	}
	return true;
}

static bool needs_quotes(const char *text, size_t bytes, bool is_space_plain)
{
	while (bytes) {
		size_t length = utf8_char_bytes(text, bytes);

		if (!length || !is_printable(decode_rune(text, length)) ||
		    (*text == ' ' && !is_space_plain))
			return true;
		text += length;
		bytes -= length;
	}
	return false;
}

/* One character (or, of LENGTH 0, one byte that is none) as strconv.Quote of Go writes it. */
static void add_quoted_rune(struct buf *out, const char *text, size_t length)
{
	static const char short_escapes[] = "abtnvfr"; /* of 7 to 13 */
	uint32_t rune = decode_rune(text, length);

	if (!length)
		buf_add_format(out, "\\x%02x", (unsigned int)rune);
	else if (rune == '"' || rune == '\\')
		buf_add_format(out, "\\%c", (int)rune);
	else if (is_printable(rune))
		buf_add(out, text, length);
	else if (rune >= 7 && rune <= 13)
		buf_add_format(out, "\\%c", short_escapes[rune - 7]);
	else if (rune < ' ' || rune == 0x7f)
		buf_add_format(out, "\\x%02x", (unsigned int)rune);
	else if (rune <= 0xffff)
		buf_add_format(out, "\\u%04x", (unsigned int)rune);
	else
		buf_add_format(out, "\\U%08x", (unsigned int)rune);
}

static void add_maybe_quoted(struct buf *out, const char *text, bool is_space_plain)
{
	size_t bytes = strlen(text);

	if (!needs_quotes(text, bytes, is_space_plain)) {
		buf_add(out, text, bytes);
		return;
	}
	buf_add_char(out, '"');
	while (bytes) {
		size_t length = utf8_char_bytes(text, bytes);
		size_t step = length ? length : 1;

		add_quoted_rune(out, text, length);
		text += step;
		bytes -= step;
	}
	buf_add_char(out, '"');
}

void text_add_quoted(struct buf *out, const char *text)
{
	add_maybe_quoted(out, text, false);
}

void text_add_printable(struct buf *out, const char *text)
{
	add_maybe_quoted(out, text, true);
}

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

/* Writes two digits of VALUE, which is below 100. */
static inline char *put_pair(char *at, uint32_t value)
{
	memcpy(at, digit_pairs + 2 * value, 2);
	return at + 2;
}

/* Writes eight digits of VALUE, which is below 100000000. */
static inline char *put_eight(char *at, uint32_t value)
{
	uint32_t high = value / 10000;
	uint32_t low = value % 10000;

	put_pair(at, high / 100);
	put_pair(at + 2, high % 100);
	put_pair(at + 4, low / 100);
	put_pair(at + 6, low % 100);
	return at + 8;
}

/* Writes VALUE, which is below 100000000, without leading zeros. */
static inline char *put_up_to_eight(char *at, uint32_t value)
{
	if (value < 100) {
		if (value >= 10)
			return put_pair(at, value);
		*at = (char)('0' + value);
		return at + 1;
	}
	if (value < 10000) {
		at = put_up_to_eight(at, value / 100);
		return put_pair(at, value % 100);
	}
	at = put_up_to_eight(at, value / 10000);
	put_pair(at, value % 10000 / 100);
	return put_pair(at + 2, value % 100);
}

char *text_put_uint(char *at, uint64_t value)
{
	enum { EIGHT_DIGITS = 100000000 };

	if (value < EIGHT_DIGITS)
		return put_up_to_eight(at, (uint32_t)value);
	at = text_put_uint(at, value / EIGHT_DIGITS);
	return put_eight(at, value % EIGHT_DIGITS);
}

/*
 * Writes YYYY-MM-DD; DAYS count from 1970-01-01, in the Gregorian calendar, not before year 1.
 * Years begin in March here, so that the leap day is the last of its year; multiplications stand
 * for divisions as in Neri and Schneider, "Euclidean affine functions and their application to
 * calendar algorithms" (2022).
 */
static inline char *put_date(char *at, int64_t days)
{
	uint32_t quarters = 4 * (uint32_t)(days + 719468) + 3;
	uint32_t century = quarters / 146097;
	uint32_t century_quarters = quarters % 146097 | 3;
	uint64_t years = 2939745ULL * century_quarters;
	uint32_t year = 100 * century + (uint32_t)(years >> 32);
	uint32_t year_day = (uint32_t)years / 2939745 / 4;
	uint32_t months = 2141 * year_day + 197913;
	bool is_next_year = year_day >= 306; /* January and February */
	uint32_t month = (months >> 16) - (is_next_year ? 12 : 0);

	year += is_next_year;
	at = put_pair(at, year / 100);
	at = put_pair(at, year % 100);
	*at++ = '-';
	at = put_pair(at, month);
	*at++ = '-';
	return put_pair(at, (months & 0xffff) / 2141 + 1);
}

static unsigned int count_fraction_digits(uint32_t nanos)
{
	if (!nanos)
		return 0;
	if (nanos % 1000)
		return 9;
	return nanos % 1000000 ? 6 : 3;
}

char *text_put_fraction(char *at, uint32_t nanos, unsigned int fraction)
{
	if (fraction == TEXT_FRACTION_NEEDED)
		fraction = count_fraction_digits(nanos);
	if (!fraction)
		return at;
	/* All nine are written, the end says how many of them stay. */
	at[0] = '.';
	at[1] = (char)('0' + nanos / 100000000);
	put_eight(at + 2, nanos % 100000000);
	return at + 1 + fraction;
}

char *text_put_time(char *at, int64_t seconds, int32_t nanos, unsigned int fraction)
{
	enum { DAY = 86400 };
	int64_t days;
	uint32_t rest;

	if (seconds < TEXT_SECONDS_MIN || seconds > TEXT_SECONDS_MAX) {
		nanos = seconds < 0 ? 0 : 999999999;
		seconds = seconds < 0 ? TEXT_SECONDS_MIN : TEXT_SECONDS_MAX;
	}
	nanos = nanos < 0 ? 0 : nanos > 999999999 ? 999999999 : nanos;
	days = (seconds - TEXT_SECONDS_MIN) / DAY + TEXT_SECONDS_MIN / DAY;
	rest = (uint32_t)(seconds - days * DAY);
	at = put_date(at, days);
	*at++ = 'T';
	at = put_pair(at, rest / 3600);
	*at++ = ':';
	at = put_pair(at, rest / 60 % 60);
	*at++ = ':';
	at = put_pair(at, rest % 60);
	at = text_put_fraction(at, (uint32_t)nanos, fraction);
	*at++ = 'Z';
	return at;
}
