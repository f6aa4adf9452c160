/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of clients that outlive the agent. In: what clients did. Out: files in the store; at the
 * start, the policies as they were, with their mode, and disabled if they were that. */
#include <errno.h>
#include <string.h>

#include "daemon/policies_private.h"

static struct policy_store_state state_of(const struct engine_policy *policy)
{
	return (struct policy_store_state){
		.domain = policy->domain,
		.namespace = policy->namespace,
		.name = policy->name,
		.path = policy->source,
		.mode = policy->mode == POLICY_MODE_MONITOR_ONLY ? -1 : (int)policy->mode,
		.is_enabled = policy->state != ENGINE_DISABLED,
	};
}

int policies_keep(const struct policies *policies, const struct engine_policy *policy,
		  const char *yaml, struct diag *diag)
{
	const struct policy_store_state state = state_of(policy);

	return policies->store ? policy_store_put(policies->store, &state, yaml, diag) : 0;
}

int policies_keep_new(const struct policies *policies, const struct engine_policy *policy,
		      const char *yaml, struct diag *diag)
{
	const struct policy_store_state state = state_of(policy);

	return policies->store && !policy_store_has(policies->store, &state)
		       ? policy_store_put(policies->store, &state, yaml, diag)
		       : 0;
}

int policies_keep_state(const struct policies *policies, const struct engine_policy *policy,
			struct diag *diag)
{
	const struct policy_store_state state = state_of(policy);
	int error = policies->store ? policy_store_update(policies->store, &state, diag) : 0;

	if (error)
		diag_add(diag, "the change of policy \"%s\" is made, and lost at the next start",
			 policy->name);
	return error;
}

/* ---- at the start
 * ----------------------------------------------------------------------------------- */

struct kept_loading {
	struct policies *policies;
	unsigned int bad;
};

/* It may have come from the agent before this one already, with all that it had seen; or two files
 * have it. */
static bool kept_is_there(const struct policies *policies, const struct policy *policy,
			  const char *domain, const char *path)
{
	unsigned int count;
	struct engine_policy *one =
		engine_find(policies->options.engine, domain, policy->metadata->namespace.data,
			    policy->metadata->name.data, &count);

	if (!one || one->state == ENGINE_LOAD_ERROR)
		return false;
	if (!*one->source)
		engine_set_source(one, path);
	else if (strcmp(one->source, path) != 0)
		log_warn("policy \"%s\" is loaded from \"%s\" already; \"%s\" is not used",
			 one->name, one->source, path);
	return true;
}

static void kept_fail(struct kept_loading *loading, const char *path,
		      const struct policy_store_state *state, const struct policy *policy,
		      struct diag *diag)
{
	const char *slash = strrchr(path, '/');
	const struct engine_add_options options = { .domain = state->domain,
						    .source = path,
						    .mode = -1 };
	const char *name = policy ? policy->metadata->name.data : slash ? slash + 1 : path;
	const char *namespace = policy ? policy->metadata->namespace.data : "";

	loading->bad++;
	policies_log(LOG_LEVEL_ERROR, diag);
	log_error("policy of a client in \"%s\" is not loaded; its file stays", path);
	engine_add_failed(loading->policies->options.engine, name, namespace, &options,
			  buf_text(&diag->text));
}

static void kept_load(void *context, const char *path, const struct policy_store_state *state,
		      struct span yaml)
{
	struct kept_loading *loading = context;
	const struct engine_add_options options = { .domain = state->domain,
						    .source = path,
						    .mode = state->mode,
						    .is_disabled = !state->is_enabled };
	_cleanup_report_ struct report report = {};
	_cleanup_policy_ struct policy *policy = NULL;
	_cleanup_diag_ struct diag diag = {};
	int error = policy_read_text(path, yaml, &report, &policy);

	report_tell(&report, &diag);
	if (!error && kept_is_there(loading->policies, policy, state->domain, path))
		return;
	if (!error)
		error = engine_add(loading->policies->options.engine, policy, &options, &diag);
	if (error) {
		kept_fail(loading, path, state, policy, &diag);
		return;
	}
	TAKE_PTR(policy); /* the engine's now */
	policies_log(LOG_LEVEL_WARN, &diag);
	log_info("policy of a client loaded from \"%s\"", path);
}

unsigned int policies_load_kept(struct policies *policies)
{
	struct kept_loading loading = { .policies = policies };
	_cleanup_diag_ struct diag diag = {};

	if (!policies->store)
		return 0;
	loading.bad += policy_store_visit(policies->store, kept_load, &loading, &diag);
	policies_log(LOG_LEVEL_ERROR, &diag);
	return loading.bad;
}
