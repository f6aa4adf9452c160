/* SPDX-License-Identifier: Apache-2.0 */
/* Applies fork, exec, exit and start-up records to the process cache. */
#include "process/track.h"

#include <errno.h>

#include "process/arguments.h"
#include "process/scan.h"

void process_tracker_done(struct process_tracker *tracker)
{
	process_image_unref(tracker->overflow.image);
	tracker->overflow.image = NULL;
	buf_done(&tracker->kept_variables);
	buf_done(&tracker->file_args);
	buf_done(&tracker->file_environment);
}

static uint64_t track_wall_ns(const struct process_tracker *tracker, uint64_t boot_ns)
{
	return boot_ns + (uint64_t)tracker->boot_to_wall_ns;
}

bool process_keeps_variable(const struct process_variable_filter *filter, struct span name)
{
	for (size_t i = 0; i < filter->count; i++) {
		if (strlen(filter->names[i]) == name.bytes &&
		    !memcmp(filter->names[i], name.data, name.bytes))
			return true;
	}
	return !filter->count;
}

/* The variables that are shown; all of them without a copy. */
static struct span track_filter_environment(struct process_tracker *tracker,
					    struct span environment)
{
	struct buf *kept = &tracker->kept_variables;
	struct span name, value;

	if (!tracker->with_environment)
		return (struct span){};
	if (!tracker->filter.count)
		return environment;
	buf_reset(kept);
	while (environment_next(&environment, &name, &value)) {
		if (!process_keeps_variable(&tracker->filter, name))
			continue;
		buf_add(kept, name.data, name.bytes);
		buf_add_char(kept, '=');
		buf_add(kept, value.data, value.bytes);
		buf_add_char(kept, '\0');
	}
	return (struct span){ kept->data, kept->bytes };
}

/* Names are those of the machine, so they are given to processes in its own namespaces only. */
static const char *track_user_name(const struct process_tracker *tracker,
				   const struct wire_exec *exec)
{
	if (!tracker->users || tracker->mount_user_namespaces[0] != exec->namespaces[WIRE_NS_MNT] ||
	    tracker->mount_user_namespaces[1] != exec->namespaces[WIRE_NS_USER])
		return "";
	return users_find(tracker->users, exec->credentials.euid);
}

/* Gives PROCESS, new or inherited from a fork, what the exec record says of it. */
static void track_set(const struct process_tracker *tracker, struct process *process,
		      const struct wire_exec *exec, uint32_t flags)
{
	process->flags = flags;
	process->tid = exec->tid;
	process->namespace_pid = exec->namespace_pid;
	process->start_wall_ns = track_wall_ns(tracker, exec->id.exec_ns);
}

/* The process into the table, with IMAGE, whose reference is taken over. NULL: it is full. */
static struct process *track_insert(struct process_tracker *tracker, const struct wire_exec *exec,
				    struct process_image *image)
{
	struct process *process = process_table_find(tracker->table, &exec->id);

	if (process) {
		process_table_set_image(tracker->table, process, image);
		return process;
	}
	process = process_table_insert(tracker->table, &exec->id, &exec->parent, image);
	if (!process)
		process_image_unref(image);
	return process;
}

/* PROCESS, or what EXEC tells of it when there is none, with IMAGE, until the next such one. */
static struct process *track_put_aside(struct process_tracker *tracker,
				       const struct process *process, const struct wire_exec *exec,
				       struct process_image *image)
{
	struct process *aside = &tracker->overflow;

	process_image_ref(image);
	process_image_unref(aside->image);
	*aside = process ? *process
			 : (struct process){ .id = exec->id, .parent = exec->parent, .refs = 1 };
	aside->image = image;
	return aside;
}

/* The part of IMAGE that a cache has room for whose bound is reached. NULL: none. */
static struct process_image *track_cut_image(struct process_tracker *tracker,
					     const struct process_image *image)
{
	struct process_image *cut;

	if (process_image_cut(&cut, image))
		return NULL;
	if (process_table_make_room(tracker->table, cut->bytes, false))
		return cut;
	process_image_unref(cut);
	return NULL;
}

/* The process of SOURCE as its event shows it, in the table as far as there is room. NULL: no
 * memory. */
static struct process *track_image(struct process_tracker *tracker,
				   const struct process_image_source *source, uint32_t flags)
{
	const struct wire_exec *exec = source->exec;
	struct process_image *image;
	struct process *process;
	bool fits;

	if (process_image_new(&image, source))
		return NULL;
	if (image->variables_cut)
		flags |= WIRE_PROCESS_ERROR_ENVS;
	fits = process_table_make_room(tracker->table, image->bytes, true);
	process = track_insert(tracker, exec,
			       fits ? process_image_ref(image) : track_cut_image(tracker, image));
	if (process)
		track_set(tracker, process, exec, fits ? flags : flags | WIRE_PROCESS_TRUNC_ARGS);
	if (!process || !fits) {
		process = track_put_aside(tracker, process, exec, image);
		track_set(tracker, process, exec, flags);
	}
	process_image_unref(image);
	return process;
}

struct process *process_track_fork(struct process_tracker *tracker, const struct record *record)
{
	const struct wire_fork *fork = record->fork;
	const struct process *parent = process_table_find(tracker->table, &fork->parent);
	struct process_image *image = parent ? process_image_ref(parent->image) : NULL;
	struct process *process =
		process_table_insert(tracker->table, &fork->id, &fork->parent, image);

	pieces_note_record(tracker->pieces, record->header);
	if (!process)
		process_image_unref(image);
	if (!process || process->start_wall_ns)
		return process;
	process->flags = fork->flags;
	process->tid = fork->id.pid;
	process->namespace_pid = fork->namespace_pid;
	process->start_wall_ns = track_wall_ns(tracker, fork->start_ns);
	return process;
}

/* Arguments or environment: inside the record, or in the pieces before it. FLAGS gets what went
 * wrong. */
static struct span track_long_part(struct process_tracker *tracker, const struct record *record,
				   enum wire_data_part part, uint32_t *flags)
{
	const struct wire_exec *exec = record->exec;
	bool is_args = part == WIRE_DATA_ARGS;
	uint32_t total = is_args ? exec->args_total : exec->environment_total;
	struct span found = is_args ? record->args : record->environment;

	if (total < WIRE_INLINE_BYTES_MAX)
		return found;
	found = pieces_find(tracker->pieces, exec, part);
	if (is_args)
		*flags |= WIRE_PROCESS_DATA_ARGS;
	if (found.bytes < total && found.bytes < WIRE_ARGS_BYTES_MAX)
		*flags |= is_args ? WIRE_PROCESS_ERROR_ARGS : WIRE_PROCESS_ERROR_ENVS;
	if (found.bytes < total)
		*flags |= is_args ? WIRE_PROCESS_TRUNC_ARGS : WIRE_PROCESS_ERROR_ENVS;
	return found;
}

/* The image that execve replaced ends first, so that its place is free for the new one. */
static void track_end_previous(struct process_tracker *tracker, const struct wire_exec *exec)
{
	struct process *previous = process_table_find(tracker->table, &exec->previous);

	if (previous && previous != process_table_find(tracker->table, &exec->id))
		process_table_end(tracker->table, previous, exec->header.time_ns);
}

struct process *process_track_exec(struct process_tracker *tracker, const struct record *record)
{
	const struct wire_exec *exec = record->exec;
	struct process_image_source source = {
		.redaction = tracker->redaction,
		.exec = exec,
		.binary = record->binary,
		.filename = record->filename,
		.cwd = record->cwd,
		.cgroup = record->cgroup,
		.user = track_user_name(tracker, exec),
	};
	uint32_t flags = exec->flags;
	struct process *process;
	struct span environment;

	pieces_note_record(tracker->pieces, record->header);
	source.args = track_long_part(tracker, record, WIRE_DATA_ARGS, &flags);
	environment = track_long_part(tracker, record, WIRE_DATA_ENVIRONMENT, &flags);
	source.environment = track_filter_environment(tracker, environment);
	track_end_previous(tracker, exec);
	process = track_image(tracker, &source, flags);
	pieces_clear(tracker->pieces, exec->header.cpu);
	return process;
}

struct process *process_track_exit(struct process_tracker *tracker, const struct record *record)
{
	struct process *process = process_table_find(tracker->table, &record->exit->id);

	pieces_note_record(tracker->pieces, record->header);
	if (process)
		process_table_end(tracker->table, process, record->header->time_ns);
	return process;
}

struct process *process_track_seed(struct process_tracker *tracker, const struct record *record)
{
	const struct wire_exec *exec = record->exec;
	struct process_image_source source = {
		.redaction = tracker->redaction,
		.exec = exec,
		.binary = record->binary,
		.filename = record->filename,
		.cwd = record->cwd,
		.cgroup = record->cgroup,
	};
	uint32_t flags = exec->flags, pid = exec->id.pid;
	bool is_user = !(flags & WIRE_PROCESS_KERNEL_THREAD);
	int result;

	if (pid == 1) {
		tracker->mount_user_namespaces[0] = exec->namespaces[WIRE_NS_MNT];
		tracker->mount_user_namespaces[1] = exec->namespaces[WIRE_NS_USER];
	}
	source.user = track_user_name(tracker, exec);
	buf_reset(&tracker->file_args);
	buf_reset(&tracker->file_environment);
	if (is_user) {
		result = scan_read(&tracker->file_args, tracker->procfs, pid, "cmdline",
				   WIRE_ARGS_BYTES_MAX);
		flags |= result < 0 ? WIRE_PROCESS_ERROR_ARGS : 0;
		flags |= result > 0 ? WIRE_PROCESS_TRUNC_ARGS : 0;
	}
	if (is_user && tracker->with_environment &&
	    scan_read(&tracker->file_environment, tracker->procfs, pid, "environ",
		      WIRE_ARGS_BYTES_MAX))
		flags |= WIRE_PROCESS_ERROR_ENVS;
	source.args = (struct span){ tracker->file_args.data, tracker->file_args.bytes };
	source.environment =
		track_filter_environment(tracker, (struct span){ tracker->file_environment.data,
								 tracker->file_environment.bytes });
	return track_image(tracker, &source, flags);
}
