/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions from text to verdict: reads, checks, and evaluates with the budget of one event. */
#include "cel/cel.h"

#include <errno.h>

#include "cel/check.h"
#include "cel/parse.h"
#include "cel/text.h"

struct cel_program {
	struct arena tree; /* the text, its tree, its constants */
	struct arena scratch;
	struct cel_node *root;
	struct cel_eval eval;
	struct regex **regexes; /* owned */
	uint32_t regex_count;
	uint32_t members[64]; /* of the oneof, that the expression names; by their number */
	uint32_t member_count;
};

void cel_program_free(struct cel_program *program)
{
	if (!program)
		return;
	for (uint32_t i = 0; i < program->regex_count; i++)
		regex_free(program->regexes[i]);
	free(program->regexes);
	cel_patterns_done(&program->eval.patterns);
	arena_done(&program->scratch);
	arena_done(&program->tree);
	free(program);
}

/* ---- making ----------------------------------------------------------------------------------
 */

static int check_text(struct span text, struct diag *diag)
{
	if (text.bytes > CEL_TEXT_BYTES_MAX) {
		diag_add(diag, "the expression has %zu bytes; %d are the most", text.bytes,
			 CEL_TEXT_BYTES_MAX);
		return -EINVAL;
	}
	if (!cel_text_is_utf8(text)) {
		diag_add(diag, "the expression is no UTF-8; bytes are written as b\"\\xff\"");
		return -EINVAL;
	}
	return 0;
}

static void say_not_bool(struct cel_mistakes *mistakes, const struct cel_node *root)
{
	_cleanup_buf_ struct buf name = {};

	cel_type_add_name(&name, root->type);
	cel_mistake(mistakes, root->place,
		    root->type->kind == CEL_KIND_DYN ? "compare it: ... == true"
						     : "compare it with something, as in x == 1",
		    "the expression is of type %s, it must be bool", buf_text(&name));
}

static void say_no_event(struct diag *diag)
{
	const ProtobufCMessageDescriptor *type = &tetragon__get_events_response__descriptor;
	_cleanup_buf_ struct buf names = {};

	for (unsigned int i = 0; i < type->n_fields; i++) {
		if (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			buf_add_format(&names, "%s%s", names.bytes ? ", " : "",
				       type->fields[i].name);
	}
	diag_add(diag, "the expression names no event, so it can match none; events are %s",
		 buf_text(&names));
}

static void keep_members(struct cel_program *program, uint64_t variables)
{
	const ProtobufCMessageDescriptor *type = &tetragon__get_events_response__descriptor;

	for (unsigned int i = 0; i < type->n_fields; i++) {
		if (variables & 1ull << i)
			program->members[program->member_count++] = type->fields[i].id;
	}
}

/* -EINVAL: the mistakes, or DIAG, say why. */
static int check_tree(struct cel_program *program, struct cel_checker *checker)
{
	struct cel_mistakes *mistakes = checker->mistakes;
	const struct cel_type *type = cel_check_node(checker, program->root);

	program->regexes = checker->regexes;
	program->regex_count = checker->regex_count;
	if (checker->is_out_of_memory)
		return -ENOMEM;
	if (mistakes->count > CEL_MISTAKES_MAX)
		diag_add(mistakes->diag, "and %u more", mistakes->count - CEL_MISTAKES_MAX);
	if (mistakes->count || !type)
		return -EINVAL;
	if (type->kind != CEL_KIND_BOOL) {
		say_not_bool(mistakes, program->root);
		return -EINVAL;
	}
	if (!checker->variables) {
		say_no_event(mistakes->diag);
		return -EINVAL;
	}
	keep_members(program, checker->variables);
	return 0;
}

static int read_tree(struct cel_program *program, struct span text, struct diag *diag)
{
	struct cel_mistakes mistakes = { .diag = diag };
	_cleanup_free_ struct cel_checker *checker = calloc(1, sizeof(*checker));
	int r = -EINVAL;

	mistakes.text = (struct span){ arena_copy(&program->tree, text), text.bytes };
	if (!checker || !mistakes.text.data)
		return -ENOMEM;
	program->root = cel_parse_expression(&program->tree, &mistakes, mistakes.text);
	checker->arena = checker->eval.arena = &program->tree;
	checker->mistakes = &mistakes;
	checker->eval.steps = CEL_STEPS_MAX;
	cel_names_collect(&checker->names);
	if (program->root)
		r = check_tree(program, checker);
	cel_patterns_done(&checker->eval.patterns);
	if (program->tree.failed && !mistakes.count) {
		diag_add(diag, "the expression is too large: its tree would take more than 8 MiB");
		return -EINVAL;
	}
	return r;
}

int cel_program_new(struct cel_program **out, const char *text, struct diag *diag)
{
	_cleanup_cel_program_ struct cel_program *program = NULL;
	struct span span = span_of(text);
	int r = check_text(span, diag);

	if (r)
		return r;
	program = calloc(1, sizeof(*program));
	if (!program)
		return -ENOMEM;
	program->tree.bytes_max = CEL_PROGRAM_BYTES_MAX;
	program->scratch.bytes_max = CEL_EVALUATION_BYTES_MAX;
	program->eval.arena = &program->scratch;
	r = read_tree(program, span, diag);
	if (r)
		return r;
	*out = TAKE_PTR(program);
	return 0;
}

/* ---- evaluating ------------------------------------------------------------------------------
 */

static bool names_event(const struct cel_program *program, const Tetragon__GetEventsResponse *event)
{
	for (uint32_t i = 0; i < program->member_count; i++) {
		if (program->members[i] == (uint32_t)event->event_case)
			return true;
	}
	return false;
}

static void say_error(const struct cel_eval *eval, struct diag *diag)
{
	_cleanup_buf_ struct buf text = {};

	if (!diag)
		return;
	if (eval->error.node)
		buf_add_format(&text, "at byte %u: ", eval->error.node->place.at + 1);
	cel_eval_add_error(eval, &text);
	diag_add(diag, "%s", buf_text(&text));
}

/* Takes back what an event took; ordinary ones take nothing. */
static void start(struct cel_eval *eval, const Tetragon__GetEventsResponse *event)
{
	if (eval->arena->chunks || eval->arena->failed)
		arena_reset(eval->arena);
	eval->event = event;
	eval->steps = CEL_STEPS_MAX;
	eval->is_exhausted = false;
	eval->error.text = "";
	eval->error.subject = (struct span){};
	eval->error.node = NULL;
}

int cel_program_evaluate(struct cel_program *program, const Tetragon__GetEventsResponse *event,
			 struct diag *diag)
{
	struct cel_eval *eval = &program->eval;
	struct cel_value value;

	if (!names_event(program, event))
		return 0;
	start(eval, event);
	if (program->root->eval(eval, program->root, &value))
		return value.boolean;
	say_error(eval, diag);
	return eval->is_exhausted ? -E2BIG : -EINVAL;
}
