/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a policy and its lines, for the reader and for diagnostics. In: bytes from anywhere.
 * Out: lines. Whether the bytes are text at all is said here too; what they mean is not.
 *
 * Lines end where YAML ends them: at LF, CR, CR LF, U+0085, U+2028 and U+2029.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "policy/place.h"

/*
 * A Kubernetes object is at most 1.5 MiB (the request limit of its store), so no policy that came
 * through it is larger.
 */
#define SOURCE_BYTES_MAX (2u * 1024 * 1024)

struct source {
	const char *name; /* what diagnostics call it */
	struct span text; /* without a byte order mark */
};

struct report;

/*
 * Takes TEXT, which stays the caller's and outlives the source. Adds a finding where it is no text
 * (too long, another encoding, control characters) and returns -EINVAL; the source can still show
 * lines then.
 */
int source_init(struct source *source, const char *name, struct span text, struct report *report);

/* Line NUMBER (from 1) without its end; empty: there is none. */
struct span source_get_line(const struct source *source, uint32_t number);
