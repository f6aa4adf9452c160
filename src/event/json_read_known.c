/* SPDX-License-Identifier: Apache-2.0 */
/* JSON -> the well-known types that are written as strings: times, durations, masks of fields. */
#include "event/json_read.h"

#include "event/text.h"

#include <errno.h>
#include <stdlib.h>

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

/* Reads exactly DIGITS digits at *AT and steps over them. */
static bool read_digits(const char **at, unsigned int digits, int64_t *out)
{
	int64_t value = 0;

	for (; digits; digits--, ++*at) {
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	*out = value;
	return true;
}

static bool read_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	++*at;
	return true;
}

/* A dot and 1 to 9 digits, or nothing. */
static bool read_fraction(const char **at, int64_t *nanos)
{
	unsigned int digits = 0;

	*nanos = 0;
	if (!read_char(at, '.'))
		return true;
	for (; **at >= '0' && **at <= '9'; digits++, ++*at) {
		if (digits == TEXT_FRACTION_FULL)
			return false;
		*nanos = *nanos * 10 + (**at - '0');
	}
	if (!digits)
		return false;
	for (; digits < TEXT_FRACTION_FULL; digits++)
		*nanos *= 10;
	return true;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to a date; false for a date that is none. */
static bool date_to_days(int64_t year, int64_t month, int64_t day, int64_t *out)
{
	static const int days_before[] = { 0,	31,  59,  90,  120, 151, 181,
					   212, 243, 273, 304, 334, 365 };
	int64_t before = year - 1;
	bool has_leap_day;

	if (year < 1 || month < 1 || month > 12)
		return false;
	has_leap_day = month == 2 && is_leap(year);
	if (day < 1 || day > days_before[month] - days_before[month - 1] + has_leap_day)
		return false;
	/* 719162 days lie between 0001-01-01 and 1970-01-01. */
	*out = before * 365 + before / 4 - before / 100 + before / 400 + days_before[month - 1] +
	       (month > 2 && is_leap(year)) + day - 1 - 719162;
	return true;
}

/* Z, or the hours and minutes that local time is ahead. */
static bool read_zone(const char **at, int64_t *seconds)
{
	int64_t hours, minutes;
	bool is_behind = **at == '-';

	*seconds = 0;
	if (read_char(at, 'Z'))
		return true;
	if (!is_behind && **at != '+')
		return false;
	++*at;
	if (!read_digits(at, 2, &hours) || !read_char(at, ':') || !read_digits(at, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * (is_behind ? -60 : 60);
	return true;
}

static bool parse_time(const char *at, int64_t *seconds, int64_t *nanos)
{
	int64_t year, month, day, days, hour, minute, second, zone;

	if (!read_digits(&at, 4, &year) || !read_char(&at, '-') || !read_digits(&at, 2, &month) ||
	    !read_char(&at, '-') || !read_digits(&at, 2, &day) || !read_char(&at, 'T') ||
	    !date_to_days(year, month, day, &days))
		return false;
	if (!read_digits(&at, 2, &hour) || !read_char(&at, ':') || !read_digits(&at, 2, &minute) ||
	    !read_char(&at, ':') || !read_digits(&at, 2, &second) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	if (!read_fraction(&at, nanos) || !read_zone(&at, &zone) || *at)
		return false;
	*seconds = days * 86400 + hour * 3600 + minute * 60 + second - zone;
	return *seconds >= TEXT_SECONDS_MIN && *seconds <= TEXT_SECONDS_MAX;
}

int json_read_timestamp(struct json_reader *reader, const struct json_place *place, json_t *json,
			ProtobufCMessage *message)
{
	Google__Protobuf__Timestamp *time = (Google__Protobuf__Timestamp *)message;
	int64_t seconds, nanos;

	if (!json_is_string(json) || !parse_time(json_string_value(json), &seconds, &nanos))
		return json_read_refuse(reader, place, json,
					"a time like \"2006-01-02T15:04:05.123Z\"");
	time->seconds = seconds;
	time->nanos = (int32_t)nanos;
	return 0;
}

static bool parse_duration(const char *at, int64_t *seconds, int64_t *nanos)
{
	/* protobuf's own bound: ten thousand years */
	const int64_t seconds_max = 315576000000;
	bool is_negative = read_char(&at, '-');

	*seconds = 0;
	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		*seconds = *seconds * 10 + (*at - '0');
		if (*seconds > seconds_max)
			return false;
	}
	if (!read_fraction(&at, nanos) || !read_char(&at, 's') || *at)
		return false;
	if (is_negative) {
		*seconds = -*seconds;
		*nanos = -*nanos;
	}
	return true;
}

int json_read_duration(struct json_reader *reader, const struct json_place *place, json_t *json,
		       ProtobufCMessage *message)
{
	Google__Protobuf__Duration *duration = (Google__Protobuf__Duration *)message;
	int64_t seconds, nanos;

	if (!json_is_string(json) || !parse_duration(json_string_value(json), &seconds, &nanos))
		return json_read_refuse(reader, place, json, "a duration like \"1.5s\"");
	duration->seconds = seconds;
	duration->nanos = (int32_t)nanos;
	return 0;
}

/* A path in lowerCamelCase (or already in the original form), in the original form. */
static char *path_from_camel(struct span camel)
{
	_cleanup_buf_ struct buf path = {};

	for (size_t i = 0; i < camel.bytes; i++) {
		char c = camel.data[i];
		bool is_hump = c >= 'A' && c <= 'Z' && i && camel.data[i - 1] != '.';

		if (is_hump)
			buf_add_char(&path, '_');
		buf_add_char(&path, is_hump ? (char)(c - 'A' + 'a') : c);
	}
	buf_add_char(&path, '\0');
	return path.failed ? NULL : TAKE_PTR(path.data);
}

int json_read_field_mask(struct json_reader *reader, const struct json_place *place, json_t *json,
			 ProtobufCMessage *message)
{
	Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)message;
	struct span rest;
	size_t count = 1;

	if (!json_is_string(json))
		return json_read_refuse(reader, place, json, "paths of fields, joined by commas");
	rest = (struct span){ json_string_value(json), json_string_length(json) };
	if (!rest.bytes)
		return 0;
	for (size_t i = 0; i < rest.bytes; i++)
		count += rest.data[i] == ',';
	mask->paths = calloc(count, sizeof(*mask->paths));
	if (!mask->paths)
		return -ENOMEM;
	for (; mask->n_paths < count; mask->n_paths++) {
		mask->paths[mask->n_paths] = path_from_camel(span_cut(&rest, ','));
		if (!mask->paths[mask->n_paths])
			return -ENOMEM;
	}
	return 0;
}
