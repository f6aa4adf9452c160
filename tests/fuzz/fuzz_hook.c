/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of hooks, as bytes: whatever they are, their values become arguments, and the event that
 * shows them is JSON that can be read again.
 *
 * The first sixteen bytes are the types of the slots, as a plan would tell them. The rest is one
 * record.
 */
#include <stdlib.h>

#include "event/argument.h"
#include "event/compact.h"
#include "event/json.h"
#include "event/json_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct call {
	struct argument_message messages[WIRE_HOOK_VALUES_MAX];
	Tetragon__KprobeArgument *args[WIRE_HOOK_VALUES_MAX];
};

static void check_event(const Tetragon__GetEventsResponse *event)
{
	static const struct compact_options plain;
	Tetragon__GetEventsResponse *again = NULL;
	_cleanup_buf_ struct buf json = {}, line = {};
	_cleanup_diag_ struct diag diag = {};

	json_add_message(&json, &event->base);
	if (json.failed || compact_add_event(&line, event, &plain))
		abort();
	if (!json_parse_event(json.data, json.bytes, &again, &diag))
		protobuf_c_message_free_unpacked(&again->base, NULL);
	else if (json.bytes <= JSON_PARSE_BYTES_MAX) /* base64 and escapes make it longer */
		abort();
}

static void check_call(struct call *call, const uint8_t *types, const struct record *record)
{
	Tetragon__Process process = TETRAGON__PROCESS__INIT;
	Tetragon__ProcessKprobe kprobe = TETRAGON__PROCESS_KPROBE__INIT;
	Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;

	for (int slot = 0; slot < WIRE_HOOK_VALUES_MAX; slot++) {
		argument_fill(&call->messages[slot], types[slot], &record->values[slot], "label");
		if (!call->messages[slot].argument.arg_case)
			abort();
		call->args[slot] = &call->messages[slot].argument;
	}
	kprobe.process = &process;
	kprobe.function_name = (char *)"tcp_sendmsg";
	kprobe.args = call->args;
	kprobe.n_args = WIRE_HOOK_VALUES_MAX;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE;
	event.process_kprobe = &kprobe;
	check_event(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call call = {};
	struct record record;
	void *copy;

	if (size <= WIRE_HOOK_VALUES_MAX)
		return 0;
	/* aligned as in a ring, and it ends where the record ends */
	copy = malloc(size - WIRE_HOOK_VALUES_MAX);
	if (!copy)
		abort();
	memcpy(copy, data + WIRE_HOOK_VALUES_MAX, size - WIRE_HOOK_VALUES_MAX);
	if (!record_decode(&record, copy, size - WIRE_HOOK_VALUES_MAX) &&
	    record.kind == WIRE_RECORD_HOOK)
		check_call(&call, data, &record);
	for (int slot = 0; slot < WIRE_HOOK_VALUES_MAX; slot++)
		argument_message_done(&call.messages[slot]);
	free(copy);
	return 0;
}
