/* SPDX-License-Identifier: Apache-2.0 */
/* What clients asked for and got, by method and code. */
#include "service/service_private.h"

static struct service_method_counters *counters_of(const struct service *service,
						   const struct service_method *method)
{
	return &service->called[method - service_methods];
}

void service_count_start(struct service *service, const struct service_method *method)
{
	counters_of(service, method)->started++;
}

void service_count_end(void *context, const struct rpc_method *method, enum rpc_status status)
{
	struct service_method_counters *counters = counters_of(context, method->row);

	if ((unsigned int)status < SERVICE_CODES)
		counters->handled[status]++;
}

bool service_read_method(const struct service *service, size_t at,
			 struct service_method_counters *out)
{
	const struct service_method *row = &service_methods[at];

	if (at >= service_methods_count)
		return false;
	*out = service->called[at];
	out->service = row->service;
	out->name = row->name;
	out->is_stream = row->is_stream;
	out->takes_stream = row->takes_stream;
	out->sent = row->answer == service_get_events ? service->counters.events_sent
						      : out->handled[RPC_OK];
	return true;
}
