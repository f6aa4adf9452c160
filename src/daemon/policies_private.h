/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by policies.c (files), policies_api.c (clients), policies_kept.c (files of clients'
 * policies), policies_workloads.c and runtime_hook.c (workloads). */
#pragma once

#include "base/watch.h"
#include "daemon/policies.h"
#include "daemon/policy_store.h"
#include "workload/workload.h"

#define POLICIES_DOMAIN_FILES "static"

/* A file as it was when it was read last. */
struct policy_file {
	struct policy_file *next;
	char *path;
	struct buf text;
	bool is_seen; /* in this round */
	bool is_kept; /* in this round nobody could look whether it is there */
	bool is_bad;  /* the last text could not be loaded; what was loaded before goes on */
	char *name, *namespace; /* of the policy that is loaded from it; NULL: none */
};

/* A directory in the directory of policies: its files are policies too. */
struct policy_directory {
	struct policy_directory *next;
	char *path;
	struct watch *watch;
	bool is_seen;
};

struct policies {
	struct policies_options options;
	struct policy_file *files;
	struct policy_directory *directories;
	struct watch *watch, *workload_watch;
	struct loop_source *workloads_again; /* a timer */
	unsigned int workloads_blind_looks;  /* one behind the other */
	struct loop_source *look_again;	     /* a timer */
	bool is_blind;			     /* this look failed somewhere */
	unsigned int blind_looks;	     /* that failed before it, one behind the other */
	struct policy_store *store;	     /* NULL: policies of clients are not kept */
	/* policies_workloads.c */
	struct workloads *workloads; /* of the file */
	struct hooked_workload {
		struct workloads *workloads; /* one */
		char *text;		     /* of it, as it may stand in the file */
		uint64_t group;		     /* the id of its cgroup */
	} *hooked;
	size_t hooked_count, hooked_prune_count;
	struct workload_places {
		struct workload_place {
			const struct workload *workload; /* of the file, or of a hook */
			uint32_t number;
			bool is_blind; /* some of its groups could not be looked into */
		} *list;	       /* sorted as workloads are */
		size_t count;
	} places;
	char *cgroup_root;
};

/* policies.c */
unsigned long long policies_count_us(uint64_t began_ns);
/* How long to wait after so many looks that failed, one behind the other. */
uint64_t policies_get_pause_ns(unsigned int blind_looks);

/* policies_left.c */
/* OPTIONS of a policy as those of the agent before say, if it had it. */
void policies_follow_left(const struct policies *policies, const struct policy *policy,
			  struct engine_add_options *options);
void policies_load_left(struct policies *policies); /* those that came from clients */

/* policies_workloads.c */
int policies_read_workloads(struct policies *policies, struct diag *diag);
void policies_on_workloads(void *policies);
void policies_look_at_workloads_again(void *policies);
/* One more, which a container runtime told; TEXT is JSON as in the file. -ENOENT: its cgroup is not
 * there. */
int policies_hook_workload(struct policies *policies, const char *text, struct diag *diag);
void policies_take_workloads(struct policies *policies, const json_t *list);
void policies_free_workloads(struct policies *policies);

/* policies_kept.c. Without a store they do nothing. */
unsigned int policies_load_kept(struct policies *policies); /* how many could not be loaded */
int policies_keep(const struct policies *policies, const struct engine_policy *policy,
		  const char *yaml, struct diag *diag);
/* The same, unless its file is there: that one may have been changed since. */
int policies_keep_new(const struct policies *policies, const struct engine_policy *policy,
		      const char *yaml, struct diag *diag);
int policies_keep_state(const struct policies *policies, const struct engine_policy *policy,
			struct diag *diag);
