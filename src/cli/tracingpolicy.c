/* SPDX-License-Identifier: Apache-2.0 */
/* `tetra tracingpolicy add`, `delete`, `enable`, `disable`, `set-mode`: what changes the agent's
 * policies. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <tetragon/sensors.pb-c.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "cli/columns.h"
#include "cli/connect.h"
#include "rpc/address.h"
#include "rpc/limits.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MODE(name)   TETRAGON__TRACING_POLICY_MODE__TP_MODE_##name

enum { READ_BYTES = 64 * 1024 };

struct add_settings {
	const char *mode;
	const char *domain;
};

/* Of the commands about a policy that is there. */
struct name_settings {
	const char *namespace;
	const char *domain;
};

static const struct {
	const char *word;
	Tetragon__TracingPolicyMode mode;
} modes[] = {
	{ "enforce", MODE(ENFORCE) },
	{ "monitor", MODE(MONITOR) },
};

/* UNKNOWN: no such mode. */
static Tetragon__TracingPolicyMode mode_find(const char *word)
{
	for (size_t i = 0; i < COUNT(modes); i++) {
		if (strcmp(modes[i].word, word) == 0)
			return modes[i].mode;
	}
	return MODE(UNKNOWN);
}

static void mode_complain(const char *word)
{
	struct suggest suggest = suggest_start(word);

	for (size_t i = 0; i < COUNT(modes); i++)
		suggest_offer(&suggest, modes[i].word);
	if (suggest.best)
		cli_complain("unknown mode \"%s\"; did you mean \"%s\"?", word, suggest.best);
	else
		cli_complain("unknown mode \"%s\"; want enforce or monitor", word);
}

/* One byte more than a message may have is enough to know. */
static int add_read(int fd, struct buf *out)
{
	while (out->bytes <= RPC_MESSAGE_BYTES_MAX) {
		ssize_t bytes;

		if (!buf_reserve(out, READ_BYTES))
			return -ENOMEM;
		bytes = read(fd, out->data + out->bytes, READ_BYTES);
		if (bytes == 0)
			return 0;
		if (bytes < 0 && errno != EINTR)
			return -errno;
		out->bytes += bytes > 0 ? (size_t)bytes : 0;
	}
	return -EFBIG;
}

/* False: there is no text to send, and it was said why. */
static bool add_read_file(const char *path, struct buf *out)
{
	bool is_stdin = strcmp(path, "-") == 0;
	_cleanup_close_ int fd = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int error = !is_stdin && fd < 0 ? -errno : add_read(is_stdin ? STDIN_FILENO : fd, out);
	char room[96];

	if (error) {
		cli_complain("cannot read \"%s\": %s", path,
			     address_error_text(-error, room, sizeof(room)));
		return false;
	}
	/* A text of the API's ends there. */
	if (out->bytes && memchr(out->data, '\0', out->bytes)) {
		cli_complain("\"%s\" has a NUL byte; want YAML", path);
		return false;
	}
	return true;
}

/* An agent that does not know the field would ignore it and enforce. Upstream's has neither the
 * field nor this method. */
static bool add_can_have_mode(const struct cli_settings *cli, struct rpc_client *client)
{
	_cleanup_(cli_cleanup_message) ProtobufCMessage *status = NULL;
	Tetragon__GetStatusRequest request = TETRAGON__GET_STATUS_REQUEST__INIT;
	struct cli_call call = { "GetStatus", &request.base,
				 &tetragon__get_status_response__descriptor, true };
	int error = cli_call(cli, client, &call, &status);

	if (error == -EOPNOTSUPP)
		cli_complain("this agent cannot add a policy in a mode; want an option "
			     "\"policy-mode\" in the policy instead of --mode");
	return !error;
}

static bool add_file(const struct cli_settings *cli, const struct add_settings *own,
		     struct rpc_client *client, const char *path)
{
	Tetragon__AddTracingPolicyRequest request = TETRAGON__ADD_TRACING_POLICY_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	_cleanup_buf_ struct buf text = {}, warnings = {};
	struct cli_call call = {
		.method = "AddTracingPolicy",
		.request = &request.base,
		.response_type = &tetragon__add_tracing_policy_response__descriptor,
		.subject = path,
	};

	if (!add_read_file(path, &text))
		return false;
	request.yaml = (char *)buf_text(&text);
	request.domain = (char *)own->domain;
	request.mode = mode_find(own->mode);
	if (cli_call(cli, client, &call, &message))
		return false;
	columns_add_note(&warnings, 0,
			 ((const Tetragon__AddTracingPolicyResponse *)message)->warnings);
	fputs(buf_text(&warnings), stderr);
	printf("tracing policy of \"%s\" added\n", path);
	return true;
}

static enum cli_exit add_run(const struct cli_settings *cli, const void *settings)
{
	const struct add_settings *own = settings;
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	enum cli_exit status = CLI_DONE;

	if (cli_connect(cli, -1, &client) || (*own->mode && !add_can_have_mode(cli, client)))
		return CLI_FAILED;
	for (size_t i = 0; i < cli->words->count; i++) {
		if (!add_file(cli, own, client, cli->words->items[i]))
			status = CLI_FAILED;
	}
	return status;
}

static bool delete_policy(const struct cli_settings *cli, const struct name_settings *own,
			  struct rpc_client *client, const char *name)
{
	Tetragon__DeleteTracingPolicyRequest request =
		TETRAGON__DELETE_TRACING_POLICY_REQUEST__INIT;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	struct cli_call call = {
		.method = "DeleteTracingPolicy",
		.request = &request.base,
		.response_type = &tetragon__delete_tracing_policy_response__descriptor,
		.subject = name,
	};

	request.name = (char *)name;
	request.namespace_ = (char *)own->namespace;
	request.domain = (char *)own->domain;
	if (cli_call(cli, client, &call, &message))
		return false;
	printf("tracing policy \"%s\" deleted\n", name);
	return true;
}

static enum cli_exit delete_run(const struct cli_settings *cli, const void *settings)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	enum cli_exit status = CLI_DONE;

	if (cli_connect(cli, -1, &client))
		return CLI_FAILED;
	for (size_t i = 0; i < cli->words->count; i++) {
		if (!delete_policy(cli, settings, client, cli->words->items[i]))
			status = CLI_FAILED;
	}
	return status;
}

/* REQUEST has what is to change; DONE says what it was. */
static enum cli_exit configure(const struct cli_settings *cli, const struct name_settings *own,
			       Tetragon__ConfigureTracingPolicyRequest *request, const char *done)
{
	_cleanup_(cli_cleanup_client) struct rpc_client *client = NULL;
	_cleanup_(cli_cleanup_message) ProtobufCMessage *message = NULL;
	const char *name = cli->words->items[0];
	struct cli_call call = {
		.method = "ConfigureTracingPolicy",
		.request = &request->base,
		.response_type = &tetragon__configure_tracing_policy_response__descriptor,
		.subject = name,
	};

	request->name = (char *)name;
	request->namespace_ = (char *)own->namespace;
	request->domain = (char *)own->domain;
	if (cli_connect(cli, -1, &client) || cli_call(cli, client, &call, &message))
		return CLI_FAILED;
	printf("tracing policy \"%s\" %s\n", name, done);
	return CLI_DONE;
}

static enum cli_exit configure_enable(const struct cli_settings *cli, const void *settings,
				      bool enable)
{
	Tetragon__ConfigureTracingPolicyRequest request =
		TETRAGON__CONFIGURE_TRACING_POLICY_REQUEST__INIT;

	request.optional_enable_case =
		TETRAGON__CONFIGURE_TRACING_POLICY_REQUEST__OPTIONAL_ENABLE_ENABLE;
	request.enable = enable;
	return configure(cli, settings, &request, enable ? "enabled" : "disabled");
}

static enum cli_exit enable_run(const struct cli_settings *cli, const void *settings)
{
	return configure_enable(cli, settings, true);
}

static enum cli_exit disable_run(const struct cli_settings *cli, const void *settings)
{
	return configure_enable(cli, settings, false);
}

static enum cli_exit set_mode_run(const struct cli_settings *cli, const void *settings)
{
	Tetragon__ConfigureTracingPolicyRequest request =
		TETRAGON__CONFIGURE_TRACING_POLICY_REQUEST__INIT;
	const char *word = cli->words->items[1];
	char done[32];

	request.optional_mode_case = TETRAGON__CONFIGURE_TRACING_POLICY_REQUEST__OPTIONAL_MODE_MODE;
	request.mode = mode_find(word);
	if (request.mode == MODE(UNKNOWN)) {
		mode_complain(word);
		return CLI_USAGE;
	}
	snprintf(done, sizeof(done), "set to mode %s", word);
	return configure(cli, settings, &request, done);
}

static const struct option_row add_rows[] = {
	{ "mode", 'm', OPTION_TEXT, offsetof(struct add_settings, mode), .value = "",
	  .choices = "enforce|monitor",
	  .help = "whether the policy acts or only reports, from its first moment on; without it, "
		  "as the policy says" },
	{ "domain", 0, OPTION_TEXT, offsetof(struct add_settings, domain), .placeholder = "NAME",
	  .help = "the domain to add to; without it, grpc" },
};

static const struct option_row name_rows[] = {
	{ "namespace", 'n', OPTION_TEXT, offsetof(struct name_settings, namespace),
	  .placeholder = "NAME",
	  .help = "the policy's namespace; without it, policies that have none" },
	{ "domain", 0, OPTION_TEXT, offsetof(struct name_settings, domain), .placeholder = "NAME",
	  .help = "the policy's domain; without it, the only one with such a policy" },
};

const struct command command_tracingpolicy_add = {
	.path = "tracingpolicy add",
	.about = "hand policies to the agent",
	.words = "FILE...",
	.word_kinds = "file",
	.examples = "tetra tracingpolicy add web.yaml\n"
		    "tetra tracingpolicy add -m monitor web.yaml\n",
	.more = "A FILE of \"-\" is standard input. Files that the agent refuses do not keep it\n"
		"from the others. \"tetra policy check\" finds mistakes without an agent.\n",
	.rows = add_rows,
	.rows_count = COUNT(add_rows),
	.settings_bytes = sizeof(struct add_settings),
	.run = add_run,
};

#define NAME_ROWS                                          \
	.rows = name_rows, .rows_count = COUNT(name_rows), \
	.settings_bytes = sizeof(struct name_settings)

const struct command command_tracingpolicy_delete = {
	.path = "tracingpolicy delete",
	.about = "unload policies",
	.words = "NAME...",
	.word_kinds = "policy",
	NAME_ROWS,
	.run = delete_run,
};

const struct command command_tracingpolicy_enable = {
	.path = "tracingpolicy enable",
	.about = "attach the hooks of a policy again",
	.words = "NAME",
	.word_kinds = "policy",
	.words_count = 1,
	NAME_ROWS,
	.run = enable_run,
};

const struct command command_tracingpolicy_disable = {
	.path = "tracingpolicy disable",
	.about = "detach the hooks of a policy, and keep it",
	.words = "NAME",
	.word_kinds = "policy",
	.words_count = 1,
	NAME_ROWS,
	.run = disable_run,
};

const struct command command_tracingpolicy_set_mode = {
	.path = "tracingpolicy set-mode",
	.about = "let a policy act or only report",
	.words = "NAME MODE",
	.word_kinds = "policy enforce|monitor",
	.words_count = 2,
	.more = "MODE is enforce or monitor.\n",
	NAME_ROWS,
	.run = set_mode_run,
};
