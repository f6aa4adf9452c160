/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workloads, from a file and from hooks of container runtimes -> the engine's list, and the
 * kernel's map of cgroups. A workload keeps its number as long as its cgroup is there, and the
 * engine knows a number before the map does: no call is judged by what belongs to another workload.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop.h"
#include "daemon/policies_private.h"
#include "workload/cgroup.h"

/* Old and new ones at once. */
#define NUMBERS_MAX (2 * WORKLOADS_MAX)
/* Each level of groups that is made while they are written takes one more. */
enum { GROUP_PASSES_MAX = 8 };
/* Workloads of hooks are looked through when there are so many, and when they have doubled. */
enum { HOOKED_PRUNE_COUNT = 256 };

/* ---- numbers -------------------------------------------------------------------------------- */

static int place_compare(const void *one, const void *other)
{
	return workload_compare(((const struct workload_place *)one)->workload,
				((const struct workload_place *)other)->workload);
}

/* By cgroup alone: lines and sources may differ. NULL: it is not among them. */
static const struct workload_place *places_find(const struct workload_places *places,
						const char *cgroup)
{
	size_t low = 0, high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(cgroup, places->list[middle].workload->cgroup);

		if (!order)
			return &places->list[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static int cgroup_look(const struct policies *policies, const char *cgroup, uint64_t *out_id)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s", policies->cgroup_root, cgroup) < 0)
		return -ENOMEM;
	return cgroup_read_id(path, out_id);
}

/* What cannot be opened for want of descriptors is not gone. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ENODEV;
}

/* With its cgroup; one that was made anew under the same name is another. */
static bool hooked_is_gone(const struct policies *policies, const struct hooked_workload *hooked)
{
	uint64_t id = 0;
	int error = cgroup_look(policies, hooked->workloads->items->cgroup, &id);

	return error ? is_gone(error) : id != hooked->group;
}

/* Those of FILE, and those of hooks that it does not name and that are still there. */
static int places_fill(const struct policies *policies, const struct workloads *file,
		       struct workload_places *out)
{
	size_t count = file ? file->count : 0;
	struct workload_places of_file;

	out->list = calloc(count + policies->hooked_count + 1, sizeof(*out->list));
	if (!out->list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		out->list[out->count++].workload = &file->items[i];
	of_file = *out;
	for (size_t i = 0; i < policies->hooked_count; i++) {
		const struct workload *one = policies->hooked[i].workloads->items;

		if (out->count < WORKLOADS_MAX && !places_find(&of_file, one->cgroup) &&
		    !hooked_is_gone(policies, &policies->hooked[i]))
			out->list[out->count++].workload = one;
	}
	qsort(out->list, out->count, sizeof(*out->list), place_compare);
	return 0;
}

static int places_number(struct workload_places *places, const struct workload_places *before)
{
	_cleanup_free_ bool *is_used = calloc(NUMBERS_MAX + 1, sizeof(*is_used));
	uint32_t next = 1;

	if (!is_used)
		return -ENOMEM;
	for (size_t i = 0; i < before->count; i++)
		is_used[before->list[i].number] = true;
	for (size_t i = 0; i < places->count; i++) {
		struct workload_place *place = &places->list[i];
		const struct workload_place *same = places_find(before, place->workload->cgroup);

		while (!same && is_used[next])
			next++;
		place->number = same ? same->number : next++;
	}
	return 0;
}

/* ---- the kernel's map ----------------------------------------------------------------------- */

struct group {
	uint64_t id;
	uint32_t number;
	size_t order; /* of two workloads that a group is below, the later one is the nearer */
};

struct group_list {
	struct group *items; /* owned */
	size_t count, capacity;
	uint32_t number; /* of the workload that is being visited */
	bool is_partial; /* a workload could not be looked into */
};

static int group_add(void *context, const char *path, uint64_t id)
{
	struct group_list *list = context;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 256;
		struct group *items = reallocarray(list->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count] = (struct group){ id, list->number, list->count };
	list->count++;
	return 0;
}

static int group_compare(const void *one, const void *other)
{
	const struct group *a = one, *b = other;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int group_compare_id(const void *one, const void *other)
{
	const struct group *a = one, *b = other;

	return a->id < b->id ? -1 : a->id > b->id;
}

static void groups_find(const struct policies *policies, struct workload_places *places,
			struct group_list *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < places->count; i++) {
		_cleanup_free_ char *path = NULL;
		int error;

		if (asprintf(&path, "%s%s", policies->cgroup_root,
			     places->list[i].workload->cgroup) < 0)
			return;
		out->number = places->list[i].number;
		error = cgroup_visit_tree(path, group_add, out);
		if (!error || is_gone(error))
			continue;
		if (!places->list[i].is_blind) /* once for all passes */
			log_warn("cannot follow cgroup \"%s\": %s", path, strerror(-error));
		places->list[i].is_blind = out->is_partial = true;
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(*out->items), group_compare);
	for (size_t i = 0; i < out->count; i++) {
		if (i + 1 == out->count || out->items[i].id != out->items[i + 1].id)
			out->items[kept++] = out->items[i];
	}
	out->count = kept;
}

/* Ids that the map has now. */
static void groups_list(int map_fd, struct group_list *out)
{
	uint64_t id, *last = NULL;

	while (bpf_map_get_next_key(map_fd, last, &id) == 0 && group_add(out, NULL, id) == 0)
		last = &out->items[out->count - 1].id;
}

/* Whether it belongs to a workload that could not be looked into. */
static bool group_may_be_there(int map_fd, uint64_t id, const struct workload_places *places)
{
	uint32_t number;

	if (bpf_map_lookup_elem(map_fd, &id, &number))
		return false;
	for (size_t i = 0; i < places->count; i++) {
		if (places->list[i].is_blind && places->list[i].number == number)
			return true;
	}
	return false;
}

/* False: the map was as it has to be. What it has of BEFORE and is no workload's any more goes
 * first, for room. */
static bool groups_write_pass(const struct policies *policies, struct workload_places *places,
			      const struct group_list *before)
{
	int map_fd = engine_get_workloads_fd(policies->options.engine);
	struct group_list now = {};
	bool has_written = false;

	groups_find(policies, places, &now);
	for (size_t i = 0; i < before->count; i++) {
		uint64_t id = before->items[i].id;

		if (now.count && bsearch(&before->items[i], now.items, now.count,
					 sizeof(*now.items), group_compare_id))
			continue;
		if (!now.is_partial || !group_may_be_there(map_fd, id, places))
			bpf_map_delete_elem(map_fd, &id);
	}
	for (size_t i = 0; i < now.count; i++) {
		uint32_t number;

		if (bpf_map_lookup_elem(map_fd, &now.items[i].id, &number) == 0 &&
		    number == now.items[i].number)
			continue;
		has_written = true;
		if (bpf_map_update_elem(map_fd, &now.items[i].id, &now.items[i].number, BPF_ANY)) {
			log_warn("the kernel's map of cgroups takes no more: %s", strerror(errno));
			break;
		}
	}
	free(now.items);
	return has_written;
}

/*
 * Only what is another than before is written. Groups that come meanwhile are the kernel's own to
 * write, so only those that were there before may go. A group that was made below one which was not
 * written yet is found by the next pass, for which those above it are.
 */
static void groups_write(const struct policies *policies, struct workload_places *places)
{
	struct group_list before = {};

	groups_list(engine_get_workloads_fd(policies->options.engine), &before);
	for (int pass = 0; pass < GROUP_PASSES_MAX; pass++) {
		if (!groups_write_pass(policies, places, &before))
			break;
	}
	free(before.items);
}

/* ---- changes -------------------------------------------------------------------------------- */

/* A hook knows no labels; the file may know them of the same pod's group. */
static const struct workload *hooked_find_labels(const struct workloads *file,
						 const struct workload *hooked)
{
	for (size_t i = 0; file && i < file->count; i++) {
		const struct workload *other = &file->items[i];

		if (strcmp(other->pod, hooked->pod) == 0 &&
		    strcmp(other->namespace, hooked->namespace) == 0)
			return other;
	}
	return hooked;
}

static bool workload_is_of(const struct workloads *file, const struct workload *workload)
{
	return file && workload >= file->items && workload < file->items + file->count;
}

static int workloads_tell_engine(const struct policies *policies, const struct workloads *file,
				 const struct workload_places *places, struct diag *diag)
{
	_cleanup_free_ struct engine_workload *list = calloc(places->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < places->count; i++) {
		const struct workload *one = places->list[i].workload;
		const struct workload *labels =
			workload_is_of(file, one) ? one : hooked_find_labels(file, one);

		list[i].number = places->list[i].number;
		list[i].subject = (struct scope_subject){
			.namespace = one->namespace,
			.labels = labels->labels,
			.labels_count = labels->labels_count,
			.container = one->container,
			.image_repo = one->image_repo,
		};
	}
	return engine_set_workloads(policies->options.engine, list, places->count, diag);
}

/* They are looked at again, ever more seldom, until all can be seen. */
static void workloads_note_look(struct policies *policies, bool is_blind)
{
	if (is_blind)
		loop_set_timer(policies->workloads_again,
			       policies_get_pause_ns(policies->workloads_blind_looks++), 0);
	else
		policies->workloads_blind_looks = 0;
}

static bool places_are_blind(const struct workload_places *places)
{
	for (size_t i = 0; i < places->count; i++) {
		if (places->list[i].is_blind)
			return true;
	}
	return false;
}

/* With an error everything stays as it was. */
static int workloads_apply(struct policies *policies, const struct workloads *file,
			   struct diag *diag)
{
	struct workload_places places = {};
	int error = places_fill(policies, file, &places);

	if (!error)
		error = places_number(&places, &policies->places);
	if (!error)
		error = workloads_tell_engine(policies, file, &places, diag);
	if (error) {
		free(places.list);
		return error;
	}
	groups_write(policies, &places);
	free(policies->places.list);
	policies->places = places;
	workloads_note_look(policies, places_are_blind(&places));
	return 0;
}

static int workloads_find_root(struct policies *policies, struct diag *diag)
{
	int error = policies->cgroup_root ? 0 : cgroup_find_root(&policies->cgroup_root);

	if (error)
		diag_add(diag, "cannot follow workloads: no cgroup v2 hierarchy is mounted");
	return error;
}

int policies_read_workloads(struct policies *policies, struct diag *diag)
{
	struct workloads *now = NULL;
	int error = workloads_find_root(policies, diag);

	if (!error)
		error = workloads_read_file(policies->options.workload_file, policies->cgroup_root,
					    &now, diag);
	if (!error)
		error = workloads_apply(policies, now, diag);
	if (error) {
		workloads_free(now);
		return error;
	}
	workloads_free(policies->workloads);
	policies->workloads = now;
	return 0;
}

void policies_on_workloads(void *context)
{
	struct policies *policies = context;
	_cleanup_diag_ struct diag diag = {};
	int error = policies_read_workloads(policies, &diag);

	if (!error)
		return;
	log_error("%s", buf_text(&diag.text));
	log_error("workloads stay as they were");
	/* what is no fault of the file may pass without a change of it */
	if (error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EIO)
		workloads_note_look(policies, true);
}

void policies_look_at_workloads_again(void *context)
{
	struct policies *policies = context;
	_cleanup_diag_ struct diag diag = {};

	if (policies->options.workload_file[0])
		policies_on_workloads(policies);
	else if (workloads_apply(policies, policies->workloads, &diag))
		policies_log(LOG_LEVEL_ERROR, &diag);
}

/* ---- of hooks ------------------------------------------------------------------------------- */

static void hooked_done(struct hooked_workload *hooked)
{
	workloads_free(hooked->workloads);
	free(hooked->text);
}

void policies_free_workloads(struct policies *policies)
{
	for (size_t i = 0; i < policies->hooked_count; i++)
		hooked_done(&policies->hooked[i]);
	free(policies->hooked);
	free(policies->places.list);
	workloads_free(policies->workloads);
	free(policies->cgroup_root);
}

/* Room for one more; those whose group is gone, and that nothing shows any more, make way first. */
static int hooked_make_room(struct policies *policies)
{
	struct hooked_workload *hooked = policies->hooked;
	bool is_due = policies->hooked_count >= policies->hooked_prune_count;
	size_t kept = is_due ? 0 : policies->hooked_count;

	for (size_t i = 0; is_due && i < policies->hooked_count; i++) {
		const char *cgroup = hooked[i].workloads->items->cgroup;
		const struct workload_place *place = places_find(&policies->places, cgroup);

		if ((place && place->workload == hooked[i].workloads->items) ||
		    !hooked_is_gone(policies, &hooked[i]))
			hooked[kept++] = hooked[i];
		else
			hooked_done(&hooked[i]);
	}
	policies->hooked_count = kept;
	if (is_due)
		policies->hooked_prune_count =
			2 * kept > HOOKED_PRUNE_COUNT ? 2 * kept : HOOKED_PRUNE_COUNT;
	if (kept >= WORKLOADS_MAX)
		return -ENOSPC;
	hooked = reallocarray(hooked, kept + 1, sizeof(*hooked));
	if (!hooked)
		return -ENOMEM;
	policies->hooked = hooked;
	return 0;
}

/* The same group again: a container that was made anew. */
static struct hooked_workload *hooked_find(struct policies *policies, const char *cgroup)
{
	for (size_t i = 0; i < policies->hooked_count; i++) {
		if (strcmp(policies->hooked[i].workloads->items->cgroup, cgroup) == 0)
			return &policies->hooked[i];
	}
	return NULL;
}

static int hooked_read(struct policies *policies, const char *text, struct hooked_workload *out,
		       struct diag *diag)
{
	const char *cgroup;
	int error = workloads_find_root(policies, diag);

	if (!error)
		error = workloads_read_text("container", span_of(text), policies->cgroup_root,
					    &out->workloads, diag);
	if (error)
		return error;
	out->text = strdup(text);
	if (!out->text)
		return -ENOMEM;
	cgroup = out->workloads->items->cgroup;
	error = cgroup_look(policies, cgroup, &out->group);
	if (is_gone(error)) {
		diag_add(diag,
			 "there is no cgroup \"%s\" below \"%s\"; want the hook to run once the "
			 "runtime has made it",
			 cgroup, policies->cgroup_root);
		return -ENOENT;
	}
	if (error)
		diag_add(diag, "cannot look into cgroup \"%s\" below \"%s\": %s", cgroup,
			 policies->cgroup_root, strerror(-error));
	return error;
}

/* The one that TEXT tells is among the others; OLD is the one whose place it took, if any. */
static struct hooked_workload *hooked_put(struct policies *policies, const char *text,
					  struct hooked_workload *old, int *error,
					  struct diag *diag)
{
	struct hooked_workload new = {}, *place = NULL;

	*error = hooked_read(policies, text, &new, diag);
	if (!*error)
		*error = hooked_make_room(policies);
	if (*error) {
		hooked_done(&new);
		return NULL;
	}
	place = hooked_find(policies, new.workloads->items->cgroup);
	*old = place ? *place : (struct hooked_workload){};
	if (!place)
		place = &policies->hooked[policies->hooked_count++];
	*place = new;
	return place;
}

int policies_hook_workload(struct policies *policies, const char *text, struct diag *diag)
{
	struct hooked_workload old = {};
	int error;
	struct hooked_workload *place = hooked_put(policies, text, &old, &error, diag);

	if (!place)
		return error;
	error = workloads_apply(policies, policies->workloads, diag);
	if (!error) {
		hooked_done(&old);
		return 0;
	}
	hooked_done(place);
	*place = old;
	policies->hooked_count -= !old.workloads; /* then it was the last */
	return error;
}

json_t *policies_leave_workloads(const struct policies *policies)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policies->hooked_count; i++)
		json_array_append_new(list, json_string(policies->hooked[i].text));
	return list;
}

void policies_take_workloads(struct policies *policies, const json_t *list)
{
	_cleanup_diag_ struct diag diag = {};
	int error = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		_cleanup_diag_ struct diag gone = {};
		struct hooked_workload old = {};

		if (text)
			hooked_put(policies, text, &old, &error, &gone);
		hooked_done(&old);
	}
	if (policies->hooked_count && workloads_apply(policies, policies->workloads, &diag))
		policies_log(LOG_LEVEL_ERROR, &diag);
}
