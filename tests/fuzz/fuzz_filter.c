/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of filters as text, in each of their forms: what compiles must be able to judge and to
 * change some events; what does not must say why. */
#include "event/json_parse.h"
#include "filter/fields.h"
#include "filter/filter.h"
#include "filter/parse.h"
#include "filter/redact.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXEC                                                                                       \
	"{\"process_exec\":{\"process\":{\"exec_id\":\"a\",\"pid\":1,\"binary\":\"/usr/bin/aab\"," \
	"\"arguments\":\"--password x\",\"cap\":{\"effective\":[\"CAP_KILL\"]},\"pod\":{"          \
	"\"namespace\":\"default\",\"pod_labels\":{\"a\":\"b\"}}},\"parent\":{\"pid\":2},"         \
	"\"ancestors\":[{\"binary\":\"init\"}]}}"
#define KPROBE                                                                                  \
	"{\"process_kprobe\":{\"process\":{\"binary\":\"/x\"},\"policy_name\":\"p\",\"args\":[" \
	"{\"string_arg\":\"s\"},{\"file_arg\":{\"path\":\"/etc\"}}]}}"

static const char *const events[] = { EXEC, KPROBE, "{\"process_throttle\":{\"cgroup\":\"c\"}}" };

static void must_be_told(int error, const struct diag *diag)
{
	if (error && error != -ENOMEM && !diag->lines)
		abort();
}

static void judge(struct filter_list *list, struct field_filters *fields)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		Tetragon__GetEventsResponse *event = NULL;

		if (json_parse_event(events[i], strlen(events[i]), &event, NULL))
			abort();
		if (list)
			filter_list_matches(list, event);
		if (fields)
			protobuf_c_message_get_packed_size(
				&field_filters_apply(fields, event)->base);
		tetragon__get_events_response__free_unpacked(event, NULL);
	}
}

static void try_list(const char *text)
{
	_cleanup_message_list_ struct message_list list = {};
	_cleanup_diag_ struct diag diag = {};
	struct filter_list *filters = NULL;
	int error = message_list_parse("list", text, &tetragon__filter__descriptor, &list, &diag);

	if (!error)
		error = filter_list_new(&filters, message_list_filters(&list), list.count,
					&(struct filter_options){}, &diag);
	must_be_told(error, &diag);
	if (filters)
		judge(filters, NULL);
	filter_list_free(filters);
}

static void try_pairs(const char *text)
{
	_cleanup_diag_ struct diag diag = {};
	struct filter_list *filters = NULL;
	Tetragon__Filter *filter = NULL;
	int error = filter_parse_pairs("pairs", text, &filter, &diag);

	if (!error)
		error = filter_list_new(&filters, &filter, 1, &(struct filter_options){}, &diag);
	must_be_told(error, &diag);
	if (filters)
		judge(filters, NULL);
	filter_list_free(filters);
	if (filter)
		tetragon__filter__free_unpacked(filter, NULL);
}

static void try_fields(const char *text)
{
	_cleanup_message_list_ struct message_list list = {};
	_cleanup_diag_ struct diag diag = {};
	struct field_filters *fields = NULL;
	int error = message_list_parse("fields", text, &tetragon__field_filter__descriptor, &list,
				       &diag);

	if (!error)
		error = field_filters_new(&fields, message_list_field_filters(&list), list.count,
					  "fields", &diag);
	must_be_told(error, &diag);
	if (fields)
		judge(NULL, fields);
	field_filters_free(fields);
}

static void try_redaction(const char *text)
{
	_cleanup_message_list_ struct message_list list = {};
	_cleanup_buf_ struct buf secret = {};
	_cleanup_diag_ struct diag diag = {};
	struct redaction *redaction = NULL;
	int error = message_list_parse("secrets", text, &tetragon__redaction_filter__descriptor,
				       &list, &diag);

	if (!error)
		error = redaction_new(&redaction, message_list_redaction_filters(&list), list.count,
				      "secrets", &diag);
	must_be_told(error, &diag);
	buf_add_text(&secret, "-u me --password=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab \xc3\xa9");
	if (redaction)
		redaction_apply(redaction, "/usr/bin/psql", &secret);
	redaction_free(redaction);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	try_list(text);
	try_pairs(text);
	try_fields(text);
	try_redaction(text);
	free(text);
	return 0;
}
