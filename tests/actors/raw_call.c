/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_call NUMBER ARG...: one system call with exactly these arguments; whether it succeeds is of
 * no interest. An argument is
 *
 *	123, -1, 0x7f	a number of 64 bits
 *	=TEXT		the address of TEXT
 *	:HEX		the address of these bytes
 *	/A/B		the address of an iovec whose segments are the texts A and B
 *	<PATH, +PATH	a descriptor of PATH, opened to read, or to read and write
 *	@FAMILY		a descriptor of a datagram socket of that address family
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "actor.h"

enum { ARGUMENTS_MAX = 6, SEGMENTS_MAX = 16 };

static unsigned long parse_number(const char *text)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 0);
	if (errno || end == text || *end)
		actor_die(text);
	return number;
}

/* More than the bytes are there: some calls read a struct of fixed size. */
static unsigned long parse_bytes(const char *digits)
{
	size_t count = strlen(digits) / 2;
	unsigned char *bytes = calloc(1, count + 256);

	if (!bytes)
		actor_die("calloc");
	for (size_t i = 0; i < count; i++) {
		char pair[] = { digits[2 * i], digits[2 * i + 1], '\0' };

		bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return (unsigned long)bytes;
}

static unsigned long parse_segments(char *text)
{
	struct iovec *segments = calloc(SEGMENTS_MAX, sizeof(*segments));
	char *rest = text;

	if (!segments)
		actor_die("calloc");
	for (int i = 0; rest && i < SEGMENTS_MAX; i++) {
		char *segment = strsep(&rest, "/");

		segments[i].iov_base = segment;
		segments[i].iov_len = strlen(segment);
	}
	return (unsigned long)segments;
}

static unsigned long parse_descriptor(int descriptor, const char *text)
{
	if (descriptor < 0)
		actor_die(text);
	return (unsigned long)descriptor;
}

static unsigned long parse_argument(char *text)
{
	char *rest = text + 1;

	switch (*text) {
	case '=':
		return (unsigned long)rest;
	case ':':
		return parse_bytes(rest);
	case '/':
		return parse_segments(rest);
	case '<':
		return parse_descriptor(open(rest, O_RDONLY), rest);
	case '+':
		return parse_descriptor(open(rest, O_RDWR), rest);
	case '@':
		return parse_descriptor(socket((int)parse_number(rest), SOCK_DGRAM, 0), rest);
	default:
		return parse_number(text);
	}
}

int main(int argc, char **argv)
{
	unsigned long arguments[ARGUMENTS_MAX] = {};

	actor_need(argc, 1, "raw_call NUMBER ARG...");
	for (int i = 0; i < argc - 2 && i < ARGUMENTS_MAX; i++)
		arguments[i] = parse_argument(argv[i + 2]);
	syscall((long)parse_number(argv[1]), arguments[0], arguments[1], arguments[2], arguments[3],
		arguments[4], arguments[5]);
	return 0;
}
