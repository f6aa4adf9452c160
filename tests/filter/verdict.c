/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filters say of events, for whoever wants to compare. In, on standard input: lines of four
 * parts with tabs between them: "list" or "fields", the first list as JSON, the second, an event.
 * Out: for "list" a line "1" or "0" (allowed by the first list and not denied by the second), for
 * "fields" the event with the first list's field filters applied; or "refused" and why.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "event/json.h"
#include "event/json_parse.h"
#include "filter/fields.h"
#include "filter/filter.h"
#include "filter/parse.h"

static int compile(const char *json, struct filter_list **out, struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	const struct filter_options options = {};
	int error = message_list_parse("list", json, &tetragon__filter__descriptor, &list, diag);

	return error ? error
		     : filter_list_new(out, message_list_filters(&list), list.count, &options,
				       diag);
}

static int judge(char *parts[4], const Tetragon__GetEventsResponse *event, struct buf *out,
		 struct diag *diag)
{
	struct filter filter = {};
	int error = compile(parts[1], &filter.allow, diag);

	if (!error)
		error = compile(parts[2], &filter.deny, diag);
	if (!error)
		buf_add_char(out, filter_passes(&filter, event) ? '1' : '0');
	filter_done(&filter);
	return error;
}

static int show(char *parts[4], const Tetragon__GetEventsResponse *event, struct buf *out,
		struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	struct field_filters *fields = NULL;
	int error = message_list_parse("fields", parts[1], &tetragon__field_filter__descriptor,
				       &list, diag);

	if (!error)
		error = field_filters_new(&fields, message_list_field_filters(&list), list.count,
					  "fields", diag);
	if (!error)
		json_add_message(out, &field_filters_apply(fields, event)->base);
	field_filters_free(fields);
	return error;
}

static void answer(char *line)
{
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf out = {};
	Tetragon__GetEventsResponse *event = NULL;
	char *parts[4];
	int error;

	for (unsigned int i = 0; i < 4; i++)
		parts[i] = strsep(&line, "\t\n");
	if (!parts[3])
		exit(2);
	error = json_parse_event(parts[3], strlen(parts[3]), &event, &diag);
	if (!error)
		error = strcmp(parts[0], "list") == 0 ? judge(parts, event, &out, &diag)
						      : show(parts, event, &out, &diag);
	if (error)
		printf("refused %.*s\n", (int)strcspn(buf_text(&diag.text), "\n"),
		       buf_text(&diag.text));
	else
		puts(buf_text(&out));
	if (event)
		tetragon__get_events_response__free_unpacked(event, NULL);
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, stdin) > 0)
		answer(line);
	return 0;
}
