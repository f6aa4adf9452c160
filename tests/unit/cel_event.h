/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events for the tests of expressions. In: nothing. Out: an exec and a kprobe event with something
 * in each sort of field; they own nothing and live as long as the program.
 */
#pragma once

#include <tetragon/events.pb-c.h>

/* curl as uid 1000, pid 4711, in pod "web" with labels; its parent is a bash without a pod. */
const Tetragon__GetEventsResponse *cel_exec_event(void);
/* security_file_permission of the same curl: a file, an int, a size, a sock, bytes; SIGKILL. */
const Tetragon__GetEventsResponse *cel_kprobe_event(void);
