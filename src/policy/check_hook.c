/* SPDX-License-Identifier: Apache-2.0 */
/* A hook: where it attaches (one function per section), its message and tags, its parts. */
#include "policy/checker.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "policy/scalar.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- functions of the kernel ------------------------------------------------------------------
 */

static bool hook_ignores_missing(const struct policy_hook *hook)
{
	return hook->ignore && hook->ignore->call_not_found.value;
}

/* "syscall" is true unless a policy says otherwise; a function that is no system call cannot be
 * found then. */
static void check_syscall_name(struct checker *checker, const struct policy_hook *hook)
{
	struct finding *finding;

	if (hook->syscall.state == FIELD_BAD || !hook->is_syscall ||
	    syscall_is_name(text_span(&hook->call)) || hook_ignores_missing(hook))
		return;
	finding = report_error(checker->report, hook->call.place, "%s is no system call%s",
			       report_quote(checker->report, text_span(&hook->call)),
			       hook->syscall.state == FIELD_DEFAULTED
				       ? ", and \"syscall\" is true unless the hook says "
					 "otherwise"
				       : "");
	finding_hint(finding,
		     "a system call is written as \"sys_read\"; for a function of the kernel add "
		     "\"syscall: false\"");
}

static void check_function(struct checker *checker, struct policy_hook *hook)
{
	hook->is_syscall = hook->syscall.value;
	if (hook->call.state != FIELD_GIVEN)
		return;
	if (check_list_reference(checker, &hook->call, &hook->list)) {
		if (hook->list && (hook->list->type.value == POLICY_LIST_SYSCALLS ||
				   hook->list->type.value == POLICY_LIST_GENERATED_SYSCALLS))
			hook->is_syscall = true;
		return;
	}
	if (!name_is_symbol(text_span(&hook->call))) {
		finding_hint(report_error(checker->report, hook->call.place,
					  "%s is no function of the kernel",
					  report_quote(checker->report, text_span(&hook->call))),
			     "letters, digits, \"_\" and \".\"");
		return;
	}
	check_syscall_name(checker, hook);
}

static void check_tracepoint(struct checker *checker, struct policy_hook *hook)
{
	const struct policy_text *texts[] = { &hook->subsystem, &hook->event };

	for (size_t i = 0; i < COUNT(texts); i++) {
		if (texts[i]->state == FIELD_GIVEN && !name_is_word(text_span(texts[i])))
			finding_hint(
				report_error(checker->report, texts[i]->place,
					     "%s is no name of a tracepoint",
					     report_quote(checker->report, text_span(texts[i]))),
				"/sys/kernel/tracing/events lists SUBSYSTEM/EVENT");
	}
}

static void check_lsmhook(struct checker *checker, struct policy_hook *hook)
{
	static const char *const prefixes[] = { "bpf_lsm_", "security_" };
	struct span name = text_span(&hook->call);

	if (hook->call.state != FIELD_GIVEN)
		return;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t bytes = strlen(prefixes[i]);

		if (name.bytes <= bytes || memcmp(name.data, prefixes[i], bytes) != 0)
			continue;
		finding_hint(report_error(checker->report, hook->call.place,
					  "the name of an lsm hook has no \"%s\" before it",
					  prefixes[i]),
			     "write \"%s\"", name.data + bytes);
		return;
	}
	if (!name_is_identifier(name))
		finding_hint(report_error(checker->report, hook->call.place,
					  "%s is no name of an lsm hook",
					  report_quote(checker->report, name)),
			     "as in \"file_open\"");
}

/* ---- programs of user space -------------------------------------------------------------------
 */

static void check_path(struct checker *checker, const struct policy_text *path)
{
	if (path->state == FIELD_GIVEN && path->data[0] != '/')
		finding_hint(report_error(checker->report, path->place,
					  "path %s does not begin with \"/\"",
					  report_quote(checker->report, text_span(path))),
			     "paths are absolute, as the agent sees them");
}

/* "name" or "name+offset" */
static void check_symbol(struct checker *checker, const struct policy_text *text,
			 struct policy_symbol *out)
{
	const char *plus = strrchr(text->data, '+');
	bool is_negative;

	*out = (struct policy_symbol){ .name = text->data };
	if (text->state == FIELD_GIVEN && !text->bytes)
		report_error(checker->report, text->place, "the name of a symbol is empty");
	/* C++ has "+" in names: "operator+". */
	if (!plus || plus == text->data ||
	    !scalar_parse_int(span_of(plus + 1), &is_negative, &out->offset))
		return;
	out->name = arena_copy(checker->arena,
			       (struct span){ text->data, (size_t)(plus - text->data) });
}

static void check_symbols(struct checker *checker, struct policy_hook *hook)
{
	struct policy_symbol *places = arena_alloc_array(checker->arena, hook->symbols.count,
							 sizeof(struct policy_symbol));

	for (size_t i = 0; places && i < hook->symbols.count; i++)
		check_symbol(checker, &hook->symbols.items[i], &places[i]);
	hook->symbol_places = places;
}

static void check_not_negative(struct checker *checker, const struct policy_numbers *numbers,
			       const char *word)
{
	for (size_t i = 0; i < numbers->count; i++) {
		if (numbers->items[i].state == FIELD_GIVEN && numbers->items[i].value < 0)
			report_error(checker->report, numbers->items[i].place,
				     "an item of \"%s\" is negative", word);
	}
}

/* Exactly one of symbols, offsets and addrs; as many reference counters. */
static void check_uprobe_places(struct checker *checker, const struct policy_hook *hook)
{
	const struct {
		enum field_state state;
		size_t count;
		struct place place;
	} forms[] = {
		{ hook->symbols.state, hook->symbols.count, hook->symbols.place },
		{ hook->offsets.state, hook->offsets.count, hook->offsets.place },
		{ hook->addrs.state, hook->addrs.count, hook->addrs.place },
	};
	size_t given = 0, places = 0;

	for (size_t i = 0; i < COUNT(forms); i++) {
		if (forms[i].state == FIELD_BAD)
			return;
		places += forms[i].count;
		given += forms[i].count > 0;
		if (forms[i].count && given == 2)
			report_error(
				checker->report, forms[i].place,
				"a uprobe takes only one of \"symbols\", \"offsets\" and \"addrs\"");
	}
	if (!given)
		report_error(checker->report, hook->place,
			     "a uprobe needs one of \"symbols\", \"offsets\" and \"addrs\"");
	if (given == 1 && hook->ref_ctr_offsets.count && hook->ref_ctr_offsets.count != places)
		report_error(
			checker->report, hook->ref_ctr_offsets.place,
			"\"refCtrOffsets\" has %zu, and there are %zu places; each place needs its own",
			hook->ref_ctr_offsets.count, places);
}

struct digest_facts {
	const char *algorithm;
	size_t digits; /* 0: any even number */
};

static const struct digest_facts digest_rows[] = {
	{ "sha1", 40 }, { "sha256", 64 }, { "sha384", 96 }, { "sha512", 128 }, { "build-id", 0 },
};

static bool digest_is_right(const char *text)
{
	const char *hex = strchr(text, ':');

	for (size_t i = 0; hex && i < COUNT(digest_rows); i++) {
		size_t digits = strlen(hex + 1);

		if (strlen(digest_rows[i].algorithm) != (size_t)(hex - text) ||
		    strncmp(digest_rows[i].algorithm, text, (size_t)(hex - text)) != 0)
			continue;
		return strspn(hex + 1, "0123456789abcdefABCDEF") == digits && digits &&
		       digits % 2 == 0 &&
		       (!digest_rows[i].digits || digits == digest_rows[i].digits);
	}
	return false;
}

static void check_uprobe(struct checker *checker, struct policy_hook *hook)
{
	check_path(checker, &hook->path);
	if (text_is_given(&hook->btf_path))
		check_path(checker, &hook->btf_path);
	check_symbols(checker, hook);
	check_uprobe_places(checker, hook);
	check_not_negative(checker, &hook->offsets, "offsets");
	check_not_negative(checker, &hook->addrs, "addrs");
	check_not_negative(checker, &hook->ref_ctr_offsets, "refCtrOffsets");
	for (size_t i = 0; i < hook->digests.count; i++) {
		const struct policy_text *digest = &hook->digests.items[i];

		if (digest->state == FIELD_GIVEN && !digest_is_right(digest->data))
			finding_hint(
				report_error(checker->report, digest->place, "%s is no digest",
					     report_quote(checker->report, text_span(digest))),
				"sha1, sha256, sha384, sha512 or build-id, then \":\" and all its hexadecimal digits");
	}
}

static void check_usdt(struct checker *checker, struct policy_hook *hook)
{
	const struct policy_text *texts[] = { &hook->provider, &hook->name };

	check_path(checker, &hook->path);
	if (text_is_given(&hook->btf_path))
		check_path(checker, &hook->btf_path);
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (texts[i]->state == FIELD_GIVEN && !texts[i]->bytes)
			report_error(checker->report, texts[i]->place,
				     "a usdt needs a provider and a name");
	}
}

/* ---- all hooks --------------------------------------------------------------------------------
 */

typedef void (*check_section_fn)(struct checker *checker, struct policy_hook *hook);

static const check_section_fn section_functions[POLICY_SECTIONS] = {
	[POLICY_SECTION_KPROBES] = check_function,	 [POLICY_SECTION_FENTRIES] = check_function,
	[POLICY_SECTION_TRACEPOINTS] = check_tracepoint, [POLICY_SECTION_LSMHOOKS] = check_lsmhook,
	[POLICY_SECTION_UPROBES] = check_uprobe,	 [POLICY_SECTION_USDTS] = check_usdt,
};

/* Cuts TEXT to MAX bytes, between characters. */
static void check_cut(struct checker *checker, struct policy_text *text, const char *what,
		      size_t max)
{
	size_t bytes = 0;

	if (text->bytes <= max)
		return;
	report_warning(checker->report, text->place,
		       "%s has %zu bytes and is cut: %zu are the most", what, text->bytes, max);
	while (bytes < text->bytes) {
		size_t next = utf8_char_bytes(text->data + bytes, text->bytes - bytes);

		if (bytes + next > max || !next)
			break;
		bytes += next;
	}
	text->data = arena_copy(checker->arena, (struct span){ text->data, bytes });
	text->bytes = bytes;
	if (!text->data)
		*text = (struct policy_text){ .data = "" };
}

static void check_message(struct checker *checker, struct policy_hook *hook)
{
	struct policy_text *message = &hook->message;

	if (!text_is_given(message))
		return;
	if (message->bytes < POLICY_MESSAGE_BYTES_MIN)
		report_error(checker->report, message->place, "a message has at least %u bytes",
			     POLICY_MESSAGE_BYTES_MIN);
	check_cut(checker, message, "this message", POLICY_MESSAGE_BYTES_MAX);
}

static void check_tags(struct checker *checker, struct policy_hook *hook)
{
	struct policy_texts *tags = &hook->tags;

	if (tags->count > POLICY_TAGS_MAX)
		report_error(checker->report, tags->items[POLICY_TAGS_MAX].place,
			     "a hook has at most %u tags, here are %zu", POLICY_TAGS_MAX,
			     tags->count);
	for (size_t i = 0; i < tags->count && i < POLICY_TAGS_MAX; i++) {
		struct policy_text *tag = &tags->items[i];

		if (tag->state == FIELD_GIVEN && tag->bytes < POLICY_TAG_BYTES_MIN)
			report_error(checker->report, tag->place, "a tag has at least %u bytes",
				     POLICY_TAG_BYTES_MIN);
		check_cut(checker, tag, "this tag", POLICY_TAG_BYTES_MAX);
	}
}

void check_hook(struct checker *checker, struct policy_hook *hook)
{
	bool is_user =
		hook->section == POLICY_SECTION_UPROBES || hook->section == POLICY_SECTION_USDTS;

	if (is_user && checker->policy->kind.value == POLICY_NAMESPACED)
		finding_hint(
			report_error(
				checker->report, hook->place,
				"a TracingPolicyNamespaced cannot have %s: a program file is in no namespace",
				section_facts[hook->section].key),
			"use a TracingPolicy with a podSelector");
	section_functions[hook->section](checker, hook);
	check_message(checker, hook);
	check_tags(checker, hook);
	check_arguments(checker, hook);
	for (size_t i = 0; i < hook->selectors.count; i++) {
		hook->selectors.items[i].number = i;
		check_selector(checker, hook, &hook->selectors.items[i]);
	}
}
