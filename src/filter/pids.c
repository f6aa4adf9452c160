/* SPDX-License-Identifier: Apache-2.0 */
/* Two generations of hashes: when the young one is full it becomes the old one, and the old one is
 * forgotten. What is met in the old one is young again. */
#include "filter/pids.h"

#include <stdlib.h>
#include <string.h>

#include <google/protobuf/wrappers.pb-c.h>

/* Twice what is kept, so that searches stay short. A power of two. */
#define PIDS_SLOTS (2 * PIDS_REMEMBERED_MIN)

struct pids_generation {
	uint64_t slots[PIDS_SLOTS]; /* 0: free */
	size_t count;
};

struct filter_pids {
	struct pids_generation *young, *old; /* owned */
	size_t count;
	uint32_t pids[];
};

struct filter_pids *filter_pids_new(const uint32_t *pids, size_t count)
{
	struct filter_pids *self = calloc(1, sizeof(*self) + count * sizeof(*pids));

	if (!self)
		return NULL;
	self->young = calloc(1, sizeof(*self->young));
	self->old = calloc(1, sizeof(*self->old));
	if (!self->young || !self->old) {
		filter_pids_free(self);
		return NULL;
	}
	self->count = count;
	memcpy(self->pids, pids, count * sizeof(*pids));
	return self;
}

void filter_pids_free(struct filter_pids *pids)
{
	if (!pids)
		return;
	free(pids->young);
	free(pids->old);
	free(pids);
}

/* FNV-1a, 64 bits. The ids come from the agent, so nobody can make two of one hash. */
static uint64_t hash_id(const char *exec_id)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *exec_id; exec_id++)
		hash = (hash ^ (unsigned char)*exec_id) * 0x100000001b3;
	return hash ? hash : 1;
}

/* The slot of HASH, or the free one where it would stand. */
static uint64_t *find_slot(struct pids_generation *generation, uint64_t hash)
{
	size_t at = (size_t)(hash >> 32) % PIDS_SLOTS;

	while (generation->slots[at] && generation->slots[at] != hash)
		at = (at + 1) % PIDS_SLOTS;
	return &generation->slots[at];
}

static void remember(struct filter_pids *self, uint64_t hash)
{
	uint64_t *slot = find_slot(self->young, hash);
	struct pids_generation *full = self->young;

	if (*slot)
		return;
	if (full->count == PIDS_REMEMBERED_MIN) {
		self->young = self->old;
		self->old = full;
		memset(self->young, 0, sizeof(*self->young));
		slot = find_slot(self->young, hash);
	}
	*slot = hash;
	self->young->count++;
}

static bool is_listed(const struct filter_pids *self, const Tetragon__Process *process)
{
	for (size_t i = 0; process->pid && i < self->count; i++) {
		if (self->pids[i] == process->pid->value)
			return true;
	}
	return false;
}

/* Also one who was met before, by an id that says when it began. */
static bool is_relative(struct filter_pids *self, const Tetragon__Process *process)
{
	uint64_t hash;

	if (is_listed(self, process))
		return true;
	if (!process->exec_id || !*process->exec_id)
		return false;
	hash = hash_id(process->exec_id);
	if (*find_slot(self->young, hash))
		return true;
	if (!*find_slot(self->old, hash))
		return false;
	remember(self, hash);
	return true;
}

bool filter_pids_matches(struct filter_pids *pids, const struct event_view *view)
{
	bool matches;

	if (!view->process)
		return false;
	if (is_relative(pids, view->process))
		return true;
	matches = view->parent && is_relative(pids, view->parent);
	for (size_t i = 0; !matches && i < view->ancestors_count; i++)
		matches = is_relative(pids, view->ancestors[i]);
	if (matches && view->process->exec_id && *view->process->exec_id)
		remember(pids, hash_id(view->process->exec_id));
	return matches;
}
