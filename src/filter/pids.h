/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key pid_set: processes by pid, and their descendants. In: events one after another, as each
 * shows only a process and those above it. Out: whether it is about one of the family.
 *
 * Descendants are remembered by exec_id, so that a pid that is used again is no relative. At least
 * the last PIDS_REMEMBERED_MIN that were seen are kept; older ones may be forgotten, and with them
 * children whose events come later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/kind.h"

#define PIDS_REMEMBERED_MIN 8192u

struct filter_pids;

struct filter_pids *filter_pids_new(const uint32_t *pids, size_t count); /* NULL: no memory */
void filter_pids_free(struct filter_pids *pids);
bool filter_pids_matches(struct filter_pids *pids, const struct event_view *view);
