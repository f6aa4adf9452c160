/* SPDX-License-Identifier: Apache-2.0 */
/* The server in a process of its own, against the client and against raw HTTP/2. Framing and
 * addresses are in test_rpc_parts.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "rpc/address.h"
#include "rpc/client.h"
#include "rpc/limits.h"
#include "rpc/server.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define TEST_TIMEOUT_NS (20 * CLOCK_NS_PER_SECOND)

/* ---- the server that is tested: methods that do one thing each ---- */

struct echo {
	struct loop *loop;
	struct rpc_server *server;
	unsigned int open; /* streams of /t/Open */
};

static struct rpc_message *make_text(const char *text)
{
	struct rpc_message *message = rpc_message_new(strlen(text));

	memcpy(rpc_message_body(message), text, strlen(text));
	return message;
}

static void start_echo(void *context, struct rpc_call *call, const uint8_t *request, size_t bytes)
{
	struct rpc_message *message = rpc_message_new(bytes);

	memcpy(rpc_message_body(message), request, bytes);
	rpc_call_reply(call, message);
}

static void start_fail(void *context, struct rpc_call *call, const uint8_t *request, size_t bytes)
{
	rpc_call_fail(call, RPC_NOT_FOUND, "%s", "100% größer\x1b[0m");
	rpc_call_fail(call, RPC_OK, "the second end is ignored");
}

static void start_silent(void *context, struct rpc_call *call, const uint8_t *request, size_t bytes)
{
}

/* As many messages as the first byte says, one of them shared. */
static void start_count(void *context, struct rpc_call *call, const uint8_t *request, size_t bytes)
{
	static const struct rpc_stream_hooks hooks = {};
	_cleanup_message_ struct rpc_message *message = make_text("one");

	rpc_call_start_stream(call, &hooks);
	rpc_call_set_queue(call, 1000, 1 << 20);
	for (unsigned int i = 0; bytes && i < request[0]; i++)
		rpc_call_send(call, message);
	rpc_call_fail(call, RPC_OK, "%s", "");
}

static void flood_drained(void *context, struct rpc_call *call)
{
	_cleanup_message_ struct rpc_message *message = make_text("drained");

	rpc_call_send(call, message);
	rpc_call_fail(call, RPC_OK, "%s", "");
}

/* Sends until there is no room, then waits until there is. */
static void start_flood(void *context, struct rpc_call *call, const uint8_t *request, size_t bytes)
{
	static const struct rpc_stream_hooks hooks = { .drained = flood_drained };
	_cleanup_message_ struct rpc_message *message = make_text("flood");

	rpc_call_start_stream(call, &hooks);
	rpc_call_set_queue(call, 4, 1000);
	while (rpc_call_send(call, message) == 0)
		continue;
}

static void open_closed(void *context, struct rpc_call *call)
{
	struct echo *echo = context;

	echo->open--;
}

static void start_open(void *context, struct rpc_call *call, const uint8_t *request, size_t bytes)
{
	struct rpc_stream_hooks hooks = { .closed = open_closed, .context = context };
	struct echo *echo = context;

	echo->open++;
	rpc_call_start_stream(call, &hooks);
}

static void start_state(void *context, struct rpc_call *call, const uint8_t *request, size_t bytes)
{
	struct rpc_message *message = rpc_message_new(1);
	const struct echo *echo = context;

	*rpc_message_body(message) = (uint8_t)echo->open;
	rpc_call_reply(call, message);
}

static const struct rpc_method echo_methods[] = {
	{ "/t/Echo", start_echo },   { "/t/Fail", start_fail },	  { "/t/Silent", start_silent },
	{ "/t/Count", start_count }, { "/t/Flood", start_flood }, { "/t/Open", start_open },
	{ "/t/State", start_state },
};

static void echo_stop(void *context, uint32_t events)
{
	struct echo *echo = context;

	loop_stop(echo->loop, 0);
}

/* Serves until STOP_FD is closed at its other end. Returns the exit status of the process. */
static int echo_serve(int port_fd, int stop_fd)
{
	struct echo echo = {};
	struct rpc_methods methods = { echo_methods, COUNT(echo_methods), &echo };
	_cleanup_diag_ struct diag diag = {};
	const struct rpc_listen_options listen = { .address = "127.0.0.1:0" };
	struct loop_source *stop = NULL;
	uint16_t port;

	if (loop_new(&echo.loop) || rpc_server_new(&echo.server, echo.loop, &methods) ||
	    rpc_server_listen(echo.server, &listen, &diag) ||
	    loop_add_io(echo.loop, stop_fd, EPOLLIN, echo_stop, &echo, &stop))
		return 1;
	port = rpc_server_get_port(echo.server);
	if (write(port_fd, &port, sizeof(port)) != sizeof(port) || loop_run(echo.loop))
		return 1;
	rpc_server_drain(echo.server, CLOCK_NS_PER_SECOND);
	rpc_server_free(echo.server);
	loop_free(echo.loop);
	return echo.open != 0;
}

struct fixture {
	pid_t process;
	int stop_fd;
	char address[32];
	struct rpc_client *client;
};

static int setup_server(void **state)
{
	static struct fixture fixture;
	uint16_t port = 0;
	int ports[2];
	int stops[2];

	fixture = (struct fixture){};
	if (pipe(ports) || pipe(stops))
		return -1;
	fixture.process = fork();
	if (fixture.process == 0) {
		close(stops[1]);
		_exit(echo_serve(ports[1], stops[0]));
	}
	close(ports[1]);
	close(stops[0]);
	if (read(ports[0], &port, sizeof(port)) != sizeof(port))
		return -1;
	close(ports[0]);
	fixture.stop_fd = stops[1];
	snprintf(fixture.address, sizeof(fixture.address), "127.0.0.1:%u", port);
	*state = &fixture;
	return rpc_client_connect(&fixture.client, fixture.address, NULL, TEST_TIMEOUT_NS, NULL);
}

static int teardown_server(void **state)
{
	struct fixture *fixture = *state;
	int status = -1;

	rpc_client_free(fixture->client);
	close(fixture->stop_fd);
	if (waitpid(fixture->process, &status, 0) != fixture->process)
		return -1;
	return status;
}

/* ---- calls ---- */

struct answer {
	struct buf text; /* all messages, one after the other */
	unsigned int messages;
	unsigned int messages_max; /* the call is cancelled there; 0: never */
};

static int take_answer(void *context, const uint8_t *data, size_t bytes)
{
	struct answer *answer = context;

	buf_add(&answer->text, data, bytes);
	answer->messages++;
	return answer->messages == answer->messages_max;
}

static struct rpc_request make_request(const char *path, struct answer *answer)
{
	return (struct rpc_request){ .path = path,
				     .timeout_ns = TEST_TIMEOUT_NS,
				     .stop_fd = -1,
				     .on_message = take_answer,
				     .context = answer };
}

static void assert_served(struct fixture *fixture, const char *path, enum rpc_status status,
			  const char *text)
{
	struct answer answer = {};
	struct rpc_request request = make_request(path, &answer);
	struct rpc_response response;

	assert_int_equal(rpc_client_call(fixture->client, &request, &response), 0);
	assert_int_equal(response.status, status);
	assert_string_equal(response.text, text);
	buf_done(&answer.text);
}

/* Asks until no stream of /t/Open is left; a client of its own, the fixture's may be spent. */
static void assert_all_closed(struct fixture *fixture)
{
	uint64_t deadline = clock_read_ns(CLOCK_MONOTONIC) + TEST_TIMEOUT_NS;
	uint8_t open = 1;

	rpc_client_free(fixture->client);
	fixture->client = NULL;
	assert_int_equal(
		rpc_client_connect(&fixture->client, fixture->address, NULL, TEST_TIMEOUT_NS, NULL),
		0);
	while (open && clock_read_ns(CLOCK_MONOTONIC) < deadline) {
		struct answer answer = {};
		struct rpc_request request = make_request("/t/State", &answer);
		struct rpc_response response;

		assert_int_equal(rpc_client_call(fixture->client, &request, &response), 0);
		open = (uint8_t)answer.text.data[0];
		buf_done(&answer.text);
	}
	assert_int_equal(open, 0);
}

static void echoes_messages_of_all_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 16384, 65535, 65536, 3000000, RPC_MESSAGE_BYTES_MAX };
	char *data = calloc(1, RPC_MESSAGE_BYTES_MAX);
	struct fixture *fixture = *state;

	assert_non_null(data);
	for (size_t i = 0; i < RPC_MESSAGE_BYTES_MAX; i++)
		data[i] = (char)(i * 7);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct answer answer = {};
		struct rpc_request request = make_request("/t/Echo", &answer);
		struct rpc_response response;

		request.data = data;
		request.bytes = sizes[i];
		assert_int_equal(rpc_client_call(fixture->client, &request, &response), 0);
		assert_int_equal(response.status, RPC_OK);
		assert_int_equal(answer.messages, 1);
		assert_int_equal(answer.text.bytes, sizes[i]);
		if (sizes[i])
			assert_memory_equal(answer.text.data, data, sizes[i]);
		buf_done(&answer.text);
	}
	free(data);
}

static void refuses_a_message_above_the_maximum(void **state)
{
	size_t bytes = RPC_MESSAGE_BYTES_MAX + 1;
	char *data = calloc(1, bytes);
	struct fixture *fixture = *state;
	struct answer answer = {};
	struct rpc_request request = make_request("/t/Echo", &answer);
	struct rpc_response response;

	request.data = data;
	request.bytes = bytes;
	assert_int_equal(rpc_client_call(fixture->client, &request, &response), 0);
	assert_int_equal(response.status, RPC_RESOURCE_EXHAUSTED);
	assert_non_null(strstr(response.text, "10485761 bytes is too large"));
	assert_int_equal(answer.messages, 0);
	free(data);
}

static void carries_status_and_text(void **state)
{
	struct fixture *fixture = *state;

	assert_served(fixture, "/t/Fail", RPC_NOT_FOUND, "100% größer?[0m");
	assert_served(fixture, "/t/Nothing", RPC_UNIMPLEMENTED, "unknown method");
	assert_served(fixture, "/t/Silent", RPC_INTERNAL, "the method gave no answer");
}

static void streams_until_the_end(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = {};
	struct rpc_request request = make_request("/t/Count", &answer);
	struct rpc_response response;

	request.data = "\xff";
	request.bytes = 1;
	assert_int_equal(rpc_client_call(fixture->client, &request, &response), 0);
	assert_int_equal(response.status, RPC_OK);
	assert_int_equal(answer.messages, 255);
	assert_int_equal(answer.text.bytes, 3 * 255);
	buf_done(&answer.text);
}

static void says_when_a_queue_is_full_and_when_it_has_room(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = {};
	struct rpc_request request = make_request("/t/Flood", &answer);
	struct rpc_response response;

	assert_int_equal(rpc_client_call(fixture->client, &request, &response), 0);
	assert_int_equal(answer.messages, 5);
	assert_string_equal(buf_text(&answer.text), "floodfloodfloodflooddrained");
	buf_done(&answer.text);
}

static void gives_up_at_the_timeout(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = {};
	struct rpc_request request = make_request("/t/Open", &answer);
	struct rpc_response response;

	request.timeout_ns = 20 * CLOCK_NS_PER_MS;
	assert_int_equal(rpc_client_call(fixture->client, &request, &response), -ETIMEDOUT);
	assert_all_closed(fixture);
}

static void gives_up_when_told_to_stop(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = {};
	struct rpc_request request = make_request("/t/Open", &answer);
	struct rpc_response response;
	int stop[2];

	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "x", 1), 1);
	request.stop_fd = stop[0];
	assert_int_equal(rpc_client_call(fixture->client, &request, &response), -EINTR);
	close(stop[0]);
	close(stop[1]);
	assert_all_closed(fixture);
}

static void gives_up_when_the_receiver_has_enough(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = { .messages_max = 3 };
	struct rpc_request request = make_request("/t/Count", &answer);
	struct rpc_response response;

	request.data = "\xff";
	request.bytes = 1;
	assert_int_equal(rpc_client_call(fixture->client, &request, &response), -ECANCELED);
	assert_int_equal(answer.messages, 3);
	buf_done(&answer.text);
}

static void refuses_an_answer_that_is_too_large(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = {};
	struct rpc_request request = make_request("/t/Echo", &answer);
	struct rpc_response response;

	request.data = "0123456789";
	request.bytes = 10;
	request.response_bytes_max = 9;
	assert_int_equal(rpc_client_call(fixture->client, &request, &response), -EMSGSIZE);
	assert_string_equal(response.text, "a message of 10 bytes is larger than the maximum of 9");
}

static void ends_calls_when_the_server_dies(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = {};
	struct rpc_request request = make_request("/t/Echo", &answer);
	struct rpc_response response;

	close(TAKE_FD(fixture->stop_fd));
	assert_int_equal(waitpid(fixture->process, NULL, 0), fixture->process);
	assert_int_not_equal(rpc_client_call(fixture->client, &request, &response), 0);
	rpc_client_free(fixture->client);
	fixture->client = NULL;
	assert_int_equal(
		rpc_client_connect(&fixture->client, fixture->address, NULL, TEST_TIMEOUT_NS, NULL),
		-ECONNREFUSED);
	/* The fixture ends a server: start another. */
	assert_int_equal(setup_server(state), 0);
}

/* ---- raw HTTP/2: what the client would never send ---- */

struct raw {
	const uint8_t *body;
	size_t body_bytes;
	size_t sent;
	bool is_closed;
	char http_status[8];
	char grpc_status[8];
};

static int raw_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
			 size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
			 void *context)
{
	struct raw *raw = context;

	if (strcmp((const char *)name, ":status") == 0)
		snprintf(raw->http_status, sizeof(raw->http_status), "%s", value);
	if (strcmp((const char *)name, "grpc-status") == 0)
		snprintf(raw->grpc_status, sizeof(raw->grpc_status), "%s", value);
	return 0;
}

static int raw_on_close(nghttp2_session *session, int32_t stream_id, uint32_t error_code,
			void *context)
{
	struct raw *raw = context;

	raw->is_closed = true;
	return 0;
}

static ssize_t raw_read(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t bytes,
			uint32_t *flags, nghttp2_data_source *source, void *context)
{
	struct raw *raw = context;
	size_t part = raw->body_bytes - raw->sent;

	part = part < bytes ? part : bytes;
	memcpy(out, raw->body + raw->sent, part);
	raw->sent += part;
	if (raw->sent == raw->body_bytes)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)part;
}

static nghttp2_nv raw_header(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0 };
}

static void raw_run(nghttp2_session *session, int fd, const struct raw *raw)
{
	struct timeval timeout = { .tv_sec = 20 };
	uint8_t data[4096];
	const uint8_t *out;
	ssize_t bytes;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	while (!raw->is_closed) {
		while ((bytes = nghttp2_session_mem_send(session, &out)) > 0)
			assert_int_equal(send(fd, out, (size_t)bytes, MSG_NOSIGNAL), bytes);
		if (raw->is_closed)
			break;
		bytes = recv(fd, data, sizeof(data), 0);
		assert_true(bytes > 0);
		assert_int_equal(nghttp2_session_mem_recv(session, data, (size_t)bytes), bytes);
	}
}

/* One request with its own headers and body. */
static void raw_call(const char *address, struct raw *raw, const char *method, const char *type)
{
	nghttp2_nv headers[] = { raw_header(":method", method), raw_header(":scheme", "http"),
				 raw_header(":path", "/t/Echo"), raw_header(":authority", "x"),
				 raw_header("content-type", type) };
	nghttp2_data_provider provider = { .read_callback = raw_read };
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *session;
	int fd = -1;

	assert_int_equal(address_connect(address, TEST_TIMEOUT_NS, &fd, NULL), 0);
	fcntl(fd, F_SETFL, 0);
	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, raw_on_header);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, raw_on_close);
	nghttp2_session_client_new(&session, callbacks, raw);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
	nghttp2_submit_request(session, NULL, headers, COUNT(headers), &provider, NULL);
	raw_run(session, fd, raw);
	nghttp2_session_del(session);
	close(fd);
}

static void answers_bad_requests_with_their_status(void **state)
{
	static const struct {
		const char *body;
		size_t bytes;
		const char *method;
		const char *type;
		const char *http_status;
		const char *grpc_status;
	} cases[] = {
		{ "\0\0\0\0\2ab", 7, "POST", "application/grpc", "200", "0" },
		{ "\0\0\0\0\2ab", 7, "POST", "application/grpc+proto", "200", "0" },
		{ "\1\0\0\0\2ab", 7, "POST", "application/grpc", "200", "12" },
		{ "\0\0\0\0\2ab\0\0\0\0\0", 12, "POST", "application/grpc", "200", "12" },
		{ "\0\377\377\377\377", 5, "POST", "application/grpc", "200", "8" },
		{ "\0\0\0\0\3ab", 7, "POST", "application/grpc", "200", "3" },
		{ "\0\0\0", 3, "POST", "application/grpc", "200", "3" },
		{ "", 0, "POST", "application/grpc", "200", "3" },
		{ "\0\0\0\0\0", 5, "POST", "application/grpcs", "415", "" },
		{ "\0\0\0\0\0", 5, "POST", "text/html", "415", "" },
		{ "\0\0\0\0\0", 5, "PUT", "application/grpc", "405", "" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct raw raw = { .body = (const uint8_t *)cases[i].body,
				   .body_bytes = cases[i].bytes };

		raw_call(fixture->address, &raw, cases[i].method, cases[i].type);
		assert_string_equal(raw.http_status, cases[i].http_status);
		assert_string_equal(raw.grpc_status, cases[i].grpc_status);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define SERVED(name) cmocka_unit_test_setup_teardown(name, setup_server, teardown_server)
		SERVED(echoes_messages_of_all_sizes),
		SERVED(refuses_a_message_above_the_maximum),
		SERVED(carries_status_and_text),
		SERVED(streams_until_the_end),
		SERVED(says_when_a_queue_is_full_and_when_it_has_room),
		SERVED(gives_up_at_the_timeout),
		SERVED(gives_up_when_told_to_stop),
		SERVED(gives_up_when_the_receiver_has_enough),
		SERVED(refuses_an_answer_that_is_too_large),
		SERVED(ends_calls_when_the_server_dies),
		SERVED(answers_bad_requests_with_their_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
