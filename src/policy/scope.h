/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a policy applies. In: a checked policy, one of its selectors or NULL, and what is known of
 *a container. Out: yes or no. Which process is in which container is not asked here.
 *
 * The scope of a policy and `matchWorkloads` of a selector speak the same language, and both must
 * hold. A process is in a known container or it belongs to the host.
 *
 *	pod	container	host	applies to
 *	-	-		-	everything; of a TracingPolicyNamespaced: all pods of its
 *namespace P	-		-	all containers of pods that P selects -	C		-
 *containers that C selects, in all pods P	C		-	containers that C selects,
 *in pods that P selects -	-		{}	the host P or C or both		{}	the
 *host, and what P and C select
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text_pair.h"

struct policy;
struct policy_selector;

/* A label that every pod has, as upstream adds it. The value is the pod's namespace. */
#define SCOPE_NAMESPACE_LABEL "k8s:io.kubernetes.pod.namespace"

/* A container as selectors see it. No text is NULL; "" is what is not known. */
struct scope_subject {
	const char *namespace;
	const struct text_pair *labels; /* of the pod */
	size_t labels_count;
	const char *container;	/* its name in the pod: label "name" of container selectors */
	const char *image_repo; /* of an image named by digest: label "repo" */
};

/* SELECTOR belongs to POLICY; NULL asks about the policy's own scope alone. */
bool scope_selects_host(const struct policy *policy, const struct policy_selector *selector);
bool scope_selects(const struct policy *policy, const struct policy_selector *selector,
		   const struct scope_subject *subject);
/* The host and every container that there may be: nobody needs to be asked. */
bool scope_is_everything(const struct policy *policy, const struct policy_selector *selector);
