/* SPDX-License-Identifier: Apache-2.0 */
/* Sorts, links children to parents by exec_id, and walks without recursion: depth is the server's.
 */
#include "cli/process_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Hidden processes between a process and the ancestor below which it is shown; a chain of dead ones
 * is as long as a shell script execs in a row. */
enum { HIDDEN_MAX = 64 };

#define NONE SIZE_MAX

struct node {
	const Tetragon__ProcessInternal *item;
	size_t above; /* its parent, hidden or not; NONE */
	size_t parent, first_child, last_child, next;
	bool is_shown, is_done;
};

struct tree {
	struct node *nodes; /* owned; by pid, start, exec_id */
	size_t *by_id;	    /* owned; indexes by exec_id */
	size_t count;
	const struct process_tree_options *options;
	struct process_tree_row *rows;
	size_t rows_count;
};

static const Tetragon__Process *item_get_process(const Tetragon__ProcessInternal *item)
{
	static const Tetragon__Process unknown = TETRAGON__PROCESS__INIT;

	return item->process ? item->process : &unknown;
}

static uint32_t item_get_pid(const Tetragon__ProcessInternal *item)
{
	const Tetragon__Process *process = item_get_process(item);

	return process->pid ? process->pid->value : 0;
}

static int compare_numbers(int64_t left, int64_t right)
{
	return (left > right) - (left < right);
}

static int compare_items(const void *left, const void *right)
{
	const Tetragon__ProcessInternal *a = ((const struct node *)left)->item;
	const Tetragon__ProcessInternal *b = ((const struct node *)right)->item;
	const Google__Protobuf__Timestamp none = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	const Tetragon__Process *one = item_get_process(a), *other = item_get_process(b);
	const Google__Protobuf__Timestamp *start = one->start_time ? one->start_time : &none;
	const Google__Protobuf__Timestamp *later = other->start_time ? other->start_time : &none;
	int order = compare_numbers(item_get_pid(a), item_get_pid(b));

	if (!order)
		order = compare_numbers(start->seconds, later->seconds);
	if (!order)
		order = compare_numbers(start->nanos, later->nanos);
	return order ? order : strcmp(one->exec_id, other->exec_id);
}

static int compare_ids(const void *left, const void *right, void *context)
{
	const struct tree *tree = context;
	size_t a = *(const size_t *)left, b = *(const size_t *)right;
	int order = strcmp(item_get_process(tree->nodes[a].item)->exec_id,
			   item_get_process(tree->nodes[b].item)->exec_id);

	return order ? order : compare_numbers((int64_t)a, (int64_t)b);
}

/* The first of that name; NONE. */
static size_t tree_find(const struct tree *tree, const char *exec_id)
{
	size_t low = 0, high = tree->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct node *node = &tree->nodes[tree->by_id[middle]];

		if (strcmp(item_get_process(node->item)->exec_id, exec_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == tree->count || !*exec_id ||
	    strcmp(item_get_process(tree->nodes[tree->by_id[low]].item)->exec_id, exec_id) != 0)
		return NONE;
	return tree->by_id[low];
}

static bool tree_shows(const struct tree *tree, const Tetragon__ProcessInternal *item)
{
	return (tree->options->with_kernel_threads || !item->is_kernel_thread) &&
	       (tree->options->with_exited || !item->ended);
}

/* The nearest ancestor that is shown. */
static size_t tree_find_shown(const struct tree *tree, size_t index)
{
	size_t at = tree->nodes[index].above;

	for (int hidden = 0; hidden < HIDDEN_MAX && at != NONE && at != index; hidden++) {
		if (tree->nodes[at].is_shown)
			return at;
		at = tree->nodes[at].above;
	}
	return NONE;
}

static void tree_link(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		struct node *node = &tree->nodes[i];

		node->above = tree_find(tree, item_get_process(node->item)->parent_exec_id);
		node->is_shown = tree_shows(tree, node->item);
	}
	for (size_t i = 0; i < tree->count; i++) {
		struct node *node = &tree->nodes[i];
		struct node *parent;

		if (!node->is_shown || tree->options->is_flat)
			continue;
		node->parent = tree_find_shown(tree, i);
		if (node->parent == NONE)
			continue;
		parent = &tree->nodes[node->parent];
		if (parent->first_child == NONE)
			parent->first_child = i;
		else
			tree->nodes[parent->last_child].next = i;
		parent->last_child = i;
	}
}

static void tree_add_row(struct tree *tree, struct node *node, size_t depth)
{
	node->is_done = true;
	tree->rows[tree->rows_count++] = (struct process_tree_row){
		.item = node->item, .depth = depth, .is_last = true, /* until a sibling follows */
	};
}

/* The next child of NODE from CHILD on that is not in the rows yet; NONE. */
static size_t tree_skip_done(const struct tree *tree, size_t child)
{
	while (child != NONE && tree->nodes[child].is_done)
		child = tree->nodes[child].next;
	return child;
}

/* ROOT and all below it. A node is entered once, so that a circle ends where it began. */
static void tree_walk(struct tree *tree, size_t root)
{
	size_t at = root, depth = 0;

	if (tree->nodes[root].is_done)
		return;
	tree_add_row(tree, &tree->nodes[root], 0);
	for (;;) {
		size_t next = tree_skip_done(tree, tree->nodes[at].first_child);

		tree->nodes[at].first_child = next == NONE ? NONE : tree->nodes[next].next;
		if (next != NONE) {
			tree_add_row(tree, &tree->nodes[next], ++depth);
			at = next;
		} else if (depth) {
			at = tree->nodes[at].parent;
			depth--;
		} else {
			return;
		}
	}
}

/* Roots first; what is left then goes round in circles, which are cut at their first process. */
static void tree_walk_all(struct tree *tree)
{
	bool has_pid = tree->options->has_pid;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < tree->count; i++) {
			const struct node *node = &tree->nodes[i];

			if (!node->is_shown || (!round && !has_pid && node->parent != NONE) ||
			    (has_pid && item_get_pid(node->item) != tree->options->pid))
				continue;
			tree_walk(tree, i);
		}
	}
}

/* From the end: a row is not the last child if one of its depth follows before a lower one. */
static int tree_mark_last(struct tree *tree)
{
	_cleanup_free_ bool *follows = calloc(tree->count + 1, sizeof(*follows));
	size_t deepest = 0;

	if (!follows)
		return -ENOMEM;
	for (size_t i = tree->rows_count; i-- > 0;) {
		struct process_tree_row *row = &tree->rows[i];

		for (; deepest > row->depth; deepest--)
			follows[deepest] = false;
		row->is_last = !follows[row->depth];
		follows[row->depth] = true;
		deepest = row->depth;
	}
	return 0;
}

static int tree_fill(struct tree *tree, Tetragon__ProcessInternal *const *processes)
{
	for (size_t i = 0; i < tree->count; i++) {
		tree->nodes[i] = (struct node){ .item = processes[i],
						.above = NONE,
						.parent = NONE,
						.first_child = NONE,
						.last_child = NONE,
						.next = NONE };
		tree->by_id[i] = i;
	}
	qsort(tree->nodes, tree->count, sizeof(*tree->nodes), compare_items);
	qsort_r(tree->by_id, tree->count, sizeof(*tree->by_id), compare_ids, tree);
	tree_link(tree);
	tree_walk_all(tree);
	return tree_mark_last(tree);
}

int process_tree_new(struct process_tree_row **out, size_t *out_count,
		     Tetragon__ProcessInternal *const *processes, size_t count,
		     const struct process_tree_options *options)
{
	_cleanup_free_ struct node *nodes = calloc(count + 1, sizeof(*nodes));
	_cleanup_free_ size_t *by_id = calloc(count + 1, sizeof(*by_id));
	_cleanup_free_ struct process_tree_row *rows = calloc(count + 1, sizeof(*rows));
	struct tree tree = { nodes, by_id, count, options, rows, 0 };
	int error;

	if (!nodes || !by_id || !rows)
		return -ENOMEM;
	error = tree_fill(&tree, processes);
	if (error)
		return error;
	*out_count = tree.rows_count;
	*out = TAKE_PTR(rows);
	return 0;
}
