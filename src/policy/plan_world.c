/* SPDX-License-Identifier: Apache-2.0 */
/* Equal texts have equal numbers. */
#include "policy/plan_world.h"

#include "policy/printer.h"
#include "policy/scope.h"

/* The number of TEXT; COUNT grows when it is new. */
static uint32_t text_find_number(struct plan_world *world, const char **texts, uint32_t *count,
				 uint32_t max, struct buf *text)
{
	const char *wanted = buf_text(text);
	uint32_t i = 0;

	while (i < *count && strcmp(texts[i], wanted) != 0)
		i++;
	if (i == max)
		return RULES_NO_MARK;
	if (i < *count)
		return i;
	texts[i] = arena_copy(&world->arena, span_of(wanted));
	if (!texts[i])
		return RULES_NO_MARK;
	(*count)++;
	return i;
}

/* ---- marks ------------------------------------------------------------------------------------
 */

static void add_binaries(struct buf *out, const struct policy_binaries *binaries)
{
	static const char *const words[] = {
		[TEST_EQUAL] = "binary",
		[TEST_PREFIX] = "binary that begins with",
		[TEST_POSTFIX] = "binary that ends with",
	};

	buf_add_text(out, words[binaries->test]);
	print_texts(out, &binaries->values);
	if (binaries->follow_children.value)
		buf_add_text(out, ", and descendants");
}

static uint32_t plan_find_mark(void *context, const struct policy_binaries *binaries,
			       const struct policy_pids *pids)
{
	struct plan_world *world = context;
	_cleanup_buf_ struct buf text = {};

	if (binaries) {
		add_binaries(&text, binaries);
	} else {
		buf_add_text(&text, "pid");
		for (size_t i = 0; i < pids->values.count; i++)
			buf_add_format(&text, " %lld", (long long)pids->values.items[i].value);
		buf_add_text(&text, ", and descendants");
	}
	return text_find_number(world, world->marks, &world->marks_count, WIRE_MARKS_MAX, &text);
}

/* ---- workloads --------------------------------------------------------------------------------
 */

static void add_part(struct buf *out, const char *word, const struct policy_label_selector *part)
{
	_cleanup_buf_ struct buf line = {};

	print_label_selector(&line, out->bytes ? ", " : "", word, part);
	if (line.bytes)
		buf_add(out, line.data, line.bytes - 1); /* without its end */
}

/* False: there is no container that both select. */
static bool add_workloads(struct buf *out, const struct policy_workloads *workloads)
{
	add_part(out, "pods", workloads->pod_selector);
	add_part(out, "containers", workloads->container_selector);
	return workloads->pod_selector || workloads->container_selector ||
	       !workloads->host_selector;
}

static bool add_scope(struct buf *out, const struct policy *policy,
		      const struct policy_selector *selector)
{
	const struct policy_workloads own = {
		.pod_selector = policy->spec->pod_selector,
		.container_selector = policy->spec->container_selector,
		.host_selector = policy->spec->host_selector,
	};

	if (policy->kind.value == POLICY_NAMESPACED) {
		buf_add_text(out, "namespace ");
		print_text(out, &policy->metadata->namespace);
	}
	return add_workloads(out, &own) &&
	       (!selector || !selector->workloads || add_workloads(out, selector->workloads));
}

static bool plan_find_workloads(void *context, const struct policy *policy,
				const struct policy_selector *selector,
				const struct rules_range **out, size_t *count)
{
	struct plan_world *world = context;
	_cleanup_buf_ struct buf text = {};
	uint32_t number;

	if (scope_is_everything(policy, selector))
		return false;
	*count = 0;
	*out = world->ranges;
	if (scope_selects_host(policy, selector))
		world->ranges[(*count)++] = (struct rules_range){ 0, 0 };
	if (!add_scope(&text, policy, selector))
		return true;
	number = text_find_number(world, world->scopes, &world->scopes_count,
				  WIRE_SELECTORS_MAX + 1, &text);
	if (number != RULES_NO_MARK)
		world->ranges[(*count)++] = (struct rules_range){ number, number };
	return true;
}

void plan_world_init(struct plan_world *world)
{
	*world = (struct plan_world){
		.scopes[0] = "the host",
		.scopes_count = 1,
		.rules = { .context = world,
			   .find_mark = plan_find_mark,
			   .find_workloads = plan_find_workloads },
	};
}

void plan_world_done(struct plan_world *world)
{
	arena_done(&world->arena);
}
