/* SPDX-License-Identifier: Apache-2.0 */
/* What a client may ask for, and what clients that ask alike share. */
#include "cmocka_case.h"

#include <errno.h>

#include <google/protobuf/field_mask.pb-c.h>

#include "service/service_private.h"

#define EXEC   TETRAGON__EVENT_TYPE__PROCESS_EXEC
#define EXITED TETRAGON__EVENT_TYPE__PROCESS_EXIT
#define GAP    TETRAGON__EVENT_TYPE__GAP

/* A list of filters with one event type each; 0 ends it, -1 is a filter without keys. */
struct list {
	int types[4];
	Tetragon__Filter filters[4];
	Tetragon__Filter *pointers[4];
};

static size_t fill_list(struct list *list, const int types[4])
{
	size_t count = 0;

	memcpy(list->types, types, sizeof(list->types));
	for (; count < COUNT(list->types) && types[count]; count++) {
		list->filters[count] = (Tetragon__Filter)TETRAGON__FILTER__INIT;
		list->pointers[count] = &list->filters[count];
		if (types[count] < 0)
			continue;
		list->filters[count].n_event_set = 1;
		list->filters[count].event_set = (Tetragon__EventType *)&list->types[count];
	}
	return count;
}

static bool passes(struct event_filter *filter, int type, uint64_t number)
{
	Tetragon__ProcessExec exec = TETRAGON__PROCESS_EXEC__INIT;
	Tetragon__ProcessExit exit = TETRAGON__PROCESS_EXIT__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	struct event_round round = { .number = number, .event = &event };
	bool is_wanted;

	event.event_case = (Tetragon__GetEventsResponse__EventCase)type;
	if (type == EXEC)
		event.process_exec = &exec;
	else
		event.process_exit = &exit;
	event_filter_apply(filter, &round, &is_wanted);
	event_filter_end_round(filter);
	rpc_message_unref(round.message);
	return is_wanted;
}

static void lists_of_event_types_choose(void **state)
{
	static const struct {
		int allow[4];
		int deny[4];
		bool has_exec;
		bool has_exit;
	} cases[] = {
		{ {}, {}, true, true },
		{ {}, {}, true, true },
		{ { EXEC }, {}, true, false },
		{ { EXEC }, {}, true, false },
		{ { EXEC, EXITED }, {}, true, true },
		{ { EXEC, -1 }, {}, true, true },
		{ { 77 }, {}, false, false },
		{ {}, { EXEC }, false, true },
		{ { EXEC, EXITED }, { EXITED }, true, false },
		{ {}, { -1 }, false, false },
		{ { GAP }, {}, false, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		Tetragon__GetEventsRequest request = TETRAGON__GET_EVENTS_REQUEST__INIT;
		_cleanup_diag_ struct diag diag = {};
		const struct filter_options options = {};
		struct event_filter *list = NULL, *filter;
		struct list allow = {};
		struct list deny = {};

		request.n_allow_list = fill_list(&allow, cases[i].allow);
		request.allow_list = allow.pointers;
		request.n_deny_list = fill_list(&deny, cases[i].deny);
		request.deny_list = deny.pointers;
		assert_int_equal(event_filter_get(&list, &request, &options, &filter, &diag), 0);
		assert_int_equal(passes(filter, EXEC, 1), cases[i].has_exec);
		assert_int_equal(passes(filter, EXITED, 2), cases[i].has_exit);
		event_filter_put(&list, filter);
		assert_null(list);
	}
}

static void equal_requests_share_one_filter_and_one_message(void **state)
{
	Tetragon__GetEventsRequest request = TETRAGON__GET_EVENTS_REQUEST__INIT;
	Tetragon__GetEventsRequest other = TETRAGON__GET_EVENTS_REQUEST__INIT;
	Tetragon__Filter filter = TETRAGON__FILTER__INIT;
	Tetragon__Filter *filters[] = { &filter };
	Tetragon__ProcessExec exec = TETRAGON__PROCESS_EXEC__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	struct event_round round = { .number = 1, .event = &event };
	const struct filter_options options = {};
	struct event_filter *list = NULL, *one, *same, *all;
	bool is_wanted;

	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC;
	event.process_exec = &exec;
	request.n_allow_list = 1;
	request.allow_list = filters;
	assert_int_equal(event_filter_get(&list, &request, &options, &one, NULL), 0);
	request.with_gaps = true;
	assert_int_equal(event_filter_get(&list, &request, &options, &same, NULL), 0);
	assert_int_equal(event_filter_get(&list, &other, &options, &all, NULL), 0);
	assert_ptr_equal(one, same);
	assert_ptr_not_equal(one, all);
	assert_non_null(event_filter_apply(one, &round, &is_wanted));
	assert_ptr_equal(event_filter_apply(all, &round, &is_wanted), round.message);
	assert_ptr_equal(event_filter_apply(same, &round, &is_wanted), round.message);
	event_filter_end_round(one);
	event_filter_end_round(all);
	rpc_message_unref(round.message);
	event_filter_put(&list, one);
	event_filter_put(&list, all);
	assert_ptr_equal(list, same);
	event_filter_put(&list, same);
	assert_null(list);
}

static void clients_with_other_fields_get_other_messages(void **state)
{
	Tetragon__GetEventsRequest request = TETRAGON__GET_EVENTS_REQUEST__INIT;
	Tetragon__FieldFilter fields = TETRAGON__FIELD_FILTER__INIT;
	Tetragon__FieldFilter *list_of_fields[] = { &fields };
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	char *paths[] = { (char *)"parent" };
	Tetragon__Process process = TETRAGON__PROCESS__INIT;
	Tetragon__ProcessExec exec = TETRAGON__PROCESS_EXEC__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	_cleanup_message_ struct rpc_message *whole = NULL;
	struct event_round round = { .number = 1, .event = &event };
	const struct filter_options options = {};
	struct event_filter *list = NULL, *filter;
	struct rpc_message *message;
	bool is_wanted;

	process.binary = (char *)"/usr/bin/id";
	exec.process = exec.parent = &process;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC;
	event.process_exec = &exec;
	mask.n_paths = 1;
	mask.paths = paths;
	fields.fields = &mask;
	fields.action = TETRAGON__FIELD_FILTER_ACTION__EXCLUDE;
	request.n_field_filters = 1;
	request.field_filters = list_of_fields;
	assert_int_equal(event_filter_get(&list, &request, &options, &filter, NULL), 0);
	message = event_filter_apply(filter, &round, &is_wanted);
	whole = service_pack(&event.base);
	assert_null(round.message);
	assert_true(message->bytes < whole->bytes);
	event_filter_put(&list, filter);
	paths[0] = (char *)"parnt";
	_cleanup_diag_ struct diag diag = {};
	assert_int_equal(event_filter_get(&list, &request, &options, &filter, &diag), -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "did you mean \"parent\""));
	assert_null(list);
}

static void unknown_filter_keys_are_refused_by_number(void **state)
{
	/* allow_list { 99: 1 } */
	static const uint8_t bytes[] = { 0x0a, 3, 0x98, 0x06, 1 };
	_cleanup_(service_free_request) ProtobufCMessage *request =
		service_unpack(&tetragon__get_events_request__descriptor, bytes, sizeof(bytes));
	_cleanup_diag_ struct diag diag = {};
	const struct filter_options options = {};
	struct event_filter *list = NULL, *filter;

	assert_non_null(request);
	assert_int_equal(event_filter_get(&list, (Tetragon__GetEventsRequest *)request, &options,
					  &filter, &diag),
			 -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "99"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_event_types_choose),
		cmocka_unit_test(equal_requests_share_one_filter_and_one_message),
		cmocka_unit_test(clients_with_other_fields_get_other_messages),
		cmocka_unit_test(unknown_filter_keys_are_refused_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
