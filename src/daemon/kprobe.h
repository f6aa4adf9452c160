/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of a hook and one policy that it belongs to -> the API's process_kprobe, but for the
 * process. In: both. Out: a message that is valid until the next one is filled.
 */
#pragma once

#include <tetragon/tetragon.pb-c.h>

#include "event/argument.h"
#include "event/record.h"
#include "sensor/engine.h"

struct kprobe_message {
	Tetragon__ProcessKprobe message;
	struct argument_message arguments[WIRE_HOOK_VALUES_MAX], data[WIRE_HOOK_VALUES_MAX], result;
	Tetragon__KprobeArgument *argument_list[WIRE_HOOK_VALUES_MAX],
		*data_list[WIRE_HOOK_VALUES_MAX];
	char *tags[16];
};

/* OUT is zeroed before its first use. */
void kprobe_message_fill(struct kprobe_message *out, const struct record *record,
			 const struct engine_match *match);
void kprobe_message_done(struct kprobe_message *message);
