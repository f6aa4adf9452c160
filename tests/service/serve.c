/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service without an agent behind it, for clients under test. In: words on standard input, one
 * command per line. Out: one line per command on standard output.
 *
 *	serve ADDRESS [SOCKET_PATH]	first line: "port N"
 *
 *	publish COUNT BYTES	that many exec events with arguments of BYTES bytes: "published"
 *	exit COUNT		that many exit events: "published"
 *	gap			one gap of the kernel's: "published"
 *	load KIND PATH		an answer from a file, see serve_data.h: "loaded"
 *	counters		"streams N sent N dropped N resident N" (KiB)
 *	(end of input)		stops the service
 *
 * What it does with policies is told in serve_policies.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve_data.h"
#include "serve_policies.h"

enum { ARGUMENT_BYTES_MAX = 1 << 20, PROCESSES = 3 };

/* The context of the service's operations, which those of policies know as its first member. */
struct serve_world {
	struct serve_policies policies;
	struct serve_data data;
};

struct serve {
	struct serve_world *world;
	struct loop *loop;
	struct service *service;
	struct buf input;
	uint32_t next_pid;
};

static void serve_fill_process(Tetragon__Process *process, Google__Protobuf__UInt32Value *pid,
			       uint32_t number)
{
	*pid = (Google__Protobuf__UInt32Value)GOOGLE__PROTOBUF__UINT32_VALUE__INIT;
	*process = (Tetragon__Process)TETRAGON__PROCESS__INIT;
	pid->value = number;
	process->pid = pid;
	process->exec_id = (char *)"ZXhlYw==";
	process->binary = (char *)"/usr/bin/true";
}

static void serve_publish_exec(struct serve *serve, unsigned long count, unsigned long bytes)
{
	char *arguments = calloc(bytes + 1, 1);

	if (!arguments)
		exit(1);
	memset(arguments, 'a', bytes);
	while (count--) {
		Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
		Tetragon__ProcessExec exec = TETRAGON__PROCESS_EXEC__INIT;
		Google__Protobuf__UInt32Value pid;
		Tetragon__Process process;

		serve_fill_process(&process, &pid, serve->next_pid++);
		process.arguments = arguments;
		exec.process = &process;
		event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC;
		event.process_exec = &exec;
		event.node_name = (char *)"node";
		service_publish(serve->service, &event);
	}
	free(arguments);
}

static void serve_publish_exit(struct serve *serve, unsigned long count)
{
	while (count--) {
		Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
		Tetragon__ProcessExit exited = TETRAGON__PROCESS_EXIT__INIT;

		event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXIT;
		event.process_exit = &exited;
		service_publish(serve->service, &event);
	}
}

static void serve_publish_gap(struct serve *serve)
{
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	Tetragon__Gap gap = TETRAGON__GAP__INIT;

	gap.where = (char *)"lifecycle";
	gap.lost = 7;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP;
	event.gap = &gap;
	service_publish(serve->service, &event);
}

static unsigned long serve_get_resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (!file || fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static void serve_command(struct serve *serve, const char *line)
{
	struct service_counters counters = service_get_counters(serve->service);
	unsigned long count;
	unsigned long bytes;
	char word[16], path[256];

	if (sscanf(line, "load %15s %255s", word, path) == 2) {
		puts(serve_data_load(&serve->world->data, word, path));
	} else if (sscanf(line, "publish %lu %lu", &count, &bytes) == 2 &&
		   bytes <= ARGUMENT_BYTES_MAX) {
		serve_publish_exec(serve, count, bytes);
		puts("published");
	} else if (sscanf(line, "exit %lu", &count) == 1) {
		serve_publish_exit(serve, count);
		puts("published");
	} else if (strcmp(line, "gap") == 0) {
		serve_publish_gap(serve);
		puts("published");
	} else if (strcmp(line, "counters") == 0) {
		printf("streams %" PRIu32 " sent %" PRIu64 " dropped %" PRIu64 " resident %lu\n",
		       counters.streams, counters.events_sent, counters.events_dropped,
		       serve_get_resident_kib());
	} else {
		printf("unknown command \"%s\"\n", line);
	}
	fflush(stdout);
}

static void serve_on_input(void *context, uint32_t events)
{
	struct serve *serve = context;
	char data[512];
	ssize_t bytes = read(STDIN_FILENO, data, sizeof(data));
	char *end;

	if (bytes <= 0) {
		loop_stop(serve->loop, 0);
		return;
	}
	buf_add(&serve->input, data, (size_t)bytes);
	while (serve->input.bytes &&
	       (end = memchr(serve->input.data, '\n', serve->input.bytes)) != NULL) {
		*end = '\0';
		serve_command(serve, serve->input.data);
		buf_drop_front(&serve->input, (size_t)(end + 1 - serve->input.data));
	}
}

static void serve_get_status(void *context, const Tetragon__GetStatusRequest *request,
			     service_status_fn answer, void *answer_context)
{
	const struct serve_world *world = context;
	Tetragon__GetStatusResponse status = TETRAGON__GET_STATUS_RESPONSE__INIT;
	Google__Protobuf__Timestamp started = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Tetragon__LossCount loss = TETRAGON__LOSS_COUNT__INIT;
	Tetragon__LossCount *losses[] = { &loss };

	if (world->data.messages[SERVE_STATUS]) {
		answer(answer_context, (void *)world->data.messages[SERVE_STATUS]);
		return;
	}
	started.seconds = 1700000000;
	loss.record = (char *)"exec";
	loss.reason = (char *)"ring full";
	loss.count = 3;
	status.version = (char *)"1.2.3";
	status.started = &started;
	status.tier = (char *)"raw tracepoints";
	status.events = 42;
	status.processes = PROCESSES;
	status.processes_alive = 2;
	status.process_cache_size = 65536;
	status.bpf_map_bytes = 5 << 20;
	status.resident_bytes = 3 << 20;
	status.n_losses = 1;
	status.losses = losses;
	answer(answer_context, &status);
}

static void serve_visit_processes(void *context, const Tetragon__DumpProcessCacheReqArgs *args,
				  service_process_fn visit, void *visit_context)
{
	const struct serve_world *world = context;
	const Tetragon__DumpProcessCacheResArgs *loaded =
		(const void *)world->data.messages[SERVE_PROCESSES];

	for (size_t i = 0; loaded && i < loaded->n_processes; i++)
		visit(visit_context, loaded->processes[i]);
	for (uint32_t i = args->skip_zero_refcnt ? 1 : 0; !loaded && i < PROCESSES; i++) {
		Tetragon__ProcessInternal internal = TETRAGON__PROCESS_INTERNAL__INIT;
		Google__Protobuf__UInt32Value references = GOOGLE__PROTOBUF__UINT32_VALUE__INIT;
		Google__Protobuf__UInt32Value pid;
		Tetragon__Process process;

		serve_fill_process(&process, &pid, 100 + i);
		references.value = i;
		internal.process = &process;
		internal.color = (char *)"inUse";
		internal.refcnt = &references;
		visit(visit_context, &internal);
	}
}

static void serve_list(void *context, const Tetragon__ListTracingPoliciesRequest *request,
		       service_policies_fn answer, void *answer_context)
{
	const struct serve_world *world = context;

	if (world->data.messages[SERVE_POLICIES])
		answer(answer_context, (const void *)world->data.messages[SERVE_POLICIES]);
	else
		serve_list_policies(context, request, answer, answer_context);
}

int main(int argc, char **argv)
{
	static const struct service_ops ops = { .get_status = serve_get_status,
						.visit_processes = serve_visit_processes,
						.add_policy = serve_add_policy,
						.delete_policy = serve_delete_policy,
						.configure_policy = serve_configure_policy,
						.list_policies = serve_list };
	struct service_options options = { .server_address = argc > 1 ? argv[1] : "localhost:0",
					   .socket_path = argc > 2 ? argv[2] : "",
					   .node_name = "node" };
	struct serve_world world = {};
	struct serve serve = { .world = &world, .next_pid = 1 };
	_cleanup_diag_ struct diag diag = {};
	struct loop_source *input = NULL;
	int error;

	if (loop_new(&serve.loop))
		return 1;
	error = service_new(&serve.service, serve.loop, &options, &ops, &world, &diag);
	if (!error)
		error = loop_add_io(serve.loop, STDIN_FILENO, EPOLLIN, serve_on_input, &serve,
				    &input);
	if (error) {
		fputs(buf_text(&diag.text), stderr);
		loop_free(serve.loop);
		return 1;
	}
	printf("port %u\n", service_get_port(serve.service));
	fflush(stdout);
	error = loop_run(serve.loop);
	service_free(serve.service);
	loop_free(serve.loop);
	buf_done(&serve.input);
	serve_data_done(&world.data);
	return error != 0;
}
