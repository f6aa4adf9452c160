/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of timestamps and durations. Zones of time are UTC and fixed offsets: zones with names
 * need a data base that a small machine need not have. */
#include "cel/times.h"

#include <ctype.h>

#include "cel/calls.h"

static const char range[] = "the time is outside of the range of its type";

CEL_CALL(cel_to_timestamp)
{
	const struct cel_value *from = &arguments[0];

	if (from->kind == CEL_KIND_STRING)
		return cel_timestamp_read(from->text, out) ||
		       cel_fail_about(eval,
				      "\"%.*s\" is no timestamp like \"2026-01-31T12:00:00Z\"",
				      from->text);
	*out = *from;
	if (from->kind == CEL_KIND_INT)
		*out = (struct cel_value){ .kind = CEL_KIND_TIMESTAMP, .seconds = from->integer };
	return (out->seconds >= CEL_SECONDS_MIN && out->seconds <= CEL_SECONDS_MAX) ||
	       cel_fail(eval, range);
}

CEL_CALL(cel_to_duration)
{
	*out = (struct cel_value){ .kind = CEL_KIND_DURATION, .integer = arguments[0].integer };
	if (arguments[0].kind == CEL_KIND_DURATION)
		return true;
	return cel_duration_read(arguments[0].text, &out->integer) ||
	       cel_fail_about(eval, "\"%.*s\" is no duration like \"1h30m\" or \"0.5s\"",
			      arguments[0].text);
}

/* ---- sums ------------------------------------------------------------------------------------
 */

static bool move(struct cel_eval *eval, const struct cel_value *time, __int128 nanoseconds,
		 struct cel_value *out)
{
	__int128 sum = (__int128)time->seconds * CEL_NANOSECONDS + time->nanoseconds + nanoseconds;

	if (sum < (__int128)CEL_SECONDS_MIN * CEL_NANOSECONDS ||
	    sum >= (__int128)(CEL_SECONDS_MAX + 1) * CEL_NANOSECONDS)
		return cel_fail(eval, range);
	*out = (struct cel_value){ .kind = CEL_KIND_TIMESTAMP };
	out->seconds = (int64_t)(sum / CEL_NANOSECONDS);
	sum %= CEL_NANOSECONDS;
	if (sum < 0) {
		sum += CEL_NANOSECONDS;
		out->seconds--;
	}
	out->nanoseconds = (uint32_t)sum;
	return true;
}

CEL_CALL(cel_add_times)
{
	if (arguments[0].kind == CEL_KIND_TIMESTAMP)
		return move(eval, &arguments[0], arguments[1].integer, out);
	if (arguments[1].kind == CEL_KIND_TIMESTAMP)
		return move(eval, &arguments[1], arguments[0].integer, out);
	*out = (struct cel_value){ .kind = CEL_KIND_DURATION };
	return !__builtin_add_overflow(arguments[0].integer, arguments[1].integer, &out->integer) ||
	       cel_fail(eval, range);
}

CEL_CALL(cel_subtract_times)
{
	const struct cel_value *a = &arguments[0], *b = &arguments[1];
	__int128 between;

	if (a->kind == CEL_KIND_TIMESTAMP && b->kind == CEL_KIND_DURATION)
		return move(eval, a, -(__int128)b->integer, out);
	if (a->kind == CEL_KIND_DURATION)
		between = (__int128)a->integer - b->integer;
	else
		between = ((__int128)a->seconds - b->seconds) * CEL_NANOSECONDS + a->nanoseconds -
			  b->nanoseconds;
	if (between > INT64_MAX || between < INT64_MIN)
		return cel_fail(eval, range);
	*out = (struct cel_value){ .kind = CEL_KIND_DURATION, .integer = (int64_t)between };
	return true;
}

/* ---- parts of timestamps ---------------------------------------------------------------------
 */

/* "UTC", "+01:00", "-02:30", "02:00"; seconds east of UTC. */
static bool read_offset(struct span zone, int64_t *out)
{
	bool has_sign = zone.bytes && (zone.data[0] == '+' || zone.data[0] == '-');
	const char *digits = zone.data + has_sign;
	int hours, minutes;

	*out = 0;
	if (zone.bytes == 3 && memcmp(zone.data, "UTC", 3) == 0)
		return true;
	if (zone.bytes != 5u + has_sign || digits[2] != ':')
		return false;
	for (size_t i = 0; i < 5; i++) {
		if (i != 2 && !isdigit((unsigned char)digits[i]))
			return false;
	}
	hours = (digits[0] - '0') * 10 + digits[1] - '0';
	minutes = (digits[3] - '0') * 10 + digits[4] - '0';
	*out = (hours * 60 + minutes) * (zone.data[0] == '-' ? -60 : 60);
	return hours < 24 && minutes < 60;
}

static bool get_date(struct cel_eval *eval, const struct cel_value *arguments, struct cel_date *out)
{
	int64_t offset = 0, seconds;

	if (eval->call->count > 1 && !read_offset(arguments[1].text, &offset))
		return cel_fail_about(
			eval,
			"time zone \"%.*s\" is not known; use \"UTC\", \"+01:00\", \"-02:30\"",
			arguments[1].text);
	if (__builtin_add_overflow(arguments[0].seconds, offset, &seconds))
		return cel_fail(eval, range);
	*out = cel_date_of(seconds);
	return true;
}

#define PART(name, expression)                         \
	CEL_CALL(name)                                 \
	{                                              \
		struct cel_date date;                  \
                                                       \
		if (!get_date(eval, arguments, &date)) \
			return false;                  \
		*out = cel_value_of_int(expression);   \
		return true;                           \
	}

PART(cel_get_full_year, date.year)
PART(cel_get_month, date.month - 1)
PART(cel_get_date, date.day)
PART(cel_get_day_of_month, date.day - 1)
PART(cel_get_day_of_week, date.day_of_week)
PART(cel_get_day_of_year, date.day_of_year)
PART(cel_get_hours, date.hour)
PART(cel_get_minutes, date.minute)
PART(cel_get_seconds, date.second)
PART(cel_get_milliseconds, arguments[0].nanoseconds / 1000000)

/* ---- durations, in whole units ---------------------------------------------------------------
 */

CEL_CALL(cel_get_hours_of_duration)
{
	*out = cel_value_of_int(arguments[0].integer / (3600 * CEL_NANOSECONDS));
	return true;
}

CEL_CALL(cel_get_minutes_of_duration)
{
	*out = cel_value_of_int(arguments[0].integer / (60 * CEL_NANOSECONDS));
	return true;
}

CEL_CALL(cel_get_seconds_of_duration)
{
	*out = cel_value_of_int(arguments[0].integer / CEL_NANOSECONDS);
	return true;
}

/* What is left beside whole seconds, as the language definition has it. */
CEL_CALL(cel_get_milliseconds_of_duration)
{
	*out = cel_value_of_int(arguments[0].integer % CEL_NANOSECONDS / 1000000);
	return true;
}
