/* SPDX-License-Identifier: Apache-2.0 */
/* The two text formats, which differ in names of counters, the end, and the form of bounds. */
#include "metrics/page.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/span.h"
#include "base/utf8.h"

static const struct {
	const char *name;
	bool is_counter, is_ns;
} kinds[METRICS_KINDS] = {
	[METRICS_COUNTER] = { "counter", true, false },
	[METRICS_GAUGE] = { "gauge", false, false },
	[METRICS_HISTOGRAM] = { "histogram", false, false },
	[METRICS_COUNTER_NS] = { "counter", true, true },
	[METRICS_GAUGE_NS] = { "gauge", false, true },
};

const char *metrics_kind_name(enum metrics_kind kind)
{
	return kinds[kind].name;
}

/* OpenMetrics names the family of a counter without the "_total" of its samples. */
static struct span page_family_name(const struct metrics_page *page)
{
	struct span name = span_of(page->row->name);
	const size_t suffix = strlen("_total");

	if (page->is_openmetrics && kinds[page->row->kind].is_counter && name.bytes > suffix &&
	    !memcmp(name.data + name.bytes - suffix, "_total", suffix))
		name.bytes -= suffix;
	return name;
}

static void page_add_meta(struct metrics_page *page, const char *word, const char *text)
{
	struct span name = page_family_name(page);

	buf_add_text(&page->text, "# ");
	buf_add_text(&page->text, word);
	buf_add_char(&page->text, ' ');
	buf_add(&page->text, name.data, name.bytes);
	buf_add_char(&page->text, ' ');
	buf_add_text(&page->text, text);
	buf_add_char(&page->text, '\n');
}

void metrics_page_begin(struct metrics_page *page, const struct metrics_row *row)
{
	page->row = row;
	page_add_meta(page, "HELP", row->help);
	page_add_meta(page, "TYPE", kinds[row->kind].name);
	if (page->is_openmetrics && row->unit[0])
		page_add_meta(page, "UNIT", row->unit);
}

/* Both formats escape backslash, quote and line feed in values of labels, and nothing else. */
static void page_add_value(struct metrics_page *page, const char *value)
{
	struct buf *text = &page->text;
	size_t bytes = strnlen(value, METRICS_LABEL_BYTES_MAX);
	size_t at = 0;

	while (at < bytes) {
		size_t plain = at;

		while (plain < bytes && !strchr("\\\"\n", value[plain]))
			plain++;
		utf8_add_valid(text, value + at, plain - at);
		if (plain == bytes)
			return;
		buf_add_char(text, '\\');
		buf_add_char(text, value[plain] == '\n' ? 'n' : value[plain]);
		at = plain + 1;
	}
}

/* `{a="1",b="2"`, still open; BOUND "" or the text of `le`. */
static void page_add_labels(struct metrics_page *page, const char *const *values, const char *bound)
{
	struct span names = span_of(page->row->labels);
	const char *before = "{";

	for (size_t i = 0; names.bytes; i++) {
		struct span name = span_cut(&names, ' ');

		buf_add_text(&page->text, before);
		buf_add(&page->text, name.data, name.bytes);
		buf_add_text(&page->text, "=\"");
		page_add_value(page, values[i]);
		buf_add_char(&page->text, '"');
		before = ",";
	}
	if (bound[0]) {
		buf_add_text(&page->text, before);
		buf_add_text(&page->text, "le=\"");
		buf_add_text(&page->text, bound);
		buf_add_char(&page->text, '"');
		before = ",";
	}
	if (*before == ',')
		buf_add_char(&page->text, '}');
}

static void page_add_seconds(struct buf *text, uint64_t ns)
{
	char digits[24];
	int end = snprintf(digits, sizeof(digits), ".%09llu",
			   (unsigned long long)(ns % CLOCK_NS_PER_SECOND));

	while (end > 2 && digits[end - 1] == '0')
		end--;
	buf_add_uint(text, ns / CLOCK_NS_PER_SECOND);
	buf_add(text, digits, (size_t)end);
}

static bool page_has_room(struct metrics_page *page)
{
	if (page->text.bytes < METRICS_PAGE_BYTES_MAX)
		return true;
	page->left_out++;
	return false;
}

static void page_add_sample(struct metrics_page *page, const char *suffix,
			    const char *const *values, const char *bound, uint64_t number)
{
	buf_add_text(&page->text, page->row->name);
	buf_add_text(&page->text, suffix);
	page_add_labels(page, values, bound);
	buf_add_char(&page->text, ' ');
	if (kinds[page->row->kind].is_ns)
		page_add_seconds(&page->text, number);
	else
		buf_add_uint(&page->text, number);
	buf_add_char(&page->text, '\n');
}

void metrics_page_add_always(struct metrics_page *page, const char *const *values, uint64_t number)
{
	page_add_sample(page, "", values, "", number);
}

void metrics_page_add(struct metrics_page *page, const char *const *values, uint64_t number)
{
	if (page_has_room(page))
		page_add_sample(page, "", values, "", number);
}

void metrics_page_add_histogram(struct metrics_page *page, const char *const *values,
				const struct metrics_histogram *histogram)
{
	uint64_t count = 0;
	char bound[32];

	if (!page_has_room(page))
		return;
	for (size_t i = 0; i <= histogram->bounds_count; i++) {
		count += histogram->counts[i];
		if (i == histogram->bounds_count)
			snprintf(bound, sizeof(bound), "+Inf");
		else
			snprintf(bound, sizeof(bound), "%llu%s",
				 (unsigned long long)histogram->bounds[i],
				 page->is_openmetrics ? ".0" : "");
		page_add_sample(page, "_bucket", values, bound, count);
	}
	page_add_sample(page, "_sum", values, "", histogram->sum);
	page_add_sample(page, "_count", values, "", count);
}

void metrics_page_end(struct metrics_page *page)
{
	if (page->is_openmetrics)
		buf_add_text(&page->text, "# EOF\n");
}

void metrics_histogram_note(struct metrics_histogram *histogram, uint64_t value)
{
	size_t at = 0;

	while (at < histogram->bounds_count && value > histogram->bounds[at])
		at++;
	histogram->counts[at]++;
	histogram->sum += value;
}
