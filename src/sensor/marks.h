/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks of processes: which lists of binaries and which pids a process belongs to, or descends
 * from. In: the conditions of all policies; the processes that live. Out: numbers of marks for
 * rules, programs that mark what is executed from now on, and marks on what lives already.
 *
 * Equal conditions share a mark. A change is staged with the policies' hooks and committed before
 * them.
 */
#pragma once

#include "sensor/handover.h"
#include "sensor/hook.h"

/* A living process, as the agent knows it; texts are the caller's. */
struct mark_process {
	struct wire_process_id id, parent;
	const char *binary;	/* name given to execve, made absolute */
	const char *executable; /* path of the file that runs */
};

/* Calls VISIT for each living process. */
typedef void (*mark_processes_fn)(void *context,
				  void (*visit)(void *visit_context,
						const struct mark_process *process),
				  void *visit_context);

struct marks;

struct marks_options {
	struct hook_space *space;
	volatile __u64 *followed; /* WIRE_MARK_WORDS of them; the kernel side reads them */
	mark_processes_fn processes;
	void *processes_context;
};

int marks_new(struct marks **out, const struct marks_options *options);
void marks_free(struct marks *marks);

/* A reference to the mark of a condition; RULES_NO_MARK: there is none left. One of BINARIES and
 * PIDS is NULL. */
uint32_t marks_ref(struct marks *marks, const struct policy_binaries *binaries,
		   const struct policy_pids *pids);
/* The same for a condition that has a reference already; none is taken. */
uint32_t marks_find(const struct marks *marks, const struct policy_binaries *binaries,
		    const struct policy_pids *pids);
void marks_unref(struct marks *marks, uint32_t mark);

/* Marks that came or went since the last time take effect. A line in DIAG with an error; then
 * nothing changed. */
int marks_update(struct marks *marks, struct diag *diag);

/*
 * All conditions with their numbers, and names for the programs that mark; for the next agent.
 * NULL: no memory.
 */
json_t *marks_leave(const struct marks *marks, struct pins *pins);
/* Goes on from there: an equal condition gets the number that it had, and what is marked stays so.
 * Of MARKS that have none yet. */
void marks_take(struct marks *marks, const json_t *left, const struct pins *pins);
/* Conditions that were taken over and that nobody has a reference to go with the next update. */
void marks_end_taking(struct marks *marks);
