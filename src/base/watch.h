/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells that a file or a directory may have changed. In: a path, which need not exist yet. Out: a
 * call through the loop; what has changed, the owner finds out by looking.
 *
 * Seen are: the path appears, goes away, is replaced by a rename, or leads elsewhere (a symbolic
 * link beside it was switched, as Kubernetes updates its volumes); a writer of the file closes it;
 * an entry of the directory comes, goes, or is written to. As long as directories above the path
 * are missing, the nearest one that exists is watched.
 *
 * Not seen are changes of files that entries of the directory are symbolic links to, and renames
 * of a directory further above the path than its parent.
 *
 * Changes that follow each other closely make one call, 50 ms after the last of them and at most
 * half a second after the first. A call without a change can happen; a change without a call after
 * it cannot.
 */
#pragma once

#include "base/loop.h"

struct watch;

typedef void (*watch_fn)(void *context);

/*
 * Does not call at once: who reads the path after this misses nothing. A relative path starts in
 * the directory of this moment. Another negative errno than -ENOMEM: inotify refuses (-EMFILE,
 * -ENOSPC: the limits of /proc/sys/fs/inotify).
 */
int watch_new(struct watch **out, struct loop *loop, const char *path, watch_fn changed,
	      void *context);
void watch_free(struct watch *watch); /* also from within the call; NULL is fine */
