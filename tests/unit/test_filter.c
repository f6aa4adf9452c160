/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of events: every key, lists, what is refused, and families of pids. */
#include "cmocka_case.h"

#include <errno.h>
#include <stdio.h>

#include "event/json_parse.h"
#include "filter/filter.h"
#include "filter/labels.h"
#include "filter/parse.h"

static struct filter_list *compile(const char *json, const struct filter_options *options,
				   struct diag *diag)
{
	_cleanup_message_list_ struct message_list messages = {};
	struct filter_list *list = NULL;

	if (message_list_parse("list", json, &tetragon__filter__descriptor, &messages, diag))
		return NULL;
	filter_list_new(&list, message_list_filters(&messages), messages.count, options, diag);
	return list;
}

static Tetragon__GetEventsResponse *parse_event(const char *json)
{
	_cleanup_diag_ struct diag diag = {};
	Tetragon__GetEventsResponse *event = NULL;

	if (json_parse_event(json, strlen(json), &event, &diag))
		fail_msg("%s: %s", json, buf_text(&diag.text));
	return event;
}

static bool matches(struct filter_list *list, const char *json)
{
	Tetragon__GetEventsResponse *event = parse_event(json);
	bool is_match = filter_list_matches(list, event);

	tetragon__get_events_response__free_unpacked(event, NULL);
	return is_match;
}

#define EXEC(process)	     "{\"process_exec\":{\"process\":{" process "}}}"
#define CHILD(process, more) "{\"process_exec\":{\"process\":{" process "}," more "}}"
#define POD(pod)	     EXEC("\"pod\":{" pod "}")
#define THROTTLE	     "{\"process_throttle\":{\"type\":\"THROTTLE_START\"}}"

struct key_row {
	const char *list, *event;
	bool is_match;
};

static void check_rows(const struct key_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_diag_ struct diag diag = {};
		struct filter_list *list = compile(rows[i].list, &(struct filter_options){}, &diag);

		if (!list)
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
		if (matches(list, rows[i].event) != rows[i].is_match)
			fail_msg("row %zu: %s does%s match %s", i, rows[i].list,
				 rows[i].is_match ? " not" : "", rows[i].event);
		filter_list_free(list);
	}
}

/* 40 letters are too many for this pattern, so nobody knows whether it matches. */
static void an_event_that_nobody_can_judge_passes(void **state)
{
	static const char given_up[] = "{\"arguments_regex\":[\"(a|aa)+(a|aa)+(a|aa)+[xy]\"]}";
	static const char event[] =
		EXEC("\"arguments\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"");
	static const struct {
		const char *allow, *deny, *event;
		bool passes, is_given_up;
	} rows[] = {
		{ given_up, NULL, event, true, true },
		{ NULL, given_up, event, true },
		{ given_up, "{\"event_set\":[\"PROCESS_EXEC\"]}", event, false, true },
		{ given_up, NULL, EXEC("\"arguments\":\"aab\""), false },
		{ "{\"cel_expression\":[\"process_exec.process.arguments.matches('(a|aa)+(a|aa)+(a|aa)+[xy]')\"]}",
		  NULL, event, true, true },
		{ "{\"binary_regex\":[\"b\"],\"arguments_regex\":[\"a\"]}", NULL, event, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct filter_options options = {};
		struct filter filter = {
			.allow = rows[i].allow ? compile(rows[i].allow, &options, &diag) : NULL,
			.deny = rows[i].deny ? compile(rows[i].deny, &options, &diag) : NULL,
		};
		Tetragon__GetEventsResponse *parsed = parse_event(rows[i].event);

		assert_string_equal(buf_text(&diag.text), "");
		if (filter_passes(&filter, parsed) != rows[i].passes)
			fail_msg("row %zu", i);
		if (filter.allow)
			assert_int_equal(filter_list_get_given_up(filter.allow),
					 rows[i].is_given_up);
		tetragon__get_events_response__free_unpacked(parsed, NULL);
		filter_done(&filter);
	}
}

static void lists_are_or_entries_and_values_or(void **state)
{
	static const struct key_row rows[] = {
		{ "", EXEC(""), false },
		{ "{}", EXEC(""), true },
		{ "{}", THROTTLE, true },
		{ "{\"event_set\":[\"PROCESS_EXEC\"]}", EXEC(""), true },
		{ "{\"event_set\":[\"PROCESS_EXIT\",\"PROCESS_EXEC\"]}", EXEC(""), true },
		{ "{\"event_set\":[\"PROCESS_EXIT\"]}", EXEC(""), false },
		{ "{\"event_set\":[\"UNDEF\"]}", EXEC(""), false },
		{ "{\"event_set\":[\"PROCESS_EXIT\"]}{\"pid\":[1]}", EXEC("\"pid\":1"), true },
		{ "{\"event_set\":[\"PROCESS_EXIT\"],\"pid\":[1]}", EXEC("\"pid\":1"), false },
		{ "{\"pid\":[2,1]}", EXEC("\"pid\":1"), true },
		{ "{\"pid\":[2]}\n{\"pid\":[3]}", EXEC("\"pid\":1"), false },
		{ "{\"pid\":[0]}", EXEC(""), false },
		{ "{\"pid\":[0]}", EXEC("\"pid\":0"), true },
		{ "{\"pid\":[1],\"binary_regex\":[\"x\"]}", EXEC("\"pid\":1,\"binary\":\"/x\""),
		  true },
		{ "{\"pid\":[1],\"binary_regex\":[\"x\"]}", EXEC("\"pid\":1,\"binary\":\"/y\""),
		  false },
	};

	check_rows(rows, COUNT(rows));
}

static void keys_about_processes_mean_what_they_say(void **state)
{
	static const struct key_row rows[] = {
		{ "{\"binary_regex\":[\"^/usr/.*sh$\"]}", EXEC("\"binary\":\"/usr/bin/bash\""),
		  true },
		{ "{\"binary_regex\":[\"bash\",\"id\"]}", EXEC("\"binary\":\"/bin/id\""), true },
		{ "{\"binary_regex\":[\"\"]}", THROTTLE, false },
		{ "{\"binary_regex\":[\"\"]}", "{\"process_exec\":{}}", false },
		{ "{\"arguments_regex\":[\"^-l\"]}", EXEC("\"arguments\":\"-la\""), true },
		{ "{\"arguments_regex\":[\"^$\"]}", EXEC("\"binary\":\"/x\""), true },
		{ "{\"parent_binary_regex\":[\"sh\"]}", CHILD("", "\"parent\":{\"binary\":\"sh\"}"),
		  true },
		{ "{\"parent_binary_regex\":[\"\"]}", EXEC("\"binary\":\"sh\""), false },
		{ "{\"parent_arguments_regex\":[\"-c\"]}",
		  CHILD("", "\"parent\":{\"arguments\":\"-c\"}"), true },
		{ "{\"parent_arguments_regex\":[\"-c\"]}",
		  CHILD("\"arguments\":\"-c\"", "\"parent\":{}"), false },
		{ "{\"ancestor_binary_regex\":[\"ssh\"]}",
		  CHILD("", "\"ancestors\":[{\"binary\":\"a\"},{\"binary\":\"sshd\"}]"), true },
		{ "{\"ancestor_binary_regex\":[\"ssh\"]}",
		  CHILD("", "\"parent\":{\"binary\":\"sshd\"}"), false },
		{ "{\"in_init_tree\":true}", EXEC("\"in_init_tree\":true"), true },
		{ "{\"in_init_tree\":false}", EXEC("\"in_init_tree\":true"), false },
		{ "{\"in_init_tree\":false}", EXEC(""), true },
		{ "{\"in_init_tree\":false}", THROTTLE, false },
		{ "{\"policy_names\":[\"a\"]}", "{\"process_kprobe\":{\"policy_name\":\"a\"}}",
		  true },
		{ "{\"policy_names\":[\"a\"]}", "{\"process_usdt\":{\"policy_name\":\"a\"}}",
		  true },
		{ "{\"policy_names\":[\"a\"]}", "{\"process_lsm\":{\"policy_name\":\"ab\"}}",
		  false },
		{ "{\"policy_names\":[\"\"]}", EXEC(""), false },
	};

	check_rows(rows, COUNT(rows));
}

static void expressions_are_alternatives_too(void **state)
{
	static const struct key_row rows[] = {
		{ "{\"cel_expression\":[\"process_exec.process.pid == 1u\"]}", EXEC("\"pid\":1"),
		  true },
		{ "{\"cel_expression\":[\"process_exec.process.pid == 2u\"]}", EXEC("\"pid\":1"),
		  false },
		{ "{\"cel_expression\":[\"process_exec.process.pid == 2u\","
		  "\"process_exec.process.binary.endsWith('x')\"]}",
		  EXEC("\"pid\":1,\"binary\":\"/x\""), true },
		{ "{\"cel_expression\":[\"process_exit.process.pid == 1u\"]}", EXEC("\"pid\":1"),
		  false },
		{ "{\"pid\":[2],\"cel_expression\":[\"process_exec.process.pid == 1u\"]}",
		  EXEC("\"pid\":1"), false },
	};

	check_rows(rows, COUNT(rows));
}

static void keys_about_pods_mean_what_they_say(void **state)
{
	static const struct key_row rows[] = {
		{ "{\"namespace\":[\"a\",\"b\"]}", POD("\"namespace\":\"b\""), true },
		{ "{\"namespace\":[\"b\"]}", POD("\"namespace\":\"bb\""), false },
		{ "{\"namespace\":[\"\"]}", EXEC(""), true },
		{ "{\"namespace\":[\"\"]}", POD("\"namespace\":\"b\""), false },
		{ "{\"namespace\":[\"\"]}", THROTTLE, false },
		{ "{\"namespace_regex\":[\"^kube-\"]}", POD("\"namespace\":\"kube-x\""), true },
		{ "{\"namespace_regex\":[\"\"]}", EXEC(""), false },
		{ "{\"pod_regex\":[\"^web\"]}", POD("\"name\":\"web-1\""), true },
		{ "{\"pod_regex\":[\"\"]}", EXEC(""), false },
		{ "{\"container_name_regex\":[\"ng\"]}", POD("\"container\":{\"name\":\"nginx\"}"),
		  true },
		{ "{\"container_name_regex\":[\"\"]}", POD("\"name\":\"x\""), false },
		{ "{\"container_id\":[\"^ab\"]}", EXEC("\"docker\":\"abc\""), true },
		{ "{\"container_id\":[\"^$\"]}", EXEC(""), true },
		{ "{\"health_check\":true}", POD("\"container\":{\"maybe_exec_probe\":true}"),
		  true },
		{ "{\"health_check\":false}", POD("\"container\":{\"maybe_exec_probe\":true}"),
		  false },
		{ "{\"health_check\":true}",
		  CHILD("", "\"parent\":{\"pod\":{\"container\":{\"maybe_exec_probe\":true}}}"),
		  true },
		{ "{\"health_check\":false}", EXEC(""), true },
		{ "{\"health_check\":false}", THROTTLE, true },
		{ "{\"labels\":[\"a=b\",\"c\"]}", POD("\"pod_labels\":{\"c\":\"\"}"), true },
		{ "{\"labels\":[\"a!=b\"]}", POD("\"pod_labels\":{\"c\":\"\"}"), true },
		{ "{\"labels\":[\"!a\"]}", EXEC(""), false },
	};

	check_rows(rows, COUNT(rows));
}

#define CAPABILITIES(set) "{\"capabilities\":{" set "}}"
#define HAS(list)	  EXEC("\"cap\":{\"effective\":[" list "]}")

static void capabilities_are_compared_as_sets(void **state)
{
	static const struct key_row rows[] = {
		{ CAPABILITIES("\"effective\":{\"any\":[\"CAP_KILL\",\"CAP_CHOWN\"]}"),
		  HAS("\"CAP_KILL\""), true },
		{ CAPABILITIES("\"effective\":{\"any\":[\"CAP_CHOWN\"]}"), HAS("\"CAP_KILL\""),
		  false },
		{ CAPABILITIES("\"effective\":{\"all\":[\"CAP_KILL\",\"CAP_CHOWN\"]}"),
		  HAS("\"CAP_KILL\""), false },
		{ CAPABILITIES("\"effective\":{\"all\":[\"CAP_KILL\"]}"),
		  HAS("\"CAP_CHOWN\",\"CAP_KILL\""), true },
		{ CAPABILITIES("\"effective\":{\"exactly\":[\"CAP_KILL\"]}"),
		  HAS("\"CAP_CHOWN\",\"CAP_KILL\""), false },
		{ CAPABILITIES("\"effective\":{\"exactly\":[\"CAP_KILL\"]}"), HAS("\"CAP_KILL\""),
		  true },
		{ CAPABILITIES("\"effective\":{\"none\":[\"CAP_KILL\"]}"), HAS("\"CAP_CHOWN\""),
		  true },
		{ CAPABILITIES("\"effective\":{\"none\":[\"CAP_KILL\"]}"), HAS("\"CAP_KILL\""),
		  false },
		{ CAPABILITIES("\"effective\":{\"none\":[\"CAP_KILL\"]}"), EXEC(""), false },
		{ CAPABILITIES("\"permitted\":{\"any\":[\"CAP_KILL\"]}"), HAS("\"CAP_KILL\""),
		  false },
		{ CAPABILITIES(""), HAS(""), true },
	};

	check_rows(rows, COUNT(rows));
}

static void label_selectors_are_those_of_kubernetes(void **state)
{
	static const struct {
		const char *selector;
		bool is_match; /* of app=web, tier="", n=5 */
	} rows[] = {
		{ "", true },
		{ "app", true },
		{ "!app", false },
		{ "none", false },
		{ "!none", true },
		{ "app=web", true },
		{ "app==web", true },
		{ " app = web ", true },
		{ "app=", false },
		{ "tier=", true },
		{ "app!=web", false },
		{ "none!=web", true },
		{ "app in (a, web)", true },
		{ "app in (a,b)", false },
		{ "none in (a)", false },
		{ "app notin (a,b)", true },
		{ "app notin (web)", false },
		{ "none notin (web)", true },
		{ "tier in (a,)", true },
		{ "app=web,n>4", true },
		{ "app=web,n>5", false },
		{ "n<6,!none,app in (web)", true },
		{ "app<6", false },
	};
	Tetragon__Pod__PodLabelsEntry entries[3] = {
		TETRAGON__POD__POD_LABELS_ENTRY__INIT,
		TETRAGON__POD__POD_LABELS_ENTRY__INIT,
		TETRAGON__POD__POD_LABELS_ENTRY__INIT,
	};
	Tetragon__Pod__PodLabelsEntry *labels[] = { &entries[0], &entries[1], &entries[2] };

	entries[0].key = (char *)"app";
	entries[0].value = (char *)"web";
	entries[1].key = (char *)"tier";
	entries[2].key = (char *)"n";
	entries[2].value = (char *)"5";
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct label_selector *selector = NULL;

		assert_int_equal(label_selector_new(&selector, rows[i].selector, NULL), 0);
		if (label_selector_matches(selector, labels, 3) != rows[i].is_match)
			fail_msg("\"%s\"", rows[i].selector);
		label_selector_free(selector);
	}
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *list, *words;
	} rows[] = {
		{ "{\"binary_regx\":[]}", "list: 1:1: field \"binary_regx\" is unknown to Filter; "
					  "did you mean \"binary_regex\"?" },
		{ "{}\n  {\"pid\":[-1]}", "list: 2:3: field \"pid[0]\" is -1" },
		{ "{\"event_set\":[\"PROCESS_EXE\"]}", "did you mean \"PROCESS_EXEC\"" },
		{ "{", "list: 1:1: the message is no JSON object" },
		{ "x", "list: 1:1: the message is no JSON object" },
		{ "{} x", "list: 1:4: the message is no JSON object" },
		{ "{}{\"binary_regex\":[\"a\",\"(\"]}",
		  "list, entry 2, key \"binary_regex\": regular expression \"(\", character 1" },
		{ "{\"labels\":[\"a in b\"]}", "key \"labels\": label selector \"a in b\", "
					       "character 6" },
		{ "{\"labels\":[\"a b\"]}", "unknown operator \"b\"" },
		{ "{\"labels\":[\"a,\"]}", "want the name of a label" },
		{ "{\"labels\":[\"a in (b\"]}", "want , or )" },
		{ "{\"labels\":[\"a>x\"]}", "a whole number" },
		{ "{\"labels\":[\"!a=b\"]}", "want a comma" },
		{ CAPABILITIES("\"effective\":{}"), "effective: has 0 comparisons; want one" },
		{ CAPABILITIES("\"effective\":{\"any\":[\"CAP_KILL\"],\"none\":[\"CAP_CHOWN\"]}"),
		  "effective: has 2 comparisons" },
		{ "{\"pid_set\":[1]}", "key \"pid_set\": is off here, because it may forget "
				       "descendants of busy families; allow it with --pids" },
		{ "{\"ancestor_binary_regex\":[\"a\"]}", "switch them on with --ancestors" },
		{ CAPABILITIES("\"effective\":{\"any\":[\"CAP_KILL\"]}"), "on with --cred" },
	};
	const struct filter_options options = { "list", "--pids", "--ancestors", "--cred" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		struct filter_options own = i < 13 ? (struct filter_options){ "list" } : options;

		if (strstr(rows[i].words, "comparisons"))
			own.credentials_flag = NULL;
		assert_null(compile(rows[i].list, &own, &diag));
		if (!strstr(buf_text(&diag.text), rows[i].words))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
	}
}

static void all_mistakes_of_a_list_are_said_at_once(void **state)
{
	_cleanup_diag_ struct diag diag = {};

	assert_null(compile("{\"binary_regex\":[\"(\"],\"labels\":[\"=\"]}{\"pod_regex\":[\")\"]}",
			    &(struct filter_options){}, &diag));
	assert_int_equal(diag.lines, 3);
}

static void limits_are_told(void **state)
{
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf text = {};

	buf_add_text(&text, "{\"pid\":[1");
	for (unsigned int i = 0; i < FILTER_VALUES_MAX; i++)
		buf_add_text(&text, ",1");
	buf_add_text(&text, "]}");
	assert_null(compile(buf_text(&text), &(struct filter_options){}, &diag));
	assert_non_null(strstr(buf_text(&diag.text), "more than 4096 values"));
	buf_reset(&text);
	for (unsigned int i = 0; i <= FILTER_PID_SETS_MAX; i++)
		buf_add_text(&text, "{\"pid_set\":[1]}");
	assert_null(compile(buf_text(&text), &(struct filter_options){}, &diag));
	assert_non_null(strstr(buf_text(&diag.text), "more than 16 entries"));
}

static bool family_has(struct filter_list *list, const char *id, unsigned int pid,
		       const char *parent_id, unsigned int parent_pid)
{
	_cleanup_buf_ struct buf text = {};

	buf_add_format(&text,
		       "{\"process_exec\":{\"process\":{\"exec_id\":\"%s\",\"pid\":%u},"
		       "\"parent\":{\"exec_id\":\"%s\",\"pid\":%u}}}",
		       id, pid, parent_id, parent_pid);
	return matches(list, buf_text(&text));
}

static void a_pid_set_follows_descendants_and_not_numbers(void **state)
{
	struct filter_list *list = compile("{\"pid_set\":[7]}", &(struct filter_options){}, NULL);

	assert_true(family_has(list, "a", 7, "shell", 2));
	assert_false(family_has(list, "early", 9, "b", 8)); /* not known to be one yet */
	assert_true(family_has(list, "b", 8, "a", 7));
	assert_true(family_has(list, "c", 9, "b", 8));
	assert_true(family_has(list, "c", 9, "", 0));
	assert_false(family_has(list, "other", 8, "shell", 2)); /* b's number, used again */
	assert_false(family_has(list, "others-child", 10, "other", 8));
	filter_list_free(list);
}

static void a_pid_set_keeps_at_least_what_it_says(void **state)
{
	enum { MANY = 3 * 8192 };
	struct filter_list *list = compile("{\"pid_set\":[7]}", &(struct filter_options){}, NULL);
	char id[16];

	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		assert_true(family_has(list, id, 100 + i, "a", 7));
	}
	for (unsigned int i = MANY - 8192; i < MANY; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		assert_true(family_has(list, "grandchild", 9, id, 100 + i));
	}
	assert_false(family_has(list, "late", 9, "c0", 100));
	filter_list_free(list);
}

static void an_event_passes_what_allows_and_does_not_deny(void **state)
{
	Tetragon__GetEventsResponse *event = parse_event(EXEC("\"pid\":1"));
	static const struct {
		const char *allow, *deny;
		bool passes;
	} rows[] = {
		{ NULL, NULL, true },
		{ "", "", true },
		{ "{\"pid\":[1]}", "", true },
		{ "{\"pid\":[2]}", "", false },
		{ "", "{\"pid\":[1]}", false },
		{ "{\"pid\":[1]}", "{\"pid\":[1]}", false },
		{ "{\"pid\":[1]}", "{\"pid\":[2]}", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct filter filter = {};

		if (rows[i].allow) {
			filter.allow = compile(rows[i].allow, &(struct filter_options){}, NULL);
			filter.deny = compile(rows[i].deny, &(struct filter_options){}, NULL);
		}
		assert_int_equal(filter_passes(&filter, event), rows[i].passes);
		filter_done(&filter);
	}
	tetragon__get_events_response__free_unpacked(event, NULL);
}

static void pairs_say_what_a_filter_says(void **state)
{
	static const struct key_row rows[] = {
		{ "event_set:process_exec,pid:1", EXEC("\"pid\":1"), true },
		{ "event_set:PROCESS_EXIT,PROCESS_EXEC,pid:2,1", EXEC("\"pid\":1"), true },
		{ "event_set:PROCESS_EXIT", EXEC(""), false },
		{ "binary_regex:^/a{1,2}$", EXEC("\"binary\":\"/aa\""), true },
		{ "binary_regex:a\\,pid:b", EXEC("\"binary\":\"a,pid:b\""), true },
		{ "binary_regex:\"\\\\d", EXEC("\"binary\":\"\\\"\\\\d\""), true },
		{ "binary_regex:x,binary_regex:y", EXEC("\"binary\":\"y\""), true },
		{ "labels:a in (b,c),labels:d", POD("\"pod_labels\":{\"a\":\"c\"}"), true },
		{ "in_init_tree:true", EXEC("\"in_init_tree\":true"), true },
		{ "in_init_tree:false", EXEC("\"in_init_tree\":true"), false },
		{ "namespace:", EXEC(""), true },
		{ "capabilities.effective.any:cap_kill", HAS("\"CAP_KILL\""), true },
		{ "", THROTTLE, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		Tetragon__Filter *filter = NULL;
		struct filter_list *list = NULL;

		if (filter_parse_pairs("--process-filter", rows[i].list, &filter, &diag))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
		assert_int_equal(
			filter_list_new(&list, &filter, 1, &(struct filter_options){}, &diag), 0);
		if (matches(list, rows[i].event) != rows[i].is_match)
			fail_msg("row %zu: \"%s\"", i, rows[i].list);
		filter_list_free(list);
		tetragon__filter__free_unpacked(filter, NULL);
	}
}

static void pairs_that_are_wrong_are_told(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "evnt_set:X", "unknown key \"evnt_set\"; did you mean \"event_set\"?" },
		{ "event_set:PROCESS_KPROB", "did you mean \"PROCESS_KPROBE\"" },
		{ "PROCESS_EXEC", "\"PROCESS_EXEC\" has no key" },
		{ "pid:x", "field \"pid[0]\" is \"x\"" },
		{ "in_init_tree:perhaps", "field \"in_init_tree\"" },
		{ "in_init_tree:falsest", "field \"in_init_tree\" is \"falsest\"" },
		{ "in_init_tree:truetruetrue", "field \"in_init_tree\" is \"truetruetrue\"" },
		{ "in_init_tree:", "field \"in_init_tree\" is \"\"" },
		{ "in_init_tree:true,in_init_tree:true", "takes one value" },
		{ "capabilities:CAP_KILL", "is not complete" },
		{ "capabilities.effectiv.any:CAP_KILL", "did you mean \"effective\"" },
		{ "pid.x:1", "nothing below it" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		_cleanup_diag_ struct diag diag = {};
		Tetragon__Filter *filter = NULL;

		assert_int_equal(filter_parse_pairs("-p", rows[i].text, &filter, &diag), -EINVAL);
		if (!strstr(buf_text(&diag.text), rows[i].words))
			fail_msg("row %zu: %s", i, buf_text(&diag.text));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_that_nobody_can_judge_passes),
		cmocka_unit_test(lists_are_or_entries_and_values_or),
		cmocka_unit_test(keys_about_processes_mean_what_they_say),
		cmocka_unit_test(expressions_are_alternatives_too),
		cmocka_unit_test(keys_about_pods_mean_what_they_say),
		cmocka_unit_test(capabilities_are_compared_as_sets),
		cmocka_unit_test(label_selectors_are_those_of_kubernetes),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(all_mistakes_of_a_list_are_said_at_once),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(a_pid_set_follows_descendants_and_not_numbers),
		cmocka_unit_test(a_pid_set_keeps_at_least_what_it_says),
		cmocka_unit_test(an_event_passes_what_allows_and_does_not_deny),
		cmocka_unit_test(pairs_say_what_a_filter_says),
		cmocka_unit_test(pairs_that_are_wrong_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
