/* SPDX-License-Identifier: Apache-2.0 */
/* What a client wants to see: a request's filters to one mask of event types. */
#include <errno.h>

#include "service/service_private.h"

#define EVENT_MASK_ALL (~(event_mask)0)

event_mask event_filter_get_bit(int number)
{
	const ProtobufCEnumDescriptor *types = &tetragon__event_type__descriptor;
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(types, number);

	return value ? (event_mask)1 << (value - types->values) : 0;
}

static bool filter_has_field(const Tetragon__Filter *filter, const ProtobufCFieldDescriptor *field)
{
	const char *start = (const char *)filter;

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(start + field->quantifier_offset);
	return *(void *const *)(start + field->offset);
}

/* Everything but event_set; what cannot be applied must not look as if it were. */
static int filter_check(const Tetragon__Filter *filter, const char *list, struct diag *diag)
{
	const ProtobufCMessageDescriptor *type = &tetragon__filter__descriptor;

	for (unsigned int i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		if (field->offset == offsetof(Tetragon__Filter, event_set) ||
		    !filter_has_field(filter, field))
			continue;
		diag_add(diag, "%s: filter key \"%s\" is not supported yet; want event_set", list,
			 field->name);
		return -EINVAL;
	}
	if (!filter->base.n_unknown_fields)
		return 0;
	diag_add(diag, "%s: filter key number %u is unknown; want event_set", list,
		 filter->base.unknown_fields[0].tag);
	return -EINVAL;
}

/* The types that one entry matches; an entry without keys matches all. */
static event_mask filter_get_mask(const Tetragon__Filter *filter)
{
	event_mask mask = 0;

	for (size_t i = 0; i < filter->n_event_set; i++)
		mask |= event_filter_get_bit((int)filter->event_set[i]);
	return filter->n_event_set ? mask : EVENT_MASK_ALL;
}

static int filter_read_list(Tetragon__Filter *const *filters, size_t count, const char *list,
			    event_mask *out, struct diag *diag)
{
	event_mask mask = 0;

	for (size_t i = 0; i < count; i++) {
		int error = filter_check(filters[i], list, diag);

		if (error)
			return error;
		mask |= filter_get_mask(filters[i]);
	}
	*out = mask;
	return 0;
}

int event_filter_read(const Tetragon__GetEventsRequest *request, struct event_filter *out,
		      struct diag *diag)
{
	event_mask gap = event_filter_get_bit(TETRAGON__EVENT_TYPE__GAP);
	event_mask allowed = EVENT_MASK_ALL;
	event_mask denied = 0;
	int error;

	error = filter_read_list(request->allow_list, request->n_allow_list, "allow_list", &allowed,
				 diag);
	if (error)
		return error;
	error = filter_read_list(request->deny_list, request->n_deny_list, "deny_list", &denied,
				 diag);
	if (error)
		return error;
	if (request->n_field_filters) {
		diag_add(diag, "\"field_filters\" is not supported yet; ask for whole events");
		return -EINVAL;
	}
	if (!request->n_allow_list)
		allowed = EVENT_MASK_ALL;
	/* Aggregation changes no event of this API, so that option needs nothing here. Losses are
	 * about every type: a choice of types does not hide them, only with_gaps does. */
	out->wanted = (allowed & ~denied & ~gap) | (request->with_gaps ? gap : 0);
	out->with_gaps = request->with_gaps;
	return 0;
}
