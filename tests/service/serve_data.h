/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the test server that a test wrote. In: files with the JSON form of a message. Out:
 * that message whenever the API is asked for it; before, what serve.c makes up.
 */
#pragma once

#include "service/service.h"

enum serve_data_kind { SERVE_STATUS, SERVE_PROCESSES, SERVE_POLICIES, SERVE_DATA_KINDS };

struct serve_data {
	ProtobufCMessage *messages[SERVE_DATA_KINDS]; /* owned; NULL: none */
};

/* WORD: "status" (GetStatusResponse), "processes" (DumpProcessCacheResArgs), "policies"
 * (ListTracingPoliciesResponse). What went wrong, or "loaded". */
const char *serve_data_load(struct serve_data *data, const char *word, const char *path);
void serve_data_done(struct serve_data *data);
