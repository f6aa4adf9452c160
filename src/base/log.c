/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the agent about itself, one write(2) each so that lines never mix. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

enum {
	LOG_TEXT_BYTES_MAX = 2048, /* a person reads no more; the rest is cut */
	/* In JSON a byte becomes at most the six of "\u001f"; time and level come on top. */
	LOG_LINE_BYTES_MAX = 6 * LOG_TEXT_BYTES_MAX + 128,
	LOG_TIME_BYTES_MAX = 40
};

static enum log_level log_level_now = LOG_LEVEL_INFO;
static enum log_format log_format_now = LOG_FORMAT_TEXT;
static int log_file_fd = -1;

void log_set_level(enum log_level level)
{
	log_level_now = level;
}

enum log_level log_get_level(void)
{
	return log_level_now;
}

void log_set_format(enum log_format format)
{
	log_format_now = format;
}

int log_open_file(const char *path)
{
	int fd = -1;

	if (path) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			  0600);
		if (fd < 0)
			return -errno;
	}
	if (log_file_fd >= 0)
		close(log_file_fd);
	log_file_fd = fd;
	return 0;
}

/* RFC 3339, UTC, milliseconds. */
static void log_read_time(char out[LOG_TIME_BYTES_MAX])
{
	struct timespec now;
	struct tm parts;
	size_t bytes;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	bytes = strftime(out, LOG_TIME_BYTES_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(out + bytes, LOG_TIME_BYTES_MAX - bytes, ".%03uZ",
		 (unsigned int)(now.tv_nsec / 1000000) % 1000);
}

/* The inside of a JSON string; what is no UTF-8 becomes U+FFFD. OUT has six bytes for each of TEXT.
 */
static size_t log_escape(char *out, const char *text)
{
	size_t bytes = strlen(text);
	size_t used = 0;

	for (size_t i = 0; i < bytes;) {
		size_t one = utf8_char_bytes(text + i, bytes - i);
		unsigned char first = (unsigned char)text[i];

		if (!one || first < 0x20) {
			used += (size_t)snprintf(out + used, 7, "\\u%04x", one ? first : 0xfffd);
		} else {
			if (first == '"' || first == '\\')
				out[used++] = '\\';
			memcpy(out + used, text + i, one);
			used += one;
		}
		i += one ? one : 1;
	}
	return used;
}

static size_t log_fill_json(char *line, const char *level, const char *time, const char *text)
{
	size_t bytes =
		(size_t)snprintf(line, LOG_LINE_BYTES_MAX,
				 "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":\"", time, level);

	bytes += log_escape(line + bytes, text);
	memcpy(line + bytes, "\"}\n", 3);
	return bytes + 3;
}

static void log_write(int fd, const char *data, size_t bytes)
{
	if (write(fd, data, bytes) < 0) {
		/* nobody can be told */
	}
}

void log_message(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug", "trace" };
	char text[LOG_TEXT_BYTES_MAX], time[LOG_TIME_BYTES_MAX];
	char line[LOG_LINE_BYTES_MAX];
	int error = errno;
	size_t bytes, time_bytes = 0;
	va_list args;
	int length;

	if (level > log_level_now)
		return;
	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0)
		return;
	log_read_time(time);
	if (log_format_now == LOG_FORMAT_JSON) {
		bytes = log_fill_json(line, names[level], time, text);
	} else {
		time_bytes = strlen(time) + 1;
		bytes = (size_t)snprintf(line, sizeof(line), "%s %-5s %s\n", time, names[level],
					 text);
	}
	log_write(STDERR_FILENO, line + time_bytes, bytes - time_bytes);
	if (log_file_fd >= 0)
		log_write(log_file_fd, line, bytes);
	errno = error;
}
