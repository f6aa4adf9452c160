/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an event is written for a SIEM that expects its own fields. In: events. Out: one line each,
 * without its newline. A format is a table from our fields to theirs (formats/NAME.def), and there
 * is no code for a kind of event; docs/events.md has a sample of each.
 */
#pragma once

#include <tetragon/events.pb-c.h>

#include "base/buf.h"

enum output_format {
	OUTPUT_NATIVE, /* upstream's JSON */
	OUTPUT_ECS,    /* Elastic Common Schema 8 */
	OUTPUT_OCSF,   /* Open Cybersecurity Schema Framework 1 */
	OUTPUT_CEF,    /* ArcSight Common Event Format 0 */
	OUTPUT_FORMATS,
};

#define OUTPUT_FORMAT_NAMES "native|ecs|ocsf|cef"

/* The one that is called so; OUTPUT_FORMATS: none. */
enum output_format output_format_find(const char *name);

struct formatter;

/* VERSION of the product is the owner's. NULL: no memory. */
struct formatter *formatter_new(enum output_format format, const char *version);
void formatter_free(struct formatter *formatter);

/* Without memory nothing is appended, and OUT->failed is set. */
void formatter_add(struct formatter *formatter, struct buf *out,
		   const Tetragon__GetEventsResponse *event);
