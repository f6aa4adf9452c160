/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring records, as bytes: whatever they are, the event line goes on, keeps within its bounds, and
 * what it tells is JSON that can be read again.
 *
 * The first eight bytes choose the options: what is shown, places in the cache, KiB for names and
 * arguments. Then records follow, each of the length that its header tells; a number 0 is one of
 * the start-up scan. What is left over is one last record.
 */
#include <stdlib.h>

#include "base/log.h"
#include "daemon/pipeline.h"
#include "event/json_parse.h"

enum { CPUS = 2, HEAD_BYTES = 8, BATCH_RECORDS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct pipeline pipeline;
	uint64_t image_bytes_max;
	unsigned int records;
};

static void check_event(void *context, const Tetragon__GetEventsResponse *event)
{
	struct fuzz *fuzz = context;
	Tetragon__GetEventsResponse *again = NULL;
	_cleanup_diag_ struct diag diag = {};
	_cleanup_buf_ struct buf line = {};

	formatter_add(fuzz->pipeline.formatter, &line, event);
	if (line.failed || json_parse_event(line.data, line.bytes, &again, &diag))
		abort();
	protobuf_c_message_free_unpacked(&again->base, NULL);
}

static int no_losses(void *context, enum wire_ring ring, struct wire_ring_state *out)
{
	memset(out, 0, CPUS * sizeof(*out));
	return 0;
}

static void check_bounds(const struct fuzz *fuzz)
{
	struct process_table_stats stats;

	process_table_read_stats(fuzz->pipeline.tracker.table, &stats);
	if (stats.size > stats.capacity || stats.alive > stats.size)
		abort();
	if (stats.image_bytes > 2 * fuzz->image_bytes_max)
		abort();
}

static void start(struct fuzz *fuzz, const uint8_t *head)
{
	const struct pipeline_options options = {
		.process_cache_size = 1 + head[1] % 16,
		.cpus = CPUS,
		.procfs = "/nonexistent",
		.event = { .with_environment = head[0] & 1,
			   .with_ancestors = head[0] & 2,
			   .cluster_name = "",
			   .message = { .node_name = "node",
					.with_credentials = head[0] & 4,
					.with_namespaces = head[0] & 8 } },
	};

	fuzz->pipeline.publish = check_event;
	fuzz->pipeline.publish_context = fuzz;
	fuzz->pipeline.read_states = no_losses;
	fuzz->image_bytes_max = 1024 * (1 + (uint64_t)head[2]);
	if (pipeline_init(&fuzz->pipeline, &options) ||
	    output_file_new(&fuzz->pipeline.file, "/dev/null", 0600, NULL))
		abort();
	process_table_set_image_bytes_max(fuzz->pipeline.tracker.table, fuzz->image_bytes_max);
}

/* A copy, aligned as in a ring, that ends where the record ends. */
static void send_record(struct fuzz *fuzz, const uint8_t *data, size_t bytes)
{
	struct wire_header *header = malloc(bytes > sizeof(*header) ? bytes : sizeof(*header));

	if (!header)
		abort();
	memcpy(header, data, bytes);
	if (bytes >= sizeof(*header) && header->kind == WIRE_RECORD_EXEC && !header->sequence)
		pipeline_on_seed(&fuzz->pipeline, header, bytes);
	else
		pipeline_on_record(&fuzz->pipeline, header, bytes);
	free(header);
	check_bounds(fuzz);
	if (++fuzz->records % BATCH_RECORDS == 0)
		pipeline_end_batch(&fuzz->pipeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t no_head[HEAD_BYTES];
	struct fuzz fuzz = {};
	uint32_t bytes;

	log_set_level(LOG_LEVEL_ERROR);
	start(&fuzz, size < HEAD_BYTES ? no_head : data);
	for (size_t at = HEAD_BYTES; at < size; at += bytes) {
		size_t rest = size - at;

		bytes = (uint32_t)rest;
		if (rest >= sizeof(bytes))
			memcpy(&bytes, data + at, sizeof(bytes));
		if (bytes < sizeof(struct wire_header) || bytes > rest)
			bytes = (uint32_t)rest;
		send_record(&fuzz, data + at, bytes);
	}
	pipeline_publish_seeds(&fuzz.pipeline);
	pipeline_tick(&fuzz.pipeline);
	pipeline_flush(&fuzz.pipeline);
	output_file_free(fuzz.pipeline.file);
	pipeline_done(&fuzz.pipeline);
	return 0;
}
