/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a policy, for people and for programs. In: findings with their place. Out:
 * sorted findings, and their text with the source line and a caret:
 *
 *	web.yaml:14:19: unknown operator "Equals" for argument 1 (path)
 *	   14 |       - operator: Equals
 *	      |                   ^~~~~~ did you mean "Equal"? path takes Equal, NotEqual, Prefix
 *
 * A finding is one mistake. The same mistake at the same place is kept once (an alias is read as
 * often as it is used). Beyond FINDINGS_MAX findings are only counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/span.h"
#include "policy/place.h"

/* Nobody reads on; and a hostile file costs no more than this many searches for suggestions. */
#define FINDINGS_MAX 200

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct source;

struct finding {
	struct report *report;
	enum severity severity;
	struct place place;
	const char *message;
	const char *hint;    /* "": none */
	const char *snippet; /* the two lines below the message; "": none */
	unsigned int order;
};

struct report {
	const struct source *source; /* borrowed; where lines are taken from while adding */
	const char *name;	     /* of the source; what lines begin with */
	struct arena arena;
	struct finding *findings; /* owned */
	size_t count;
	size_t errors;	 /* among them, and among those left out */
	size_t warnings; /* the same */
	size_t left_out; /* not kept, because there were too many */
};

void report_done(struct report *report);

/* NULL: left out; everything that takes a finding takes that too. */
struct finding *report_error(struct report *report, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct finding *report_warning(struct report *report, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds to what would be right; several hints are joined. */
void finding_hint(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* TEXT in double quotes, shortened, without anything that moves a terminal. Lives with the report.
 */
const char *report_quote(struct report *report, struct span text);

/* By place, each place in the order of adding. */
void report_sort(struct report *report);

void report_add_finding(const struct finding *finding, struct buf *out);
/* All of them; at last a line about those that were left out. */
void report_add_text(const struct report *report, struct buf *out);

/* The same, sorted, as lines of DIAG. */
void report_tell(struct report *report, struct diag *diag);

#define _cleanup_report_ _cleanup_(report_done)
