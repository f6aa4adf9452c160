/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies, as bytes: what is refused is refused with a reason that can be shown, what is taken can
 * be printed, its rules can be built and read back, and all end alike when they are read again.
 */
#include "policy/plan.h"
#include "policy/policy.h"
#include "policy/print.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rules of all functions, built and decoded: whole, or a limit is named. */
static void print_plan(const struct policy *policy, struct report *report, struct buf *out)
{
	_cleanup_buf_ struct buf plan = {};
	int error = policy_print_plan(policy, report, &plan);

	if ((error != 0 && error != -ENOSPC) || (error == -ENOSPC) != (report->errors != 0))
		abort();
	if (strstr(buf_text(&plan), "\n  broken: ") || strstr(buf_text(&plan), ", but no search"))
		abort();
	buf_add(out, plan.data, plan.bytes);
	report_add_text(report, out);
}

/* The model as text, or the findings; what must be the same every time. */
static void read_once(struct span text, struct buf *out)
{
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	int error = policy_read_text("fuzz.yaml", text, &report, &policy);

	if ((error == 0) != (policy != NULL) || (error == 0) != (report.errors == 0))
		abort();
	report_add_text(&report, out);
	if ((report.errors || report.warnings) != (out->bytes > 0))
		abort();
	if (!policy)
		return;
	if (policy->spec == NULL || policy->metadata == NULL || !*policy->metadata->name.data)
		abort();
	policy_print_model(policy, out);
	policy_print_summary(policy, out);
	print_plan(policy, &report, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	_cleanup_buf_ struct buf first = {}, second = {};

	read_once(text, &first);
	read_once(text, &second);
	if (first.bytes != second.bytes || memcmp(first.data, second.data, first.bytes) != 0)
		abort();
	return 0;
}
