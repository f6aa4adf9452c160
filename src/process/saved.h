/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process cache from one agent to the next. In: a table. Out: a file of one JSON object per
 * process, those that share an image one behind the other; and a table from such a file.
 */
#pragma once

#include <stdio.h>

#include "process/track.h"

/* -ENOMEM, or an errno of writing. */
int process_table_save(struct process_table *table, FILE *file);
/* Into TRACKER's table, which has none of these processes; its rules hide what those of the table
 * that was saved may have shown. -EINVAL: not such a file; those before the bad line are there. */
int process_table_restore(const struct process_tracker *tracker, FILE *file);
