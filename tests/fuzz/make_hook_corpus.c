/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the corpus of fuzz_hook: calls of hooked functions as a kernel sends them, and broken
 * ones. In: a folder. Run it again when wire/hook.h or wire/arg_types.def has changed:
 *
 *     build/tests/make_hook_corpus tests/fuzz/corpus/hook
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/make_record.h"

#define SPAN(literal)	((struct span){ literal, sizeof(literal) - 1 })
#define SPAN_OF(object) ((struct span){ (const char *)&(object), sizeof(object) })

static unsigned char types[WIRE_HOOK_VALUES_MAX];
static struct made_record made;

static void begin(void)
{
	static const uint64_t vector[] = { 1, 0, 5 };

	memset(types, 0, sizeof(types));
	make_hook(&made, process_id(5, 50), vector, 3);
}

static void put(enum wire_arg_type type, enum wire_value_status status, struct span bytes)
{
	uint16_t slot = made.hook.values;

	types[slot] = (unsigned char)type;
	make_value(&made, slot, status, bytes);
}

static void put_numbers(void)
{
	static const int64_t number = -2;

	for (int type = WIRE_ARG_INT8; type <= WIRE_ARG_SIZE; type++)
		put((enum wire_arg_type)type, WIRE_VALUE_OK, SPAN_OF(number));
	put(WIRE_ARG_CAPABILITY, WIRE_VALUE_OK, SPAN_OF(number));
	put(WIRE_ARG_CAP_EFFECTIVE, WIRE_VALUE_OK, SPAN_OF(number));
	put(WIRE_ARG_BPF_CMD, WIRE_VALUE_OK, SPAN_OF(number));
	put(WIRE_ARG_SYSCALL64, WIRE_VALUE_OK, SPAN_OF(number));
}

static void put_texts(void)
{
	put(WIRE_ARG_STRING, WIRE_VALUE_OK, SPAN("two words \xff"));
	put(WIRE_ARG_FILENAME, WIRE_VALUE_CUT, SPAN("/a/\xc3"));
	put(WIRE_ARG_CHAR_BUF, WIRE_VALUE_OK, SPAN("\3\0\0\0\0\0\0\0a\0b"));
	put(WIRE_ARG_IOV_ITER, WIRE_VALUE_CUT, SPAN("\0\1\0\0\0\0\0\0abc"));
	put(WIRE_ARG_FILE, WIRE_VALUE_OK, SPAN("\xa4\x81\0\0\0\0\0\0/etc/passwd"));
	put(WIRE_ARG_DENTRY, WIRE_VALUE_CUT, SPAN("\xff\x43\0\0\0\0\0\0/tmp"));
	put(WIRE_ARG_LINUX_BINPRM, WIRE_VALUE_OK, SPAN("\xed\x89\0\0\0\0\0\0/bin/su"));
}

static void put_network(void)
{
	static const struct wire_socket sock = {
		.source = { 0x0100007f }, .family = 2, .type = 1, .protocol = 6, .state = 1
	};
	static const struct wire_packet packet = { .source = { 1, 2 }, .family = 10 };
	static const struct wire_address address = { .family = 2, .port = 22 };

	put(WIRE_ARG_SOCK, WIRE_VALUE_OK, SPAN_OF(sock));
	put(WIRE_ARG_SKB, WIRE_VALUE_OK, SPAN_OF(packet));
	put(WIRE_ARG_SOCKADDR, WIRE_VALUE_OK, SPAN_OF(address));
	put(WIRE_ARG_SOCKADDR_UN, WIRE_VALUE_OK, SPAN("\1\0\0\0\0\0\0\0\0name"));
}

static void put_credentials(void)
{
	static struct wire_cred cred;

	memset(&cred, 0xff, sizeof(cred));
	put(WIRE_ARG_CRED, WIRE_VALUE_OK, SPAN_OF(cred));
	put(WIRE_ARG_USER_NAMESPACE, WIRE_VALUE_OK, SPAN_OF(cred.user_namespace));
}

static void put_not_told(void)
{
	static const uint64_t pointer = UINT64_MAX;

	put(WIRE_ARG_STRING, WIRE_VALUE_UNREADABLE, SPAN(""));
	put(WIRE_ARG_CHAR_BUF, WIRE_VALUE_UNREADABLE, SPAN(""));
	put(WIRE_ARG_FD, WIRE_VALUE_NO_ROOM, SPAN(""));
	put(WIRE_ARG_MODULE, WIRE_VALUE_OK, SPAN_OF(pointer));
	put(WIRE_ARG_IOV_ITER, WIRE_VALUE_OK, SPAN_OF(pointer));
	put(WIRE_ARG_SOCK, WIRE_VALUE_OK, SPAN_OF(pointer));
}

static void put_broken(void)
{
	put_texts();
	made.header.bytes -= 8;
}

static const struct {
	const char *name;
	void (*put)(void);
} calls[] = {
	{ "numbers", put_numbers },   { "texts", put_texts },
	{ "network", put_network },   { "credentials", put_credentials },
	{ "not-told", put_not_told }, { "broken", put_broken },
};

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char path[4096];
		FILE *file;

		begin();
		calls[i].put();
		snprintf(path, sizeof(path), "%s/%s", argv[1], calls[i].name);
		file = fopen(path, "w");
		if (!file) {
			perror(path);
			return 1;
		}
		if (fwrite(types, 1, sizeof(types), file) != sizeof(types) ||
		    fwrite(&made, 1, made.header.bytes, file) != made.header.bytes || fclose(file))
			return 1;
	}
	return 0;
}
