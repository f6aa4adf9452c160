/* SPDX-License-Identifier: Apache-2.0 */
/* Text, tree, model, checked model: the stages in a row. */
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "policy/check.h"
#include "policy/checker.h"
#include "policy/decode.h"
#include "policy/tree.h"

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	arena_done(&policy->arena);
	free(policy);
}

void policy_show_source(const struct policy *policy, struct report *report)
{
	report->source = &policy->source;
	report->name = policy->source.name;
}

/* What became of an arena that ended: the limit is the text's fault, the rest is the machine's. */
static int policy_explain_arena(const struct arena *arena, struct report *report)
{
	if (arena->bytes_max - arena->bytes > POLICY_MEMORY_BYTES_MAX / 2)
		return -ENOMEM;
	finding_hint(report_error(report, (struct place){},
				  "this policy takes more than %u MiB of memory",
				  POLICY_MEMORY_BYTES_MAX >> 20),
		     "aliases that repeat long texts do that");
	return -EINVAL;
}

/* The source and its name live in the policy's arena. */
static int policy_take_text(struct policy *policy, const char *name, struct span text,
			    struct report *report)
{
	bool is_too_long = text.bytes > SOURCE_BYTES_MAX;
	char *copied_name = arena_copy(&policy->arena, span_of(name));
	/* Nothing of an overlong text is looked at but its beginning. */
	char *copy = arena_copy(&policy->arena, is_too_long ? span_of("") : text);

	if (!copied_name || !copy)
		return -ENOMEM;
	return source_init(&policy->source, copied_name,
			   (struct span){ is_too_long ? text.data : copy, text.bytes }, report);
}

static int policy_compile(struct policy *policy, struct report *report)
{
	_cleanup_arena_ struct arena arena = { .bytes_max = POLICY_MEMORY_BYTES_MAX };
	const struct tree *tree = NULL;
	int error = tree_read(&policy->source, &arena, report, &tree);

	if (error == -ENOMEM)
		return policy_explain_arena(&arena, report);
	if (error && !tree)
		return error;
	if (!decode_policy(tree, report, policy))
		return policy_explain_arena(&policy->arena, report);
	if (tree->kind == TREE_MAP && !check_policy(policy, report))
		return policy_explain_arena(&policy->arena, report);
	return report->errors ? -EINVAL : 0;
}

int policy_read_text(const char *name, struct span text, struct report *report, struct policy **out)
{
	_cleanup_policy_ struct policy *policy = calloc(1, sizeof(*policy));
	_cleanup_free_ char *kept_name = NULL;
	int error;

	if (!policy)
		return -ENOMEM;
	policy->arena.bytes_max = POLICY_MEMORY_BYTES_MAX;
	error = policy_take_text(policy, name, text, report);
	report->name = arena_copy(&report->arena, span_of(name));
	if (!error)
		error = policy_compile(policy, report);
	report_sort(report);
	/* The policy may go before its findings do. */
	report->source = NULL;
	if (!error)
		*out = TAKE_PTR(policy);
	return error;
}

static int file_read(int fd, struct buf *out)
{
	/* One byte more than is allowed is enough to know. */
	while (out->bytes <= SOURCE_BYTES_MAX) {
		ssize_t got;

		if (!buf_reserve(out, 64 * 1024))
			return -ENOMEM;
		got = read(fd, out->data + out->bytes, 64 * 1024);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		out->bytes += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

int policy_read_file(const char *path, struct report *report, struct policy **out)
{
	bool is_stdin = strcmp(path, "-") == 0;
	_cleanup_close_ int fd = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	_cleanup_buf_ struct buf text = {};
	int error = !is_stdin && fd < 0 ? -errno : file_read(is_stdin ? STDIN_FILENO : fd, &text);

	if (!error)
		return policy_read_text(is_stdin ? "<stdin>" : path,
					(struct span){ text.data, text.bytes }, report, out);
	report->name = arena_copy(&report->arena, span_of(path));
	report_error(report, (struct place){}, "cannot read this file: %s", strerror(-error));
	return error;
}

int policy_check_filter(struct policy *policy, struct policy_filter *filter,
			const struct arg_type_facts *type, struct report *report)
{
	struct checker checker = { .policy = policy, .report = report, .arena = &policy->arena };
	size_t errors = report->errors;

	policy_show_source(policy, report);
	check_filter_of_type(&checker, filter, type);
	report->source = NULL;
	if (policy->arena.failed)
		return policy_explain_arena(&policy->arena, report);
	return report->errors > errors ? -EINVAL : 0;
}
