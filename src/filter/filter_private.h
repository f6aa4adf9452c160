/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by list.c (entries), keys.c (the table of keys) and values.c (what keys compile to). */
#pragma once

#include "base/regex.h"
#include "cel/cel.h"
#include "filter/filter.h"
#include "filter/labels.h"
#include "filter/pids.h"

/* One of the API's sets of capabilities as bits, and how it is compared. */
struct filter_capabilities {
	enum {
		CAPABILITIES_UNASKED,
		CAPABILITIES_ANY,
		CAPABILITIES_ALL,
		CAPABILITIES_EXACTLY,
		CAPABILITIES_NONE
	} how;
	uint64_t wanted;
};

enum filter_capability_set { SET_PERMITTED, SET_EFFECTIVE, SET_INHERITABLE, CAPABILITY_SETS };

/* What a key asks for, compiled. Which member is used is the key's. */
struct filter_values {
	size_t count;
	struct regex **regexes;
	char **texts;
	uint32_t *numbers;
	struct label_selector **selectors;
	struct cel_program **expressions;
	struct filter_pids *pids;
	struct filter_capabilities capabilities[CAPABILITY_SETS];
	bool wanted; /* of yes-or-no keys */
};

/* An event that is being matched. */
struct filter_subject {
	const Tetragon__GetEventsResponse *event;
	struct event_view view;
	bool *gave_up; /* set by a key that cannot say, since that would cost too much */
};

struct filter_compiler {
	const struct filter_options *options;
	struct diag *diag;
	size_t entry; /* from 1 */
	const char *key;
	size_t values, pid_sets; /* of the whole list so far */
};

struct filter_key {
	size_t offset; /* of the field in Tetragon__Filter, by which its name is found */
	int (*compile)(struct filter_compiler *compiler, const Tetragon__Filter *filter,
		       struct filter_values *out);
	bool (*matches)(const struct filter_values *values, const struct filter_subject *subject);
};

/* All keys but event_set, cheap ones first. */
extern const struct filter_key filter_keys[];
extern const size_t filter_keys_count;

/* A line about the key that is being compiled. Returns -EINVAL. */
int filter_fail(struct filter_compiler *compiler, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* -EINVAL: the list would have too many values. */
int filter_count_values(struct filter_compiler *compiler, size_t count);

void filter_values_done(struct filter_values *values);
int filter_values_set_regexes(struct filter_compiler *compiler, char *const *patterns, size_t count,
			      struct filter_values *out);
int filter_values_set_texts(struct filter_compiler *compiler, char *const *texts, size_t count,
			    struct filter_values *out);
int filter_values_set_numbers(struct filter_compiler *compiler, const uint32_t *numbers,
			      size_t count, struct filter_values *out);
int filter_values_set_selectors(struct filter_compiler *compiler, char *const *texts, size_t count,
				struct filter_values *out);
int filter_values_set_expressions(struct filter_compiler *compiler, char *const *texts,
				  size_t count, struct filter_values *out);
int filter_values_set_capabilities(struct filter_compiler *compiler,
				   const Tetragon__CapFilter *wanted, struct filter_values *out);
