/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call: reads system calls from standard input until it ends, then makes them one after the other
 *and prints what each returned. A line is NUMBER and up to six arguments, in hexadecimal digits:
 *
 *	=VALUE	the argument itself
 *	@BYTES	the address of these bytes
 *	^BYTES	the same, and the page behind them cannot be read
 *
 * All memory is written before the first call: no argument has to be paged in while it is looked
 *at.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "actor.h"

struct call {
	unsigned long number, arguments[6];
};

static void *call_allocate(size_t bytes, int is_at_end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (bytes + page - 1) / page + 1;
	char *memory;

	if (!is_at_end) {
		memory = malloc(bytes + 1);
		if (!memory)
			actor_die("malloc");
		return memory;
	}
	memory = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED || mprotect(memory + (pages - 1) * page, page, PROT_NONE))
		actor_die("mmap");
	return memory + (pages - 1) * page - bytes;
}

static unsigned char *call_read_bytes(const char *digits, int is_at_end)
{
	size_t bytes = strlen(digits) / 2;
	unsigned char *memory = call_allocate(bytes, is_at_end);

	for (size_t i = 0; i < bytes; i++) {
		char pair[3] = { digits[2 * i], digits[2 * i + 1], '\0' };

		memory[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return memory;
}

static unsigned long call_read_argument(const char *word)
{
	switch (*word) {
	case '=':
		return strtoul(word + 1, NULL, 16);
	case '@':
	case '^':
		return (unsigned long)call_read_bytes(word + 1, *word == '^');
	default:
		fprintf(stderr, "\"%.40s\" is not an argument\n", word);
		_exit(125);
	}
}

static struct call call_read(char *line)
{
	char *rest = NULL, *word = strtok_r(line, " \n", &rest);
	struct call call = { .number = word ? strtoul(word, NULL, 16) : ~0UL };

	for (size_t i = 0; i < 6 && (word = strtok_r(NULL, " \n", &rest)); i++)
		call.arguments[i] = call_read_argument(word);
	return call;
}

int main(void)
{
	struct call *calls = NULL;
	size_t count = 0, capacity = 0, room = 0;
	char *line = NULL;

	while (getline(&line, &room, stdin) > 0) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 64;
			calls = realloc(calls, capacity * sizeof(*calls));
			if (!calls)
				actor_die("realloc");
		}
		calls[count++] = call_read(line);
	}
	for (size_t i = 0; i < count; i++) {
		const unsigned long *a = calls[i].arguments;
		long result = syscall((long)calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);

		printf("%ld\n", result == -1 ? -(long)errno : result);
	}
	return 0;
}
