/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of messages: each rule of the mapping by a message that is built by hand. */
#include "event/json.h"

#include "base/utf8.h"

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>
#include <tetragon/eventlogservice.pb-c.h>
#include <tetragon/sensors.pb-c.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_json(const void *message, const char *wanted)
{
	_cleanup_buf_ struct buf out = {};

	json_add_message(&out, message);
	assert_false(out.failed);
	assert_string_equal(buf_text(&out), wanted);
}

static Google__Protobuf__UInt32Value uint32_value(uint32_t value)
{
	Google__Protobuf__UInt32Value wrapper = GOOGLE__PROTOBUF__UINT32_VALUE__INIT;

	wrapper.value = value;
	return wrapper;
}

static void writes_an_exec_event_in_the_order_of_the_api(void **state)
{
	Google__Protobuf__UInt32Value pid = uint32_value(4711), uid = uint32_value(0),
				      auid = uint32_value(4294967295);
	Google__Protobuf__BoolValue in_init_tree = GOOGLE__PROTOBUF__BOOL_VALUE__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Tetragon__Process process = TETRAGON__PROCESS__INIT, parent = TETRAGON__PROCESS__INIT;
	Tetragon__ProcessExec exec = TETRAGON__PROCESS_EXEC__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;

	time.seconds = 1700000000;
	time.nanos = 5000000;
	process.exec_id = (char *)"bjoxOjQ3MTE=";
	process.pid = &pid;
	process.uid = &uid;
	process.auid = &auid;
	process.binary = (char *)"/usr/bin/id";
	process.refcnt = 1;
	process.in_init_tree = &in_init_tree;
	parent.binary = (char *)"/bin/sh";
	exec.process = &process;
	exec.parent = &parent;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC;
	event.process_exec = &exec;
	event.node_name = (char *)"n";
	event.time = &time;
	event.cluster_name = (char *)"c";
	assert_json(&event,
		    "{\"process_exec\":{\"process\":{\"exec_id\":\"bjoxOjQ3MTE=\",\"pid\":4711,"
		    "\"uid\":0,\"binary\":\"/usr/bin/id\",\"auid\":4294967295,\"refcnt\":1,"
		    "\"in_init_tree\":false},\"parent\":{\"binary\":\"/bin/sh\"}},"
		    "\"node_name\":\"n\",\"time\":\"2023-11-14T22:13:20.005Z\","
		    "\"cluster_name\":\"c\"}");
}

static void writes_events_with_high_numbers_before_the_node_name(void **state)
{
	Tetragon__RateLimitInfo info = TETRAGON__RATE_LIMIT_INFO__INIT;
	Tetragon__Gap gap = TETRAGON__GAP__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;

	info.number_of_dropped_process_events = 18446744073709551615u;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_RATE_LIMIT_INFO;
	event.rate_limit_info = &info;
	event.node_name = (char *)"n";
	assert_json(&event, "{\"rate_limit_info\":{\"number_of_dropped_process_events\":"
			    "\"18446744073709551615\"},\"node_name\":\"n\"}");
	gap.where = (char *)"lifecycle";
	gap.lost = 3;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP;
	event.gap = &gap;
	assert_json(&event,
		    "{\"gap\":{\"where\":\"lifecycle\",\"lost\":\"3\"},\"node_name\":\"n\"}");
}

static void leaves_defaults_out(void **state)
{
	Tetragon__ProcessExit exit = TETRAGON__PROCESS_EXIT__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	char empty[] = "";

	exit.signal = empty; /* not the pointer that is the default */
	assert_json(&exit, "{}");
	exit.signal = NULL;
	assert_json(&exit, "{}");
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT;
	event.process_exit = &exit;
	assert_json(&event, "{\"process_exit\":{}}");
	event.process_exit = NULL;
	assert_json(&event, "{}");
}

static void keeps_members_of_oneofs_at_their_default(void **state)
{
	Tetragon__KprobeArgument argument = TETRAGON__KPROBE_ARGUMENT__INIT;
	Tetragon__SetEventLogParamsRequest params = TETRAGON__SET_EVENT_LOG_PARAMS_REQUEST__INIT;

	argument.label = (char *)"l";
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_INT_ARG;
	assert_json(&argument, "{\"int_arg\":0,\"label\":\"l\"}");
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_STRING_ARG;
	argument.string_arg = (char *)"";
	assert_json(&argument, "{\"string_arg\":\"\",\"label\":\"l\"}");
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_BPF_CMD_ARG;
	argument.bpf_cmd_arg = TETRAGON__BPF_CMD__BPF_MAP_CREATE;
	assert_json(&argument, "{\"bpf_cmd_arg\":\"BPF_MAP_CREATE\",\"label\":\"l\"}");
	/* A number of a newer API than ours. */
	argument.arg_case = 999;
	assert_json(&argument, "{\"label\":\"l\"}");
	params.optional_max_size_case =
		TETRAGON__SET_EVENT_LOG_PARAMS_REQUEST__OPTIONAL_MAX_SIZE_MAX_SIZE;
	assert_json(&params, "{\"max_size\":0}");
}

static void writes_the_label_behind_arguments_of_higher_numbers(void **state)
{
	Tetragon__KprobeError error = TETRAGON__KPROBE_ERROR__INIT;
	Tetragon__KprobeArgument argument = TETRAGON__KPROBE_ARGUMENT__INIT;

	error.message = (char *)"m";
	argument.label = (char *)"l";
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_ERROR_ARG;
	argument.error_arg = &error;
	assert_json(&argument, "{\"error_arg\":{\"Message\":\"m\"},\"label\":\"l\"}");
}

static void writes_64_bits_as_strings_and_32_bits_as_numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *wanted;
	} unsigned_rows[] = {
		{ 1, "1" },
		{ 10, "10" },
		{ 99, "99" },
		{ 100, "100" },
		{ 9999, "9999" },
		{ 10000, "10000" },
		{ 12345678, "12345678" },
		{ 99999999, "99999999" },
		{ 100000000, "100000000" },
		{ 1000000000100000, "1000000000100000" },
		{ 9999999999999999, "9999999999999999" },
		{ 10000000000000000, "10000000000000000" },
		{ 18446744073709551615u, "18446744073709551615" },
	};
	Tetragon__KprobeArgument argument = TETRAGON__KPROBE_ARGUMENT__INIT;

	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SIZE_ARG;
	for (size_t i = 0; i < COUNT(unsigned_rows); i++) {
		char wanted[64];

		argument.size_arg = unsigned_rows[i].value;
		snprintf(wanted, sizeof(wanted), "{\"size_arg\":\"%s\"}", unsigned_rows[i].wanted);
		assert_json(&argument, wanted);
	}
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_LONG_ARG;
	argument.long_arg = INT64_MIN;
	assert_json(&argument, "{\"long_arg\":\"-9223372036854775808\"}");
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_INT_ARG;
	argument.int_arg = INT32_MIN;
	assert_json(&argument, "{\"int_arg\":-2147483648}");
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_UINT_ARG;
	argument.uint_arg = UINT32_MAX;
	assert_json(&argument, "{\"uint_arg\":4294967295}");
}

static void writes_wrappers_as_bare_values(void **state)
{
	Google__Protobuf__Int32Value level = GOOGLE__PROTOBUF__INT32_VALUE__INIT;
	Google__Protobuf__BoolValue is_true = GOOGLE__PROTOBUF__BOOL_VALUE__INIT;
	Google__Protobuf__UInt64Value wide = GOOGLE__PROTOBUF__UINT64_VALUE__INIT;
	Google__Protobuf__StringValue text = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
	Tetragon__UserNamespace user = TETRAGON__USER_NAMESPACE__INIT;

	user.level = &level;
	assert_json(&user, "{\"level\":0}");
	level.value = -1;
	assert_json(&user, "{\"level\":-1}");
	is_true.value = 1;
	assert_json(&is_true, "true");
	assert_json(&wide, "\"0\"");
	assert_json(&text, "\"\"");
}

static void writes_bytes_as_base64_and_lists_and_enums_by_name(void **state)
{
	Tetragon__CapabilitiesType caps[] = { 0, 1, 21, 9999, -1 };
	Tetragon__Capabilities set = TETRAGON__CAPABILITIES__INIT;
	Tetragon__KprobeArgument argument = TETRAGON__KPROBE_ARGUMENT__INIT;
	Tetragon__ProcessLoader loader = TETRAGON__PROCESS_LOADER__INIT;
	uint8_t data[] = { 0xfb, 0xff, 0x00, 0x01 };
	char *tags[] = { (char *)"a", (char *)"", (char *)"b" };
	Tetragon__ProcessLsm lsm = TETRAGON__PROCESS_LSM__INIT;

	loader.buildid = (ProtobufCBinaryData){ sizeof(data), data };
	assert_json(&loader, "{\"buildid\":\"+/8AAQ==\"}");
	argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_BYTES_ARG;
	assert_json(&argument, "{\"bytes_arg\":\"\"}");
	set.n_effective = COUNT(caps);
	set.effective = caps;
	assert_json(&set,
		    "{\"effective\":[\"CAP_CHOWN\",\"DAC_OVERRIDE\",\"CAP_SYS_ADMIN\",9999,-1]}");
	lsm.n_tags = COUNT(tags);
	lsm.tags = tags;
	lsm.action = TETRAGON__KPROBE_ACTION__KPROBE_ACTION_SIGKILL;
	assert_json(&lsm, "{\"action\":\"KPROBE_ACTION_SIGKILL\",\"tags\":[\"a\",\"\",\"b\"]}");
}

static void sorts_maps_by_key_and_lets_the_last_of_equal_keys_win(void **state)
{
	static const char *const pairs[][2] = { { "b", "1" }, { "a", "2" },	   { "", "3" },
						{ "b", "4" }, { "\xc3\xa9", "5" }, { "B", "6" } };
	Tetragon__GetEventsResponse__NodeLabelsEntry entries[COUNT(pairs)];
	Tetragon__GetEventsResponse__NodeLabelsEntry *labels[COUNT(pairs)];
	Tetragon__ProcessInternal__RefcntOpsEntry op =
		TETRAGON__PROCESS_INTERNAL__REFCNT_OPS_ENTRY__INIT;
	Tetragon__ProcessInternal__RefcntOpsEntry *ops[] = { &op };
	Tetragon__ProcessInternal process = TETRAGON__PROCESS_INTERNAL__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;

	for (size_t i = 0; i < COUNT(pairs); i++) {
		tetragon__get_events_response__node_labels_entry__init(&entries[i]);
		entries[i].key = (char *)pairs[i][0];
		entries[i].value = (char *)pairs[i][1];
		labels[i] = &entries[i];
	}
	event.node_labels = labels;
	event.n_node_labels = COUNT(labels);
	assert_json(&event, "{\"node_labels\":{\"\":\"3\",\"B\":\"6\",\"a\":\"2\",\"b\":\"4\","
			    "\"\xc3\xa9\":\"5\"}}");
	op.key = (char *)"process++";
	process.n_refcnt_ops = 1;
	process.refcnt_ops = ops;
	assert_json(&process, "{\"refcnt_ops\":{\"process++\":0}}");
}

static void writes_times_with_as_many_digits_as_needed(void **state)
{
	static const struct {
		int64_t seconds;
		int32_t nanos;
		const char *wanted;
	} rows[] = {
		{ 0, 0, "\"1970-01-01T00:00:00Z\"" },
		{ 0, 100000000, "\"1970-01-01T00:00:00.100Z\"" },
		{ 0, 1000, "\"1970-01-01T00:00:00.000001Z\"" },
		{ 0, 1, "\"1970-01-01T00:00:00.000000001Z\"" },
		{ -1, 999999999, "\"1969-12-31T23:59:59.999999999Z\"" },
		{ 951782399, 0, "\"2000-02-28T23:59:59Z\"" },
		{ 951782400, 0, "\"2000-02-29T00:00:00Z\"" },
		{ 951868800, 0, "\"2000-03-01T00:00:00Z\"" },
		{ 4107542399, 0, "\"2100-02-28T23:59:59Z\"" },
		{ 4107542400, 0, "\"2100-03-01T00:00:00Z\"" },
		{ 1735689599, 0, "\"2024-12-31T23:59:59Z\"" },
		{ -62135596800, 0, "\"0001-01-01T00:00:00Z\"" },
		{ 253402300799, 999999999, "\"9999-12-31T23:59:59.999999999Z\"" },
		/* What RFC 3339 cannot write stops at its bounds. */
		{ 253402300800, 0, "\"9999-12-31T23:59:59.999999999Z\"" },
		{ INT64_MIN, 5, "\"0001-01-01T00:00:00Z\"" },
		{ 0, -1, "\"1970-01-01T00:00:00Z\"" },
		{ 0, 2000000000, "\"1970-01-01T00:00:00.999999999Z\"" },
	};
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

	for (size_t i = 0; i < COUNT(rows); i++) {
		time.seconds = rows[i].seconds;
		time.nanos = rows[i].nanos;
		assert_json(&time, rows[i].wanted);
	}
}

static void agrees_with_the_library_on_every_day_of_800_years(void **state)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	_cleanup_json_encoder_ struct json_encoder *encoder =
		json_encoder_new(&google__protobuf__timestamp__descriptor);
	_cleanup_buf_ struct buf out = {};

	assert_non_null(encoder);
	for (int64_t day = -150000; day < 150000; day++) {
		time_t seconds = day * 86400 + 3661;
		char wanted[64];
		struct tm tm;

		time.seconds = seconds;
		assert_non_null(gmtime_r(&seconds, &tm));
		strftime(wanted, sizeof(wanted), "\"%Y-%m-%dT%H:%M:%SZ\"", &tm);
		buf_reset(&out);
		json_encode(encoder, &out, &time.base);
		assert_string_equal(buf_text(&out), wanted);
	}
}

static void writes_durations_in_seconds(void **state)
{
	static const struct {
		int64_t seconds;
		int32_t nanos;
		const char *wanted;
	} rows[] = {
		{ 0, 0, "\"0s\"" },
		{ 1, 500000000, "\"1.500s\"" },
		{ -1, -500000, "\"-1.000500s\"" },
		{ 0, -1, "\"-0.000000001s\"" },
		{ 1, -500000000, "\"0.500s\"" },
		{ 315576000000, 0, "\"315576000000s\"" },
		{ INT64_MIN, INT32_MIN, "\"-9223372036854775810.147483648s\"" },
	};
	Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;

	for (size_t i = 0; i < COUNT(rows); i++) {
		duration.seconds = rows[i].seconds;
		duration.nanos = rows[i].nanos;
		assert_json(&duration, rows[i].wanted);
	}
}

static void joins_field_masks(void **state)
{
	char *paths[] = { (char *)"process.exec_id", (char *)"process.parent_exec_id",
			  (char *)"time" };
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

	assert_json(&mask, "\"\"");
	mask.n_paths = COUNT(paths);
	mask.paths = paths;
	assert_json(&mask, "\"process.execId,process.parentExecId,time\"");
}

static void writes_an_any_with_its_type(void **state)
{
	/* Field 1, two bytes: "hi". */
	uint8_t packed[] = { 0x0a, 0x02, 'h', 'i' };
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;

	any.type_url = (char *)"type.googleapis.com/google.protobuf.StringValue";
	any.value = (ProtobufCBinaryData){ sizeof(packed), packed };
	assert_json(&any, "{\"@type\":\"type.googleapis.com/google.protobuf.StringValue\","
			  "\"value\":\"hi\"}");
	any.type_url = (char *)"example.com/unknown.Type";
	assert_json(&any, "{\"@type\":\"example.com/unknown.Type\",\"value\":\"CgJoaQ==\"}");
	/* An Any in an Any stays closed. */
	any.type_url = (char *)"type.googleapis.com/google.protobuf.Any";
	assert_json(&any, "{\"@type\":\"type.googleapis.com/google.protobuf.Any\","
			  "\"value\":\"CgJoaQ==\"}");
}

static void assert_string(const char *text, const char *wanted)
{
	Google__Protobuf__StringValue value = GOOGLE__PROTOBUF__STRING_VALUE__INIT;

	value.value = (char *)text;
	assert_json(&value, wanted);
}

static void escapes_only_what_json_demands(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x0b\x1b\x1f", "\"\\u0001\\u000b\\u001b\\u001f\"" },
		{ "\x7f", "\"\x7f\"" },
		{ "<a href='x'>&/</a>", "\"<a href='x'>&/</a>\"" },
		{ "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x9a\x80",
		  "\"gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x9a\x80\"" },
		/* U+2028 and U+FFFE are characters like others here. */
		{ "\xe2\x80\xa8\xef\xbf\xbe", "\"\xe2\x80\xa8\xef\xbf\xbe\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string(rows[i].text, rows[i].wanted);
}

#define FFFD "\xef\xbf\xbd"

static void replaces_runs_that_are_not_utf8(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{ "\x80", "\"" FFFD "\"" },
		{ "a\xff\xfe\x80z", "\"a" FFFD "z\"" },
		{ "a\xff"
		  "b\xff"
		  "c",
		  "\"a" FFFD "b" FFFD "c\"" },
		{ "\xc3", "\"" FFFD "\"" },	    /* cut */
		{ "\xe2\x82", "\"" FFFD "\"" },	    /* cut */
		{ "\xf0\x9f\x9a", "\"" FFFD "\"" }, /* cut */
		{ "\xe2\x82"
		  "a",
		  "\"" FFFD "a\"" },				/* cut inside */
		{ "\xc0\x80", "\"" FFFD "\"" },			/* overlong NUL */
		{ "\xc1\xbf", "\"" FFFD "\"" },			/* overlong */
		{ "\xe0\x9f\xbf", "\"" FFFD "\"" },		/* overlong */
		{ "\xf0\x8f\xbf\xbf", "\"" FFFD "\"" },		/* overlong */
		{ "\xed\xa0\x80", "\"" FFFD "\"" },		/* surrogate */
		{ "\xed\x9f\xbf", "\"\xed\x9f\xbf\"" },		/* just below them */
		{ "\xf4\x90\x80\x80", "\"" FFFD "\"" },		/* above U+10FFFF */
		{ "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" }, /* U+10FFFF */
		{ "\xf5\x80\x80\x80", "\"" FFFD "\"" },
		{ "\xc3\xa9\xc3", "\"\xc3\xa9" FFFD "\"" },
		{ "\xff\n\xff", "\"" FFFD "\\n" FFFD "\"" },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string(rows[i].text, rows[i].wanted);
}

static bool is_valid_utf8(const char *text, size_t bytes)
{
	while (bytes) {
		size_t used = utf8_char_bytes(text, bytes);

		if (!used)
			return false;
		text += used;
		bytes -= used;
	}
	return true;
}

/* The copy looks at blocks of 16, words of 8 and 4, and bytes: each length, each place, each kind.
 */
static void finds_special_bytes_at_every_place_of_every_length(void **state)
{
	static const struct {
		char byte;
		const char *wanted;
	} specials[] = { { '"', "\\\"" },
			 { '\\', "\\\\" },
			 { '\n', "\\n" },
			 { 1, "\\u0001" },
			 { '\xff', FFFD } };

	for (size_t length = 1; length <= 50; length++) {
		for (size_t at = 0; at < length * COUNT(specials); at++) {
			size_t place = at % length, special = at / length;
			char text[64] = "", wanted[128];

			memset(text, 'x', length);
			text[place] = specials[special].byte;
			snprintf(wanted, sizeof(wanted), "\"%.*s%s%s\"", (int)place, text,
				 specials[special].wanted, text + place + 1);
			assert_string(text, wanted);
		}
	}
}

static void copies_plain_text_of_every_length(void **state)
{
	for (size_t length = 0; length <= 70; length++) {
		char text[80] = "", wanted[96];

		/* All plain bytes from the space up to 0x7f but the two that are escaped. */
		for (size_t i = 0; i < length; i++) {
			char c = (char)(' ' + (i * 7 + length) % 96);

			text[i] = c == '"' || c == '\\' ? 'y' : c;
		}
		snprintf(wanted, sizeof(wanted), "\"%s\"", text);
		assert_string(text, wanted);
	}
}

static void always_writes_valid_utf8(void **state)
{
	uint32_t random = 1;

	for (unsigned int round = 0; round < 20000; round++) {
		Google__Protobuf__StringValue value = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
		_cleanup_buf_ struct buf out = {};
		char text[24] = "";

		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = (char)(random >> 24 | 1);
		}
		value.value = text;
		json_add_message(&out, &value.base);
		assert_true(is_valid_utf8(out.data, out.bytes));
	}
}

static void appends_behind_what_the_buffer_holds(void **state)
{
	Tetragon__ProcessExit exit = TETRAGON__PROCESS_EXIT__INIT;
	_cleanup_json_encoder_ struct json_encoder *encoder =
		json_encoder_new(&tetragon__process_exit__descriptor);
	_cleanup_buf_ struct buf out = {};

	assert_non_null(encoder);
	buf_add_text(&out, "before,");
	exit.status = 7;
	json_encode(encoder, &out, &exit.base);
	buf_add_char(&out, '\n');
	json_encode(encoder, &out, &exit.base);
	assert_string_equal(buf_text(&out), "before,{\"status\":7}\n{\"status\":7}");
}

static void appends_nothing_to_a_failed_buffer(void **state)
{
	Tetragon__ProcessExit exit = TETRAGON__PROCESS_EXIT__INIT;
	_cleanup_buf_ struct buf out = {};

	buf_add_text(&out, "kept");
	out.failed = true;
	json_add_message(&out, &exit.base);
	assert_int_equal(out.bytes, 4);
	assert_true(out.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_an_exec_event_in_the_order_of_the_api),
		cmocka_unit_test(writes_events_with_high_numbers_before_the_node_name),
		cmocka_unit_test(leaves_defaults_out),
		cmocka_unit_test(keeps_members_of_oneofs_at_their_default),
		cmocka_unit_test(writes_the_label_behind_arguments_of_higher_numbers),
		cmocka_unit_test(writes_64_bits_as_strings_and_32_bits_as_numbers),
		cmocka_unit_test(writes_wrappers_as_bare_values),
		cmocka_unit_test(writes_bytes_as_base64_and_lists_and_enums_by_name),
		cmocka_unit_test(sorts_maps_by_key_and_lets_the_last_of_equal_keys_win),
		cmocka_unit_test(writes_times_with_as_many_digits_as_needed),
		cmocka_unit_test(agrees_with_the_library_on_every_day_of_800_years),
		cmocka_unit_test(writes_durations_in_seconds),
		cmocka_unit_test(joins_field_masks),
		cmocka_unit_test(writes_an_any_with_its_type),
		cmocka_unit_test(escapes_only_what_json_demands),
		cmocka_unit_test(replaces_runs_that_are_not_utf8),
		cmocka_unit_test(finds_special_bytes_at_every_place_of_every_length),
		cmocka_unit_test(copies_plain_text_of_every_length),
		cmocka_unit_test(always_writes_valid_utf8),
		cmocka_unit_test(appends_behind_what_the_buffer_holds),
		cmocka_unit_test(appends_nothing_to_a_failed_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
