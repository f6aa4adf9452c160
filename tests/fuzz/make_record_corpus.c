/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the corpus of fuzz_record: streams of records as a kernel sends them, and broken ones. In:
 * a folder. Run it again when wire/record.h has changed:
 *
 *     build/tests/make_record_corpus tests/fuzz/corpus/record
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/make_record.h"

#define SPAN(literal) ((struct span){ literal, sizeof(literal) - 1 })

static const struct wire_process_id nobody,
	init = { .pid = 1, .exec_ns = 10 }, shell = { .pid = 5, .exec_ns = 50 },
	child = { .pid = 6, .exec_ns = 60 }, child_later = { .pid = 6, .exec_ns = 65 };
static const struct made_texts shell_texts = {
	.binary = SPAN("/usr/bin/dash"),
	.filename = SPAN("../bin/sh"),
	.cwd = SPAN("/home/\xff"),
	.cgroup = SPAN("docker-0123456789abcdef0123456789abcdef.scope/system.slice/"),
	.args = SPAN("sh\0-c\0two words\0\0\xfe\0"),
	.environment = SPAN("A=1\0B\0=\0C=\xff\0"),
};
static const struct made_texts thread_texts = { .filename = SPAN("kthreadd") };

static FILE *file;
static uint64_t sequence;
static struct made_record made;

static void put_bytes(const void *data, size_t bytes)
{
	if (fwrite(data, 1, bytes, file) != bytes)
		exit(1);
}

static void put(void)
{
	made.header.sequence = ++sequence;
	put_bytes(&made, made.header.bytes);
}

static void put_exec(struct wire_process_id id, struct wire_process_id parent,
		     struct wire_process_id previous)
{
	make_exec(&made, id, parent, &shell_texts);
	made.exec.previous = previous;
	put();
}

static void put_exit(struct wire_process_id id, uint32_t code)
{
	make_exit(&made, id, code);
	put();
}

static void put_fork(struct wire_process_id id, struct wire_process_id parent)
{
	make_fork(&made, id, parent);
	put();
}

static void put_pieces(uint32_t pid, enum wire_data_part part, int count, int missing)
{
	char text[WIRE_DATA_BYTES_MAX];

	memset(text, part == WIRE_DATA_ARGS ? 'a' : 'e', sizeof(text));
	text[100] = '\0';
	for (int i = 0; i < count; i++) {
		make_data(&made, pid, part, (uint32_t)i * WIRE_DATA_BYTES_MAX,
			  (struct span){ text, sizeof(text) });
		if (i != missing)
			put();
	}
}

static void put_lives(void)
{
	put_exec(init, nobody, nobody);
	put_exec(shell, init, nobody);
	put_fork(child, shell);
	put_exec(child_later, shell, child);
	put_exit(child_later, 1 << 8);
	put_exit(shell, 9);
}

static void put_waiting(void)
{
	put_exec(child, shell, nobody);
	put_exit(child, 11 | 0x80);
	put_exec(shell, init, nobody);
	put_exec(init, process_id(0, 1), nobody);
}

static void put_long(void)
{
	put_pieces(child.pid, WIRE_DATA_ARGS, 2, -1);
	put_pieces(child.pid, WIRE_DATA_ENVIRONMENT, 1, -1);
	make_exec(&made, child, shell, &(struct made_texts){ .binary = SPAN("/x") });
	made.exec.args_total = 2 * WIRE_DATA_BYTES_MAX;
	made.exec.environment_total = WIRE_DATA_BYTES_MAX;
	put();
}

static void put_long_with_holes(void)
{
	put_pieces(child.pid, WIRE_DATA_ARGS, 3, 1);
	sequence++;
	put_pieces(shell.pid, WIRE_DATA_ENVIRONMENT, 1, -1);
	make_exec(&made, child, shell, &(struct made_texts){});
	made.exec.args_total = made.exec.environment_total = UINT32_MAX;
	put();
}

static void put_seeds(void)
{
	static const struct wire_process_id ids[] = { { .pid = 1, .exec_ns = 10 },
						      { .pid = 5, .exec_ns = 50 } };

	for (int i = 0; i < 2; i++) {
		make_exec(&made, ids[i], i ? init : nobody, &shell_texts);
		made.exec.flags = WIRE_PROCESS_PROCFS | WIRE_PROCESS_ROOT_CWD;
		put_bytes(&made, made.header.bytes);
	}
	make_exec(&made, process_id(2, 11), nobody, &thread_texts);
	made.exec.flags = WIRE_PROCESS_PROCFS | WIRE_PROCESS_KERNEL_THREAD;
	put_bytes(&made, made.header.bytes);
	put_exit(shell, 0);
}

static void put_crowd(void)
{
	for (uint32_t pid = 10; pid < 40; pid++) {
		put_fork(process_id(pid, pid), process_id(pid - 1, pid - 1));
		put_exec(process_id(pid, pid + 100), process_id(pid - 1, pid + 99),
			 process_id(pid, pid));
		if (pid % 3 == 0)
			put_exit(process_id(pid, pid + 100), 0);
	}
}

static void put_holes(void)
{
	put_exec(init, nobody, nobody);
	sequence += 5;
	put_exit(init, 0);
	sequence = UINT64_MAX - 1;
	put_fork(shell, init);
	put_exit(process_id(77, 0), 0);
}

static void put_variables(void)
{
	char text[WIRE_INLINE_BYTES_MAX - 1];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "a=\0"[i % 3];
	make_exec(&made, child, shell,
		  &(struct made_texts){ .environment = { text, sizeof(text) } });
	put();
}

/* Calls may stand between lives; what becomes of their values is the business of fuzz_hook. */
static void put_calls(void)
{
	static const uint64_t vector[] = { 3 };

	put_exec(shell, init, nobody);
	make_hook(&made, shell, vector, 1);
	put();
	make_value(&made, 2, WIRE_VALUE_OK, SPAN("text"));
	make_value(&made, 0, WIRE_VALUE_UNREADABLE, SPAN(""));
	put();
	make_value(&made, 2, WIRE_VALUE_OK, SPAN("once more"));
	put();
	put_exit(shell, 0);
}

static void put_everything_set(void)
{
	make_exec(&made, child, shell, &shell_texts);
	memset(&made.exec.id, 0xff,
	       offsetof(struct wire_exec, binary_bytes) - offsetof(struct wire_exec, id));
	put();
	memset(&made.exec.cgroup_bytes, 0xff, 4);
	put();
}

static void put_broken(void)
{
	make_exit(&made, shell, 0);
	made.header.kind = WIRE_RECORD_KINDS;
	put();
	made.header.kind = WIRE_RECORD_EXEC;
	put();
	make_data(&made, 5, WIRE_DATA_ARGS, WIRE_ARGS_BYTES_MAX, SPAN("x"));
	made.header.cpu = UINT16_MAX;
	put();
	make_exit(&made, shell, 0);
	put_bytes(&made, made.header.bytes / 2);
}

static const struct {
	const char *name;
	unsigned char head[8]; /* what is shown, places in the cache, KiB of names and arguments */
	void (*put)(void);
} streams[] = {
	{ "lives", { 15, 15, 255 }, put_lives },
	{ "lives-little-room", { 0, 3, 0 }, put_lives },
	{ "waiting", { 2, 15, 255 }, put_waiting },
	{ "waiting-no-place", { 2, 1, 255 }, put_waiting },
	{ "long", { 1, 15, 255 }, put_long },
	{ "long-little-room", { 1, 15, 3 }, put_long },
	{ "long-with-holes", { 1, 15, 255 }, put_long_with_holes },
	{ "seeds", { 8, 15, 255 }, put_seeds },
	{ "crowd", { 2, 4, 255 }, put_crowd },
	{ "crowd-little-room", { 15, 15, 2 }, put_crowd },
	{ "holes", { 0, 15, 255 }, put_holes },
	{ "variables", { 1, 15, 255 }, put_variables },
	{ "calls", { 15, 15, 255 }, put_calls },
	{ "everything-set", { 15, 15, 255 }, put_everything_set },
	{ "broken", { 15, 15, 255 }, put_broken },
};

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", argv[1], streams[i].name);
		file = fopen(path, "w");
		if (!file) {
			perror(path);
			return 1;
		}
		sequence = 0;
		put_bytes(streams[i].head, sizeof(streams[i].head));
		streams[i].put();
		if (fclose(file))
			return 1;
	}
	return 0;
}
