/* SPDX-License-Identifier: Apache-2.0 */
/* Features, kernel options and the build, in messages that live as long as the answer. */
#include "daemon/agent_info.h"

#include <string.h>

#include <google/protobuf/any.pb-c.h>

#include "build_info.h"
#include "kernel/config.h"

#define ANY_TEXT_TYPE "type.googleapis.com/google.protobuf.StringValue"

/* Value of an option: the kernel's own are a line at most. */
enum { CONF_BYTES = 512, CONF_PACKED_BYTES = CONF_BYTES + 8 };

struct info_probes {
	Tetragon__GetInfoResponse__Probe probes[KERNEL_FEATURES];
	Google__Protobuf__BoolValue enabled[KERNEL_FEATURES];
	Tetragon__GetInfoResponse__Probe *list[KERNEL_FEATURES];
};

static void info_fill_probes(struct info_probes *out, const struct kernel_features *features)
{
	for (size_t i = 0; i < KERNEL_FEATURES; i++) {
		tetragon__get_info_response__probe__init(&out->probes[i]);
		google__protobuf__bool_value__init(&out->enabled[i]);
		out->enabled[i].value = features->has[i];
		out->probes[i].name = (char *)kernel_feature_get_name((enum kernel_feature)i);
		out->probes[i].enabled = &out->enabled[i];
		out->list[i] = &out->probes[i];
	}
}

struct info_value {
	Tetragon__GetInfoResponse__ConfVal value;
	Google__Protobuf__Any any;
	uint8_t packed[CONF_PACKED_BYTES];
};

struct info_values {
	struct info_value *rows; /* room for each option */
	Tetragon__GetInfoResponse__ConfVal **list;
	size_t count;
};

static void info_add_value(void *context, size_t option, const char *value)
{
	Google__Protobuf__StringValue text = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
	struct info_values *values = context;
	struct info_value *row = &values->rows[values->count];

	/* A file may say a thing twice. */
	if (values->count >= kernel_configs_count || strlen(value) >= CONF_BYTES)
		return;
	text.value = (char *)value;
	tetragon__get_info_response__conf_val__init(&row->value);
	google__protobuf__any__init(&row->any);
	row->any.type_url = (char *)ANY_TEXT_TYPE;
	row->any.value.data = row->packed;
	row->any.value.len = google__protobuf__string_value__pack(&text, row->packed);
	row->value.key = (char *)kernel_configs[option].name;
	row->value.value = &row->any;
	values->list[values->count++] = &row->value;
}

void agent_info_answer(void *context, service_info_fn answer, void *answer_context)
{
	Tetragon__GetInfoResponse__BuildInfo build = TETRAGON__GET_INFO_RESPONSE__BUILD_INFO__INIT;
	Tetragon__GetInfoResponse message = TETRAGON__GET_INFO_RESPONSE__INIT;
	const struct agent_status *status = context;
	_cleanup_free_ struct info_value *rows =
		calloc(kernel_configs_count, sizeof(struct info_value));
	_cleanup_free_ Tetragon__GetInfoResponse__ConfVal **list =
		calloc(kernel_configs_count, sizeof(Tetragon__GetInfoResponse__ConfVal *));
	struct info_values values = { .rows = rows, .list = list };
	struct info_probes probes;

	info_fill_probes(&probes, status->features);
	message.probes = probes.list;
	message.n_probes = KERNEL_FEATURES;
	/* Without a configuration to be read, the list is empty. */
	if (rows && list)
		kernel_config_visit(info_add_value, &values);
	message.conf = list;
	message.n_conf = values.count;
	/* Upstream's is written in Go; what stands for it here is the compiler. */
	build.go_version = (char *)BUILD_COMPILER;
	build.commit = (char *)BUILD_COMMIT;
	build.time = (char *)BUILD_TIME;
	build.modified = (char *)BUILD_MODIFIED;
	message.build = &build;
	answer(answer_context, &message);
}
