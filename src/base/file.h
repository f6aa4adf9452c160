/* SPDX-License-Identifier: Apache-2.0 */
/* Small files as a whole. In: descriptors and paths. Out: their bytes, or bytes that are on the
 * disk completely or not at all. */
#pragma once

#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

/* Appends to OUT. -EFBIG: there are more than BYTES_MAX; -ENOMEM, or the errno of read(2). */
int file_read_all(int fd, size_t bytes_max, struct buf *out);

/* A descriptor to write to a new file, in the place of whatever is at PATH, a link itself included;
 * nobody whom MODE shuts out reads any of it. A negative errno. */
int file_create(const char *path, mode_t mode);

/*
 * Puts CONTENT in the place of PATH, through "PATH.new" beside it: whoever reads sees the old file
 * or the new one, also after a crash of the machine. A negative errno leaves the old one.
 */
int file_replace(const char *path, mode_t mode, struct span content);
