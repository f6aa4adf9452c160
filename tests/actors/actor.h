/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the actors share: refusing wrong usage and failed preparation loudly (status 125), and
 * waiting for a child. Actors are static and tiny, and each does exactly one thing: the events of a
 * case are then the events of that thing.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Prints what could not be done, with errno's text, and ends with 125. */
static inline _Noreturn void actor_die(const char *what)
{
	perror(what);
	_exit(125);
}

/* Ends with 125 unless there are at least `wanted` arguments behind the actor's name. */
static inline void actor_need(int argc, int wanted, const char *usage)
{
	if (argc > wanted)
		return;
	fprintf(stderr, "usage: %s\n", usage);
	_exit(125);
}

/* Waits for a child; the answer is a status as a shell gives it: 128 + signal for a killed one. */
static inline int actor_wait(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		actor_die("waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A number argument; anything else is wrong usage. */
static inline long actor_number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0') {
		fprintf(stderr, "\"%s\" is not a number\n", text);
		_exit(125);
	}
	return value;
}
