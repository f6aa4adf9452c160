/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of the kernel that outlive the agent: names in a directory of a BPF file system. In:
 * descriptors of maps, programs and links. Out: the same, for the next agent.
 *
 * What has a name here stays loaded and attached until the name is removed and nobody holds a
 * descriptor of it.
 */
#pragma once

#include <stdbool.h>

#include "base/diag.h"

/* Of one name; the longest has half of it. */
enum { PINS_NAME_BYTES_MAX = 64 };

struct pins;

/* A name without a slash, or a full path; neither ends in a slash or in dots. */
bool pins_name_is_right(const char *name);

/*
 * The directory NAME below the BPF file system, which is mounted where there is none if MAY_MOUNT;
 * NAME may also be a path below one. Made when something is put there. A line in DIAG with every
 * error.
 */
int pins_open(struct pins **out, const char *name, bool may_mount, struct diag *diag);
void pins_close(struct pins *pins); /* the names stay; NULL is fine */

const char *pins_get_path(const struct pins *pins);
/* Whether the directory is there. */
bool pins_exist(const struct pins *pins);
int pins_put(struct pins *pins, int fd, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A descriptor, or a negative errno. */
int pins_get(const struct pins *pins, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void pins_drop(struct pins *pins, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All names, and the directory. */
void pins_remove(struct pins *pins);

static inline void cleanup_pins(struct pins **pins)
{
	pins_close(*pins);
}
