/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this room: the loaded object with its maps, and the templates of hook
 * programs. */
#pragma once

#include "sensor/hook_template.h"
#include "sensor/process_sensor.h"

#include "sensor.skel.h"

struct process_sensor {
	struct sensor_bpf *bpf;
	struct hook_templates templates;
	struct ring_buffer *rings[WIRE_RINGS];
	process_sensor_fn function;
	void *context;
	unsigned int cpus;
};
