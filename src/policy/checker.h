/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the check_*.c share. Each takes a part of the model, adds findings, and fills in that part's
 * checked fields. Fields about which the decoder complained are FIELD_BAD and are passed over, so
 * that one mistake is one finding.
 */
#pragma once

#include "policy/limits.h"
#include "policy/model.h"
#include "policy/report.h"

struct checker {
	struct policy *policy;
	struct report *report;
	struct arena *arena; /* the policy's; when it fails, check_policy() says so at the end */
	size_t values;	     /* of all selectors so far, for POLICY_VALUES_MAX */
};

static inline struct span text_span(const struct policy_text *text)
{
	return (struct span){ text->data, text->bytes };
}

static inline bool text_is_given(const struct policy_text *text)
{
	return text->state == FIELD_GIVEN && text->bytes;
}

/* ---- check_names.c: what words may look like ------------------------------------------------ */

bool name_is_label(struct span name);	   /* RFC 1123 label */
bool name_is_subdomain(struct span name);  /* labels joined by dots */
bool name_is_hostname(struct span name);   /* the same, any case, perhaps with a last dot */
bool name_is_symbol(struct span name);	   /* of the kernel: letters, digits, "_", ".", "$" */
bool name_is_identifier(struct span name); /* of C */
bool name_is_word(struct span name);	   /* letters, digits, "_", "-" */

/* ---- one function per part of the model ------------------------------------------------------ */

void check_metadata(struct checker *checker);
void check_scope(struct checker *checker);
/* The same for a selector's matchWorkloads; NULL is fine. */
void check_workloads(struct checker *checker, const struct policy_workloads *workloads);
void check_options(struct checker *checker);
void check_lists(struct checker *checker);
void check_enforcers(struct checker *checker);
/* "list:NAME" to its list. False: TEXT is something else. OUT is NULL after a finding. */
bool check_list_reference(struct checker *checker, const struct policy_text *text,
			  const struct policy_list **out);
void check_macros(struct checker *checker);
/* Merges the macros that the selector names into it. */
void check_expand_macros(struct checker *checker, struct policy_selector *selector);
void check_hook(struct checker *checker, struct policy_hook *hook);
/* Args, data and returnArg. */
void check_arguments(struct checker *checker, struct policy_hook *hook);
void check_selector(struct checker *checker, struct policy_hook *hook,
		    struct policy_selector *selector);
/* The filters that ask who runs: pids, binaries, namespaces, capabilities. */
void check_process_filters(struct checker *checker, struct policy_selector *selector);
/* matchArgs, matchData, matchReturnArgs. */
void check_argument_filters(struct checker *checker, const struct policy_hook *hook,
			    struct policy_selector *selector);
void check_actions(struct checker *checker, const struct policy_hook *hook,
		   struct policy_selector *selector);
/* Operator and values of a filter whose type was AUTO and is TYPE. */
void check_filter_of_type(struct checker *checker, struct policy_filter *filter,
			  const struct arg_type_facts *type);
/* The values of a filter whose operator and type (never AUTO) are known. */
void check_values(struct checker *checker, struct policy_filter *filter,
		  const struct arg_type_facts *type);
/* "unknown capability ...", and the nearest name. */
void check_report_name(struct checker *checker, struct place place, struct span name,
		       enum value_names table);
/* "Equal, NotEqual, ..." that values of a type take. */
void check_hint_operators(struct finding *finding, const struct arg_type_facts *type);
/* Counts COUNT values against the policy's limit. False: there are too many. */
bool check_count_values(struct checker *checker, struct place place, size_t count);
