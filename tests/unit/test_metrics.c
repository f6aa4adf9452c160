/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of metrics, families of numbers by labels, and which form a client gets. */
#include "cmocka_case.h"

#include <stdio.h>
#include <string.h>

#include "metrics/family.h"
#include "metrics/negotiate.h"
#include "metrics/page.h"

static const struct metrics_row counter = { "tetrad_things_total", METRICS_COUNTER, "", "name",
					    "Things" };
static const struct metrics_row seconds = { "tetrad_time_seconds_total", METRICS_COUNTER_NS,
					    "seconds", "", "Time" };

static const char *show(struct metrics_page *page)
{
	assert_false(page->text.failed);
	return buf_text(&page->text);
}

static void escapes_values_of_labels(void **state)
{
	static const struct {
		const char *value, *shown;
	} rows[] = {
		{ "", "" },
		{ "/usr/bin/cat", "/usr/bin/cat" },
		{ "a\"b", "a\\\"b" },
		{ "a\\b", "a\\\\b" },
		{ "a\nb", "a\\nb" },
		{ "\\\"\n", "\\\\\\\"\\n" },
		{ "a\tb\x01", "a\tb\x01" },
		{ "bad \xff\xfe end", "bad \xef\xbf\xbd end" },
		{ "cut \xe2\x82", "cut \xef\xbf\xbd" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "x} 1\n# TYPE y counter\ny 2", "x} 1\\n# TYPE y counter\\ny 2" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct metrics_page page = {};
		char wanted[256];

		metrics_page_begin(&page, &counter);
		buf_reset(&page.text);
		metrics_page_add(&page, &rows[i].value, 7);
		snprintf(wanted, sizeof(wanted), "tetrad_things_total{name=\"%s\"} 7\n",
			 rows[i].shown);
		assert_string_equal(show(&page), wanted);
		buf_done(&page.text);
	}
}

static void cuts_long_values(void **state)
{
	struct metrics_page page = {};
	char value[METRICS_LABEL_BYTES_MAX * 2] = "";
	const char *values[] = { value };

	memset(value, 'a', sizeof(value) - 1);
	metrics_page_begin(&page, &counter);
	buf_reset(&page.text);
	metrics_page_add(&page, values, 1);
	assert_int_equal(page.text.bytes,
			 strlen("tetrad_things_total{name=\"\"} 1\n") + METRICS_LABEL_BYTES_MAX);
	buf_done(&page.text);
}

static void writes_the_text_format(void **state)
{
	struct metrics_page page = {};

	metrics_page_begin(&page, &seconds);
	metrics_page_add(&page, NULL, 1500000000);
	metrics_page_end(&page);
	assert_string_equal(show(&page), "# HELP tetrad_time_seconds_total Time\n"
					 "# TYPE tetrad_time_seconds_total counter\n"
					 "tetrad_time_seconds_total 1.5\n");
	buf_done(&page.text);
}

static void writes_openmetrics(void **state)
{
	struct metrics_page page = { .is_openmetrics = true };

	metrics_page_begin(&page, &seconds);
	metrics_page_add(&page, NULL, 20);
	metrics_page_end(&page);
	assert_string_equal(show(&page), "# HELP tetrad_time_seconds Time\n"
					 "# TYPE tetrad_time_seconds counter\n"
					 "# UNIT tetrad_time_seconds seconds\n"
					 "tetrad_time_seconds_total 0.00000002\n"
					 "# EOF\n");
	buf_done(&page.text);
}

static void counts_up_in_buckets(void **state)
{
	static const uint64_t bounds[] = { 10, 100 };
	const struct metrics_row row = { "h", METRICS_HISTOGRAM, "", "op", "H" };
	struct metrics_histogram histogram = { .bounds = bounds, .bounds_count = 2 };
	const uint64_t numbers[] = { 1, 10, 11, 100, 101 };
	const char *op = "5";

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		metrics_histogram_note(&histogram, numbers[i]);
	for (int form = 0; form < 2; form++) {
		struct metrics_page page = { .is_openmetrics = form };

		metrics_page_begin(&page, &row);
		buf_reset(&page.text);
		metrics_page_add_histogram(&page, &op, &histogram);
		assert_string_equal(show(&page), form ? "h_bucket{op=\"5\",le=\"10.0\"} 2\n"
							"h_bucket{op=\"5\",le=\"100.0\"} 4\n"
							"h_bucket{op=\"5\",le=\"+Inf\"} 5\n"
							"h_sum{op=\"5\"} 223\n"
							"h_count{op=\"5\"} 5\n"
						      : "h_bucket{op=\"5\",le=\"10\"} 2\n"
							"h_bucket{op=\"5\",le=\"100\"} 4\n"
							"h_bucket{op=\"5\",le=\"+Inf\"} 5\n"
							"h_sum{op=\"5\"} 223\n"
							"h_count{op=\"5\"} 5\n");
		buf_done(&page.text);
	}
}

static void bounds_a_page_and_says_so(void **state)
{
	struct metrics_page page = {};
	const char *value = "v";
	uint64_t added = 0;

	metrics_page_begin(&page, &counter);
	while (!page.left_out) {
		metrics_page_add(&page, &value, added++);
		assert_true(added < METRICS_PAGE_BYTES_MAX);
	}
	metrics_page_add(&page, &value, 1);
	assert_int_equal(page.left_out, 2);
	assert_true(page.text.bytes < METRICS_PAGE_BYTES_MAX + 4096);
	buf_reset(&page.text);
	metrics_page_add_always(&page, &value, page.left_out);
	assert_string_equal(show(&page), "tetrad_things_total{name=\"v\"} 2\n");
	buf_done(&page.text);
}

/* ---- families
 * --------------------------------------------------------------------------------------- */

static struct metrics_family *family_make(size_t labels, size_t sets_max, size_t kept)
{
	const struct metrics_family_options options = { .labels = labels,
							.sets_max = sets_max,
							.kept = kept };
	struct metrics_family *family;

	assert_int_equal(metrics_family_new(&family, &options), 0);
	return family;
}

static void add_pair(struct metrics_family *family, const char *a, const char *b, uint64_t number,
		     uint32_t now)
{
	const char *const values[] = { a, b };

	metrics_family_add(family, values, number, now);
}

static void assert_family(const struct metrics_family *family, const char *wanted)
{
	static const struct metrics_row row = { "m", METRICS_COUNTER, "", "a b", "M" };
	struct metrics_page page = {};

	metrics_page_begin(&page, &row);
	buf_reset(&page.text);
	metrics_family_write(family, &page);
	assert_string_equal(show(&page), wanted);
	buf_done(&page.text);
}

static void tells_sets_apart(void **state)
{
	struct metrics_family *family = family_make(2, 16, 0);

	add_pair(family, "ab", "c", 1, 0);
	add_pair(family, "a", "bc", 2, 0);
	add_pair(family, "", "abc", 4, 0);
	add_pair(family, "abc", "", 8, 0);
	add_pair(family, "a", "bc", 16, 0);
	assert_family(family, "m{a=\"ab\",b=\"c\"} 1\n"
			      "m{a=\"a\",b=\"bc\"} 18\n"
			      "m{a=\"\",b=\"abc\"} 4\n"
			      "m{a=\"abc\",b=\"\"} 8\n");
	metrics_family_free(family);
}

/* Values of each length have their own way of being read. */
static void tells_values_of_every_length_apart(void **state)
{
	struct metrics_family *family = family_make(1, 2048, 0);
	char text[64];
	const char *values[] = { text };
	size_t made = 0;

	for (size_t bytes = 1; bytes < 40; bytes++) {
		for (size_t other = 0; other < bytes; other++, made++) {
			memset(text, 'a', sizeof(text));
			text[other] = 'b';
			text[bytes] = '\0';
			metrics_family_add(family, values, 1, 0);
			metrics_family_add(family, values, 1, 0);
		}
	}
	assert_int_equal(metrics_family_count(family), made);
	assert_int_equal(metrics_family_overflowed(family), 0);
	metrics_family_free(family);
}

static void counts_what_finds_no_place_as_overflow(void **state)
{
	struct metrics_family *family = family_make(2, 2, 1);

	add_pair(family, "exec", "one", 1, 0);
	add_pair(family, "exec", "two", 1, 0);
	add_pair(family, "exec", "three", 1, 0);
	add_pair(family, "exit", "four", 5, 0);
	add_pair(family, "exec", "four", 1, 0);
	add_pair(family, "exec", "two", 1, 0);
	assert_family(family, "m{a=\"exec\",b=\"one\"} 1\n"
			      "m{a=\"exec\",b=\"two\"} 2\n"
			      "m{a=\"exec\",b=\"_overflow\"} 2\n"
			      "m{a=\"exit\",b=\"_overflow\"} 5\n");
	assert_int_equal(metrics_family_count(family), 2);
	assert_int_equal(metrics_family_overflowed(family), 7);
	metrics_family_free(family);
}

/* However many values there are, sums stay right and memory bounded. */
static void bounds_overflow_itself(void **state)
{
	struct metrics_family *family = family_make(2, 8, 1);
	struct metrics_page page = {};
	char name[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		add_pair(family, name, name, 1, 0);
	}
	assert_int_equal(metrics_family_count(family), 8);
	assert_int_equal(metrics_family_overflowed(family), 992);
	metrics_page_begin(&page, &counter);
	buf_reset(&page.text);
	metrics_family_write(family, &page);
	assert_non_null(strstr(show(&page), "{name=\"_overflow\"} 977\n"));
	buf_done(&page.text);
	metrics_family_free(family);
}

static bool goes_before(void *context, const char *const *values, uint32_t touched)
{
	return touched < *(uint32_t *)context && strcmp(values[0], "stays") != 0;
}

static void gives_up_old_sets_for_new_ones(void **state)
{
	struct metrics_family *family = family_make(2, 3, 0);
	uint32_t before = 10;

	add_pair(family, "stays", "", 1, 5);
	add_pair(family, "old", "", 1, 5);
	add_pair(family, "new", "", 1, 10);
	add_pair(family, "late", "", 1, 10); /* overflow, which never goes */
	metrics_family_expire(family, goes_before, &before);
	assert_int_equal(metrics_family_count(family), 2);
	add_pair(family, "next", "", 1, 11);
	add_pair(family, "new", "", 1, 11);
	assert_family(family, "m{a=\"stays\",b=\"\"} 1\n"
			      "m{a=\"new\",b=\"\"} 2\n"
			      "m{a=\"_overflow\",b=\"_overflow\"} 1\n"
			      "m{a=\"next\",b=\"\"} 1\n");
	metrics_family_free(family);
}

static void knows_what_it_has(void **state)
{
	struct metrics_family *family = family_make(1, 4, 0);
	const char *const here = "here", *const gone = "gone";

	metrics_family_add(family, &here, 1, 0);
	assert_true(metrics_family_has(family, &here));
	assert_false(metrics_family_has(family, &gone));
	metrics_family_clear(family);
	assert_false(metrics_family_has(family, &here));
	metrics_family_free(family);
}

/* ---- what a client gets
 * ----------------------------------------------------------------------------- */

static void chooses_the_format_by_accept(void **state)
{
	static const struct {
		const char *accept;
		bool openmetrics;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ "*/*", false },
		{ "text/plain", false },
		{ "application/openmetrics-text", true },
		{ "Application/OpenMetrics-Text; version=1.0.0", true },
		{ "application/openmetrics-text; version=\"0.0.1\"", true },
		{ "application/openmetrics-text;version=2.0.0", false },
		{ "application/openmetrics-text;q=0", false },
		{ "application/openmetrics-text;q=0.5,text/plain;version=0.0.4;q=0.6", false },
		{ "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		  "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  true },
		{ "application/openmetrics-text;q=\"", false },
		{ ";;;,,,;q=,=;", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(metrics_wants_openmetrics(rows[i].accept), rows[i].openmetrics);
}

static void compresses_for_who_takes_it(void **state)
{
	static const struct {
		const char *accept;
		bool gzip;
	} rows[] = {
		{ NULL, false },       { "gzip", true },	 { "deflate, GZIP;q=1.0", true },
		{ "gzip;q=0", false }, { "gzip;q=0.001", true }, { "identity", false },
		{ "gzipped", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(metrics_takes_gzip(rows[i].accept), rows[i].gzip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_values_of_labels),
		cmocka_unit_test(cuts_long_values),
		cmocka_unit_test(writes_the_text_format),
		cmocka_unit_test(writes_openmetrics),
		cmocka_unit_test(counts_up_in_buckets),
		cmocka_unit_test(bounds_a_page_and_says_so),
		cmocka_unit_test(tells_sets_apart),
		cmocka_unit_test(tells_values_of_every_length_apart),
		cmocka_unit_test(counts_what_finds_no_place_as_overflow),
		cmocka_unit_test(bounds_overflow_itself),
		cmocka_unit_test(gives_up_old_sets_for_new_ones),
		cmocka_unit_test(knows_what_it_has),
		cmocka_unit_test(chooses_the_format_by_accept),
		cmocka_unit_test(compresses_for_who_takes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
