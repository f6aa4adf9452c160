/* SPDX-License-Identifier: Apache-2.0 */
/* The process cache: who stays, who goes, what is counted. */
#include "cmocka_case.h"

#include <stdlib.h>

#include "process/table.h"

#include "make_record.h"

static const struct wire_process_id nobody;

static struct process_table *table_of(uint32_t capacity)
{
	struct process_table *table = NULL;

	assert_int_equal(process_table_new(&table, capacity), 0);
	return table;
}

static struct process *add(struct process_table *table, uint32_t pid, uint32_t parent)
{
	struct wire_process_id id = process_id(pid, pid), above = process_id(parent, parent);

	return process_table_insert(table, &id, parent ? &above : &nobody, NULL);
}

static struct process *find(struct process_table *table, uint32_t pid)
{
	struct wire_process_id id = process_id(pid, pid);

	return process_table_find(table, &id);
}

static void end(struct process_table *table, uint32_t pid, uint64_t now_ns)
{
	process_table_end(table, find(table, pid), now_ns);
}

static struct process_table_stats stats_of(const struct process_table *table)
{
	struct process_table_stats stats;

	process_table_read_stats(table, &stats);
	return stats;
}

static struct process_image *image_of(size_t arguments)
{
	static const struct wire_exec exec;
	struct process_image *image = NULL;
	char *args = calloc(1, arguments + 2);

	assert_non_null(args);
	memset(args + 1, 'x', arguments);
	assert_int_equal(
		process_image_new(&image,
				  &(struct process_image_source){ .exec = &exec,
								  .args = { args, arguments + 1 },
								  .user = "" }),
		0);
	free(args);
	return image;
}

static void refs_count_the_process_and_its_living_children(void **state)
{
	struct process_table *table = table_of(16);

	add(table, 1, 0);
	add(table, 2, 1);
	add(table, 3, 1);
	assert_int_equal(find(table, 1)->refs, 3);
	end(table, 2, 100);
	end(table, 2, 200); /* once per process */
	assert_int_equal(find(table, 1)->refs, 2);
	assert_int_equal(find(table, 2)->refs, 0);
	end(table, 1, 300);
	assert_int_equal(find(table, 1)->refs, 1);
	end(table, 3, 400);
	assert_int_equal(find(table, 1)->refs, 0);
	process_table_free(table);
}

static void an_id_that_is_here_is_not_entered_twice(void **state)
{
	struct process_table *table = table_of(16);
	struct process *first = add(table, 2, 1);
	struct wire_process_id id = process_id(2, 2);
	struct process_image *image = image_of(10);

	process_image_ref(image);
	assert_ptr_equal(process_table_insert(table, &id, &nobody, image), first);
	assert_int_equal(image->refs, 1); /* the reference was taken over and dropped */
	assert_int_equal(stats_of(table).size, 1);
	process_image_unref(image);
	process_table_free(table);
}

static void the_same_pid_at_another_time_is_another_process(void **state)
{
	struct process_table *table = table_of(16);
	struct wire_process_id early = process_id(2, 10), late = process_id(2, 20);

	process_table_insert(table, &early, &nobody, NULL);
	assert_null(process_table_find(table, &late));
	assert_ptr_not_equal(process_table_insert(table, &late, &early, NULL),
			     process_table_find(table, &early));
	assert_int_equal(process_table_find(table, &early)->refs, 2);
	process_table_free(table);
}

static void the_dead_without_living_children_go_first_and_the_oldest_of_them(void **state)
{
	struct process_table *table = table_of(5);

	for (uint32_t pid = 1; pid <= 5; pid++)
		add(table, pid, pid == 5 ? 1 : 0);
	end(table, 1, 100); /* has the living child 5 */
	end(table, 3, 200);
	end(table, 2, 300);
	add(table, 6, 0);
	assert_null(find(table, 3));
	add(table, 7, 0);
	assert_null(find(table, 2));
	assert_non_null(find(table, 1));
	add(table, 8, 0);
	assert_null(find(table, 1));
	assert_int_equal(stats_of(table).evicted, 3);
	assert_null(add(table, 9, 0));
	assert_non_null(find(table, 4));
	assert_int_equal(stats_of(table).refused, 1);
	assert_int_equal(stats_of(table).alive, 5);
	process_table_free(table);
}

static void a_parent_is_the_last_to_be_given_up_for_its_child(void **state)
{
	struct process_table *table = table_of(2);

	add(table, 1, 0);
	add(table, 2, 0);
	end(table, 1, 100);
	end(table, 2, 200);
	add(table, 3, 1); /* 1 is the oldest dead, but the parent */
	assert_non_null(find(table, 1));
	assert_null(find(table, 2));
	assert_int_equal(find(table, 1)->refs, 1);
	add(table, 4, 1);
	assert_null(find(table, 1));
	end(table, 3, 300);
	end(table, 4, 300);
	assert_int_equal(stats_of(table).alive, 0);
	process_table_free(table);
}

static void a_refused_child_is_not_counted_by_its_parent(void **state)
{
	struct process_table *table = table_of(2);

	add(table, 1, 0);
	add(table, 2, 1);
	assert_null(add(table, 3, 1));
	assert_int_equal(find(table, 1)->refs, 2);
	process_table_free(table);
}

static void a_parent_that_comes_late_adopts_its_children(void **state)
{
	struct process_table *table = table_of(8);

	add(table, 2, 1);
	add(table, 3, 1);
	add(table, 1, 0);
	end(table, 3, 100); /* was never counted */
	assert_int_equal(find(table, 1)->refs, 1);
	process_table_adopt(table);
	process_table_adopt(table);
	assert_int_equal(find(table, 1)->refs, 2);
	end(table, 2, 200);
	assert_int_equal(find(table, 1)->refs, 1);
	process_table_free(table);
}

static void the_dead_expire_when_nothing_living_needed_them_for_long_enough(void **state)
{
	struct process_table *table = table_of(8);

	add(table, 1, 0);
	add(table, 2, 1);
	add(table, 3, 0);
	end(table, 1, 100);
	end(table, 3, 150);
	process_table_expire(table, 150);
	assert_non_null(find(table, 3)); /* not before 150 */
	assert_non_null(find(table, 1)); /* 2 lives */
	process_table_expire(table, 151);
	assert_null(find(table, 3));
	end(table, 2, 200);
	process_table_expire(table, 150);
	assert_non_null(find(table, 1)); /* its last child ended at 200 */
	process_table_expire(table, 201);
	assert_null(find(table, 1));
	assert_null(find(table, 2));
	assert_int_equal(stats_of(table).size, 0);
	assert_int_equal(stats_of(table).evicted, 0);
	process_table_free(table);
}

static void image_bytes_count_each_image_once(void **state)
{
	struct process_table *table = table_of(2);
	struct process_image *image = image_of(1000);
	struct wire_process_id one = process_id(1, 1), two = process_id(2, 2),
			       three = process_id(3, 3);
	uint32_t bytes = image->bytes;

	process_table_insert(table, &one, &nobody, image);
	assert_int_equal(stats_of(table).image_bytes, bytes);
	process_table_insert(table, &two, &one, process_image_ref(image));
	assert_int_equal(stats_of(table).image_bytes, bytes);
	end(table, 1, 100);
	end(table, 2, 100);
	/* a fork of 2 gives up 1, then 2 itself, while the caller holds its image */
	process_table_insert(table, &three, &two, process_image_ref(image));
	assert_int_equal(stats_of(table).image_bytes, bytes);
	process_table_set_image(table, find(table, 3), image_of(10));
	assert_non_null(find(table, 2));
	process_table_expire(table, UINT64_MAX);
	end(table, 3, 200);
	process_table_expire(table, UINT64_MAX);
	assert_int_equal(stats_of(table).image_bytes, 0);
	process_table_free(table);
}

static void an_image_that_its_only_owner_gave_up_is_counted_once_more_and_not_twice(void **state)
{
	struct process_table *table = table_of(1);
	struct process_image *image = image_of(1000);
	struct wire_process_id one = process_id(1, 1), two = process_id(2, 2);
	uint32_t bytes = image->bytes;

	process_table_insert(table, &one, &nobody, image);
	end(table, 1, 100);
	process_table_insert(table, &two, &one, process_image_ref(image));
	assert_null(find(table, 1));
	assert_int_equal(image->refs, 1);
	assert_int_equal(stats_of(table).image_bytes, bytes);
	process_table_free(table);
}

static void an_image_that_somebody_outside_holds_is_not_counted(void **state)
{
	struct process_table *table = table_of(4);
	struct process_image *image = image_of(1000);
	struct wire_process_id one = process_id(1, 1);

	process_table_insert(table, &one, &nobody, process_image_ref(image));
	end(table, 1, 100);
	process_table_expire(table, UINT64_MAX);
	assert_int_equal(stats_of(table).image_bytes, 0);
	process_image_unref(image);
	process_table_free(table);
}

static void room_for_images_is_made_of_the_dead(void **state)
{
	struct process_table *table = table_of(8);
	uint32_t bytes = 0;

	for (uint32_t pid = 1; pid <= 4; pid++) {
		struct process_image *image = image_of(1000);
		struct wire_process_id id = process_id(pid, pid);

		bytes = image->bytes;
		process_table_insert(table, &id, &nobody, image);
	}
	process_table_set_image_bytes_max(table, 4 * bytes);
	end(table, 2, 100);
	end(table, 1, 200);
	assert_true(process_table_make_room(table, bytes, true));
	assert_null(find(table, 2));
	assert_non_null(find(table, 1));
	/* three times as much fits in no case: nobody is given up for it */
	assert_false(process_table_make_room(table, 3 * bytes, true));
	assert_non_null(find(table, 1));
	assert_int_equal(stats_of(table).cut, 1);
	assert_int_equal(stats_of(table).evicted, 1);
	/* names alone may take as much again */
	assert_true(process_table_make_room(table, 6 * bytes, false));
	assert_null(find(table, 1));
	assert_false(process_table_make_room(table, 7 * bytes, false));
	assert_int_equal(stats_of(table).cut, 1);
	process_table_free(table);
}

static void count_visit(void *context, struct process *process)
{
	unsigned int *count = context;

	process_table_end(NULL, process, 0); /* a dead one: nothing is touched */
	(*count)++;
}

static void a_visit_sees_each_process_once(void **state)
{
	struct process_table *table = table_of(4);
	unsigned int count = 0;

	for (uint32_t pid = 1; pid <= 6; pid++) {
		add(table, pid, 0);
		end(table, pid, pid);
	}
	process_table_visit(table, count_visit, &count);
	assert_int_equal(count, 4);
	process_table_free(table);
}

static void a_half_built_table_can_be_freed(void **state)
{
	process_table_free(NULL);
	process_table_free(table_of(1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refs_count_the_process_and_its_living_children),
		cmocka_unit_test(an_id_that_is_here_is_not_entered_twice),
		cmocka_unit_test(the_same_pid_at_another_time_is_another_process),
		cmocka_unit_test(the_dead_without_living_children_go_first_and_the_oldest_of_them),
		cmocka_unit_test(a_parent_is_the_last_to_be_given_up_for_its_child),
		cmocka_unit_test(a_refused_child_is_not_counted_by_its_parent),
		cmocka_unit_test(a_parent_that_comes_late_adopts_its_children),
		cmocka_unit_test(the_dead_expire_when_nothing_living_needed_them_for_long_enough),
		cmocka_unit_test(image_bytes_count_each_image_once),
		cmocka_unit_test(
			an_image_that_its_only_owner_gave_up_is_counted_once_more_and_not_twice),
		cmocka_unit_test(an_image_that_somebody_outside_holds_is_not_counted),
		cmocka_unit_test(room_for_images_is_made_of_the_dead),
		cmocka_unit_test(a_visit_sees_each_process_once),
		cmocka_unit_test(a_half_built_table_can_be_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
