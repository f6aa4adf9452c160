/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one agent leaves to the next: kernel objects with names (pins.h), and one object of JSON
 * that says what they are. In: an ending agent's parts, each with its member of the object. Out:
 * the same parts of the next agent, which go on where these ended.
 *
 * Only an agent with the same border to the kernel can go on; handover_read() looks at that.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "base/diag.h"
#include "sensor/pins.h"

struct handover {
	json_t *root;	   /* owned */
	struct pins *pins; /* owned */
};

/* For an agent that ends: names may be put. A line in DIAG with every error. */
int handover_new(struct handover **out, const char *bpf_directory, struct diag *diag);
/* 0 without OUT: nothing was left. -ESTALE: there is something, but not for this agent, as DIAG
 * says. PATH is the file that handover_write() wrote. */
int handover_read(struct handover **out, const char *bpf_directory, const char *path,
		  struct diag *diag);
int handover_write(const struct handover *handover, const char *path, struct diag *diag);
void handover_free(struct handover *handover); /* names and file stay; NULL is fine */

/* Plain structs that both agents know, as text. */
void handover_set_bytes(json_t *object, const char *name, const void *data, size_t bytes);
/* False: it is not there, or has another size. */
bool handover_get_bytes(const json_t *object, const char *name, void *data, size_t bytes);

/* 0 where there is none; less than 0 is larger than all that fits. */
static inline uint64_t handover_get_uint(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

/* Never NULL. */
static inline const char *handover_get_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static inline void cleanup_handover(struct handover **handover)
{
	handover_free(*handover);
}
