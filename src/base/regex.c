/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matches by PCRE2. A long text is searched in windows of starting points, so that the time it
 * takes can be looked at between them: PCRE2's own limit counts anew at each starting point.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/regex_private.h"

/* Steps from one starting point: some 0.5 ms with PCRE2's compiler, and as many as the longest
 * arguments of a process (256 KiB) need for one ".*". */
#define REGEX_STEPS_MAX 300000u
/* Memory and depth for machines where PCRE2 may not compile. */
#define REGEX_HEAP_KIB_MAX 4096u
/* Processor time for one text; what takes longer is given up. */
#define REGEX_TIME_NS_MAX (20 * CLOCK_NS_PER_MS)
/* Stack of compiled patterns: grows as needed, given only to those whose small one ran out. */
enum { REGEX_STACK_BYTES = 32 << 10, REGEX_STACK_BYTES_MAX = 1 << 20 };

/* Starting points that are tried before time is looked at; the windows grow while that is cheap. */
static const size_t first_windows[] = {
	[REGEX_COST_LINEAR] = 65536,
	[REGEX_COST_QUADRATIC] = 2048,
	[REGEX_COST_ANY] = 64,
};

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack; /* NULL: PCRE2's own small one */
	size_t first_window;
	uint64_t given_up;
};

/* Limits that PCRE2 has and RE2 does not, or has elsewhere. */
static int regex_fail_compile(const char *pattern, int code, struct diag *diag)
{
	PCRE2_UCHAR8 reason[128];

	if (code == PCRE2_ERROR_HEAP_FAILED)
		return -ENOMEM;
	pcre2_get_error_message(code, reason, sizeof(reason));
	diag_add(diag, "regular expression \"%.80s\": %s", pattern, reason);
	return -EINVAL;
}

static int regex_compile(struct regex *regex, const char *pattern, struct diag *diag)
{
	_cleanup_buf_ struct buf translated = {};
	pcre2_compile_context *context;
	enum regex_cost cost;
	PCRE2_SIZE place;
	int code;
	int error = regex_translate(&translated, &cost, span_of(pattern), diag);

	if (error)
		return error;
	context = pcre2_compile_context_create(NULL);
	if (!context)
		return -ENOMEM;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	regex->code = pcre2_compile((PCRE2_SPTR)buf_text(&translated), translated.bytes,
				    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_USE_OFFSET_LIMIT |
					    PCRE2_NEVER_BACKSLASH_C,
				    &code, &place, context);
	pcre2_compile_context_free(context);
	if (!regex->code)
		return regex_fail_compile(pattern, code, diag);
	/* Machines that forbid to write code still match, ten times slower. */
	pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
	regex->first_window = first_windows[cost];
	return 0;
}

int regex_new(struct regex **out, const char *pattern, struct diag *diag)
{
	_cleanup_regex_ struct regex *regex = calloc(1, sizeof(*regex));
	int error;

	if (!regex)
		return -ENOMEM;
	error = regex_compile(regex, pattern, diag);
	if (error)
		return error;
	regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
	regex->context = pcre2_match_context_create(NULL);
	if (!regex->data || !regex->context)
		return -ENOMEM;
	pcre2_set_match_limit(regex->context, REGEX_STEPS_MAX);
	pcre2_set_depth_limit(regex->context, REGEX_STEPS_MAX);
	pcre2_set_heap_limit(regex->context, REGEX_HEAP_KIB_MAX);
	*out = TAKE_PTR(regex);
	return 0;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2_jit_stack_free(regex->stack);
	pcre2_match_context_free(regex->context);
	pcre2_match_data_free(regex->data);
	pcre2_code_free(regex->code);
	free(regex);
}

static int regex_match_window(struct regex *regex, struct span text, size_t at, size_t last)
{
	int code;

	pcre2_set_offset_limit(regex->context, last);
	code = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.bytes, at, 0, regex->data,
			   regex->context);
	if (code != PCRE2_ERROR_JIT_STACKLIMIT || regex->stack)
		return code;
	regex->stack = pcre2_jit_stack_create(REGEX_STACK_BYTES, REGEX_STACK_BYTES_MAX, NULL);
	if (!regex->stack)
		return code;
	pcre2_jit_stack_assign(regex->context, NULL, regex->stack);
	return pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.bytes, at, 0, regex->data,
			   regex->context);
}

/* PCRE2's answer for a text that is longer than the first window. */
static int regex_match_long(struct regex *regex, struct span text, size_t at)
{
	uint64_t start = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t before = start;
	size_t window = regex->first_window;

	for (;;) {
		bool is_last = text.bytes - at <= window;
		int code = regex_match_window(regex, text, at,
					      is_last ? PCRE2_UNSET : at + window - 1);
		uint64_t now;

		if (code != PCRE2_ERROR_NOMATCH || is_last)
			return code;
		now = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
		if (now - start > REGEX_TIME_NS_MAX)
			return PCRE2_ERROR_MATCHLIMIT;
		at += window;
		if (now - before < REGEX_TIME_NS_MAX / 16)
			window *= 2;
		else if (now - before > REGEX_TIME_NS_MAX / 4 && window > 1)
			window /= 2;
		before = now;
	}
}

static bool regex_match(struct regex *regex, struct span text, size_t at)
{
	int code;

	if (at > text.bytes)
		return false;
	if (!text.data)
		text.data = "";
	code = text.bytes - at <= regex->first_window
		       ? regex_match_window(regex, text, at, PCRE2_UNSET)
		       : regex_match_long(regex, text, at);
	regex->given_up += code < 0 && code != PCRE2_ERROR_NOMATCH;
	return code >= 0;
}

bool regex_matches(struct regex *regex, const char *text, size_t bytes)
{
	return regex_match(regex, (struct span){ text, bytes }, 0);
}

size_t regex_find(struct regex *regex, const char *text, size_t bytes, size_t at, struct span *out,
		  size_t max)
{
	const PCRE2_SIZE *places;
	size_t count;

	if (!regex_match(regex, (struct span){ text, bytes }, at))
		return 0;
	if (!text)
		text = "";
	places = pcre2_get_ovector_pointer(regex->data);
	count = pcre2_get_ovector_count(regex->data);
	for (size_t i = 0; i < count && i < max; i++) {
		bool took_part = places[2 * i] != PCRE2_UNSET;

		out[i] = took_part ? (struct span){ text + places[2 * i],
						    places[2 * i + 1] - places[2 * i] }
				   : (struct span){};
	}
	return count;
}

size_t regex_get_groups(const struct regex *regex)
{
	return pcre2_get_ovector_count(regex->data) - 1;
}

uint64_t regex_get_given_up(const struct regex *regex)
{
	return regex->given_up;
}
