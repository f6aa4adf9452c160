/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_clients ADDRESS COUNT STALLED: COUNT clients of GetEvents that count what they get and do
 * nothing else with it, and STALLED ones that read the first event and no further. Each is a
 * process of its own. A line on standard input: prints how many events the slowest and the fastest
 * have got. End of input: ends. (`tetra status` tells how many streams are open.)
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tetragon/events.pb-c.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "rpc/client.h"

struct stream {
	_Atomic unsigned long *events; /* got; shared with the parent */
	bool stalls;
};

static int stream_on_message(void *context, const uint8_t *data, size_t bytes)
{
	struct stream *stream = context;

	while (stream->stalls)
		pause();
	++*stream->events;
	return 0;
}

static int stream_run(struct stream *stream, const char *address)
{
	Tetragon__EventType types[] = { TETRAGON__EVENT_TYPE__PROCESS_KPROBE };
	Tetragon__Filter filter = TETRAGON__FILTER__INIT, *filters[] = { &filter };
	Tetragon__GetEventsRequest wanted = TETRAGON__GET_EVENTS_REQUEST__INIT;
	struct rpc_client *client = NULL;
	_cleanup_diag_ struct diag diag = {};
	struct rpc_response response;
	uint8_t packed[64];
	struct rpc_request request = {
		.path = "/tetragon.FineGuidanceSensors/GetEvents",
		.data = packed,
		.stop_fd = -1,
		.on_message = stream_on_message,
		.context = stream,
	};

	filter.n_event_set = 1;
	filter.event_set = types;
	wanted.n_allow_list = 1;
	wanted.allow_list = filters;
	request.bytes = tetragon__get_events_request__pack(&wanted, packed);
	if (rpc_client_connect(&client, address, NULL, 10 * CLOCK_NS_PER_SECOND, &diag))
		return 1;
	rpc_client_call(client, &request, &response);
	rpc_client_free(client);
	return 0;
}

static void print_counts(const _Atomic unsigned long *events, unsigned long count)
{
	unsigned long least = count ? events[0] : 0, most = 0;

	for (unsigned long i = 0; i < count; i++) {
		unsigned long one = events[i];

		least = one < least ? one : least;
		most = one > most ? one : most;
	}
	printf("least=%lu most=%lu\n", least, most);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	_Atomic unsigned long *events;
	unsigned long count, all;
	pid_t *children;
	char line[16];

	if (argc != 4)
		return 2;
	count = strtoul(argv[2], NULL, 10);
	all = count + strtoul(argv[3], NULL, 10);
	children = calloc(all + 1, sizeof(*children));
	events = mmap(NULL, (all + 1) * sizeof(*events), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!children || events == MAP_FAILED)
		return 1;
	for (unsigned long i = 0; i < all; i++) {
		struct stream stream = { &events[i], i >= count };

		children[i] = fork();
		if (children[i] == 0)
			_exit(stream_run(&stream, argv[1]));
	}
	while (fgets(line, sizeof(line), stdin))
		print_counts(events, count);
	for (unsigned long i = 0; i < all; i++)
		kill(children[i], SIGKILL);
	return 0;
}
