/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole terminal for one command. In: a function that draws. Out: the terminal as it was
 * before, however that function ends, killed included: it runs in a process of its own, and the one
 * that waits for it puts the terminal back.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct screen {
	int out_fd;
	int signal_fd;
	size_t columns, lines; /* now */
};

typedef int (*screen_fn)(void *context, struct screen *screen);

/*
 * Runs FUNCTION with the alternate screen, keys one by one, and signals held back for
 * screen_wait(). Its result, below 128, or a negative errno. A signal that asked this process to
 * end ends it, after the terminal is put back.
 */
int screen_run(screen_fn function, void *context);

enum screen_event { SCREEN_TIMEOUT, SCREEN_KEY, SCREEN_RESIZED, SCREEN_END };

/* Waits at most MS; of SCREEN_KEY, KEY is the letter. SCREEN_END: a signal, Ctrl-C, or the terminal
 * is gone. */
enum screen_event screen_wait(struct screen *screen, int ms, char *key);

/* TEXT's lines, each printable and ended by a newline, in place of what is seen; what does not fit
 * is left out. Negative errno: the terminal is gone. */
int screen_draw(const struct screen *screen, const struct buf *text);
