/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on who calls: what an event tells of the process, its parent and its ancestors. */
#include <inttypes.h>
#include <string.h>

#include "cli/reasons.h"
#include "event/text.h"

static enum reasons_verdict verdict_of(bool holds)
{
	return holds ? REASONS_HOLDS : REASONS_FAILS;
}

/* ---- pids
 * ------------------------------------------------------------------------------------ */

static bool pids_have(const struct policy_pids *pids, const Tetragon__Process *process)
{
	for (size_t i = 0; process && process->pid && i < pids->values.count; i++) {
		if ((uint64_t)pids->values.items[i].value == process->pid->value)
			return true;
	}
	return false;
}

/* The last ancestor that an event shows is process 1, or one without a parent: then all are known.
 */
static bool event_knows_ancestors(const struct reasons_event *event)
{
	const Tetragon__Process *last = event->ancestors_count
						? event->ancestors[event->ancestors_count - 1]
						: event->parent;

	return last && last->pid && last->pid->value <= 1;
}

enum reasons_verdict reasons_pids(const struct policy_pids *pids, const struct reasons_event *event,
				  struct buf *out)
{
	bool is_negated = pids->operator.value == POLICY_NOT_IN;
	bool found = pids_have(pids, event->process);

	if (pids->is_namespace.value) {
		buf_add_text(out, "an event does not tell the pid in the process's namespace");
		return REASONS_OPEN;
	}
	if (!event->process || !event->process->pid) {
		buf_add_text(out, "the event has no pid");
		return REASONS_OPEN;
	}
	buf_add_format(out, "pid %" PRIu32, event->process->pid->value);
	if (!found && pids->follow_forks.value) {
		found = pids_have(pids, event->parent);
		for (size_t i = 0; !found && i < event->ancestors_count; i++)
			found = pids_have(pids, event->ancestors[i]);
		if (found)
			buf_add_text(out, ", which has such an ancestor");
		else if (!event_knows_ancestors(event)) {
			buf_add_text(out, ", whose ancestors the event does not show");
			return REASONS_OPEN;
		}
	}
	return verdict_of(found != is_negated);
}

/* ---- binaries
 * -------------------------------------------------------------------------------- */

static bool text_fits(enum policy_test test, struct span text, struct span wanted)
{
	size_t at =
		test == TEST_POSTFIX && text.bytes > wanted.bytes ? text.bytes - wanted.bytes : 0;

	if (wanted.bytes > text.bytes || (test == TEST_EQUAL && wanted.bytes != text.bytes))
		return false;
	return !wanted.bytes || memcmp(text.data + at, wanted.data, wanted.bytes) == 0;
}

/* The name that was given to execve, or the file that runs: both count. */
static bool binaries_have(const struct policy_binaries *binaries, const Tetragon__Process *process)
{
	for (size_t i = 0; process && i < binaries->values.count; i++) {
		const struct policy_text *value = &binaries->values.items[i];
		struct span wanted = { value->data, value->bytes };

		if (text_fits(binaries->test, span_of(process->binary), wanted) ||
		    (*process->executable &&
		     text_fits(binaries->test, span_of(process->executable), wanted)))
			return true;
	}
	return false;
}

enum reasons_verdict reasons_binaries(const struct policy_binaries *binaries,
				      const struct reasons_event *event, bool of_parent,
				      struct buf *out)
{
	const Tetragon__Process *process = of_parent ? event->parent : event->process;
	bool found = binaries_have(binaries, process);

	if (!process || !*process->binary) {
		buf_add_text(out, of_parent ? "the event does not show the parent's binary"
					    : "the event does not show the binary");
		return REASONS_OPEN;
	}
	buf_add_char(out, '"');
	text_add_printable(out, process->binary);
	buf_add_char(out, '"');
	if (!found && binaries->follow_children.value) {
		found = !of_parent && binaries_have(binaries, event->parent);
		for (size_t i = 0; !found && i < event->ancestors_count; i++)
			found = binaries_have(binaries, event->ancestors[i]);
		if (!found) {
			buf_add_text(out, ", and what its ancestors ran before is not shown");
			return REASONS_OPEN;
		}
		buf_add_text(out, ", which has such an ancestor");
	}
	return verdict_of(found != binaries->is_negated);
}

/* ---- namespaces and capabilities
 * ------------------------------------------------------------- */

static const Tetragon__Namespace *process_get_namespace(const Tetragon__Process *process,
							enum policy_namespace which)
{
	const Tetragon__Namespaces *all = process ? process->ns : NULL;
	const Tetragon__Namespace *const list[POLICY_NAMESPACES] = {
		[POLICY_NAMESPACE_UTS] = all ? all->uts : NULL,
		[POLICY_NAMESPACE_IPC] = all ? all->ipc : NULL,
		[POLICY_NAMESPACE_MNT] = all ? all->mnt : NULL,
		[POLICY_NAMESPACE_PID] = all ? all->pid : NULL,
		[POLICY_NAMESPACE_PID_FOR_CHILDREN] = all ? all->pid_for_children : NULL,
		[POLICY_NAMESPACE_NET] = all ? all->net : NULL,
		[POLICY_NAMESPACE_TIME] = all ? all->time : NULL,
		[POLICY_NAMESPACE_TIME_FOR_CHILDREN] = all ? all->time_for_children : NULL,
		[POLICY_NAMESPACE_CGROUP] = all ? all->cgroup : NULL,
		[POLICY_NAMESPACE_USER] = all ? all->user : NULL,
	};

	return list[which];
}

enum reasons_verdict reasons_namespaces(const struct policy_namespaces *namespaces,
					const struct reasons_event *event, struct buf *out)
{
	const Tetragon__Namespace *shown = process_get_namespace(
		event->process, (enum policy_namespace)namespaces->namespace.value);
	bool found;

	if (!shown) {
		buf_add_text(out,
			     "the event shows no namespaces; see --enable-process-ns of tetrad");
		return REASONS_OPEN;
	}
	found = namespaces->has_host && shown->is_host;
	for (size_t i = 0; !found && i < namespaces->inodes_count; i++)
		found = namespaces->inodes[i] == shown->inum;
	buf_add_format(out, "%" PRIu32 "%s", shown->inum, shown->is_host ? ", the host's" : "");
	return verdict_of(found != (namespaces->operator.value == POLICY_NOT_IN));
}

static uint64_t capabilities_get_bits(const Tetragon__CapabilitiesType *list, size_t count)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		if ((unsigned int)list[i] < 64)
			bits |= 1ULL << list[i];
	}
	return bits;
}

static uint64_t process_get_capabilities(const Tetragon__Capabilities *all,
					 enum policy_capability_set which)
{
	switch (which) {
	case POLICY_CAPABILITIES_INHERITABLE:
		return capabilities_get_bits(all->inheritable, all->n_inheritable);
	case POLICY_CAPABILITIES_PERMITTED:
		return capabilities_get_bits(all->permitted, all->n_permitted);
	default:
		return capabilities_get_bits(all->effective, all->n_effective);
	}
}

enum reasons_verdict reasons_capabilities(const struct policy_capabilities *capabilities,
					  const struct reasons_event *event, struct buf *out)
{
	const Tetragon__Capabilities *all = event->process ? event->process->cap : NULL;
	uint64_t bits;

	if (!all || capabilities->is_namespace.value) {
		buf_add_text(out,
			     all ? "an event does not tell whose user namespace it is"
				 : "the event shows no capabilities; see --enable-process-cred "
				   "of tetrad");
		return REASONS_OPEN;
	}
	bits = process_get_capabilities(all, (enum policy_capability_set)capabilities->type.value);
	buf_add_format(out, "0x%" PRIx64, bits);
	return verdict_of(((bits & capabilities->bits) != 0) !=
			  (capabilities->operator.value == POLICY_NOT_IN));
}
