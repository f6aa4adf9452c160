/* SPDX-License-Identifier: Apache-2.0 */
/* Makes one Filter of all flags, so that each flag narrows what the others leave. */
#include "cli/event_choice.h"

#include <errno.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/suggest.h"
#include "filter/parse.h"

void event_choice_done(struct event_choice *choice)
{
	Tetragon__GetEventsRequest *request = &choice->request;

	for (size_t i = 0; i < request->n_allow_list; i++)
		tetragon__filter__free_unpacked(request->allow_list[i], NULL);
	for (size_t i = 0; i < request->n_field_filters; i++)
		tetragon__field_filter__free_unpacked(request->field_filters[i], NULL);
	free(request->allow_list);
	free(request->field_filters);
	filter_done(&choice->filter);
	field_filters_free(choice->fields);
}

static bool add_text(char ***list, size_t *count, const char *text)
{
	char **grown = reallocarray(*list, *count + 1, sizeof(**list));

	if (!grown)
		return false;
	*list = grown;
	grown[*count] = strdup(text);
	*count += grown[*count] != NULL;
	return grown[*count - 1];
}

static bool add_texts(char ***list, size_t *count, const struct option_list *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		if (!add_text(list, count, texts->items[i]))
			return false;
	}
	return true;
}

static const ProtobufCEnumValue *find_type(const char *name)
{
	const ProtobufCEnumDescriptor *types = &tetragon__event_type__descriptor;

	for (unsigned int i = 0; i < types->n_values; i++) {
		if (types->values[i].value && strcasecmp(types->values[i].name, name) == 0)
			return &types->values[i];
	}
	return NULL;
}

static void complain_type(const char *name)
{
	const ProtobufCEnumDescriptor *types = &tetragon__event_type__descriptor;
	struct suggest suggest = suggest_start(name);
	_cleanup_buf_ struct buf names = {};

	for (unsigned int i = 0; i < types->n_values; i++) {
		if (!types->values[i].value)
			continue;
		suggest_offer(&suggest, types->values[i].name);
		buf_add_format(&names, "%s%s", names.bytes ? ", " : "", types->values[i].name);
	}
	if (suggest.best)
		cli_complain("unknown event type \"%s\"; did you mean \"%s\"?", name, suggest.best);
	else
		cli_complain("unknown event type \"%s\"; want some of %s", name, buf_text(&names));
}

static enum cli_exit add_types(Tetragon__Filter *filter, const struct option_list *names)
{
	Tetragon__EventType *grown;
	enum cli_exit status = CLI_DONE;

	if (!names->count)
		return CLI_DONE;
	grown = reallocarray(filter->event_set, filter->n_event_set + names->count, sizeof(*grown));
	if (!grown)
		return CLI_FAILED;
	filter->event_set = grown;
	for (size_t i = 0; i < names->count; i++) {
		const ProtobufCEnumValue *type = find_type(names->items[i]);

		if (type) {
			grown[filter->n_event_set++] = (Tetragon__EventType)type->value;
			continue;
		}
		complain_type(names->items[i]);
		status = CLI_USAGE;
	}
	return status;
}

static void complain_lines(struct diag *diag)
{
	struct span rest = { diag->text.data, diag->text.bytes };

	while (rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		cli_complain("%.*s", (int)line.bytes, line.data);
	}
}

/* The Filter of all flags; no flag: one that matches everything. */
static enum cli_exit make_filter(const struct event_choice_settings *settings,
				 Tetragon__Filter **out)
{
	_cleanup_diag_ struct diag diag = {};
	enum cli_exit status;
	Tetragon__Filter *filter;
	bool is_done;
	int error = filter_parse_pairs("--process-filter", settings->process_filter, out, &diag);

	complain_lines(&diag);
	if (error)
		return error == -EINVAL ? CLI_USAGE : CLI_FAILED;
	filter = *out;
	status = add_types(filter, &settings->event_types);
	if (status != CLI_DONE)
		return status;
	is_done =
		add_texts(&filter->namespace_, &filter->n_namespace_, &settings->namespaces) &&
		add_texts(&filter->namespace_regex, &filter->n_namespace_regex,
			  &settings->namespace_regexes) &&
		add_texts(&filter->binary_regex, &filter->n_binary_regex, &settings->processes) &&
		add_texts(&filter->pod_regex, &filter->n_pod_regex, &settings->pods) &&
		add_texts(&filter->container_name_regex, &filter->n_container_name_regex,
			  &settings->containers) &&
		add_texts(&filter->policy_names, &filter->n_policy_names, &settings->policy_names);
	if (is_done && settings->host)
		is_done = add_text(&filter->namespace_, &filter->n_namespace_, "");
	if (is_done && *settings->cel_expression)
		is_done = add_text(&filter->cel_expression, &filter->n_cel_expression,
				   settings->cel_expression);
	return is_done ? CLI_DONE : CLI_FAILED;
}

static bool is_everything(const Tetragon__Filter *filter)
{
	return !tetragon__filter__get_packed_size(filter);
}

static enum cli_exit add_filter(struct event_choice *choice,
				const struct event_choice_settings *settings)
{
	Tetragon__Filter *filter = NULL;
	enum cli_exit status = make_filter(settings, &filter);

	if (status == CLI_DONE && !is_everything(filter)) {
		choice->request.allow_list = malloc(sizeof(filter));
		if (choice->request.allow_list) {
			choice->request.allow_list[choice->request.n_allow_list++] =
				TAKE_PTR(filter);
			return CLI_DONE;
		}
		status = CLI_FAILED;
	}
	if (filter)
		tetragon__filter__free_unpacked(filter, NULL);
	return status;
}

static bool add_field_filter(struct event_choice *choice, const struct option_list *paths,
			     Tetragon__FieldFilterAction action)
{
	Tetragon__GetEventsRequest *request = &choice->request;
	Tetragon__FieldFilter *filter, **grown;
	Google__Protobuf__FieldMask *mask;

	if (!paths->count)
		return true;
	grown = reallocarray(request->field_filters, request->n_field_filters + 1, sizeof(*grown));
	if (!grown)
		return false;
	request->field_filters = grown;
	filter = malloc(sizeof(*filter));
	mask = malloc(sizeof(*mask));
	if (!filter || !mask) {
		free(filter);
		free(mask);
		return false;
	}
	tetragon__field_filter__init(filter);
	google__protobuf__field_mask__init(mask);
	filter->action = action;
	filter->fields = mask;
	grown[request->n_field_filters++] = filter;
	return add_texts(&mask->paths, &mask->n_paths, paths);
}

static enum cli_exit compile(struct event_choice *choice)
{
	const Tetragon__GetEventsRequest *request = &choice->request;
	const struct filter_options options = { .name = "flags" };
	_cleanup_diag_ struct diag diag = {};
	int error = filter_list_new(&choice->filter.allow, request->allow_list,
				    request->n_allow_list, &options, &diag);

	if (!error && request->n_field_filters)
		error = field_filters_new(&choice->fields, request->field_filters,
					  request->n_field_filters, "fields", &diag);
	complain_lines(&diag);
	return !error ? CLI_DONE : error == -EINVAL ? CLI_USAGE : CLI_FAILED;
}

enum cli_exit event_choice_init(struct event_choice *choice,
				const struct event_choice_settings *settings)
{
	enum cli_exit status;

	tetragon__get_events_request__init(&choice->request);
	choice->request.with_gaps = true;
	status = add_filter(choice, settings);
	if (status != CLI_DONE)
		return status;
	if (!add_field_filter(choice, &settings->include_fields,
			      TETRAGON__FIELD_FILTER_ACTION__INCLUDE) ||
	    !add_field_filter(choice, &settings->exclude_fields,
			      TETRAGON__FIELD_FILTER_ACTION__EXCLUDE))
		return CLI_FAILED;
	return compile(choice);
}

const Tetragon__GetEventsResponse *event_choice_apply(struct event_choice *choice,
						      const Tetragon__GetEventsResponse *event)
{
	if (event->event_case == TETRAGON__GET_EVENTS_RESPONSE__EVENT_GAP)
		return event;
	if (!filter_passes(&choice->filter, event))
		return NULL;
	return choice->fields ? field_filters_apply(choice->fields, event) : event;
}
