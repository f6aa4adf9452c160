/* SPDX-License-Identifier: Apache-2.0 */
/* The table of methods, and one service with one client in a process of
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

/* What a service in a process of its own is started with, and how it is reached. */
struct served {
	const struct service_ops *ops;
	bool with_deprecated_policy_methods;
	char folder[32];
	char address[64];
	int ready[2];
	int stop[2];
	pid_t process;
	struct rpc_client *client;
};

/* Listens until a byte comes; the exit status of a child. */
static int serve(const struct served *served)
{
	struct service_options options = { .server_address = served->address,
					   .socket_path = "",
					   .with_deprecated_policy_methods =
						   served->with_deprecated_policy_methods };
	_cleanup_diag_ struct diag diag = {};
	struct service *service = NULL;
	struct loop_source *stop = NULL;
	struct loop *loop = NULL;

	if (loop_new(&loop) || service_new(&service, loop, &options, served->ops, NULL, &diag) ||
	    loop_add_io(loop, served->stop[0], EPOLLIN, stop_serving, loop, &stop) ||
	    write(served->ready[1], "r", 1) != 1 || loop_run(loop))
		return 1;
	service_free(service);
	loop_free(loop);
	return 0;
}

static void start_serving(struct served *served)
{
	char byte;

	snprintf(served->folder, sizeof(served->folder), "/tmp/test-service-XXXXXX");
	assert_non_null(mkdtemp(served->folder));
	/* Its directory is made, too. */
	snprintf(served->address, sizeof(served->address), "unix://%s/run/s", served->folder);
	assert_int_equal(pipe(served->ready) | pipe(served->stop), 0);
	served->process = fork();
	if (served->process == 0)
		_exit(serve(served));
	assert_int_equal(read(served->ready[0], &byte, 1), 1);
	assert_int_equal(rpc_client_connect(&served->client, served->address, NULL,
					    CLOCK_NS_PER_SECOND, NULL),
			 0);
}

static void end_serving(struct served *served)
{
	char folder[64];
	int result = -1;

	rpc_client_free(served->client);
	assert_int_equal(write(served->stop[1], "s", 1), 1);
	assert_int_equal(waitpid(served->process, &result, 0), served->process);
	assert_int_equal(result, 0);
	snprintf(folder, sizeof(folder), "%s/run", served->folder);
	/* Empty: the socket is gone. */
	assert_int_equal(rmdir(folder) | rmdir(served->folder), 0);
	for (int i = 0; i < 2; i++) {
		close(served->ready[i]);
		close(served->stop[i]);
	}
}

struct answer {
	struct rpc_response response;
	struct buf body;
};

static void answer_done(struct answer *answer)
{
	buf_done(&answer->body);
}
#define _cleanup_answer_ _cleanup_(answer_done)

static int keep_body(void *context, const uint8_t *data, size_t bytes)
{
	buf_add(context, data, bytes);
	return 0;
}

static void ask(struct served *served, const char *method, const ProtobufCMessage *message,
		struct answer *answer)
{
	_cleanup_free_ uint8_t *packed = malloc(protobuf_c_message_get_packed_size(message) + 1);
	struct rpc_request request = { .data = packed,
				       .timeout_ns = 20 * CLOCK_NS_PER_SECOND,
				       .stop_fd = -1,
				       .on_message = keep_body,
				       .context = &answer->body };
	char path[96];

	assert_non_null(packed);
	snprintf(path, sizeof(path), "/tetragon.FineGuidanceSensors/%s", method);
	request.path = path;
	request.bytes = protobuf_c_message_pack(message, packed);
	assert_int_equal(rpc_client_call(served->client, &request, &answer->response), 0);
}

static void answers_over_a_private_socket_and_removes_it(void **state)
{
	Tetragon__GetVersionRequest request = TETRAGON__GET_VERSION_REQUEST__INIT;
	_cleanup_(service_free_request) ProtobufCMessage *version = NULL;
	_cleanup_answer_ struct answer answer = {};
	struct served served = { .ops = &no_ops };
	struct stat status;

	start_serving(&served);
	assert_int_equal(stat(served.address + strlen("unix://"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	ask(&served, "GetVersion", &request.base, &answer);
	assert_int_equal(answer.response.status, RPC_OK);
	version = service_unpack(&tetragon__get_version_response__descriptor,
				 (const uint8_t *)answer.body.data, answer.body.bytes);
	assert_non_null(version);
	assert_string_equal(((Tetragon__GetVersionResponse *)version)->version, TETRAD_VERSION);
	end_serving(&served);
}

/* ---- policies: operations that say what they were asked for, and fail as they are told ---- */

/* The errno is the number that TEXT begins with; lines beyond say what was asked for. */
static int echo_error(const char *text)
{
	return -(int)strtol(text, NULL, 10);
}

static int echo_add(void *context, const char *yaml, const char *domain,
		    Tetragon__TracingPolicyMode mode, struct diag *diag)
{
	diag_add(diag, "add %s to %s in %d", yaml, domain, (int)mode);
	diag_add(diag, "    ^ größer");
	return echo_error(yaml);
}

static int echo_delete(void *context, const char *name, const char *namespace, const char *domain,
		       struct diag *diag)
{
	int error = echo_error(name);

	if (error != -EIO)
		diag_add(diag, "delete %s of \"%s\" in \"%s\"", name, namespace, domain);
	return error;
}

static int echo_configure(void *context, const struct service_policy_change *change,
			  struct diag *diag)
{
	diag_add(diag, "configure %s of \"%s\" in \"%s\": %d %d %d", change->name,
		 change->namespace, change->domain, change->has_enable, change->enable,
		 (int)change->mode);
	return echo_error(change->name);
}

static void echo_list(void *context, const Tetragon__ListTracingPoliciesRequest *request,
		      service_policies_fn answer, void *answer_context)
{
	static const char *const domains[] = { "static", "grpc", "static", "a", "grpc" };
	Tetragon__ListTracingPoliciesResponse list = TETRAGON__LIST_TRACING_POLICIES_RESPONSE__INIT;
	Tetragon__TracingPolicyStatus policies[COUNT(domains)];
	Tetragon__TracingPolicyStatus *pointers[COUNT(domains)];

	for (size_t i = 0; i < COUNT(domains); i++) {
		if (*request->domain && strcmp(request->domain, domains[i]) != 0)
			continue;
		policies[i] = (Tetragon__TracingPolicyStatus)TETRAGON__TRACING_POLICY_STATUS__INIT;
		policies[i].domain = (char *)domains[i];
		pointers[list.n_policies++] = &policies[i];
	}
	list.policies = pointers;
	answer(answer_context, &list);
}

static const struct service_ops echo_ops = { .add_policy = echo_add,
					     .delete_policy = echo_delete,
					     .configure_policy = echo_configure,
					     .list_policies = echo_list };

static void assert_answers(struct served *served, const char *method, const void *message,
			   enum rpc_status status, const char *text)
{
	_cleanup_answer_ struct answer answer = {};

	ask(served, method, message, &answer);
	assert_string_equal(answer.response.text, text);
	assert_int_equal(answer.response.status, status);
}

static void errors_of_operations_have_a_status_and_whole_texts(void **state)
{
	static const struct {
		int error;
		enum rpc_status status;
	} cases[] = {
		{ EINVAL, RPC_INVALID_ARGUMENT },
		{ EEXIST, RPC_ALREADY_EXISTS },
		{ ENOENT, RPC_NOT_FOUND },
		{ ENOSPC, RPC_RESOURCE_EXHAUSTED },
		{ EOPNOTSUPP, RPC_FAILED_PRECONDITION },
		{ EPERM, RPC_INTERNAL },
	};
	struct served served = { .ops = &echo_ops };

	start_serving(&served);
	for (size_t i = 0; i < COUNT(cases); i++) {
		Tetragon__AddTracingPolicyRequest request =
			TETRAGON__ADD_TRACING_POLICY_REQUEST__INIT;
		char yaml[16];
		char wanted[96];

		snprintf(yaml, sizeof(yaml), "%d", cases[i].error);
		snprintf(wanted, sizeof(wanted), "add %s to grpc in 0\n    ^ größer", yaml);
		request.yaml = yaml;
		assert_answers(&served, "AddTracingPolicy", &request, cases[i].status, wanted);
	}
	end_serving(&served);
}

static void adding_hands_over_domain_and_mode_and_brings_warnings(void **state)
{
	Tetragon__AddTracingPolicyRequest request = TETRAGON__ADD_TRACING_POLICY_REQUEST__INIT;
	_cleanup_(service_free_request) ProtobufCMessage *response = NULL;
	_cleanup_answer_ struct answer answer = {};
	struct served served = { .ops = &echo_ops };

	start_serving(&served);
	request.yaml = (char *)"text";
	request.domain = (char *)"mine";
	request.mode = TETRAGON__TRACING_POLICY_MODE__TP_MODE_MONITOR;
	ask(&served, "AddTracingPolicy", &request.base, &answer);
	assert_int_equal(answer.response.status, RPC_OK);
	response = service_unpack(&tetragon__add_tracing_policy_response__descriptor,
				  (const uint8_t *)buf_text(&answer.body), answer.body.bytes);
	assert_non_null(response);
	assert_string_equal(((Tetragon__AddTracingPolicyResponse *)response)->warnings,
			    "add text to mine in 2\n    ^ größer\n");
	request.mode = TETRAGON__TRACING_POLICY_MODE__TP_MODE_MONITOR_ONLY;
	assert_answers(&served, "AddTracingPolicy", &request, RPC_INVALID_ARGUMENT,
		       "a policy cannot be put into mode 3; want TP_MODE_ENFORCE or "
		       "TP_MODE_MONITOR");
	end_serving(&served);
}

static void deleting_hands_over_the_key(void **state)
{
	static const struct {
		const char *name, *namespace, *domain;
		enum rpc_status status;
		const char *text;
	} cases[] = {
		{ "web", "", "", RPC_OK, "" },
		{ "2", "", "", RPC_NOT_FOUND, "delete 2 of \"\" in \"\"" },
		{ "2", "n", "d", RPC_NOT_FOUND, "delete 2 of \"n\" in \"d\"" },
		/* No word of the operation's own. */
		{ "5", "", "", RPC_INTERNAL, "input/output error" },
		{ "", "", "", RPC_INVALID_ARGUMENT,
		  "the request names no policy; want its metadata.name" },
	};
	struct served served = { .ops = &echo_ops };

	start_serving(&served);
	for (size_t i = 0; i < COUNT(cases); i++) {
		Tetragon__DeleteTracingPolicyRequest request =
			TETRAGON__DELETE_TRACING_POLICY_REQUEST__INIT;

		request.name = (char *)cases[i].name;
		request.namespace_ = (char *)cases[i].namespace;
		request.domain = (char *)cases[i].domain;
		assert_answers(&served, "DeleteTracingPolicy", &request, cases[i].status,
			       cases[i].text);
	}
	end_serving(&served);
}

static void configuring_hands_over_only_what_is_to_change(void **state)
{
	enum {
		ENABLE = TETRAGON__CONFIGURE_TRACING_POLICY_REQUEST__OPTIONAL_ENABLE_ENABLE,
		MODE = TETRAGON__CONFIGURE_TRACING_POLICY_REQUEST__OPTIONAL_MODE_MODE
	};
	static const struct {
		int has_enable, enable, has_mode, mode;
		const char *text;
	} cases[] = {
		{ ENABLE, 1, 0, 0, "configure 22 of \"n\" in \"\": 1 1 0" },
		{ ENABLE, 0, 0, 0, "configure 22 of \"n\" in \"\": 1 0 0" },
		{ 0, 0, MODE, 1, "configure 22 of \"n\" in \"\": 0 0 1" },
		{ ENABLE, 1, MODE, 2, "configure 22 of \"n\" in \"\": 1 1 2" },
		{ 0, 0, MODE, 0,
		  "a policy cannot be put into mode 0; want TP_MODE_ENFORCE or TP_MODE_MONITOR" },
		{ 0, 0, 0, 0, "the request changes nothing; want \"enable\" or \"mode\"" },
	};
	Tetragon__ConfigureTracingPolicyRequest request =
		TETRAGON__CONFIGURE_TRACING_POLICY_REQUEST__INIT;
	struct served served = { .ops = &echo_ops };

	start_serving(&served);
	for (size_t i = 0; i < COUNT(cases); i++) {
		request.name = (char *)"22";
		request.namespace_ = (char *)"n";
		request.optional_enable_case = cases[i].has_enable;
		request.enable = cases[i].enable;
		request.optional_mode_case = cases[i].has_mode;
		request.mode = (Tetragon__TracingPolicyMode)cases[i].mode;
		assert_answers(&served, "ConfigureTracingPolicy", &request, RPC_INVALID_ARGUMENT,
			       cases[i].text);
	}
	end_serving(&served);
}

static void the_two_deprecated_methods_need_a_setting(void **state)
{
	Tetragon__EnableTracingPolicyRequest enable = TETRAGON__ENABLE_TRACING_POLICY_REQUEST__INIT;
	Tetragon__DisableTracingPolicyRequest disable =
		TETRAGON__DISABLE_TRACING_POLICY_REQUEST__INIT;
	struct served refusing = { .ops = &echo_ops };
	struct served serving = { .ops = &echo_ops, .with_deprecated_policy_methods = true };

	enable.name = (char *)"2";
	disable.name = (char *)"2";
	start_serving(&refusing);
	assert_answers(&refusing, "EnableTracingPolicy", &enable, RPC_UNIMPLEMENTED,
		       "method \"EnableTracingPolicy\" is not available: it is deprecated: use "
		       "ConfigureTracingPolicy");
	assert_answers(&refusing, "DisableTracingPolicy", &disable, RPC_UNIMPLEMENTED,
		       "method \"DisableTracingPolicy\" is not available: it is deprecated: use "
		       "ConfigureTracingPolicy");
	end_serving(&refusing);
	start_serving(&serving);
	assert_answers(&serving, "EnableTracingPolicy", &enable, RPC_NOT_FOUND,
		       "configure 2 of \"\" in \"\": 1 1 0");
	assert_answers(&serving, "DisableTracingPolicy", &disable, RPC_NOT_FOUND,
		       "configure 2 of \"\" in \"\": 1 0 0");
	end_serving(&serving);
}

static void domains_are_those_of_the_list_once_each(void **state)
{
	static const char *const wanted[] = { "a", "grpc", "static" };
	Tetragon__ListDomainsRequest request = TETRAGON__LIST_DOMAINS_REQUEST__INIT;
	_cleanup_(service_free_request) ProtobufCMessage *message = NULL;
	_cleanup_answer_ struct answer answer = {};
	struct served served = { .ops = &echo_ops };
	const Tetragon__ListDomainsResponse *response;

	start_serving(&served);
	ask(&served, "ListDomains", &request.base, &answer);
	message = service_unpack(&tetragon__list_domains_response__descriptor,
				 (const uint8_t *)buf_text(&answer.body), answer.body.bytes);
	response = (const Tetragon__ListDomainsResponse *)message;
	assert_non_null(response);
	assert_int_equal(response->n_domains, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++)
		assert_string_equal(response->domains[i], wanted[i]);
	end_serving(&served);
}

static void policies_are_listed_by_domain(void **state)
{
	static const struct {
		const char *domain;
		size_t count;
	} cases[] = { { "", 5 }, { "static", 2 }, { "a", 1 }, { "none", 0 } };
	struct served served = { .ops = &echo_ops };

	start_serving(&served);
	for (size_t i = 0; i < COUNT(cases); i++) {
		Tetragon__ListTracingPoliciesRequest request =
			TETRAGON__LIST_TRACING_POLICIES_REQUEST__INIT;
		_cleanup_(service_free_request) ProtobufCMessage *message = NULL;
		_cleanup_answer_ struct answer answer = {};

		request.domain = (char *)cases[i].domain;
		ask(&served, "ListTracingPolicies", &request.base, &answer);
		message =
			service_unpack(&tetragon__list_tracing_policies_response__descriptor,
				       (const uint8_t *)buf_text(&answer.body), answer.body.bytes);
		assert_non_null(message);
		assert_int_equal(((Tetragon__ListTracingPoliciesResponse *)message)->n_policies,
				 cases[i].count);
	}
	end_serving(&served);
}

static void an_agent_without_policies_says_so_by_method(void **state)
{
	static const char *const methods[] = { "AddTracingPolicy", "DeleteTracingPolicy",
					       "ListTracingPolicies", "ListDomains",
					       "EnableTracingPolicy" };
	Tetragon__ListDomainsRequest nothing = TETRAGON__LIST_DOMAINS_REQUEST__INIT;
	struct served served = { .ops = &no_ops, .with_deprecated_policy_methods = true };

	start_serving(&served);
	for (size_t i = 0; i < COUNT(methods); i++) {
		char wanted[128];

		snprintf(wanted, sizeof(wanted),
			 "method \"%s\" is not available: this agent takes no policies from "
			 "clients",
			 methods[i]);
		assert_answers(&served, methods[i], &nothing, RPC_UNIMPLEMENTED, wanted);
	}
	end_serving(&served);
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
		cmocka_unit_test(requests_cannot_unfold_into_more_memory_than_allowed),
		cmocka_unit_test(a_packed_message_has_its_frame),
		cmocka_unit_test(answers_over_a_private_socket_and_removes_it),
		cmocka_unit_test(errors_of_operations_have_a_status_and_whole_texts),
		cmocka_unit_test(adding_hands_over_domain_and_mode_and_brings_warnings),
		cmocka_unit_test(deleting_hands_over_the_key),
		cmocka_unit_test(configuring_hands_over_only_what_is_to_change),
		cmocka_unit_test(the_two_deprecated_methods_need_a_setting),
		cmocka_unit_test(domains_are_those_of_the_list_once_each),
		cmocka_unit_test(policies_are_listed_by_domain),
		cmocka_unit_test(an_agent_without_policies_says_so_by_method),
		cmocka_unit_test(a_service_without_address_listens_nowhere),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
