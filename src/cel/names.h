/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that stand for something in every expression: types, and the constants of enums. In: a
 * name. Out: its value. What is known is what events contain, found through their descriptors.
 *
 * The package "tetragon." may be left out, and of an enum's constant the enum, too:
 * tetragon.KprobeAction.KPROBE_ACTION_SIGKILL, KPROBE_ACTION_SIGKILL.
 */
#pragma once

#include "base/suggest.h"
#include "cel/value.h"

enum { CEL_NAMES_MAX = 160 }; /* messages and enums of the API; some 60 today */

struct cel_names {
	const ProtobufCMessageDescriptor *messages[CEL_NAMES_MAX];
	const ProtobufCEnumDescriptor *enums[CEL_NAMES_MAX];
	unsigned int message_count, enum_count;
};

void cel_names_collect(struct cel_names *names);
bool cel_names_find(const struct cel_names *names, struct span name, struct cel_value *out);
/* Whether names with a dot may begin with NAME: a package or an enum. */
bool cel_names_is_scope(const struct cel_names *names, struct span name);
void cel_names_suggest(const struct cel_names *names, struct suggest *suggest);
