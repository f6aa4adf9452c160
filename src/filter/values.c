/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of keys compile to, and how that is freed. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "filter/filter_private.h"

int filter_fail(struct filter_compiler *compiler, const char *format, ...)
{
	const char *name = compiler->options->name ? compiler->options->name : "filter";
	_cleanup_free_ char *why = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&why, format, args) < 0)
		why = NULL;
	va_end(args);
	diag_add(compiler->diag, "%s, entry %zu, key \"%s\": %s", name, compiler->entry,
		 compiler->key, why ? why : "out of memory");
	return -EINVAL;
}

int filter_count_values(struct filter_compiler *compiler, size_t count)
{
	compiler->values += count;
	if (compiler->values <= FILTER_VALUES_MAX)
		return 0;
	return filter_fail(compiler, "the list has more than %u values", FILTER_VALUES_MAX);
}

void filter_values_done(struct filter_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		if (values->regexes)
			regex_free(values->regexes[i]);
		if (values->texts)
			free(values->texts[i]);
		if (values->selectors)
			label_selector_free(values->selectors[i]);
		if (values->expressions)
			cel_program_free(values->expressions[i]);
	}
	free(values->regexes);
	free(values->texts);
	free(values->selectors);
	free(values->expressions);
	free(values->numbers);
	filter_pids_free(values->pids);
}

/* The lines that a compiler of values left in WHY, each with its key before it. */
static int fail_with(struct filter_compiler *compiler, int error, struct diag *why)
{
	struct span rest = { why->text.data, why->text.bytes };

	while (error == -EINVAL && rest.bytes) {
		struct span line = span_cut(&rest, '\n');

		filter_fail(compiler, "%.*s", (int)line.bytes, line.data);
	}
	return error;
}

int filter_values_set_regexes(struct filter_compiler *compiler, char *const *patterns, size_t count,
			      struct filter_values *out)
{
	_cleanup_diag_ struct diag why = {};
	int error = filter_count_values(compiler, count);

	if (error)
		return error;
	out->regexes = calloc(count, sizeof(*out->regexes));
	if (!out->regexes)
		return -ENOMEM;
	for (; out->count < count && !error; out->count += !error)
		error = regex_new(&out->regexes[out->count], patterns[out->count], &why);
	return fail_with(compiler, error, &why);
}

int filter_values_set_texts(struct filter_compiler *compiler, char *const *texts, size_t count,
			    struct filter_values *out)
{
	int error = filter_count_values(compiler, count);

	if (error)
		return error;
	out->texts = calloc(count, sizeof(*out->texts));
	if (!out->texts)
		return -ENOMEM;
	for (; out->count < count; out->count++) {
		out->texts[out->count] = strdup(texts[out->count]);
		if (!out->texts[out->count])
			return -ENOMEM;
	}
	return 0;
}

int filter_values_set_numbers(struct filter_compiler *compiler, const uint32_t *numbers,
			      size_t count, struct filter_values *out)
{
	int error = filter_count_values(compiler, count);

	if (error)
		return error;
	out->numbers = calloc(count, sizeof(*out->numbers));
	if (!out->numbers)
		return -ENOMEM;
	memcpy(out->numbers, numbers, count * sizeof(*numbers));
	out->count = count;
	return 0;
}

int filter_values_set_selectors(struct filter_compiler *compiler, char *const *texts, size_t count,
				struct filter_values *out)
{
	_cleanup_diag_ struct diag why = {};
	int error = filter_count_values(compiler, count);

	if (error)
		return error;
	out->selectors = calloc(count, sizeof(*out->selectors));
	if (!out->selectors)
		return -ENOMEM;
	for (; out->count < count && !error; out->count += !error)
		error = label_selector_new(&out->selectors[out->count], texts[out->count], &why);
	return fail_with(compiler, error, &why);
}

int filter_values_set_expressions(struct filter_compiler *compiler, char *const *texts,
				  size_t count, struct filter_values *out)
{
	_cleanup_diag_ struct diag why = {};
	int error = filter_count_values(compiler, count);

	if (error)
		return error;
	out->expressions = calloc(count, sizeof(*out->expressions));
	if (!out->expressions)
		return -ENOMEM;
	for (; out->count < count && !error; out->count += !error)
		error = cel_program_new(&out->expressions[out->count], texts[out->count], &why);
	return fail_with(compiler, error, &why);
}

/* The one comparison of a set, as upstream wants it. */
static int set_capability_set(struct filter_compiler *compiler, const char *name,
			      const Tetragon__CapFilterSet *set, struct filter_capabilities *out)
{
	const struct {
		size_t count;
		const Tetragon__CapabilitiesType *list;
	} given[] = {
		[CAPABILITIES_ANY] = { set->n_any, set->any },
		[CAPABILITIES_ALL] = { set->n_all, set->all },
		[CAPABILITIES_EXACTLY] = { set->n_exactly, set->exactly },
		[CAPABILITIES_NONE] = { set->n_none, set->none },
	};
	unsigned int found = 0;

	if (set->base.n_unknown_fields)
		return filter_fail(compiler, "%s: unknown comparison number %u", name,
				   set->base.unknown_fields[0].tag);
	for (unsigned int how = CAPABILITIES_ANY; how <= CAPABILITIES_NONE; how++) {
		if (!given[how].count)
			continue;
		found++;
		out->how = how;
		for (size_t i = 0; i < given[how].count; i++) {
			if ((unsigned int)given[how].list[i] >= 64)
				return filter_fail(compiler, "%s: unknown capability number %d",
						   name, (int)given[how].list[i]);
			out->wanted |= 1ULL << given[how].list[i];
		}
	}
	if (found != 1)
		return filter_fail(compiler,
				   "%s: has %u comparisons; want one of any, all, "
				   "exactly, none",
				   name, found);
	return 0;
}

int filter_values_set_capabilities(struct filter_compiler *compiler,
				   const Tetragon__CapFilter *wanted, struct filter_values *out)
{
	const struct {
		const char *name;
		const Tetragon__CapFilterSet *set;
	} sets[] = {
		[SET_PERMITTED] = { "permitted", wanted->permitted },
		[SET_EFFECTIVE] = { "effective", wanted->effective },
		[SET_INHERITABLE] = { "inheritable", wanted->inheritable },
	};
	int error = 0;

	if (wanted->base.n_unknown_fields)
		return filter_fail(compiler, "unknown set number %u",
				   wanted->base.unknown_fields[0].tag);
	for (unsigned int i = 0; i < CAPABILITY_SETS && !error; i++) {
		if (sets[i].set)
			error = set_capability_set(compiler, sets[i].name, sets[i].set,
						   &out->capabilities[i]);
	}
	return error;
}
