/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service without an agent behind it, for clients under test. In: words on standard input, one
 * command per line. Out: one line per command on standard output.
 *
 *	serve ADDRESS [SOCKET_PATH] [FLAGS]	first line: "port N health N"
 *
 *	publish COUNT BYTES	that many exec events with arguments of BYTES bytes: "published"
 *	exit COUNT		that many exit events: "published"
 *	gap			one gap of the kernel's: "published"
 *	load KIND PATH		an answer from a file, see serve_data.h: "loaded"
 *	counters		"streams N sent N dropped N queued N resident N"
 *				queued in bytes, resident in KiB
 *	refused			"accepted N open N", and each reason with its number
 *	healthy | ill		what the self check finds from now on: "said"
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

/* The context of the service's operations; those of policies know its first member. */
struct serve {
	struct serve_policies policies;
	struct serve_data data;
	struct loop *loop;
	struct service *service;
	struct buf input;
	uint32_t next_pid;
	bool is_ill;
	struct service_event_log event_log;
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

static void serve_print_refused(const struct serve *serve)
{
	struct rpc_counters counters;

	service_read_rpc_counters(serve->service, &counters);
	printf("accepted %" PRIu64 " open %" PRIu32, counters.connections, counters.open);
	for (size_t i = 0; i < RPC_REFUSALS; i++)
		printf(" %s %" PRIu64, rpc_refusal_names[i], counters.refused[i]);
	printf("\n");
}

static void serve_command(struct serve *serve, const char *line)
{
	struct service_counters counters = service_get_counters(serve->service);
	struct service_queues queues;
	unsigned long count;
	unsigned long bytes;
	char word[16], path[256];

	if (sscanf(line, "load %15s %255s", word, path) == 2) {
		puts(serve_data_load(&serve->data, word, path));
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
		service_read_queues(serve->service, &queues);
		printf("streams %" PRIu32 " sent %" PRIu64 " dropped %" PRIu64
		       " queued %zu resident %lu\n",
		       counters.streams, counters.events_sent, counters.events_dropped,
		       queues.bytes, serve_get_resident_kib());
	} else if (strcmp(line, "refused") == 0) {
		serve_print_refused(serve);
	} else if (strcmp(line, "ill") == 0 || strcmp(line, "healthy") == 0) {
		serve->is_ill = *line == 'i';
		puts("said");
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
	const struct serve *serve = context;
	Tetragon__GetStatusResponse status = TETRAGON__GET_STATUS_RESPONSE__INIT;
	Google__Protobuf__Timestamp started = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Tetragon__LossCount loss = TETRAGON__LOSS_COUNT__INIT;
	Tetragon__LossCount *losses[] = { &loss };

	if (serve->data.messages[SERVE_STATUS]) {
		answer(answer_context, (void *)serve->data.messages[SERVE_STATUS]);
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
	const struct serve *serve = context;
	const Tetragon__DumpProcessCacheResArgs *loaded =
		(const void *)serve->data.messages[SERVE_PROCESSES];

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
	const struct serve *serve = context;

	if (serve->data.messages[SERVE_POLICIES])
		answer(answer_context, (const void *)serve->data.messages[SERVE_POLICIES]);
	else
		serve_list_policies(context, request, answer, answer_context);
}

static bool serve_is_healthy(void *context, struct diag *why)
{
	const struct serve *serve = context;

	if (serve->is_ill)
		diag_add(why, "it was told to be ill");
	return !serve->is_ill;
}

static void serve_get_info(void *context, service_info_fn answer, void *answer_context)
{
	Tetragon__GetInfoResponse info = TETRAGON__GET_INFO_RESPONSE__INIT;
	Tetragon__GetInfoResponse__Probe probe = TETRAGON__GET_INFO_RESPONSE__PROBE__INIT;
	Tetragon__GetInfoResponse__Probe *probes[] = { &probe };
	Google__Protobuf__BoolValue enabled = GOOGLE__PROTOBUF__BOOL_VALUE__INIT;

	enabled.value = true;
	probe.name = (char *)"kprobe";
	probe.enabled = &enabled;
	info.probes = probes;
	info.n_probes = 1;
	answer(answer_context, &info);
}

/* Rotation as it was last set. */
static int serve_get_event_log(void *context, struct service_event_log *out, struct diag *diag)
{
	*out = ((struct serve *)context)->event_log;
	return 0;
}

static int serve_set_event_log(void *context, const struct service_event_log_change *change,
			       struct diag *diag)
{
	struct service_event_log *log = &((struct serve *)context)->event_log;

	if (change->has_max_size)
		log->max_size_mb = change->wanted.max_size_mb;
	if (change->has_max_backups)
		log->max_backups = change->wanted.max_backups;
	if (change->has_rotation_interval)
		log->rotation_interval_ns = change->wanted.rotation_interval_ns;
	return 0;
}

static int serve_create_container(void *context, const Tetragon__CreateContainer *container,
				  struct diag *diag)
{
	if (*container->containerid)
		return 0;
	diag_add(diag, "the container has no id");
	return -EINVAL;
}

#define MEMBER(name) offsetof(struct service_options, name)

static const struct option_row serve_rows[] = {
	{ "tls-cert-file", 0, OPTION_TEXT, MEMBER(tls_cert_file) },
	{ "tls-key-file", 0, OPTION_TEXT, MEMBER(tls_key_file) },
	{ "tls-client-ca-files", 0, OPTION_LIST, MEMBER(tls_client_ca_files) },
	{ "tls-require-client-cert", 0, OPTION_BOOL, MEMBER(tls_requires_client_cert) },
	{ "tcp-may-change", 0, OPTION_BOOL, MEMBER(tcp_may_change) },
	{ "admins", 0, OPTION_LIST, MEMBER(admins) },
	{ "socket-admins", 0, OPTION_LIST, MEMBER(socket_admins) },
	{ "socket-group", 0, OPTION_TEXT, MEMBER(socket_group) },
	{ "health-address", 0, OPTION_TEXT, MEMBER(health_address) },
	{ "health-interval", 0, OPTION_DURATION, MEMBER(health_interval_ns) },
};

static int serve_read_words(struct options *options, struct service_options *out, int argc,
			    char **argv, struct diag *diag)
{
	const struct option_list *words;

	if (options_add_table(options, serve_rows, sizeof(serve_rows) / sizeof(serve_rows[0]),
			      out) ||
	    options_parse(options, argc - 1, argv + 1, diag))
		return -EINVAL;
	words = options_get_words(options);
	out->server_address = words->count > 0 ? words->items[0] : "localhost:0";
	out->socket_path = words->count > 1 ? words->items[1] : "";
	return 0;
}

static int serve_start(struct serve *serve, const struct service_options *options,
		       struct diag *diag)
{
	static const struct service_ops ops = { .get_status = serve_get_status,
						.visit_processes = serve_visit_processes,
						.add_policy = serve_add_policy,
						.delete_policy = serve_delete_policy,
						.configure_policy = serve_configure_policy,
						.list_policies = serve_list,
						.get_info = serve_get_info,
						.is_healthy = serve_is_healthy,
						.get_event_log = serve_get_event_log,
						.set_event_log = serve_set_event_log,
						.create_container = serve_create_container };
	struct loop_source *input;
	int error = loop_new(&serve->loop);

	if (!error)
		error = service_new(&serve->service, serve->loop, options, &ops, serve, diag);
	if (!error)
		error = loop_add_io(serve->loop, STDIN_FILENO, EPOLLIN, serve_on_input, serve,
				    &input);
	return error;
}

int main(int argc, char **argv)
{
	struct service_options service_options = { .node_name = "node" };
	struct serve serve = { .next_pid = 1 };
	_cleanup_diag_ struct diag diag = {};
	struct options *options = NULL;
	int error = options_new(&options);

	if (!error)
		error = serve_read_words(options, &service_options, argc, argv, &diag);
	if (!error)
		error = serve_start(&serve, &service_options, &diag);
	if (error) {
		fputs(buf_text(&diag.text), stderr);
	} else {
		printf("port %u health %u\n", service_get_port(serve.service),
		       service_get_health_port(serve.service));
		fflush(stdout);
		error = loop_run(serve.loop);
	}
	service_free(serve.service);
	loop_free(serve.loop);
	options_free(options);
	buf_done(&serve.input);
	serve_data_done(&serve.data);
	return error != 0;
}
