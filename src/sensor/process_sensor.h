/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process sensor: loads bpf/process.bpf.c, attaches it, and hands over the records of its ring.
 * In: options. Out: record bytes, one call each, in ring order; what they mean is decided
 * elsewhere.
 *
 * When the process that owns a sensor ends, however it ends, the kernel detaches all of it, unless
 * it was left to the next agent with process_sensor_leave(): then that one takes over the maps with
 * all that is in them, and its programs take the places of these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "kernel/programs.h"

#include "sensor/handover.h"

#include "wire/hook.h"

struct process_sensor;

struct process_sensor_options {
	const char *btf_path;	      /* NULL: the running kernel's own */
	uint32_t process_map_entries; /* 0: WIRE_PROCESS_MAP_ENTRIES_DEFAULT */
	uint64_t ring_bytes; /* 0: WIRE_RING_BYTES_PER_CPU; rounded up to a power of two of pages */
	uint64_t policy_ring_bytes; /* 0: WIRE_POLICY_RING_BYTES_PER_CPU; likewise */
	bool with_environment;
	bool has_bpf_loop;
	const struct handover *handover; /* to go on with; NULL: begin anew. Rings and process map
					    keep the sizes that they have. */
	/* Of the verifier, for its words in messages at debug level: 0, 1, 2; 0: only of what it
	 * refuses. */
	unsigned int verifier_log_level;
};

typedef void (*process_sensor_fn)(void *context, const void *record, size_t bytes);

/* Opens and loads. -EINVAL or the kernel's error, with a line in DIAG. */
int process_sensor_new(struct process_sensor **out, const struct process_sensor_options *options,
		       process_sensor_fn function, void *context, struct diag *diag);
void process_sensor_free(struct process_sensor *sensor);

int process_sensor_attach(struct process_sensor *sensor, struct diag *diag);
/* Whether the kernel still runs all its programs. False: a line in DIAG. */
bool process_sensor_is_attached(const struct process_sensor *sensor, struct diag *diag);
void process_sensor_detach(struct process_sensor *sensor); /* what is in the ring stays readable */

/* Everything that goes on without its agent gets a name. */
int process_sensor_leave(const struct process_sensor *sensor, struct handover *handover,
			 struct diag *diag);

/* All processes that are older than the sensor and not known to it, as WIRE_RECORD_EXEC records of
 * sequence 0. After attach. */
int process_sensor_seed(struct process_sensor *sensor, process_sensor_fn function, void *context);

/* readable: records wait */
int process_sensor_fd(const struct process_sensor *sensor, enum wire_ring ring);
/* Number of records, or negative errno. */
int process_sensor_consume(struct process_sensor *sensor, enum wire_ring ring);

/* While on, producers never wake the reader: it comes by the clock. */
void process_sensor_set_polling(struct process_sensor *sensor, bool on);

unsigned int process_sensor_cpus(const struct process_sensor *sensor);
/* One state per possible processor, process_sensor_cpus() of them. */
int process_sensor_read_states(const struct process_sensor *sensor, enum wire_ring ring,
			       struct wire_ring_state *out);

/* Whether the kernel side holds this image as alive. */
bool process_sensor_knows(const struct process_sensor *sensor, uint32_t pid, uint64_t exec_ns);

uint64_t
process_sensor_map_bytes(const struct process_sensor *sensor); /* kernel memory of all maps */

/* Bytes of a ring: how many it has, how many wait in it now, and the most that waited when it was
 * read since the last call of this function. */
uint64_t process_sensor_get_ring_bytes(const struct process_sensor *sensor, enum wire_ring ring);
uint64_t process_sensor_read_ring_used(const struct process_sensor *sensor, enum wire_ring ring);
uint64_t process_sensor_take_ring_peak(struct process_sensor *sensor, enum wire_ring ring);

/* Entries of the process map: how many it can have, and has. */
uint32_t process_sensor_get_process_map_size(const struct process_sensor *sensor);
uint32_t process_sensor_count_processes(const struct process_sensor *sensor);

/* SECTION is the program's place: "raw_tp/sched_process_exec". */
typedef void (*process_sensor_cost_fn)(void *context, const char *section,
				       const struct kernel_program_stats *cost);
void process_sensor_visit_costs(const struct process_sensor *sensor, process_sensor_cost_fn visit,
				void *context);
