/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamps and durations, read and written. */
#include <ctype.h>

#include "cel/eval.h"
#include "cel/text.h"
#include "cel/times.h"

/* Days of 400 years, of which there are as many as of any other 400; a year begins in March here,
 * so that the day that is not always there is its last. */
enum { ERA_DAYS = 146097 };

int64_t cel_days_of(int64_t year, int month, int day)
{
	int64_t shifted = month <= 2 ? year - 1 : year;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t of_era = shifted - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct cel_date cel_date_of(int64_t seconds)
{
	int64_t days = seconds / 86400, rest = seconds % 86400, shifted, era, of_era, years,
		of_year;
	struct cel_date date;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	shifted = days + 719468;
	era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
	of_era = shifted - era * ERA_DAYS;
	years = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
	of_year = of_era - (365 * years + years / 4 - years / 100);
	date.month = (int)((5 * of_year + 2) / 153);
	date.day = (int)(of_year - (153 * date.month + 2) / 5 + 1);
	date.month += date.month < 10 ? 3 : -9;
	date.year = years + era * 400 + (date.month <= 2);
	date.day_of_year = (int)(days - cel_days_of(date.year, 1, 1));
	date.day_of_week = (int)(((days + 4) % 7 + 7) % 7);
	date.hour = (int)(rest / 3600);
	date.minute = (int)(rest / 60 % 60);
	date.second = (int)(rest % 60);
	return date;
}

/* ---- written ---------------------------------------------------------------------------------
 */

/* ".25", without zeros at the end; nothing when there is no fraction. */
static bool build_fraction(struct cel_builder *builder, uint32_t nanoseconds)
{
	int digits = 9;

	if (!nanoseconds)
		return true;
	while (nanoseconds % 10 == 0) {
		nanoseconds /= 10;
		digits--;
	}
	return cel_build_format(builder, ".%0*u", digits, nanoseconds);
}

bool cel_timestamp_write(struct cel_eval *eval, const struct cel_value *from, struct cel_value *out)
{
	struct cel_builder builder = { .eval = eval };
	struct cel_date date = cel_date_of(from->seconds);
	bool is_built =
		cel_build_format(&builder, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)date.year,
				 date.month, date.day, date.hour, date.minute, date.second) &&
		build_fraction(&builder, from->nanoseconds) && cel_build_text(&builder, "Z");

	*out = cel_build_value(&builder);
	return is_built;
}

bool cel_duration_write(struct cel_eval *eval, const struct cel_value *from, struct cel_value *out)
{
	struct cel_builder builder = { .eval = eval };
	uint64_t size = from->integer < 0 ? 0 - (uint64_t)from->integer : (uint64_t)from->integer;
	bool is_built = cel_build_format(&builder, "%s%llu", from->integer < 0 ? "-" : "",
					 (unsigned long long)(size / CEL_NANOSECONDS)) &&
			build_fraction(&builder, (uint32_t)(size % CEL_NANOSECONDS)) &&
			cel_build_text(&builder, "s");

	*out = cel_build_value(&builder);
	return is_built;
}

/* ---- read ------------------------------------------------------------------------------------
 */

/* DIGITS decimal digits at *AT, and then the character AFTER unless it is 0. */
static bool read_part(struct span text, size_t *at, int digits, char after, int *out)
{
	*out = 0;
	for (int i = 0; i < digits; i++, (*at)++) {
		if (*at >= text.bytes || !isdigit((unsigned char)text.data[*at]))
			return false;
		*out = *out * 10 + text.data[*at] - '0';
	}
	if (!after)
		return true;
	return *at < text.bytes && toupper((unsigned char)text.data[(*at)++]) == after;
}

static bool read_fraction(struct span text, size_t *at, uint32_t *out)
{
	uint32_t unit = CEL_NANOSECONDS / 10;
	size_t begin = *at + 1;

	*out = 0;
	if (*at >= text.bytes || text.data[*at] != '.')
		return true;
	for (*at = begin; *at < text.bytes && isdigit((unsigned char)text.data[*at]); (*at)++) {
		*out += unit * (uint32_t)(text.data[*at] - '0');
		unit /= 10;
	}
	return *at > begin;
}

/* "Z", "+01:30"; seconds to take away. */
static bool read_zone(struct span text, size_t *at, int64_t *out)
{
	int hours, minutes;
	bool is_west;

	*out = 0;
	if (*at >= text.bytes)
		return false;
	if (toupper((unsigned char)text.data[*at]) == 'Z') {
		(*at)++;
		return true;
	}
	if (text.data[*at] != '+' && text.data[*at] != '-')
		return false;
	is_west = text.data[(*at)++] == '-';
	if (!read_part(text, at, 2, ':', &hours) || !read_part(text, at, 2, 0, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*out = (hours * 60 + minutes) * (is_west ? -60 : 60);
	return true;
}

static bool date_exists(const struct cel_date *date)
{
	int64_t next = date->month == 12 ? cel_days_of(date->year + 1, 1, 1)
					 : cel_days_of(date->year, date->month + 1, 1);

	return date->month >= 1 && date->month <= 12 && date->day >= 1 &&
	       date->day <= next - cel_days_of(date->year, date->month, 1) && date->hour < 24 &&
	       date->minute < 60 && date->second < 60;
}

bool cel_timestamp_read(struct span text, struct cel_value *out)
{
	struct cel_date date = {};
	int64_t zone, seconds;
	uint32_t nanoseconds;
	size_t at = 0;
	int year;

	if (!read_part(text, &at, 4, '-', &year) || !read_part(text, &at, 2, '-', &date.month) ||
	    !read_part(text, &at, 2, 'T', &date.day) || !read_part(text, &at, 2, ':', &date.hour) ||
	    !read_part(text, &at, 2, ':', &date.minute) ||
	    !read_part(text, &at, 2, 0, &date.second) || !read_fraction(text, &at, &nanoseconds) ||
	    !read_zone(text, &at, &zone) || at != text.bytes)
		return false;
	date.year = year;
	if (!date_exists(&date))
		return false;
	seconds = cel_days_of(date.year, date.month, date.day) * 86400 + date.hour * 3600 +
		  date.minute * 60 + date.second - zone;
	*out = (struct cel_value){ .kind = CEL_KIND_TIMESTAMP,
				   .seconds = seconds,
				   .nanoseconds = nanoseconds };
	return seconds >= CEL_SECONDS_MIN && seconds <= CEL_SECONDS_MAX;
}

static const struct {
	const char *word;
	int64_t nanoseconds;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 },
	{ "ms", 1000000 },
	{ "s", CEL_NANOSECONDS },
	{ "m", 60 * CEL_NANOSECONDS },
	{ "h", 3600 * CEL_NANOSECONDS },
};

static bool read_unit(struct span text, size_t *at, int64_t *out)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t bytes = strlen(units[i].word);

		if (text.bytes - *at < bytes || memcmp(text.data + *at, units[i].word, bytes) != 0)
			continue;
		*at += bytes;
		*out = units[i].nanoseconds;
		return true;
	}
	return false;
}

/* "1.5h": digits, perhaps a fraction, a unit; added to OUT. */
static bool read_piece(struct span text, size_t *at, __int128 *out)
{
	__int128 whole = 0, fraction = 0, scale = 1;
	size_t digits = 0;
	int64_t unit;

	for (; *at < text.bytes && isdigit((unsigned char)text.data[*at]); (*at)++, digits++) {
		whole = whole * 10 + (text.data[*at] - '0');
		if (whole > INT64_MAX)
			return false;
	}
	if (*at < text.bytes && text.data[*at] == '.') {
		for ((*at)++; *at < text.bytes && isdigit((unsigned char)text.data[*at]);
		     (*at)++, digits++) {
			if (scale < 1000000000000000LL) {
				fraction = fraction * 10 + (text.data[*at] - '0');
				scale *= 10;
			}
		}
	}
	if (!digits || !read_unit(text, at, &unit))
		return false;
	*out += whole * unit + fraction * unit / scale;
	return *out <= (__int128)INT64_MAX + 1;
}

bool cel_duration_read(struct span text, int64_t *nanoseconds)
{
	bool is_negative = text.bytes && text.data[0] == '-';
	size_t at = text.bytes && (text.data[0] == '-' || text.data[0] == '+');
	__int128 sum = 0;

	*nanoseconds = 0;
	if (text.bytes == at + 1 && text.data[at] == '0')
		return true;
	if (at == text.bytes)
		return false;
	while (at < text.bytes) {
		if (!read_piece(text, &at, &sum))
			return false;
	}
	if (!is_negative && sum > INT64_MAX)
		return false;
	*nanoseconds = (int64_t)(is_negative ? -sum : sum);
	return true;
}
