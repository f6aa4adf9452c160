/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots in one block, found through a chained hash; the untouched part of the block costs no
 * memory. Slot numbers instead of pointers keep a process at half the size. Dead ones wait in two
 * queues, oldest first.
 */
#include "process/table.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/cleanup.h"

enum { NO_SLOT = 0 }; /* slot 0 stays unused, so that zeroed memory is an empty table */

enum process_list { LIST_FREE, LIST_ALIVE, LIST_DEAD_PARENT, LIST_DEAD, PROCESS_LISTS };

struct process_queue {
	uint32_t oldest, newest, count;
};

struct process_table {
	struct process *slots; /* capacity + 1 */
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t capacity;
	uint32_t untouched; /* first slot that was never used */
	struct process_queue queues[PROCESS_LISTS];
	uint64_t evicted, refused, cut;
	uint64_t image_bytes, image_bytes_max;
	uint64_t living_bytes; /* of image_bytes, what living processes hold */
};

static void *table_map(size_t bytes)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static size_t table_slots_bytes(const struct process_table *table)
{
	return ((size_t)table->capacity + 1) * sizeof(struct process);
}

int process_table_new(struct process_table **out, uint32_t capacity)
{
	struct process_table *table = calloc(1, sizeof(*table));
	uint32_t buckets = 1024;

	if (!table)
		return -ENOMEM;
	/* four times as many as processes: a look-up seldom touches the cold slot of another */
	while (buckets / 4 < capacity && buckets < 1U << 30)
		buckets <<= 1;
	table->capacity = capacity;
	table->image_bytes_max = PROCESS_IMAGE_BYTES_MAX;
	table->bucket_mask = buckets - 1;
	table->untouched = 1;
	table->slots = table_map(table_slots_bytes(table));
	table->buckets = table_map(buckets * sizeof(uint32_t));
	if (!table->slots || !table->buckets) {
		process_table_free(table);
		return -ENOMEM;
	}
	*out = table;
	return 0;
}

void process_table_free(struct process_table *table)
{
	if (!table)
		return;
	for (uint32_t i = 1; table->slots && i < table->untouched; i++)
		process_image_unref(table->slots[i].image);
	if (table->slots)
		munmap(table->slots, table_slots_bytes(table));
	if (table->buckets)
		munmap(table->buckets, ((size_t)table->bucket_mask + 1) * sizeof(uint32_t));
	free(table);
}

void process_table_set_image_bytes_max(struct process_table *table, uint64_t bytes)
{
	table->image_bytes_max = bytes;
}

static uint32_t *table_bucket(const struct process_table *table, const struct wire_process_id *id)
{
	uint64_t hash = (id->exec_ns ^ (uint64_t)id->pid << 40) * 0x9e3779b97f4a7c15ULL;

	return &table->buckets[(hash >> 32) & table->bucket_mask];
}

struct process *process_table_find(const struct process_table *table,
				   const struct wire_process_id *id)
{
	uint32_t slot = *table_bucket(table, id);

	for (; slot != NO_SLOT; slot = table->slots[slot].hash_next) {
		struct process *process = &table->slots[slot];

		if (process->id.exec_ns == id->exec_ns && process->id.pid == id->pid)
			return process;
	}
	return NULL;
}

static void table_leave_list(struct process_table *table, struct process *process)
{
	struct process_queue *queue = &table->queues[process->list];

	if (process->older != NO_SLOT)
		table->slots[process->older].newer = process->newer;
	else
		queue->oldest = process->newer;
	if (process->newer != NO_SLOT)
		table->slots[process->newer].older = process->older;
	else
		queue->newest = process->older;
	queue->count--;
}

static void table_join_list(struct process_table *table, struct process *process,
			    enum process_list list)
{
	struct process_queue *queue = &table->queues[list];
	uint32_t slot = (uint32_t)(process - table->slots);

	process->list = (uint16_t)list;
	process->older = queue->newest;
	process->newer = NO_SLOT;
	if (queue->newest != NO_SLOT)
		table->slots[queue->newest].newer = slot;
	else
		queue->oldest = slot;
	queue->newest = slot;
	queue->count++;
}

static void table_move(struct process_table *table, struct process *process, enum process_list list)
{
	table_leave_list(table, process);
	table_join_list(table, process, list);
}

/* One living process less holds its image. */
static void table_end_image(struct process_table *table, struct process *process)
{
	struct process_image *image = process->image;

	if (image && process->list == LIST_ALIVE && --image->living == 0)
		table->living_bytes -= image->bytes;
}

static void table_drop_image(struct process_table *table, struct process *process)
{
	struct process_image *image = process->image;

	table_end_image(table, process);
	if (image && --image->holders == 0)
		table->image_bytes -= image->bytes;
	process_image_unref(image);
	process->image = NULL;
}

static void table_keep_image(struct process_table *table, struct process *process,
			     struct process_image *image)
{
	process->image = image;
	if (image && image->holders++ == 0)
		table->image_bytes += image->bytes;
	if (image && process->list == LIST_ALIVE && image->living++ == 0)
		table->living_bytes += image->bytes;
}

static void table_ref(struct process_table *table, struct process *process)
{
	process->refs++;
	if (process->list == LIST_DEAD)
		table_move(table, process, LIST_DEAD_PARENT);
}

static void table_unref(struct process_table *table, struct process *process, uint64_t now_ns)
{
	if (process->refs)
		process->refs--;
	if (process->refs || process->list != LIST_DEAD_PARENT)
		return;
	process->dead_ns = now_ns;
	table_move(table, process, LIST_DEAD);
}

static void table_remove(struct process_table *table, struct process *process)
{
	uint32_t slot = (uint32_t)(process - table->slots);
	uint32_t *link = table_bucket(table, &process->id);

	while (*link != slot)
		link = &table->slots[*link].hash_next;
	*link = process->hash_next;
	table_drop_image(table, process);
	table_move(table, process, LIST_FREE);
}

/* Gives the least needed dead process up. False: none is dead. */
static bool table_evict(struct process_table *table)
{
	static const enum process_list victims[] = { LIST_DEAD, LIST_DEAD_PARENT };

	for (size_t i = 0; i < sizeof(victims) / sizeof(victims[0]); i++) {
		uint32_t slot = table->queues[victims[i]].oldest;

		if (slot == NO_SLOT)
			continue;
		table_remove(table, &table->slots[slot]);
		table->evicted++;
		return true;
	}
	return false;
}

bool process_table_make_room(struct process_table *table, uint32_t bytes, bool arguments)
{
	uint64_t max = arguments ? table->image_bytes_max : 2 * table->image_bytes_max;

	if (table->living_bytes + bytes > max) {
		table->cut += arguments;
		return false;
	}
	while (table->image_bytes + bytes > max && table_evict(table))
		;
	return true;
}

static uint32_t table_take_slot(struct process_table *table)
{
	uint32_t slot;

	if (table->queues[LIST_FREE].oldest == NO_SLOT) {
		if (table->untouched <= table->capacity)
			return table->untouched++;
		table_evict(table);
	}
	slot = table->queues[LIST_FREE].oldest;
	if (slot != NO_SLOT)
		table_leave_list(table, &table->slots[slot]);
	return slot;
}

/* Room for a child of PARENT, which is the last to be given up for it. NO_SLOT: all are alive. */
static uint32_t table_take_child_slot(struct process_table *table,
				      const struct wire_process_id *parent)
{
	struct process *above = process_table_find(table, parent);

	if (above && above->list == LIST_DEAD)
		table_move(table, above, LIST_DEAD_PARENT);
	return table_take_slot(table);
}

static void table_count_child(struct process_table *table, struct process *process)
{
	struct process *above = process_table_find(table, &process->parent);

	process->counted = above && above != process;
	if (process->counted)
		table_ref(table, above);
}

struct process *process_table_insert(struct process_table *table, const struct wire_process_id *id,
				     const struct wire_process_id *parent,
				     struct process_image *image)
{
	struct process *process = process_table_find(table, id);
	uint32_t *bucket, slot;

	if (process) {
		process_image_unref(image);
		return process;
	}
	slot = table_take_child_slot(table, parent);
	if (slot == NO_SLOT) {
		table->refused++;
		return NULL;
	}
	bucket = table_bucket(table, id);
	process = &table->slots[slot];
	*process =
		(struct process){ .id = *id, .parent = *parent, .refs = 1, .hash_next = *bucket };
	*bucket = slot;
	table_join_list(table, process, LIST_ALIVE);
	table_keep_image(table, process, image);
	table_count_child(table, process);
	return process;
}

void process_table_adopt(struct process_table *table)
{
	for (uint32_t i = 1; i < table->untouched; i++) {
		if (table->slots[i].list == LIST_ALIVE && !table->slots[i].counted)
			table_count_child(table, &table->slots[i]);
	}
}

void process_table_set_image(struct process_table *table, struct process *process,
			     struct process_image *image)
{
	table_drop_image(table, process);
	table_keep_image(table, process, image);
}

void process_table_end(struct process_table *table, struct process *process, uint64_t now_ns)
{
	struct process *parent;

	if (process->list != LIST_ALIVE)
		return;
	now_ns = now_ns ? now_ns : 1;
	process->dead_ns = now_ns;
	table_end_image(table, process);
	table_move(table, process, LIST_DEAD_PARENT);
	table_unref(table, process, now_ns);
	parent = process->counted ? process_table_find(table, &process->parent) : NULL;
	if (parent)
		table_unref(table, parent, now_ns);
}

void process_table_expire(struct process_table *table, uint64_t before_ns)
{
	while (table->queues[LIST_DEAD].oldest != NO_SLOT) {
		struct process *process = &table->slots[table->queues[LIST_DEAD].oldest];

		if (process->dead_ns >= before_ns)
			return;
		table_remove(table, process);
	}
}

void process_table_visit(struct process_table *table, process_table_fn function, void *context)
{
	for (uint32_t i = 1; i < table->untouched; i++) {
		if (table->slots[i].list != LIST_FREE)
			function(context, &table->slots[i]);
	}
}

void process_table_read_stats(const struct process_table *table, struct process_table_stats *out)
{
	*out = (struct process_table_stats){
		.capacity = table->capacity,
		.size = table->untouched - 1 - table->queues[LIST_FREE].count,
		.alive = table->queues[LIST_ALIVE].count,
		.evicted = table->evicted,
		.refused = table->refused,
		.cut = table->cut,
		.image_bytes = table->image_bytes,
	};
}
