/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the filters of flags. */
#include "daemon/export_filters.h"

#include <errno.h>

#include "filter/parse.h"

void export_filters_done(struct export_filters *filters)
{
	filter_done(&filters->filter);
	field_filters_free(filters->fields);
	redaction_free(filters->redaction);
	*filters = (struct export_filters){};
}

struct filter_options export_filters_options(const struct daemon_options *options, const char *name)
{
	return (struct filter_options){
		.name = name,
		.ancestors_flag = options->enable_ancestors.count ? NULL : "--enable-ancestors",
		.credentials_flag = options->enable_process_cred ? NULL : "--enable-process-cred",
	};
}

static int compile_list(const struct daemon_options *options, const char *name, const char *text,
			struct filter_list **out, struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	struct filter_options place = export_filters_options(options, name);
	int error = message_list_parse(name, text, &tetragon__filter__descriptor, &list, diag);

	if (!options->enable_pid_set_filter)
		place.pid_set_flag = "--enable-pid-set-filter";
	if (error || !list.count)
		return error;
	return filter_list_new(out, message_list_filters(&list), list.count, &place, diag);
}

static int compile_fields(const char *text, struct field_filters **out, struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	int error = message_list_parse("--field-filters", text, &tetragon__field_filter__descriptor,
				       &list, diag);

	if (error || !list.count)
		return error;
	return field_filters_new(out, message_list_field_filters(&list), list.count,
				 "--field-filters", diag);
}

static int compile_redaction(const char *text, struct redaction **out, struct diag *diag)
{
	_cleanup_message_list_ struct message_list list = {};
	int error = message_list_parse("--redaction-filters", text,
				       &tetragon__redaction_filter__descriptor, &list, diag);

	if (error || !list.count)
		return error;
	return redaction_new(out, message_list_redaction_filters(&list), list.count,
			     "--redaction-filters", diag);
}

int export_filters_init(struct export_filters *filters, const struct daemon_options *options,
			struct diag *diag)
{
	/* All are looked at, so that all mistakes are told at once. */
	const int errors[] = {
		compile_list(options, "--export-allowlist", options->export_allowlist,
			     &filters->filter.allow, diag),
		compile_list(options, "--export-denylist", options->export_denylist,
			     &filters->filter.deny, diag),
		compile_fields(options->field_filters, &filters->fields, diag),
		compile_redaction(options->redaction_filters, &filters->redaction, diag),
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i])
			return errors[i];
	}
	return 0;
}

bool export_is_notice(const Tetragon__GetEventsResponse *event)
{
	return event && (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP ||
			 event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_RATE_LIMIT_INFO);
}

const Tetragon__GetEventsResponse *export_filters_apply(struct export_filters *filters,
							const Tetragon__GetEventsResponse *event,
							bool *no_memory)
{
	const Tetragon__GetEventsResponse *shown = event;

	*no_memory = false;
	/* What was lost is about every kind of events. */
	if (export_is_notice(event))
		return event;
	if (!filter_passes(&filters->filter, event))
		return NULL;
	if (filters->fields)
		shown = field_filters_apply(filters->fields, event);
	*no_memory = !shown;
	return shown;
}

void export_filters_redact(void *filters, const char *binary, struct buf *text)
{
	redaction_apply(((struct export_filters *)filters)->redaction, binary, text);
}
