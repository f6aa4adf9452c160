/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the agent about itself, one write(2) each so that lines never mix. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LOG_LINE_BYTES_MAX = 2048 };

static enum log_level log_level_now = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	log_level_now = level;
}

enum log_level log_get_level(void)
{
	return log_level_now;
}

void log_message(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warn ", "info ", "debug", "trace" };
	char line[LOG_LINE_BYTES_MAX];
	int error = errno;
	va_list args;
	int head;
	int bytes;

	if (level > log_level_now)
		return;
	head = snprintf(line, sizeof(line), "%s ", names[level]);
	va_start(args, format);
	bytes = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
	va_end(args);
	if (bytes < 0)
		return;
	bytes += head;
	if ((size_t)bytes > sizeof(line) - 2)
		bytes = sizeof(line) - 2;
	line[bytes++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)bytes) < 0) {
		/* nobody can be told */
	}
	errno = error;
}
