/* SPDX-License-Identifier: Apache-2.0 */
/* What a client may ask for, the table of methods, and one service with one client in a process of
 * its own. Streams and slow clients are in tests/service. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "rpc/client.h"
#include "service/service_private.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define EXEC   TETRAGON__EVENT_TYPE__PROCESS_EXEC
#define EXITED TETRAGON__EVENT_TYPE__PROCESS_EXIT
#define GAP    TETRAGON__EVENT_TYPE__GAP

static void every_method_of_the_api_has_one_row(void **state)
{
	const ProtobufCServiceDescriptor *api = &tetragon__fine_guidance_sensors__descriptor;

	assert_int_equal(service_methods_count, api->n_methods);
	for (unsigned int i = 0; i < api->n_methods; i++) {
		unsigned int rows = 0;

		for (size_t j = 0; j < service_methods_count; j++) {
			const struct service_method *row = &service_methods[j];

			if (strcmp(row->name, api->methods[i].name) != 0)
				continue;
			rows++;
			assert_true(!row->answer == !!row->instead);
			if (row->answer)
				assert_ptr_equal(row->request, api->methods[i].input);
		}
		assert_int_equal(rows, 1);
	}
}

static void every_event_type_has_a_bit_of_its_own(void **state)
{
	const ProtobufCEnumDescriptor *types = &tetragon__event_type__descriptor;
	event_mask seen = 0;

	for (unsigned int i = 0; i < types->n_values; i++) {
		event_mask bit = event_filter_get_bit(types->values[i].value);

		assert_int_not_equal(bit, 0);
		assert_int_equal(seen & bit, 0);
		seen |= bit;
	}
	assert_int_equal(event_filter_get_bit(2), 0);
	assert_int_equal(event_filter_get_bit(-1), 0);
}

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

static void lists_of_event_types_choose(void **state)
{
	static const struct {
		int allow[4];
		int deny[4];
		bool with_gaps;
		bool has_exec;
		bool has_exit;
		bool has_gap;
	} cases[] = {
		{ {}, {}, false, true, true, false },
		{ {}, {}, true, true, true, true },
		{ { EXEC }, {}, false, true, false, false },
		{ { EXEC }, {}, true, true, false, true },
		{ { EXEC, EXITED }, {}, false, true, true, false },
		{ { EXEC, -1 }, {}, false, true, true, false },
		{ { 77 }, {}, false, false, false, false },
		{ {}, { EXEC }, false, false, true, false },
		{ { EXEC, EXITED }, { EXITED }, false, true, false, false },
		{ {}, { -1 }, true, false, false, true },
		{ { GAP }, {}, false, false, false, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		Tetragon__GetEventsRequest request = TETRAGON__GET_EVENTS_REQUEST__INIT;
		_cleanup_diag_ struct diag diag = {};
		struct event_filter filter;
		struct list allow = {};
		struct list deny = {};

		request.n_allow_list = fill_list(&allow, cases[i].allow);
		request.allow_list = allow.pointers;
		request.n_deny_list = fill_list(&deny, cases[i].deny);
		request.deny_list = deny.pointers;
		request.with_gaps = cases[i].with_gaps;
		assert_int_equal(event_filter_read(&request, &filter, &diag), 0);
		assert_int_equal(!!(filter.wanted & event_filter_get_bit(EXEC)), cases[i].has_exec);
		assert_int_equal(!!(filter.wanted & event_filter_get_bit(EXITED)),
				 cases[i].has_exit);
		assert_int_equal(!!(filter.wanted & event_filter_get_bit(GAP)), cases[i].has_gap);
	}
}

/* Sets a field to something, whatever its kind; VALUE only has to be there. */
static void set_field(Tetragon__Filter *filter, const ProtobufCFieldDescriptor *field, void *value)
{
	char *start = (char *)filter;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		*(size_t *)(start + field->quantifier_offset) = 1;
	*(void **)(start + field->offset) = value;
}

static void every_other_filter_key_is_refused_by_name(void **state)
{
	const ProtobufCMessageDescriptor *type = &tetragon__filter__descriptor;
	unsigned int refused = 0;

	for (unsigned int i = 0; i < type->n_fields; i++) {
		Tetragon__GetEventsRequest request = TETRAGON__GET_EVENTS_REQUEST__INIT;
		Tetragon__Filter filter = TETRAGON__FILTER__INIT;
		Tetragon__Filter *filters[] = { &filter };
		_cleanup_diag_ struct diag diag = {};
		struct event_filter out;

		if (strcmp(type->fields[i].name, "event_set") == 0)
			continue;
		set_field(&filter, &type->fields[i], filters);
		request.n_deny_list = 1;
		request.deny_list = filters;
		assert_int_equal(event_filter_read(&request, &out, &diag), -EINVAL);
		assert_non_null(strstr(buf_text(&diag.text), type->fields[i].name));
		assert_int_equal(diag.lines, 1);
		refused++;
	}
	assert_int_equal(refused, type->n_fields - 1);
}

static void unknown_filter_keys_are_refused_by_number(void **state)
{
	/* allow_list { 99: 1 } */
	static const uint8_t bytes[] = { 0x0a, 3, 0x98, 0x06, 1 };
	_cleanup_(service_free_request) ProtobufCMessage *request =
		service_unpack(&tetragon__get_events_request__descriptor, bytes, sizeof(bytes));
	_cleanup_diag_ struct diag diag = {};
	struct event_filter filter;

	assert_non_null(request);
	assert_int_equal(event_filter_read((Tetragon__GetEventsRequest *)request, &filter, &diag),
			 -EINVAL);
	assert_non_null(strstr(buf_text(&diag.text), "99"));
}

static void requests_cannot_unfold_into_more_memory_than_allowed(void **state)
{
	size_t bytes = 4 << 20;
	uint8_t *data = malloc(bytes);

	assert_non_null(data);
	for (size_t i = 0; i < bytes; i += 2) {
		data[i] = 0x0a;
		data[i + 1] = 0;
	}
	assert_null(service_unpack(&tetragon__get_events_request__descriptor, data, bytes));
	_cleanup_(service_free_request) ProtobufCMessage *few =
		service_unpack(&tetragon__get_events_request__descriptor, data, 2000);
	assert_non_null(few);
	assert_int_equal(((Tetragon__GetEventsRequest *)few)->n_allow_list, 1000);
	free(data);
}

static void a_packed_message_has_its_frame(void **state)
{
	Tetragon__GetVersionResponse response = TETRAGON__GET_VERSION_RESPONSE__INIT;
	_cleanup_message_ struct rpc_message *message = NULL;
	static const uint8_t wanted[] = { 0, 0, 0, 0, 4, 0x0a, 2, 'v', '1' };

	response.version = (char *)"v1";
	message = service_pack(&response.base);
	assert_non_null(message);
	assert_int_equal(message->bytes, sizeof(wanted));
	assert_memory_equal(message->content, wanted, sizeof(wanted));
}

static const struct service_ops no_ops = {};

static void stop_serving(void *context, uint32_t events)
{
	loop_stop(context, 0);
}

/* Listens until a byte comes; the exit status of a child. */
static int serve(const char *address, int ready_fd, int stop_fd)
{
	struct service_options options = { .server_address = address, .socket_path = "" };
	_cleanup_diag_ struct diag diag = {};
	struct service *service = NULL;
	struct loop_source *stop = NULL;
	struct loop *loop = NULL;

	if (loop_new(&loop) || service_new(&service, loop, &options, &no_ops, NULL, &diag) ||
	    loop_add_io(loop, stop_fd, EPOLLIN, stop_serving, loop, &stop) ||
	    write(ready_fd, "r", 1) != 1 || loop_run(loop))
		return 1;
	service_free(service);
	loop_free(loop);
	return 0;
}

static int keep_version(void *context, const uint8_t *data, size_t bytes)
{
	_cleanup_(service_free_request) ProtobufCMessage *message = protobuf_c_message_unpack(
		&tetragon__get_version_response__descriptor, NULL, bytes, data);

	if (message)
		snprintf(context, 32, "%s", ((Tetragon__GetVersionResponse *)message)->version);
	return 0;
}

static void answers_over_a_private_socket_and_removes_it(void **state)
{
	struct rpc_request request = { .path = "/tetragon.FineGuidanceSensors/GetVersion",
				       .timeout_ns = 20 * CLOCK_NS_PER_SECOND,
				       .stop_fd = -1,
				       .on_message = keep_version };
	char folder[] = "/tmp/test-service-XXXXXX";
	struct rpc_client *client = NULL;
	struct rpc_response response;
	char version[32] = "";
	struct stat status;
	char address[64];
	int ready[2];
	int stop[2];
	pid_t process;
	int result = -1;
	char byte;

	assert_non_null(mkdtemp(folder));
	/* Its directory is made, too. */
	snprintf(address, sizeof(address), "unix://%s/run/s", folder);
	assert_int_equal(pipe(ready) | pipe(stop), 0);
	process = fork();
	if (process == 0)
		_exit(serve(address, ready[1], stop[0]));
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(stat(address + strlen("unix://"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_int_equal(rpc_client_connect(&client, address, CLOCK_NS_PER_SECOND, NULL), 0);
	request.context = version;
	assert_int_equal(rpc_client_call(client, &request, &response), 0);
	assert_int_equal(response.status, RPC_OK);
	assert_string_equal(version, TETRAD_VERSION);
	rpc_client_free(client);
	assert_int_equal(write(stop[1], "s", 1), 1);
	assert_int_equal(waitpid(process, &result, 0), process);
	assert_int_equal(result, 0);
	assert_int_equal(stat(address + strlen("unix://"), &status), -1);
	snprintf(address, sizeof(address), "%s/run", folder);
	assert_int_equal(rmdir(address) | rmdir(folder), 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(stop[i]);
	}
}

static void a_service_without_address_listens_nowhere(void **state)
{
	struct service_options options = { .server_address = "", .socket_path = "/nowhere/s" };
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	_cleanup_diag_ struct diag diag = {};
	struct service *service = NULL;
	struct loop *loop = NULL;

	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(service_new(&service, loop, &options, &no_ops, NULL, &diag), 0);
	assert_int_equal(service_get_port(service), 0);
	assert_false(service_has_streams(service));
	service_publish(service, &event);
	assert_int_equal(service_get_counters(service).events_sent, 0);
	service_free(service);
	loop_free(loop);
}

static void a_directory_that_cannot_be_made_is_one_line(void **state)
{
	struct service_options options = { .server_address = "unix:///proc/none/such/s" };
	_cleanup_diag_ struct diag diag = {};
	struct service *service = NULL;
	struct loop *loop = NULL;

	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(service_new(&service, loop, &options, &no_ops, NULL, &diag), -ENOENT);
	assert_null(service);
	assert_string_equal(buf_text(&diag.text),
			    "cannot create directory \"/proc/none/such\" for the socket: "
			    "no such file or directory\n");
	loop_free(loop);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_of_the_api_has_one_row),
		cmocka_unit_test(every_event_type_has_a_bit_of_its_own),
		cmocka_unit_test(lists_of_event_types_choose),
		cmocka_unit_test(every_other_filter_key_is_refused_by_name),
		cmocka_unit_test(unknown_filter_keys_are_refused_by_number),
		cmocka_unit_test(requests_cannot_unfold_into_more_memory_than_allowed),
		cmocka_unit_test(a_packed_message_has_its_frame),
		cmocka_unit_test(answers_over_a_private_socket_and_removes_it),
		cmocka_unit_test(a_service_without_address_listens_nowhere),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
