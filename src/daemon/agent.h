/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running agent: sensor, event line and service wired to one loop. In: options. Out: runs until
 * a signal asks it to stop. It decides nothing about events.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"
#include "daemon/config.h"

struct agent;

/* Everything but the programs' attachment. Nothing is left behind on an error, which has a line in
 * DIAG. CONFIG outlives the agent, which changes it when SIGHUP asks for that. */
int agent_new(struct agent **out, struct config *config, struct diag *diag);
/* Attaches, learns who lives, then runs until SIGTERM or SIGINT; 0, or a negative errno with a line
 * in DIAG. */
int agent_run(struct agent *agent, struct diag *diag);
/* Detaches, lets everything that waits go out, gives all back. */
void agent_free(struct agent *agent);
