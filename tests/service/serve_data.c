/* SPDX-License-Identifier: Apache-2.0 */
/* One row per kind of answer. */
#include "serve_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "event/json_parse.h"

static const struct {
	const char *word;
	const ProtobufCMessageDescriptor *type;
} rows[SERVE_DATA_KINDS] = {
	[SERVE_STATUS] = { "status", &tetragon__get_status_response__descriptor },
	[SERVE_PROCESSES] = { "processes", &tetragon__dump_process_cache_res_args__descriptor },
	[SERVE_POLICIES] = { "policies", &tetragon__list_tracing_policies_response__descriptor },
};

static void data_read(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");
	char part[4096];
	size_t bytes;

	while (file && (bytes = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(out, part, bytes);
	if (file)
		fclose(file);
}

const char *serve_data_load(struct serve_data *data, const char *word, const char *path)
{
	_cleanup_buf_ struct buf text = {};
	_cleanup_diag_ struct diag diag = {};
	ProtobufCMessage *message;
	size_t kind = 0;

	while (kind < SERVE_DATA_KINDS && strcmp(rows[kind].word, word) != 0)
		kind++;
	if (kind == SERVE_DATA_KINDS)
		return "unknown kind of answer";
	data_read(path, &text);
	if (json_parse_message((struct span){ buf_text(&text), text.bytes }, rows[kind].type,
			       JSON_UNKNOWN_REFUSE, &message, &diag)) {
		fputs(buf_text(&diag.text), stderr);
		return "no such message";
	}
	if (data->messages[kind])
		protobuf_c_message_free_unpacked(data->messages[kind], NULL);
	data->messages[kind] = message;
	return "loaded";
}

void serve_data_done(struct serve_data *data)
{
	for (size_t i = 0; i < SERVE_DATA_KINDS; i++) {
		if (data->messages[i])
			protobuf_c_message_free_unpacked(data->messages[i], NULL);
	}
}
