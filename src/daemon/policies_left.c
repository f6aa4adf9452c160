/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of the agent before this one: what clients had added, and what they had changed. */
#include <string.h>

#include "base/cleanup.h"
#include "daemon/policies_private.h"

static const json_t *left_find(const struct policies *policies, const struct policy *policy,
			       const char *domain)
{
	for (size_t i = 0; i < json_array_size(policies->options.left); i++) {
		const json_t *one = json_array_get(policies->options.left, i);

		if (strcmp(handover_get_text(one, "domain"), domain) == 0 &&
		    strcmp(handover_get_text(one, "name"), policy->metadata->name.data) == 0 &&
		    strcmp(handover_get_text(one, "namespace"), policy->metadata->namespace.data) ==
			    0)
			return one;
	}
	return NULL;
}

void policies_follow_left(const struct policies *policies, const struct policy *policy,
			  struct engine_add_options *options)
{
	const json_t *left = left_find(policies, policy, options->domain);
	const struct span *text = &policy->source.text;
	const char *old = handover_get_text(left, "text");

	/* who has written it anew meanwhile has also said in which mode */
	if (strlen(old) != text->bytes || memcmp(old, text->data, text->bytes) != 0)
		return;
	options->is_disabled = json_is_true(json_object_get(left, "is_disabled"));
	options->mode = (int)handover_get_uint(left, "mode");
}

/* The agent before may have had no store. */
static void left_keep(const struct policies *policies, const struct policy *policy,
		      const char *domain)
{
	_cleanup_free_ char *yaml = strndup(policy->source.text.data, policy->source.text.bytes);
	_cleanup_diag_ struct diag diag = {};
	unsigned int count;
	const struct engine_policy *added =
		engine_find(policies->options.engine, domain, policy->metadata->namespace.data,
			    policy->metadata->name.data, &count);

	if (yaml && added && policies_keep_new(policies, added, yaml, &diag))
		policies_log(LOG_LEVEL_ERROR, &diag);
}

static void left_load(struct policies *policies, const json_t *left)
{
	struct engine_add_options options = { .domain = handover_get_text(left, "domain"),
					      .source = handover_get_text(left, "source"),
					      .mode = -1 };
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	_cleanup_diag_ struct diag diag = {};
	int error = policy_read_text("policy", span_of(handover_get_text(left, "text")), &report,
				     &policy);

	report_tell(&report, &diag);
	if (!error) {
		policies_follow_left(policies, policy, &options);
		error = engine_add(policies->options.engine, policy, &options, &diag);
	}
	if (!error) {
		left_keep(policies, TAKE_PTR(policy), options.domain); /* the engine's now */
		return;
	}
	policies_log(LOG_LEVEL_ERROR, &diag);
	log_error("policy \"%s\" of the agent before is not loaded",
		  handover_get_text(left, "name"));
}

void policies_load_left(struct policies *policies)
{
	for (size_t i = 0; i < json_array_size(policies->options.left); i++) {
		const json_t *one = json_array_get(policies->options.left, i);

		if (json_is_object(one) &&
		    strcmp(handover_get_text(one, "domain"), POLICIES_DOMAIN_FILES) != 0)
			left_load(policies, one);
	}
}
