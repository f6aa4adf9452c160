/* SPDX-License-Identifier: Apache-2.0 */
/* Where policies apply: label selectors, and the scopes of policies and of selectors. */
#include "cmocka_case.h"

#include <stdio.h>

#include "policy/policy.h"
#include "policy/scope.h"

#define CLUSTER "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p}\nspec:\n"
#define NAMESPACED                                                        \
	"apiVersion: cilium.io/v1alpha1\nkind: TracingPolicyNamespaced\n" \
	"metadata: {name: p, namespace: production}\nspec:\n"
#define HOOK "  kprobes: [{call: sys_read}]\n"
/* A hook whose selector 0 has these workloads; selector 1 has none. */
#define HOOK_IN(workloads)                                                     \
	"  kprobes: [{call: sys_read, selectors: [{matchWorkloads: " workloads \
	"}, {matchPIDs: [{operator: In, values: [1]}]}]}]\n"

static const struct text_pair web_labels[] = { { "app", "web" }, { "tier", "" } };
static const struct scope_subject web = {
	.namespace = "production",
	.labels = web_labels,
	.labels_count = COUNT(web_labels),
	.container = "nginx",
	.image_repo = "docker.io/library/nginx",
};
/* Nothing is known of it but its namespace. */
static const struct scope_subject bare = { .namespace = "test", .container = "", .image_repo = "" };

static struct policy *policy_of(const char *head, const char *scope, const char *hook)
{
	_cleanup_report_ struct report report = {};
	_cleanup_buf_ struct buf text = {};
	_cleanup_buf_ struct buf findings = {};
	struct policy *policy = NULL;

	buf_add_format(&text, "%s%s%s", head, scope, hook);
	if (policy_read_text("p.yaml", (struct span){ text.data, text.bytes }, &report, &policy)) {
		report_add_text(&report, &findings);
		print_error("%s", buf_text(&findings));
	}
	assert_non_null(policy);
	return policy;
}

/* One letter for each: h the host, w the container "web", b "bare", * everything. */
static void tell(const struct policy *policy, const struct policy_selector *selector, char out[5])
{
	snprintf(out, 5, "%s%s%s%s", scope_selects_host(policy, selector) ? "h" : "",
		 scope_selects(policy, selector, &web) ? "w" : "",
		 scope_selects(policy, selector, &bare) ? "b" : "",
		 scope_is_everything(policy, selector) ? "*" : "");
}

static void a_label_selector_selects_as_in_kubernetes(void **state)
{
	static const struct {
		const char *selector;
		const char *selected;
	} rows[] = {
		{ "{}", "wb" },
		{ "{matchLabels: {app: web}}", "w" },
		{ "{matchLabels: {app: WEB}}", "" },
		{ "{matchLabels: {tier: \"\"}}", "w" }, /* empty is not missing */
		{ "{matchLabels: {app: web, tier: x}}", "" },
		{ "{matchExpressions: [{key: app, operator: In, values: [db, web]}]}", "w" },
		{ "{matchExpressions: [{key: app, operator: In, values: [db]}]}", "" },
		{ "{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}", "wb" },
		{ "{matchExpressions: [{key: app, operator: NotIn, values: [db, web]}]}", "b" },
		{ "{matchExpressions: [{key: tier, operator: Exists}]}", "w" },
		{ "{matchExpressions: [{key: tier, operator: DoesNotExist}]}", "b" },
		{ "{matchExpressions: [{key: Tier, operator: Exists}]}", "" },
		{ "{matchLabels: {app: web}, matchExpressions: [{key: app, operator: Exists}, "
		  "{key: tier, operator: DoesNotExist}]}",
		  "" },
		{ "{matchLabels: {k8s:io.kubernetes.pod.namespace: test}}", "b" },
		{ "{matchExpressions: [{key: k8s:io.kubernetes.pod.namespace, operator: NotIn, "
		  "values: [test]}]}",
		  "w" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf scope = {};
		_cleanup_policy_ struct policy *policy = NULL;
		char told[5];

		buf_add_format(&scope, "  podSelector: %s\n", rows[i].selector);
		policy = policy_of(CLUSTER, buf_text(&scope), HOOK);
		tell(policy, NULL, told);
		assert_row_string(i, told, rows[i].selected);
	}
}

static void a_container_has_a_name_and_a_repository(void **state)
{
	static const struct {
		const char *selector;
		const char *selected;
	} rows[] = {
		{ "{}", "wb" },
		{ "{matchLabels: {name: nginx}}", "w" },
		{ "{matchLabels: {repo: docker.io/library/nginx}}", "w" },
		{ "{matchLabels: {name: nginx, repo: docker.io/library/redis}}", "" },
		{ "{matchExpressions: [{key: name, operator: NotIn, values: [nginx]}]}", "b" },
		/* upstream's containers have both labels always */
		{ "{matchExpressions: [{key: repo, operator: Exists}]}", "wb" },
		{ "{matchExpressions: [{key: repo, operator: DoesNotExist}]}", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_buf_ struct buf scope = {};
		_cleanup_policy_ struct policy *policy = NULL;
		char told[5];

		buf_add_format(&scope, "  containerSelector: %s\n", rows[i].selector);
		policy = policy_of(CLUSTER, buf_text(&scope), HOOK);
		tell(policy, NULL, told);
		assert_row_string(i, told, rows[i].selected);
	}
}

#define POD_WEB		"podSelector: {matchLabels: {app: web}}"
#define CONTAINER_NGINX "containerSelector: {matchLabels: {name: nginx}}"
#define CONTAINER_REDIS "containerSelector: {matchLabels: {name: redis}}"

static void a_scope_is_what_its_three_selectors_say_together(void **state)
{
	static const struct {
		const char *head, *scope, *selected;
	} rows[] = {
		{ CLUSTER, "", "hwb*" },
		{ CLUSTER, "  " POD_WEB "\n", "w" },
		{ CLUSTER, "  podSelector: {}\n", "wb" },
		{ CLUSTER, "  " CONTAINER_NGINX "\n", "w" },
		{ CLUSTER, "  containerSelector: {}\n", "wb" },
		{ CLUSTER, "  " POD_WEB "\n  " CONTAINER_NGINX "\n", "w" },
		{ CLUSTER, "  " POD_WEB "\n  " CONTAINER_REDIS "\n", "" },
		{ CLUSTER, "  hostSelector: {}\n", "h" },
		{ CLUSTER, "  hostSelector: {}\n  " POD_WEB "\n", "hw" },
		{ CLUSTER, "  hostSelector: {}\n  " CONTAINER_REDIS "\n", "h" },
		{ CLUSTER, "  hostSelector: {}\n  podSelector: {}\n", "hwb*" },
		{ CLUSTER, "  hostSelector: {}\n  podSelector: {}\n  containerSelector: {}\n",
		  "hwb*" },
		{ CLUSTER, "  podSelector: {}\n  containerSelector: {}\n", "wb" },
		{ NAMESPACED, "", "w" },
		{ NAMESPACED, "  podSelector: {}\n", "w" },
		{ NAMESPACED, "  podSelector: {matchLabels: {app: db}}\n", "" },
		{ NAMESPACED, "  " CONTAINER_NGINX "\n", "w" },
		{ NAMESPACED, "  " CONTAINER_REDIS "\n", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_policy_ struct policy *policy =
			policy_of(rows[i].head, rows[i].scope, HOOK);
		char told[5];

		tell(policy, NULL, told);
		assert_row_string(i, told, rows[i].selected);
	}
}

static void a_selectors_workloads_narrow_the_scope(void **state)
{
	static const struct {
		const char *head, *scope, *hook;
		const char *selected; /* by selector 0 */
		const char *other;    /* by selector 1, which has no workloads */
	} rows[] = {
		{ CLUSTER, "", HOOK_IN("{}"), "hwb*", "hwb*" },
		{ CLUSTER, "", HOOK_IN("{" POD_WEB "}"), "w", "hwb*" },
		{ CLUSTER, "", HOOK_IN("{hostSelector: {}}"), "h", "hwb*" },
		{ CLUSTER, "", HOOK_IN("{hostSelector: {}, " CONTAINER_REDIS "}"), "h", "hwb*" },
		{ CLUSTER, "", HOOK_IN("{hostSelector: {}, podSelector: {}}"), "hwb*", "hwb*" },
		{ CLUSTER, "  hostSelector: {}\n", HOOK_IN("{" POD_WEB "}"), "", "h" },
		{ CLUSTER, "  " POD_WEB "\n", HOOK_IN("{}"), "w", "w" },
		{ CLUSTER, "  " POD_WEB "\n", HOOK_IN("{" CONTAINER_REDIS "}"), "", "w" },
		{ CLUSTER, "  podSelector: {}\n", HOOK_IN("{hostSelector: {}, " POD_WEB "}"), "w",
		  "wb" },
		{ NAMESPACED, "", HOOK_IN("{podSelector: {}}"), "w", "w" },
		{ NAMESPACED, "",
		  HOOK_IN("{podSelector: {matchLabels: {k8s:io.kubernetes.pod.namespace: test}}}"),
		  "", "w" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_policy_ struct policy *policy =
			policy_of(rows[i].head, rows[i].scope, rows[i].hook);
		const struct policy_selector *selectors = policy->hooks[0]->selectors.items;
		char told[5];

		tell(policy, &selectors[0], told);
		assert_row_string(i, told, rows[i].selected);
		tell(policy, &selectors[1], told);
		assert_row_string(i, told, rows[i].other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_selector_selects_as_in_kubernetes),
		cmocka_unit_test(a_container_has_a_name_and_a_repository),
		cmocka_unit_test(a_scope_is_what_its_three_selectors_say_together),
		cmocka_unit_test(a_selectors_workloads_narrow_the_scope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
