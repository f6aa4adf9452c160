/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one agent to the next (--keep-sensors-on-exit). In: the parts of an agent that ends. Out:
 * the same parts of the next one, which go on where these ended: no process and no call in between
 * is lost, and each is told once.
 */
#pragma once

#include "daemon/daemon_options.h"
#include "daemon/pipeline.h"
#include "daemon/policies.h"
#include "sensor/engine.h"

/* What an agent before this one left, if this one can go on with it; else NULL, and what there is
 * is told and goes once this agent is ready. */
struct handover *agent_handover_find(const struct daemon_options *options);
/* Its state of events; PIPELINE is new. */
void agent_handover_take_pipeline(const struct handover *handover,
				  const struct daemon_options *options, struct pipeline *pipeline);
/* This agent is ready: nobody needs any more what was left. */
void agent_handover_clear(const struct daemon_options *options);

/* This agent cannot start, and has not begun to take over policies: what was left stays for the
 * next. PIPELINE is what it goes on with, if this one has taken the one before's; else NULL. False:
 * as below. */
bool agent_handover_put_back(const struct daemon_options *options, const struct handover *handover,
			     const struct pipeline *pipeline);

/* Leaves everything, and reads the rings out once all has a name. False: that is not possible, as
 * the log says, and nothing is left. */
bool agent_handover_leave(const struct daemon_options *options, struct process_sensor *sensor,
			  struct engine *engine, const struct policies *policies,
			  struct pipeline *pipeline);
