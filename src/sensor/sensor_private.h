/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this room: the loaded object with its maps, and the templates of hook
 * programs. */
#pragma once

#include "sensor/hook_template.h"
#include "sensor/process_sensor.h"
#include "sensor/ring_peak.h"

#include "sensor.skel.h"

/* The tracepoints that are always attached, each with its slot. */
enum process_tracepoint { PROCESS_FORK, PROCESS_EXEC, PROCESS_EXIT, PROCESS_TRACEPOINTS };

struct process_sensor {
	struct sensor_bpf *bpf;
	struct hook_templates templates;
	int links[PROCESS_TRACEPOINTS]; /* -1: not attached */
	struct ring_buffer *rings[WIRE_RINGS];
	struct ring_peak peaks[WIRE_RINGS];
	process_sensor_fn function;
	void *context;
	unsigned int cpus;
};

/* process_handover.c, for process_sensor_new(): before load, and after it. */
int sensor_take_maps(struct process_sensor *sensor, const struct handover *handover);
int sensor_take_variables(struct process_sensor *sensor, const struct handover *handover);
int sensor_take_links(struct process_sensor *sensor, const struct handover *handover);
