/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to look into the ring. The first record of a quiet time wakes us at once; while more keep
 * coming we look by the clock, and producers are told not to wake anybody: one wake-up for each
 * batch, not for each record.
 */
#pragma once

#include "base/loop.h"
#include "daemon/pipeline.h"
#include "sensor/process_sensor.h"

struct ring_reader;

int ring_reader_new(struct ring_reader **out, struct loop *loop, struct process_sensor *sensor,
		    struct pipeline *pipeline);
void ring_reader_free(struct ring_reader *reader); /* before the loop */
