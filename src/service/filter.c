/* SPDX-License-Identifier: Apache-2.0 */
/* What a client wants to see: a request's filters, compiled once for all clients that ask alike. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "service/service_private.h"

static void event_filter_free(struct event_filter *self)
{
	if (!self)
		return;
	filter_done(&self->filter);
	field_filters_free(self->fields);
	rpc_message_unref(self->message);
	buf_done(&self->request);
	free(self);
}

static void event_filter_cleanup(struct event_filter **self)
{
	event_filter_free(*self);
}

static int event_filter_name(struct event_filter *self, const Tetragon__GetEventsRequest *request)
{
	Tetragon__GetEventsRequest about_events = *request;
	size_t bytes;

	/* Aggregation changes no event of this API. */
	about_events.aggregation_options = NULL;
	about_events.with_gaps = false;
	bytes = tetragon__get_events_request__get_packed_size(&about_events);
	if (!buf_reserve(&self->request, bytes))
		return -ENOMEM;
	self->request.bytes =
		tetragon__get_events_request__pack(&about_events, (uint8_t *)self->request.data);
	return 0;
}

static int event_filter_compile(struct event_filter *self,
				const Tetragon__GetEventsRequest *request,
				struct filter_options options, struct diag *diag)
{
	int error;

	options.name = "allow_list";
	error = filter_list_new(&self->filter.allow, request->allow_list, request->n_allow_list,
				&options, diag);
	options.name = "deny_list";
	if (!error)
		error = filter_list_new(&self->filter.deny, request->deny_list,
					request->n_deny_list, &options, diag);
	if (!error && request->n_field_filters)
		error = field_filters_new(&self->fields, request->field_filters,
					  request->n_field_filters, "field_filters", diag);
	return error;
}

int event_filter_get(struct event_filter **list, const Tetragon__GetEventsRequest *request,
		     const struct filter_options *options, struct event_filter **out,
		     struct diag *diag)
{
	_cleanup_(event_filter_cleanup) struct event_filter *self = calloc(1, sizeof(*self));
	int error;

	if (!self || event_filter_name(self, request))
		return -ENOMEM;
	for (struct event_filter *other = *list; other; other = other->next) {
		if (other->request.bytes != self->request.bytes ||
		    memcmp(buf_text(&other->request), buf_text(&self->request),
			   self->request.bytes) != 0)
			continue;
		other->refs++;
		*out = other;
		return 0;
	}
	error = event_filter_compile(self, request, *options, diag);
	if (error)
		return error;
	self->refs = 1;
	self->next = *list;
	*list = self;
	*out = TAKE_PTR(self);
	return 0;
}

void event_filter_put(struct event_filter **list, struct event_filter *filter)
{
	if (!filter || --filter->refs)
		return;
	while (*list != filter)
		list = &(*list)->next;
	*list = filter->next;
	event_filter_free(filter);
}

/* Fields are left out before packing; a filter that does nothing here shares the whole event. */
static void event_filter_pack(struct event_filter *self, struct event_round *round)
{
	const Tetragon__GetEventsResponse *shown = round->event;

	if (self->fields)
		shown = field_filters_apply(self->fields, round->event);
	if (shown && shown != round->event) {
		self->message = service_pack(&shown->base);
		return;
	}
	if (shown && !round->message)
		round->message = service_pack(&shown->base);
	self->message = shown && round->message ? rpc_message_ref(round->message) : NULL;
}

struct rpc_message *event_filter_apply(struct event_filter *filter, struct event_round *round,
				       bool *is_wanted)
{
	if (filter->event_number != round->number) {
		filter->event_number = round->number;
		filter->is_wanted = filter_passes(&filter->filter, round->event);
		if (filter->is_wanted)
			event_filter_pack(filter, round);
	}
	*is_wanted = filter->is_wanted;
	return filter->message;
}

void event_filter_end_round(struct event_filter *filter)
{
	rpc_message_unref(TAKE_PTR(filter->message));
}
