/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies of clients in files, so that they are there again after a restart. In: their text and
 * how they stand. Out: one file each, and all of them again. Nothing is known of the engine here.
 *
 * A file is the policy's own YAML behind one comment line with its state:
 *
 *	# tetrad: {"domain": "grpc", "mode": "monitor", "enabled": true}
 *
 * A file without that line is a policy of domain "grpc", enabled, in the mode that it says.
 */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "base/span.h"

/* The engine takes no more; what lies beyond is told and left alone. */
#define POLICY_STORE_FILES_MAX 4096

struct policy_store;

struct policy_store_state {
	const char *domain, *namespace, *name;
	int mode; /* POLICY_MODE_ENFORCE or POLICY_MODE_MONITOR; -1: what the text says */
	bool is_enabled;
	/* Of its file, if it is one of this store: who put it there by hand may have named it as he
	 * liked. Else NULL, "" or anything else, and the name is made of the three above. */
	const char *path;
};

/* Creates the directory if need be, for root alone. Lines in DIAG with every error, of all
 * functions. */
int policy_store_new(struct policy_store **out, const char *directory, struct diag *diag);
void policy_store_free(struct policy_store *store);

int policy_store_put(const struct policy_store *store, const struct policy_store_state *state,
		     const char *yaml, struct diag *diag);
bool policy_store_has(const struct policy_store *store, const struct policy_store_state *state);
/* A new state for the text that is there. 0 also when there is no file: not every policy is a
 * client's. */
int policy_store_update(const struct policy_store *store, const struct policy_store_state *state,
			struct diag *diag);
int policy_store_remove(const struct policy_store *store, const struct policy_store_state *state,
			struct diag *diag);

/* `name` and `namespace` of STATE are NULL: they stand in the text. */
typedef void (*policy_store_fn)(void *context, const char *path,
				const struct policy_store_state *state, struct span yaml);
/* All files, in the order of their names. A file that cannot be read is a line in DIAG; their
 * number is returned. */
unsigned int policy_store_visit(const struct policy_store *store, policy_store_fn visit,
				void *context, struct diag *diag);
