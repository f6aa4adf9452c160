/* SPDX-License-Identifier: Apache-2.0 */
/* What of an event is shown: field filters and redaction. */
#include "cmocka_case.h"

#include <errno.h>

#include "event/json.h"
#include "event/json_parse.h"
#include "fill_message.h"
#include "filter/fields.h"
#include "filter/parse.h"
#include "filter/redact.h"

static int compile_fields(const char *json, struct field_filters **out, struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	int error = message_list_parse("fields", json, &tetragon__field_filter__descriptor, &list,
				       diag);

	return error ? error
		     : field_filters_new(out, message_list_field_filters(&list), list.count,
					 "fields", diag);
}

#define EVENT                                                                                    \
	"{\"process_exec\":{\"process\":{\"pid\":1,\"binary\":\"/a\",\"flags\":\"f\","           \
	"\"pod\":{\"namespace\":\"n\",\"pod_labels\":{\"l\":\"v\"}}},"                           \
	"\"parent\":{\"pid\":2,\"binary\":\"/b\"},\"ancestors\":[{\"pid\":3,\"binary\":\"/c\"}," \
	"{\"pid\":4,\"binary\":\"/d\"}]},\"node_name\":\"here\"}"

static const struct {
	const char *filters, *shown;
} rows[] = {
	{ "{}", EVENT },
	{ "{\"action\":\"EXCLUDE\"}", EVENT },
	{ "{\"fields\":\"process.binary,parent.pid\"}",
	  "{\"process_exec\":{\"process\":{\"binary\":\"/a\"},\"parent\":{\"pid\":2}},"
	  "\"node_name\":\"here\"}" },
	{ "{\"fields\":\"process,process.pid,parent.pid,parent\",\"event_set\":[\"PROCESS_EXEC\"]}"
	  "{\"fields\":\"process.pod\",\"action\":\"EXCLUDE\"}",
	  "{\"process_exec\":{\"process\":{\"pid\":1,\"binary\":\"/a\",\"flags\":\"f\"},"
	  "\"parent\":{\"pid\":2,\"binary\":\"/b\"}},\"node_name\":\"here\"}" },
	{ "{\"fields\":\"ancestors.binary\"}",
	  "{\"process_exec\":{\"ancestors\":[{\"binary\":\"/c\"},{\"binary\":\"/d\"}]},"
	  "\"node_name\":\"here\"}" },
	{ "{\"fields\":\"ancestors.binary,process,parent\",\"action\":\"EXCLUDE\"}",
	  "{\"process_exec\":{\"ancestors\":[{\"pid\":3},{\"pid\":4}]},\"node_name\":\"here\"}" },
	{ "{\"fields\":\"process.pod.podLabels\"}",
	  "{\"process_exec\":{\"process\":{\"pod\":{\"pod_labels\":{\"l\":\"v\"}}}},"
	  "\"node_name\":\"here\"}" },
	{ "{\"fields\":\"parent\",\"event_set\":[\"PROCESS_EXIT\"]}", EVENT },
	{ "{\"fields\":\"parent\",\"event_set\":[\"PROCESS_EXEC\"],\"invert_event_set\":true}",
	  EVENT },
	{ "{\"fields\":\"parent.pid\",\"event_set\":[\"PROCESS_EXIT\"],\"invert_event_set\":true}",
	  "{\"process_exec\":{\"parent\":{\"pid\":2}},\"node_name\":\"here\"}" },
	{ "{\"fields\":\"function_name\"}", "{\"process_exec\":{},\"node_name\":\"here\"}" },
	{ "{\"fields\":\"function_name\",\"action\":\"EXCLUDE\"}", EVENT },
};

static void fields_are_chosen_by_path(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		_cleanup_buf_ struct buf shown = {}, after = {};
		struct field_filters *filters = NULL;
		Tetragon__GetEventsResponse *event = NULL;

		assert_int_equal(json_parse_event(EVENT, strlen(EVENT), &event, &diag), 0);
		if (compile_fields(rows[i].filters, &filters, &diag))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
		json_add_message(&shown, &field_filters_apply(filters, event)->base);
		assert_row_string(i, buf_text(&shown), rows[i].shown);
		json_add_message(&after, &event->base);
		assert_row_string(i, buf_text(&after), EVENT);
		field_filters_free(filters);
		tetragon__get_events_response__free_unpacked(event, NULL);
	}
}

/* Every field of every event can be left out, alone, and what is left can be packed. */
static void each_field_can_be_left_out(void **state)
{
	unsigned int members = fill_member_count(&tetragon__get_events_response__descriptor);

	for (unsigned int member = 0; member < members; member++) {
		ProtobufCMessage *filled =
			fill_message(&tetragon__get_events_response__descriptor, member);
		Tetragon__GetEventsResponse *event = (Tetragon__GetEventsResponse *)filled;
		const ProtobufCMessageDescriptor *type = event->process_exec->base.descriptor;
		size_t whole = protobuf_c_message_get_packed_size(filled);

		for (unsigned int i = 0; i < type->n_fields; i++) {
			_cleanup_buf_ struct buf json = {}, packed = {};
			struct field_filters *filters = NULL;
			const Tetragon__GetEventsResponse *shown;

			buf_add_format(&json, "{\"action\":\"EXCLUDE\",\"fields\":\"%s\"}",
				       type->fields[i].name);
			assert_int_equal(compile_fields(buf_text(&json), &filters, NULL), 0);
			shown = field_filters_apply(filters, event);
			assert_true(protobuf_c_message_get_packed_size(&shown->base) < whole);
			assert_true(buf_reserve(&packed, whole));
			protobuf_c_message_pack(&shown->base, (uint8_t *)packed.data);
			field_filters_free(filters);
		}
		assert_int_equal(protobuf_c_message_get_packed_size(filled), whole);
		protobuf_c_message_free_unpacked(filled, NULL);
	}
}

static void a_path_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *filters, *words;
	} bad[] = {
		{ "{\"fields\":\"process.binry\"}", "path \"process.binry\": no field \"binry\" in "
						    "Process; did you mean \"binary\"?" },
		{ "{\"fields\":\"proces\"}", "did you mean \"process\"" },
		{ "{\"fields\":\"process.binary.x\"}", "nothing is below \"process.binary\"" },
		{ "{\"fields\":\"process..pid\"}", "no field \"\"" },
		{ "{\"fields\":\"function_name\",\"event_set\":[\"PROCESS_EXEC\"]}",
		  "no field \"function_name\" in ProcessExec" },
		{ "{\"fields\":\"process.pod.pod_labels.x\"}", "nothing is below" },
		{ "{\"feilds\":\"process\"}", "did you mean \"fields\"" },
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct field_filters *filters = NULL;

		assert_int_equal(compile_fields(bad[i].filters, &filters, &diag), -EINVAL);
		if (!strstr(buf_text(&diag.text), bad[i].words))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
	}
}

static int compile_redaction(const char *json, struct redaction **out, struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	int error = message_list_parse("secrets", json, &tetragon__redaction_filter__descriptor,
				       &list, diag);

	return error ? error
		     : redaction_new(out, message_list_redaction_filters(&list), list.count,
				     "secrets", diag);
}

static void secrets_are_hidden(void **state)
{
	static const struct {
		const char *rules, *text, *shown;
	} secrets[] = {
		{ "{\"redact\":[\"--pass=(\\\\S+)\"]}", "-u me --pass=x --pass=yy z",
		  "-u me --pass=***** --pass=***** z" },
		{ "{\"redact\":[\"(?:-p|--password) (\\\\S+)\"]}", "-p x --password y",
		  "-p ***** --password *****" },
		{ "{\"redact\":[\"a(b(c))d(e)\"]}", "abcde", "a*****d*****" },
		{ "{\"redact\":[\"(a)|(b)\"]}", "xaby", "x**********y" },
		{ "{\"redact\":[\"(?:(b)|(a))+\"]}", "xaby", "x**********y" },
		{ "{\"redact\":[\"(?:((b)c)|(a))+\"]}", "xabcy", "x**********y" },
		{ "{\"redact\":[\"x\",\"(y)\"]}", NULL, NULL },
		{ "{\"redact\":[\"pw=(.*)\"]}", "pw=", "pw=*****" },
		{ "{\"redact\":[\"()\"]}", "\xc3\xa9", "*****\xc3\xa9*****" },
		{ "{\"redact\":[\"(.+)\"],\"binary_regex\":[\"psql$\",\"curl\"]}", "a", "*****" },
		{ "{\"redact\":[\"(.+)\"],\"binary_regex\":[\"mysql\"]}", "a", "a" },
		{ "{\"redact\":[\"a(b)\"]}{\"redact\":[\"(a)\\\\*\"]}", "ab", "**********" },
		{ "{\"redact\":[\"none(x)\"]}", "", "" },
	};

	for (size_t i = 0; i < COUNT(secrets); i++) {
		_cleanup_diag_ struct diag diag = {};
		_cleanup_buf_ struct buf text = {};
		struct redaction *redaction = NULL;
		int error = compile_redaction(secrets[i].rules, &redaction, &diag);

		if (!secrets[i].text) {
			assert_int_equal(error, -EINVAL);
			continue;
		}
		assert_int_equal(error, 0);
		buf_add_text(&text, secrets[i].text);
		redaction_apply(redaction, "/usr/bin/psql", &text);
		assert_false(text.failed);
		assert_row_string(i, buf_text(&text), secrets[i].shown);
		redaction_free(redaction);
	}
}

static void a_text_that_cannot_be_searched_is_hidden_whole(void **state)
{
	_cleanup_buf_ struct buf text = {};
	struct redaction *redaction = NULL;

	assert_int_equal(compile_redaction("{\"redact\":[\"(a+)+[$x]\"]}", &redaction, NULL), 0);
	for (unsigned int i = 0; i < 64; i++)
		buf_add_char(&text, 'a');
	redaction_apply(redaction, "/x", &text);
	assert_string_equal(buf_text(&text), "*****");
	redaction_free(redaction);
}

static void rules_that_hide_nothing_are_refused(void **state)
{
	static const struct {
		const char *rules, *words;
	} bad[] = {
		{ "{\"redact\":[\"secret\"]}", "has no capture group" },
		{ "{\"binary_regex\":[\"x\"]}", "key \"redact\" is missing" },
		{ "{\"match\":[{}],\"redact\":[\"(x)\"]}", "use binary_regex" },
		{ "{\"redact\":[\"(x\"]}", "secrets, entry 1: regular expression" },
		{ "{\"redact\":[\"(x)\"],\"binary_regex\":[\"[\"]}", "[ has no ]" },
		{ "{\"redcat\":[\"(x)\"]}", "did you mean \"redact\"" },
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct redaction *redaction = NULL;

		assert_int_equal(compile_redaction(bad[i].rules, &redaction, &diag), -EINVAL);
		if (!strstr(buf_text(&diag.text), bad[i].words))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_chosen_by_path),
		cmocka_unit_test(each_field_can_be_left_out),
		cmocka_unit_test(a_path_that_is_none_is_refused),
		cmocka_unit_test(secrets_are_hidden),
		cmocka_unit_test(a_text_that_cannot_be_searched_is_hidden_whole),
		cmocka_unit_test(rules_that_hide_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
