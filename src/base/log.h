/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per message on standard error, and in a file if there is one. In: printf-like text,
 * lower case, no full stop. Out: `<level> <text>`; lines of the file begin with the time, which
 * whoever collects standard error adds by itself. As JSON a line is {"time", "level", "msg"} on
 * both ways. Rooms below service/ log at debug only; they return errors instead.
 */
#pragma once

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE
};

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_set_format(enum log_format format);

/*
 * Also appends to the file PATH from now on, which is created for its owner only; NULL: to no file.
 * The same path again opens the file anew, for who rotates it. A negative errno leaves all as it
 * was.
 */
int log_open_file(const char *path);

void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_message(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)
