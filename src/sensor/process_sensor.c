/* SPDX-License-Identifier: Apache-2.0 */
/* Loader and ring reader of the process sensor, on libbpf. */
#include "sensor/process_sensor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/span.h"
#include "sensor/memory.h"
#include "sensor/sensor_private.h"

/* libbpf's words, the verifier's log among them, line by line. */
static int sensor_print(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_free_ char *text = NULL;
	struct span rest, line;

	if (log_get_level() < (level == LIBBPF_DEBUG ? LOG_LEVEL_TRACE : LOG_LEVEL_DEBUG))
		return 0;
	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		return 0;
	}
	rest = span_of(text);
	while (rest.bytes) {
		line = span_cut(&rest, '\n');
		log_debug("%.*s", (int)line.bytes, line.data);
	}
	return 0;
}

static int sensor_on_record(void *context, void *data, size_t bytes)
{
	struct process_sensor *sensor = context;

	sensor->function(sensor->context, data, bytes);
	return 0;
}

/* The ring's size must be a power of two of pages. */
static uint32_t sensor_ring_bytes(uint64_t wanted, uint64_t bytes_per_cpu)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	int cpus = libbpf_num_possible_cpus();

	if (!wanted) {
		wanted = bytes_per_cpu * (cpus > 1 ? (unsigned int)cpus : 1);
		if (wanted > WIRE_RING_BYTES_DEFAULT_MAX)
			wanted = WIRE_RING_BYTES_DEFAULT_MAX;
	}
	while (bytes < wanted && bytes < 1U << 30)
		bytes <<= 1;
	return (uint32_t)bytes;
}

static int sensor_load(struct process_sensor *sensor, const struct process_sensor_options *options)
{
	LIBBPF_OPTS(bpf_object_open_opts, open_options, .btf_custom_path = options->btf_path,
		    .kernel_log_level = options->verifier_log_level);
	struct sensor_bpf *bpf;
	int error = hook_templates_begin(&sensor->templates);

	if (error)
		return error;
	bpf = sensor_bpf__open_opts(&open_options);
	if (!bpf) {
		error = -errno;
		hook_templates_end(&sensor->templates);
		return error;
	}
	sensor->bpf = bpf;
	sensor->templates.verifier_log_level = options->verifier_log_level;
	bpf->rodata->config.has_bpf_loop = options->has_bpf_loop;
	bpf->rodata->config.with_environment = options->with_environment;
	if (options->process_map_entries)
		bpf_map__set_max_entries(bpf->maps.processes, options->process_map_entries);
	bpf_map__set_max_entries(bpf->maps.lifecycle_ring,
				 sensor_ring_bytes(options->ring_bytes, WIRE_RING_BYTES_PER_CPU));
	bpf_map__set_max_entries(
		bpf->maps.policy_ring,
		sensor_ring_bytes(options->policy_ring_bytes, WIRE_POLICY_RING_BYTES_PER_CPU));
	if (options->handover) {
		error = sensor_take_maps(sensor, options->handover);
		if (!error)
			error = sensor_take_variables(sensor, options->handover);
	}
	if (!error)
		error = sensor_bpf__load(bpf);
	hook_templates_end(&sensor->templates);
	return error ? error
		     : hook_templates_find_needs(&sensor->templates, bpf_object__btf(bpf->obj));
}

static int sensor_open_rings(struct process_sensor *sensor)
{
	const struct bpf_map *maps[WIRE_RINGS] = {
		[WIRE_RING_LIFECYCLE] = sensor->bpf->maps.lifecycle_ring,
		[WIRE_RING_POLICY] = sensor->bpf->maps.policy_ring,
	};

	for (int i = 0; i < WIRE_RINGS; i++) {
		sensor->rings[i] =
			ring_buffer__new(bpf_map__fd(maps[i]), sensor_on_record, sensor, NULL);
		if (!sensor->rings[i])
			return -errno;
		ring_peak_init(&sensor->peaks[i], bpf_map__fd(maps[i]));
	}
	return 0;
}

int process_sensor_new(struct process_sensor **out, const struct process_sensor_options *options,
		       process_sensor_fn function, void *context, struct diag *diag)
{
	struct process_sensor *sensor = calloc(1, sizeof(*sensor));
	char reason[128];
	int error;

	if (!sensor)
		return -ENOMEM;
	libbpf_set_print(sensor_print);
	sensor->function = function;
	sensor->context = context;
	sensor->cpus = (unsigned int)libbpf_num_possible_cpus();
	for (int i = 0; i < PROCESS_TRACEPOINTS; i++)
		sensor->links[i] = -1;
	error = sensor_load(sensor, options);
	if (!error && options->handover)
		error = sensor_take_links(sensor, options->handover);
	if (!error)
		error = sensor_open_rings(sensor);
	if (error) {
		libbpf_strerror(-error, reason, sizeof(reason));
		diag_add(
			diag,
			"cannot load the process sensor: %s; the kernel's own words: --log-level debug",
			reason);
		process_sensor_free(sensor);
		return error;
	}
	*out = sensor;
	return 0;
}

void process_sensor_free(struct process_sensor *sensor)
{
	if (!sensor)
		return;
	process_sensor_detach(sensor);
	for (int i = 0; i < WIRE_RINGS; i++)
		ring_buffer__free(sensor->rings[i]);
	for (int i = 0; i < WIRE_RINGS; i++)
		ring_peak_done(&sensor->peaks[i]);
	sensor_bpf__destroy(sensor->bpf);
	hook_templates_done(&sensor->templates);
	free(sensor);
}

/* Reads whole records off the iterator; a read can end in the middle of one. */
static int sensor_read_seeds(int fd, process_sensor_fn function, void *context)
{
	_cleanup_buf_ struct buf pending = {};
	const struct wire_header *header;
	ssize_t got;

	for (;;) {
		if (!buf_reserve(&pending, 64 * 1024))
			return -ENOMEM;
		got = read(fd, pending.data + pending.bytes, pending.capacity - pending.bytes);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		pending.bytes += (size_t)got;
		for (size_t at = 0;; at += header->bytes) {
			header = (const void *)(pending.data + at);
			if (pending.bytes - at < sizeof(*header) ||
			    header->bytes < sizeof(*header) || pending.bytes - at < header->bytes) {
				buf_drop_front(&pending, at);
				break;
			}
			function(context, header, header->bytes);
		}
	}
}

static int sensor_run_iterator(struct process_sensor *sensor, process_sensor_fn function,
			       void *context)
{
	struct bpf_link *link = bpf_program__attach_iter(sensor->bpf->progs.process_seed, NULL);
	_cleanup_close_ int fd = -1;
	int error;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	error = fd < 0 ? -errno : sensor_read_seeds(fd, function, context);
	bpf_link__destroy(link);
	return error;
}

/* Once for the parents of all tasks, once for the rest: parents come first, also those the kernel
 * does not list. */
int process_sensor_seed(struct process_sensor *sensor, process_sensor_fn function, void *context)
{
	int error;

	sensor->bpf->bss->seed_parents = true;
	error = sensor_run_iterator(sensor, function, context);
	sensor->bpf->bss->seed_parents = false;
	return error ? error : sensor_run_iterator(sensor, function, context);
}

int process_sensor_fd(const struct process_sensor *sensor, enum wire_ring ring)
{
	return ring_buffer__epoll_fd(sensor->rings[ring]);
}

int process_sensor_consume(struct process_sensor *sensor, enum wire_ring ring)
{
	ring_peak_note(&sensor->peaks[ring]);
	return ring_buffer__consume(sensor->rings[ring]);
}

void process_sensor_set_polling(struct process_sensor *sensor, bool on)
{
	__atomic_store_n(&sensor->bpf->bss->reader_polls, on, __ATOMIC_SEQ_CST);
}

unsigned int process_sensor_cpus(const struct process_sensor *sensor)
{
	return sensor->cpus;
}

int process_sensor_read_states(const struct process_sensor *sensor, enum wire_ring ring,
			       struct wire_ring_state *out)
{
	uint32_t key = ring;

	return bpf_map_lookup_elem(bpf_map__fd(sensor->bpf->maps.ring_states), &key, out);
}

bool process_sensor_knows(const struct process_sensor *sensor, uint32_t pid, uint64_t exec_ns)
{
	struct wire_process process;

	if (bpf_map_lookup_elem(bpf_map__fd(sensor->bpf->maps.processes), &pid, &process))
		return false;
	return process.exec_ns == exec_ns;
}

uint64_t process_sensor_map_bytes(const struct process_sensor *sensor)
{
	struct bpf_map *map;
	uint64_t bytes = 0;

	bpf_object__for_each_map (map, sensor->bpf->obj) {
		uint64_t told = memory_of_map(bpf_map__fd(map));
		bool is_ring = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF;
		uint64_t ring = is_ring ? bpf_map__max_entries(map) : 0;

		bytes += told > ring ? told : ring; /* older kernels do not tell a ring's pages */
	}
	return bytes;
}
