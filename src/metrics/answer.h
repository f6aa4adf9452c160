/* SPDX-License-Identifier: Apache-2.0 */
/* What a request gets: a page in one of its four forms (format, compressed or not), or a word of
 * why not. In: method, path, headers. Out: a response of libmicrohttpd's. */
#pragma once

#include <microhttpd.h>

#include "metrics/server.h"

enum { ANSWER_FORMS = 4 };

struct metrics_answers {
	struct metrics_server_options options;
	struct metrics_server_counters *counters;
	struct MHD_Response *pages[ANSWER_FORMS]; /* NULL: not made, or too old */
	uint64_t made_ns[ANSWER_FORMS];
};

enum MHD_Result metrics_answer(struct metrics_answers *answers, struct MHD_Connection *connection,
			       const char *path, const char *method);
void metrics_answers_done(struct metrics_answers *answers);
