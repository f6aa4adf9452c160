/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timestamps and durations. In: values, texts. Out: values, texts as of RFC 3339 and Go. The
 * calendar is the Gregorian one for all times; there are no leap seconds.
 */
#pragma once

#include "cel/value.h"

#define CEL_NANOSECONDS 1000000000LL
/* The first second of year 1, and the last of year 9999. */
#define CEL_SECONDS_MIN (-62135596800LL)
#define CEL_SECONDS_MAX 253402300799LL

struct cel_date {
	int64_t year;
	int month, day;	 /* from 1 */
	int day_of_year; /* from 0 */
	int day_of_week; /* 0: Sunday */
	int hour, minute, second;
};

struct cel_date cel_date_of(int64_t seconds);
int64_t cel_days_of(int64_t year, int month, int day); /* since 1970 */

bool cel_timestamp_write(struct cel_eval *eval, const struct cel_value *from,
			 struct cel_value *out);
bool cel_duration_write(struct cel_eval *eval, const struct cel_value *from, struct cel_value *out);
/* False: it is none, or out of range. */
bool cel_timestamp_read(struct span text, struct cel_value *out);
bool cel_duration_read(struct span text, int64_t *nanoseconds);
