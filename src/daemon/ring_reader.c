/* SPDX-License-Identifier: Apache-2.0 */
/* Three states: asleep (the ring wakes us), polling (the clock does), settling (both could; one
 * more look). */
#include "daemon/ring_reader.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

/* How old a record gets at most before it is looked at, while they keep coming. */
#define READER_PERIOD_NS (5 * CLOCK_NS_PER_MS)

enum reader_state { READER_ASLEEP, READER_POLLING, READER_SETTLING };

struct ring_reader {
	struct process_sensor *sensor;
	struct pipeline *pipeline;
	struct loop_source *rings[WIRE_RINGS], *timer;
	enum reader_state state;
};

/* Who lives first, so that policies' records find their processes. */
static int reader_consume(struct ring_reader *reader)
{
	int records = 0;

	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++) {
		int some = process_sensor_consume(reader->sensor, ring);

		records += some > 0 ? some : 0;
	}

	if (records > 0)
		pipeline_end_batch(reader->pipeline);
	return records;
}

static void reader_watch(struct ring_reader *reader, uint32_t events)
{
	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++)
		loop_change_io(reader->rings[ring], events);
}

static void reader_start_polling(struct ring_reader *reader)
{
	if (reader->state == READER_ASLEEP) {
		reader_watch(reader, 0);
		loop_set_timer(reader->timer, READER_PERIOD_NS, READER_PERIOD_NS);
	}
	process_sensor_set_polling(reader->sensor, true);
	reader->state = READER_POLLING;
}

static void reader_on_ring(void *context, uint32_t events)
{
	struct ring_reader *reader = context;

	reader_start_polling(reader);
	reader_consume(reader);
}

/*
 * A producer that still saw "polling" may commit just after we looked, without waking us. So after
 * telling them we wait one more period before we sleep: no program runs that long.
 */
static void reader_on_timer(void *context)
{
	struct ring_reader *reader = context;

	if (reader_consume(reader) > 0) {
		reader_start_polling(reader);
		return;
	}
	if (reader->state == READER_POLLING) {
		process_sensor_set_polling(reader->sensor, false);
		reader->state = READER_SETTLING;
		return;
	}
	loop_set_timer(reader->timer, 0, 0);
	reader_watch(reader, EPOLLIN);
	reader->state = READER_ASLEEP;
}

int ring_reader_new(struct ring_reader **out, struct loop *loop, struct process_sensor *sensor,
		    struct pipeline *pipeline)
{
	struct ring_reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (!reader)
		return -ENOMEM;
	reader->sensor = sensor;
	reader->pipeline = pipeline;
	error = loop_add_timer(loop, reader_on_timer, reader, &reader->timer);
	for (enum wire_ring ring = 0; ring < WIRE_RINGS && !error; ring++)
		error = loop_add_io(loop, process_sensor_fd(sensor, ring), EPOLLIN, reader_on_ring,
				    reader, &reader->rings[ring]);
	if (error) {
		ring_reader_free(reader);
		return error;
	}
	*out = reader;
	return 0;
}

void ring_reader_free(struct ring_reader *reader)
{
	if (!reader)
		return;
	for (enum wire_ring ring = 0; ring < WIRE_RINGS; ring++)
		loop_remove(reader->rings[ring]);
	loop_remove(reader->timer);
	free(reader);
}
