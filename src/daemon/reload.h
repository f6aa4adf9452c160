/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration for an agent that runs. In: the configuration it runs with, and one that was
 * just read. Out: what can change has changed, what cannot is told by name.
 */
#pragma once

#include "daemon/config.h"

/* Level, format and file of the log. -errno of the file, with a line in DIAG; the rest is done. */
int config_apply_log(const struct daemon_options *values, struct diag *diag);
/* The file alone, also when its name is what it was. */
int config_apply_log_file(const struct daemon_options *values, struct diag *diag);

/* Who has to look at the values again, one bit each. */
enum reload_area {
	RELOAD_POLICIES = 1, /* the list of policy files is another one */
	RELOAD_EXPORT = 2,   /* rotation of the event file, or its limit in rate */
};

/*
 * Takes the values of NEXT over into RUNNING as far as an agent can without a restart. A line for
 * each change in CHANGED, one for each that waits for a restart in WAITING. Bits of enum
 * reload_area.
 */
unsigned int config_take_over(struct config *running, const struct config *next,
			      struct diag *changed, struct diag *waiting);
