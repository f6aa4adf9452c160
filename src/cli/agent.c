/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra info`, `loglevel`, `eventlog`, `sensors` and `rthooks`: a question or a setting of the
 * agent each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tetragon/eventlogservice.pb-c.h>
#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "cli/ask.h"
#include "cli/columns.h"
#include "event/text.h"

#define COUNT(array)	  (sizeof(array) / sizeof((array)[0]))
#define EVENT_LOG_SERVICE "tetragon.EventLogService"

struct output_settings {
	const char *output;
};

static const struct option_row output_rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct output_settings, output), .value = "text",
	  .choices = "text|json", .help = "for people or for programs" },
};

#define OUTPUT_ROWS                                            \
	.rows = output_rows, .rows_count = COUNT(output_rows), \
	.settings_bytes = sizeof(struct output_settings)

static bool output_is_json(const void *settings)
{
	return strcmp(((const struct output_settings *)settings)->output, "json") == 0;
}

/* ---- info ----------------------------------------------------------------------------------- */

static enum cli_exit info_run(const struct cli_settings *cli, const void *settings)
{
	Tetragon__GetInfoRequest request = TETRAGON__GET_INFO_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	struct cli_call call = {
		.method = "GetInfo",
		.request = &request.base,
		.response_type = &tetragon__get_info_response__descriptor,
	};

	return cli_ask(cli, &call, &answer) ? cli_print_json(answer) : CLI_FAILED;
}

const struct command command_info = {
	.path = "info",
	.about = "build, settings and kernel features of the agent, as JSON",
	.examples = "tetra info | jq -r '.probes[] | select(.Enabled) | .Name'\n",
	.run = info_run,
};

/* ---- loglevel ------------------------------------------------------------------------------- */

/* By Tetragon__LogLevel. */
static const char *const level_words[] = { "panic", "fatal", "error", "warning",
					   "info",  "debug", "trace" };

/* -1: no such level. */
static int level_find(const char *word)
{
	if (strcmp(word, "warn") == 0)
		return TETRAGON__LOG_LEVEL__LOG_LEVEL_WARN;
	for (size_t i = 0; i < COUNT(level_words); i++) {
		if (strcmp(level_words[i], word) == 0)
			return (int)i;
	}
	return -1;
}

static void level_complain(const char *word)
{
	struct suggest suggest = suggest_start(word);

	for (size_t i = 0; i < COUNT(level_words); i++)
		suggest_offer(&suggest, level_words[i]);
	if (suggest.best)
		cli_complain("unknown log level \"%s\"; did you mean \"%s\"?", word, suggest.best);
	else
		cli_complain("unknown log level \"%s\"; want error, warning, info, debug or trace",
			     word);
}

static enum cli_exit level_print(int level, bool is_json)
{
	const char *word =
		level >= 0 && level < (int)COUNT(level_words) ? level_words[level] : "unknown";

	printf(is_json ? "{\"level\":\"%s\"}\n" : "%s\n", word);
	return CLI_DONE;
}

static enum cli_exit level_get_run(const struct cli_settings *cli, const void *settings)
{
	Tetragon__GetDebugRequest request = TETRAGON__GET_DEBUG_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	struct cli_call call = {
		.method = "GetDebug",
		.request = &request.base,
		.response_type = &tetragon__get_debug_response__descriptor,
	};

	request.flag = TETRAGON__CONFIG_FLAG__CONFIG_FLAG_LOG_LEVEL;
	if (!cli_ask(cli, &call, &answer))
		return CLI_FAILED;
	return level_print((int)((const Tetragon__GetDebugResponse *)answer)->level,
			   output_is_json(settings));
}

static enum cli_exit level_set_run(const struct cli_settings *cli, const void *settings)
{
	Tetragon__SetDebugRequest request = TETRAGON__SET_DEBUG_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	int level = level_find(cli->words->items[0]);
	struct cli_call call = {
		.method = "SetDebug",
		.request = &request.base,
		.response_type = &tetragon__set_debug_response__descriptor,
	};

	if (level < 0) {
		level_complain(cli->words->items[0]);
		return CLI_USAGE;
	}
	request.flag = TETRAGON__CONFIG_FLAG__CONFIG_FLAG_LOG_LEVEL;
	request.arg_case = TETRAGON__SET_DEBUG_REQUEST__ARG_LEVEL;
	request.level = (Tetragon__LogLevel)level;
	if (!cli_ask(cli, &call, &answer))
		return CLI_FAILED;
	return level_print((int)((const Tetragon__SetDebugResponse *)answer)->level,
			   output_is_json(settings));
}

const struct command command_loglevel_get = {
	.path = "loglevel get",
	.about = "the level of messages that the agent writes",
	OUTPUT_ROWS,
	.run = level_get_run,
};

const struct command command_loglevel_set = {
	.path = "loglevel set",
	.about = "change that level until the agent ends",
	.words = "LEVEL",
	.words_count = 1,
	.word_kinds = "error|warning|info|debug|trace",
	.more = "LEVEL is error, warning, info, debug or trace; panic and fatal mean error.\n",
	.examples = "tetra loglevel set debug\n",
	OUTPUT_ROWS,
	.run = level_set_run,
};

/* ---- eventlog ------------------------------------------------------------------------------- */

struct eventlog_settings {
	int64_t max_size, max_backups; /* -1: as it is */
	const char *rotation_interval; /* "": as it is */
};

static void eventlog_add(struct buf *out, const Tetragon__GetEventLogParamsResponse *answer)
{
	buf_add_format(out, "max size:           %d MB\n", answer->max_size);
	buf_add_format(out, "max backups:        %d\n", answer->max_backups);
	buf_add_text(out, "rotation interval:  ");
	text_add_printable(out, *answer->rotation_interval ? answer->rotation_interval : "none");
	buf_add_char(out, '\n');
}

static enum cli_exit eventlog_get_run(const struct cli_settings *cli, const void *settings)
{
	Tetragon__GetEventLogParamsRequest request = TETRAGON__GET_EVENT_LOG_PARAMS_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	_cleanup_buf_ struct buf text = {};
	struct cli_call call = {
		.method = "GetEventLogParams",
		.request = &request.base,
		.response_type = &tetragon__get_event_log_params_response__descriptor,
		.service = EVENT_LOG_SERVICE,
	};

	if (!cli_ask(cli, &call, &answer))
		return CLI_FAILED;
	if (output_is_json(settings))
		return cli_print_json(answer);
	eventlog_add(&text, (const Tetragon__GetEventLogParamsResponse *)answer);
	return cli_print(&text);
}

#define SET(member) TETRAGON__SET_EVENT_LOG_PARAMS_REQUEST__OPTIONAL_##member

static bool eventlog_fill(Tetragon__SetEventLogParamsRequest *request,
			  const struct eventlog_settings *own)
{
	if (own->max_size > INT32_MAX || own->max_backups > INT32_MAX || own->max_size < -1 ||
	    own->max_backups < -1) {
		cli_complain("--max-size and --max-backups are from 0 to %d", INT32_MAX);
		return false;
	}
	if (own->max_size < 0 && own->max_backups < 0 && !*own->rotation_interval) {
		cli_complain("nothing to set; give --max-size, --max-backups or "
			     "--rotation-interval");
		return false;
	}
	if (own->max_size >= 0)
		request->optional_max_size_case = SET(MAX_SIZE_MAX_SIZE);
	request->max_size = (int32_t)own->max_size;
	if (own->max_backups >= 0)
		request->optional_max_backups_case = SET(MAX_BACKUPS_MAX_BACKUPS);
	request->max_backups = (int32_t)own->max_backups;
	if (*own->rotation_interval)
		request->optional_rotation_interval_case = SET(ROTATION_INTERVAL_ROTATION_INTERVAL);
	request->rotation_interval = (char *)own->rotation_interval;
	return true;
}

static enum cli_exit eventlog_set_run(const struct cli_settings *cli, const void *settings)
{
	Tetragon__SetEventLogParamsRequest request = TETRAGON__SET_EVENT_LOG_PARAMS_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	struct cli_call call = {
		.method = "SetEventLogParams",
		.request = &request.base,
		.response_type = &tetragon__set_event_log_params_response__descriptor,
		.service = EVENT_LOG_SERVICE,
	};

	if (!eventlog_fill(&request, settings))
		return CLI_USAGE;
	if (!cli_ask(cli, &call, &answer))
		return CLI_FAILED;
	puts("event file settings changed");
	return CLI_DONE;
}

static const struct option_row eventlog_rows[] = {
	{ "max-size", 0, OPTION_INT, offsetof(struct eventlog_settings, max_size), .value = "-1",
	  .placeholder = "MB", .help = "a larger file is rotated; -1: as it is" },
	{ "max-backups", 0, OPTION_INT, offsetof(struct eventlog_settings, max_backups),
	  .value = "-1", .placeholder = "COUNT",
	  .help = "so many rotated files are kept; -1: as it is" },
	{ "rotation-interval", 0, OPTION_TEXT,
	  offsetof(struct eventlog_settings, rotation_interval), .placeholder = "TIME",
	  .help = "also rotate that often, such as 1h; 0s: never; without it, as it is" },
};

const struct command command_eventlog_get = {
	.path = "eventlog get",
	.about = "how the agent's event file is rotated",
	OUTPUT_ROWS,
	.run = eventlog_get_run,
};

const struct command command_eventlog_set = {
	.path = "eventlog set",
	.about = "change that until the agent ends",
	.examples = "tetra eventlog set --max-size 50 --max-backups 3\n",
	.rows = eventlog_rows,
	.rows_count = COUNT(eventlog_rows),
	.settings_bytes = sizeof(struct eventlog_settings),
	.run = eventlog_set_run,
};

/* ---- sensors -------------------------------------------------------------------------------- */

static enum cli_exit sensors_list_run(const struct cli_settings *cli, const void *settings)
{
	static const char *const titles[] = { "NAME", "ENABLED", "COLLECTION" };
	Tetragon__ListSensorsRequest request = TETRAGON__LIST_SENSORS_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	_cleanup_columns_ struct columns columns = { .count = COUNT(titles) };
	_cleanup_buf_ struct buf text = {};
	const Tetragon__ListSensorsResponse *list;
	struct cli_call call = {
		.method = "ListSensors",
		.request = &request.base,
		.response_type = &tetragon__list_sensors_response__descriptor,
	};

	if (!cli_ask(cli, &call, &answer))
		return CLI_FAILED;
	if (output_is_json(settings))
		return cli_print_json(answer);
	list = (const Tetragon__ListSensorsResponse *)answer;
	for (size_t i = 0; i < COUNT(titles); i++)
		columns_add(&columns, titles[i]);
	for (size_t i = 0; i < list->n_sensors; i++) {
		columns_add(&columns, list->sensors[i]->name);
		columns_add(&columns, list->sensors[i]->enabled ? "true" : "false");
		columns_add(&columns, list->sensors[i]->collection);
	}
	for (size_t i = 0; i <= list->n_sensors; i++)
		columns_write_row(&columns, &text);
	return cli_print(&text);
}

/* The three have requests of one shape, a name, and answers without fields. */
static enum cli_exit sensors_change(const struct cli_settings *cli, const char *method)
{
	Tetragon__EnableSensorRequest request = TETRAGON__ENABLE_SENSOR_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	struct cli_call call = {
		.method = method,
		.request = &request.base,
		.response_type = &tetragon__enable_sensor_response__descriptor,
		.subject = cli->words->items[0],
	};

	request.name = (char *)cli->words->items[0];
	return cli_ask(cli, &call, &answer) ? CLI_DONE : CLI_FAILED;
}

static enum cli_exit sensors_enable_run(const struct cli_settings *cli, const void *settings)
{
	return sensors_change(cli, "EnableSensor");
}

static enum cli_exit sensors_disable_run(const struct cli_settings *cli, const void *settings)
{
	return sensors_change(cli, "DisableSensor");
}

static enum cli_exit sensors_remove_run(const struct cli_settings *cli, const void *settings)
{
	return sensors_change(cli, "RemoveSensor");
}

const struct command command_sensors_list = {
	.path = "sensors list",
	.about = "deprecated: see tracingpolicy list",
	.is_hidden = true,
	OUTPUT_ROWS,
	.run = sensors_list_run,
};

#define SENSORS_CHANGE .words = "NAME", .words_count = 1, .is_hidden = true

const struct command command_sensors_enable = {
	.path = "sensors enable",
	.about = "deprecated: see tracingpolicy enable",
	SENSORS_CHANGE,
	.run = sensors_enable_run,
};

const struct command command_sensors_disable = {
	.path = "sensors disable",
	.about = "deprecated: see tracingpolicy disable",
	SENSORS_CHANGE,
	.run = sensors_disable_run,
};

const struct command command_sensors_rm = {
	.path = "sensors rm",
	.about = "deprecated: see tracingpolicy delete",
	SENSORS_CHANGE,
	.run = sensors_remove_run,
};

/* ---- rthooks -------------------------------------------------------------------------------- */

struct rthooks_settings {
	const char *container_id, *root_dir, *cgroups_path;
	struct option_list annotations;
};

static bool rthooks_add_annotation(Tetragon__CreateContainer__AnnotationsEntry *entry,
				   const char *text)
{
	const char *equals = strchr(text, '=');

	tetragon__create_container__annotations_entry__init(entry);
	if (!equals || equals == text) {
		cli_complain("bad annotation \"%s\"; want KEY=VALUE", text);
		return false;
	}
	entry->key = strndup(text, (size_t)(equals - text));
	entry->value = (char *)equals + 1;
	return entry->key;
}

static enum cli_exit rthooks_call(const struct cli_settings *cli,
				  Tetragon__CreateContainer *container)
{
	Tetragon__RuntimeHookRequest request = TETRAGON__RUNTIME_HOOK_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *answer = NULL;
	struct cli_call call = {
		.method = "RuntimeHook",
		.request = &request.base,
		.response_type = &tetragon__runtime_hook_response__descriptor,
		.subject =
			*container->containerid ? container->containerid : container->cgroupspath,
	};

	request.event_case = TETRAGON__RUNTIME_HOOK_REQUEST__EVENT_CREATE_CONTAINER;
	request.createcontainer = container;
	return cli_ask(cli, &call, &answer) ? CLI_DONE : CLI_FAILED;
}

static enum cli_exit rthooks_run(const struct cli_settings *cli, const void *settings)
{
	const struct rthooks_settings *own = settings;
	Tetragon__CreateContainer container = TETRAGON__CREATE_CONTAINER__INIT;
	size_t count = own->annotations.count;
	_cleanup_free_ Tetragon__CreateContainer__AnnotationsEntry *entries =
		calloc(count + 1, sizeof(*entries));
	_cleanup_free_ Tetragon__CreateContainer__AnnotationsEntry **pointers =
		calloc(count + 1, sizeof(*pointers));
	enum cli_exit status = CLI_USAGE;
	size_t filled = 0;

	if (!entries || !pointers)
		return CLI_FAILED;
	while (filled < count &&
	       rthooks_add_annotation(&entries[filled], own->annotations.items[filled])) {
		pointers[filled] = &entries[filled];
		filled++;
	}
	container.containerid = (char *)own->container_id;
	container.rootdir = (char *)own->root_dir;
	container.cgroupspath = (char *)own->cgroups_path;
	container.n_annotations = filled;
	container.annotations = pointers;
	if (filled == count)
		status = rthooks_call(cli, &container);
	for (size_t i = 0; i < filled; i++)
		free(entries[i].key);
	return status;
}

static const struct option_row rthooks_rows[] = {
	{ "container-id", 0, OPTION_TEXT, offsetof(struct rthooks_settings, container_id),
	  .placeholder = "ID", .help = "what the runtime calls the container" },
	{ "root-dir", 0, OPTION_TEXT, offsetof(struct rthooks_settings, root_dir),
	  .placeholder = "DIR", .help = "root directory of the container" },
	{ "cgroups-path", 0, OPTION_TEXT, offsetof(struct rthooks_settings, cgroups_path),
	  .placeholder = "PATH", .help = "cgroup of the container, as the runtime names it" },
	{ "annotations", 0, OPTION_LIST, offsetof(struct rthooks_settings, annotations),
	  .placeholder = "KEY=VALUE,...", .help = "annotations of the container" },
};

const struct command command_rthooks_create_container = {
	.path = "rthooks create-container",
	.about = "tell the agent of a container that is about to start",
	.more = "For container runtimes' hooks. This agent learns containers from their cgroups\n"
		"and says so.\n",
	.is_hidden = true,
	.rows = rthooks_rows,
	.rows_count = COUNT(rthooks_rows),
	.settings_bytes = sizeof(struct rthooks_settings),
	.run = rthooks_run,
};
