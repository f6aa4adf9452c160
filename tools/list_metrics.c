/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the table of metrics, for docs/metrics.md and for tests. Out: a line each, of fields with
 * a tab between: name, kind, unit, labels (a space between), help. */
#include <stdio.h>

#include "daemon/agent_metrics.h"

int main(void)
{
	for (size_t i = 0; i < agent_metrics_count(); i++) {
		const struct metrics_row *row = agent_metrics_get_row(i);

		printf("%s\t%s\t%s\t%s\t%s\n", row->name, metrics_kind_name(row->kind), row->unit,
		       row->labels, row->help);
	}
	return 0;
}
