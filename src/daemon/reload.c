/* SPDX-License-Identifier: Apache-2.0 */
/* Which options can change while the agent runs, one row each; all others need a restart. */
#include "daemon/reload.h"

#include <string.h>

#include "base/log.h"

/* Words are checked against the option's choices before; fatal has no messages of its own here. */
static enum log_level level_from_word(const char *word)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{ "trace", LOG_LEVEL_TRACE }, { "debug", LOG_LEVEL_DEBUG },
		{ "info", LOG_LEVEL_INFO },   { "warn", LOG_LEVEL_WARN },
		{ "error", LOG_LEVEL_ERROR }, { "fatal", LOG_LEVEL_ERROR },
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(levels[i].name, word) == 0)
			return levels[i].level;
	}
	return LOG_LEVEL_INFO;
}

static void apply_level(const struct daemon_options *values)
{
	log_set_level(level_from_word(values->debug ? "debug" : values->log_level));
}

static void apply_format(const struct daemon_options *values)
{
	log_set_format(strcmp(values->log_format, "json") ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON);
}

int config_apply_log_file(const struct daemon_options *values, struct diag *diag)
{
	int error = log_open_file(values->log_file[0] ? values->log_file : NULL);

	if (error)
		diag_add(diag, "cannot open log file \"%s\": %s; name another one with --log-file",
			 values->log_file, strerror(-error));
	return error;
}

int config_apply_log(const struct daemon_options *values, struct diag *diag)
{
	apply_level(values);
	apply_format(values);
	return config_apply_log_file(values, diag);
}

/* What is not applied here is for whoever AREA names, or, without one, for the caller in any case.
 * A level that a client has set over gRPC stays when the configuration says what it said before. */
static const struct {
	const char *name;
	void (*apply)(const struct daemon_options *values);
	enum reload_area area;
} changeable[] = {
	{ "log-level", apply_level },
	{ "debug", apply_level },
	{ "log-format", apply_format },
	{ "log-file" },
	{ "tracing-policy", .area = RELOAD_POLICIES },
	{ "export-file-max-size-mb", .area = RELOAD_EXPORT },
	{ "export-file-max-backups", .area = RELOAD_EXPORT },
	{ "export-file-rotation-interval", .area = RELOAD_EXPORT },
	{ "export-file-compress", .area = RELOAD_EXPORT },
	{ "export-rate-limit", .area = RELOAD_EXPORT },
};

struct take_over {
	struct config *running;
	struct diag *changed, *waiting;
	unsigned int areas;
};

static void row_change(struct take_over *task, size_t index, const char *value, const char *source)
{
	struct config *running = task->running;
	const char *name = changeable[index].name;

	if (options_reset(running->flags, name) ||
	    options_set(running->flags, name, value, source, task->waiting))
		return;
	if (changeable[index].apply)
		changeable[index].apply(&running->values);
	task->areas |= changeable[index].area;
}

static void row_compare(void *context, const struct option_row *row, const char *value,
			const char *source)
{
	struct take_over *task = context;
	const char *old = options_get_text(task->running->flags, row->name);

	if (!old || strcmp(old, value) == 0)
		return;
	for (size_t i = 0; i < sizeof(changeable) / sizeof(changeable[0]); i++) {
		if (strcmp(changeable[i].name, row->name) == 0) {
			diag_add(task->changed, "%s changed from \"%s\" to \"%s\" (%s)", row->name,
				 old, value, source);
			row_change(task, i, value, source);
			return;
		}
	}
	diag_add(task->waiting, "%s changed from \"%s\" to \"%s\" (%s): needs a restart", row->name,
		 old, value, source);
}

unsigned int config_take_over(struct config *running, const struct config *next,
			      struct diag *changed, struct diag *waiting)
{
	struct take_over task = { running, changed, waiting };

	options_visit(next->flags, row_compare, &task);
	return task.areas;
}
