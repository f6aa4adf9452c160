/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process cache against a model that is too simple to be wrong: an array walked from end to
 * end, where each entry lists what it knows. Thousands of random operations; the seed is fixed, and
 * said when something differs.
 */
#include "cmocka_case.h"

#include <stdlib.h>

#include "process/table.h"

#include "make_record.h"

enum { CAPACITY = 24, PIDS = 40, OPERATIONS = 20000 };

struct model_entry {
	struct wire_process_id id, parent;
	bool alive, counted;
	uint64_t dead_ns;
	uint64_t order;	    /* since when it is in its place of the queue */
	unsigned int image; /* 0: none */
};

struct model {
	struct model_entry entries[CAPACITY];
	unsigned int count;
	uint64_t evicted, refused, order, now_ns, random;
	uint64_t exec_ns[PIDS]; /* of the latest process of each pid */
	uint32_t image_bytes[OPERATIONS + 1];
	unsigned int images;
};

static uint64_t random_below(struct model *model, uint64_t limit)
{
	model->random ^= model->random << 13; /* xorshift64 */
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random % limit;
}

static bool same_id(struct wire_process_id a, struct wire_process_id b)
{
	return a.pid == b.pid && a.exec_ns == b.exec_ns;
}

static struct model_entry *model_find(struct model *model, struct wire_process_id id)
{
	for (unsigned int i = 0; i < model->count; i++) {
		if (same_id(model->entries[i].id, id))
			return &model->entries[i];
	}
	return NULL;
}

/* Itself while alive, and each living child that came after it. */
static uint32_t model_refs(struct model *model, const struct model_entry *entry)
{
	uint32_t refs = entry->alive;

	for (unsigned int i = 0; i < model->count; i++) {
		const struct model_entry *other = &model->entries[i];

		refs += other->alive && other->counted && same_id(other->parent, entry->id);
	}
	return refs;
}

static void model_remove(struct model *model, struct model_entry *entry)
{
	*entry = model->entries[--model->count];
}

/* The oldest dead entry with or without living children; SPARE last of all. NULL: none. */
static struct model_entry *model_oldest(struct model *model, bool has_children,
					struct wire_process_id spare)
{
	struct model_entry *oldest = NULL, *spared = NULL;

	for (unsigned int i = 0; i < model->count; i++) {
		struct model_entry *entry = &model->entries[i];
		bool is_spare = same_id(entry->id, spare);

		if (entry->alive || (model_refs(model, entry) != 0 || is_spare) != has_children)
			continue;
		if (is_spare && !model_refs(model, entry))
			spared = entry;
		else if (!oldest || entry->order < oldest->order)
			oldest = entry;
	}
	return oldest ? oldest : spared;
}

static bool model_insert(struct model *model, struct wire_process_id id,
			 struct wire_process_id parent, unsigned int image)
{
	struct model_entry *above, *victim;

	if (model->count == CAPACITY) {
		victim = model_oldest(model, false, parent);
		victim = victim ? victim : model_oldest(model, true, parent);
		if (!victim) {
			model->refused++;
			return false;
		}
		model_remove(model, victim);
		model->evicted++;
	}
	above = model_find(model, parent);
	if (above && !above->alive && !model_refs(model, above))
		above->order = ++model->order; /* it joins those with living children */
	model->entries[model->count++] = (struct model_entry){
		.id = id, .parent = parent, .alive = true, .counted = above != NULL, .image = image
	};
	return true;
}

static void model_end(struct model *model, struct model_entry *entry)
{
	struct model_entry *above;

	if (!entry->alive)
		return;
	entry->alive = false;
	entry->dead_ns = model->now_ns;
	entry->order = ++model->order;
	above = entry->counted ? model_find(model, entry->parent) : NULL;
	if (above && !above->alive && !model_refs(model, above)) {
		above->dead_ns = model->now_ns;
		above->order = ++model->order;
	}
}

static void model_expire(struct model *model, uint64_t before_ns)
{
	for (unsigned int i = 0; i < model->count;) {
		struct model_entry *entry = &model->entries[i];

		if (!entry->alive && !model_refs(model, entry) && entry->dead_ns < before_ns)
			model_remove(model, entry);
		else
			i++;
	}
}

static uint64_t model_image_bytes(const struct model *model)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < model->count; i++) {
		bool is_first = true;

		for (unsigned int j = 0; j < i; j++)
			is_first &= model->entries[j].image != model->entries[i].image;
		if (is_first)
			bytes += model->image_bytes[model->entries[i].image];
	}
	return bytes;
}

static void compare(struct model *model, const struct process_table *table, unsigned int step)
{
	struct process_table_stats stats;
	unsigned int alive = 0;

	process_table_read_stats(table, &stats);
	for (unsigned int i = 0; i < model->count; i++) {
		const struct model_entry *entry = &model->entries[i];
		const struct process *process = process_table_find(table, &entry->id);

		if (!process)
			fail_msg("step %u: the table lost %u", step, entry->id.pid);
		alive += entry->alive;
		if (process->refs != model_refs(model, entry) || !process->dead_ns != entry->alive)
			fail_msg("step %u: refs of %u are %u", step, entry->id.pid, process->refs);
	}
	if (stats.size != model->count || stats.alive != alive || stats.evicted != model->evicted ||
	    stats.refused != model->refused || stats.image_bytes != model_image_bytes(model))
		fail_msg("step %u: size %u alive %u evicted %llu refused %llu images %llu", step,
			 stats.size, stats.alive, (unsigned long long)stats.evicted,
			 (unsigned long long)stats.refused, (unsigned long long)stats.image_bytes);
}

static struct process_image *new_image(struct model *model)
{
	static const struct wire_exec exec;
	struct process_image *image = NULL;
	char args[64] = "";

	assert_int_equal(process_image_new(&image,
					   &(struct process_image_source){
						   .exec = &exec,
						   .args = { args, random_below(model, 60) },
						   .user = "" }),
			 0);
	model->image_bytes[++model->images] = image->bytes;
	return image;
}

/* A child of a random process: a fork shares the parent's image, an exec brings its own. */
static void do_insert(struct model *model, struct process_table *table)
{
	uint32_t pid = (uint32_t)random_below(model, PIDS),
		 above = (uint32_t)random_below(model, PIDS);
	struct wire_process_id parent = process_id(above, model->exec_ns[above]);
	struct wire_process_id id = process_id(pid, ++model->now_ns);
	struct model_entry *entry = model_find(model, parent);
	const struct process *process = process_table_find(table, &parent);
	struct process_image *image = NULL;
	unsigned int number = 0;

	if (entry && random_below(model, 2)) {
		number = entry->image;
		image = process_image_ref(process->image);
	} else {
		image = new_image(model);
		number = model->images;
	}
	model->exec_ns[pid] = id.exec_ns;
	if (model_insert(model, id, parent, number))
		assert_non_null(process_table_insert(table, &id, &parent, image));
	else
		assert_null(process_table_insert(table, &id, &parent, image));
	if (!process_table_find(table, &id))
		process_image_unref(image);
}

static void do_end(struct model *model, struct process_table *table)
{
	struct model_entry *entry;

	if (!model->count)
		return;
	model->now_ns++;
	entry = &model->entries[random_below(model, model->count)];
	process_table_end(table, process_table_find(table, &entry->id), model->now_ns);
	model_end(model, entry);
}

static void do_set_image(struct model *model, struct process_table *table)
{
	struct model_entry *entry;

	if (!model->count)
		return;
	entry = &model->entries[random_below(model, model->count)];
	process_table_set_image(table, process_table_find(table, &entry->id), new_image(model));
	entry->image = model->images;
}

static void do_expire(struct model *model, struct process_table *table)
{
	uint64_t age = random_below(model, 40);
	uint64_t before = model->now_ns > age ? model->now_ns - age : 0;

	process_table_expire(table, before);
	model_expire(model, before);
}

static void run_seed(uint64_t seed)
{
	static struct model model;
	struct process_table *table = NULL;

	memset(&model, 0, sizeof(model));
	model.random = seed;
	model.now_ns = 1;
	assert_int_equal(process_table_new(&table, CAPACITY), 0);
	for (unsigned int step = 0; step < OPERATIONS; step++) {
		uint64_t what = random_below(&model, 100);

		if (what < 45)
			do_insert(&model, table);
		else if (what < (step / 1000 % 2 ? 60 : 88)) /* times of plenty, times of need */
			do_end(&model, table);
		else if (what < 97)
			do_set_image(&model, table);
		else
			do_expire(&model, table);
		compare(&model, table, step);
	}
	assert_true(model.evicted > 100 && model.refused > 100);
	process_table_free(table);
}

static void the_table_does_what_the_model_does(void **state)
{
	static const uint64_t seeds[] = { 1, 0x9e3779b97f4a7c15, 42 };

	for (size_t i = 0; i < COUNT(seeds); i++) {
		print_message("seed %llu\n", (unsigned long long)seeds[i]);
		run_seed(seeds[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_does_what_the_model_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
