/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder of mechanisms as a table, and the substitutes. */
#include "sensor/hook_mechanism.h"

#include <string.h>

#include "base/span.h"
#include "kernel/syscalls.h"
#include "kernel/types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const mechanism_names[MECHANISMS] = {
	[MECHANISM_FENTRY] = "fentry",
	[MECHANISM_FMOD_RET] = "fmod_ret",
	[MECHANISM_KPROBE_MULTI] = "kprobe.multi",
	[MECHANISM_KPROBE] = "kprobe",
	[MECHANISM_SUBSTITUTE] = "substitute",
};

const char *mechanism_get_name(enum hook_mechanism mechanism)
{
	return mechanism_names[mechanism];
}

unsigned int mechanisms_parse(const char *names)
{
	struct span rest = span_of(names);
	unsigned int bits = 0;

	while (rest.bytes) {
		struct span name = span_cut(&rest, ',');
		unsigned int i = 0;

		while (i < MECHANISMS && (strlen(mechanism_names[i]) != name.bytes ||
					  memcmp(mechanism_names[i], name.data, name.bytes)))
			i++;
		if (i == MECHANISMS)
			return 0;
		bits |= 1u << i;
	}
	return bits;
}

#define SUBSTITUTE(function, template, places, difference) \
	{ (function), { HOOK_TEMPLATE_##template, (places), (difference) } },
static const struct {
	const char *function;
	struct hook_substitute substitute;
} substitutes[] = {
#include "sensor/substitutes.def"
};
#undef SUBSTITUTE

static const struct hook_substitute substitute_syscall = {
	HOOK_TEMPLATE_SYS_ENTER, "", "seen at the tracepoint of system calls"
};

const struct hook_substitute *substitute_find(const char *function, bool is_syscall)
{
	if (is_syscall)
		return syscall_find_number(function) >= 0 ? &substitute_syscall : NULL;
	for (size_t i = 0; i < COUNT(substitutes); i++) {
		if (strcmp(substitutes[i].function, function) == 0)
			return &substitutes[i].substitute;
	}
	return NULL;
}

static void offer_add(struct hook_offer *offer, enum hook_mechanism mechanism, unsigned int allowed)
{
	if (allowed & 1u << mechanism)
		offer->mechanisms[offer->count++] = mechanism;
}

static bool function_is_security(const char *function)
{
	return strncmp(function, "security_", strlen("security_")) == 0;
}

/* security_ functions may be denied by a return value; nothing else may without error injection. */
static void offer_overrides(struct hook_offer *out, const struct hook_wish *wish,
			    const struct kernel_features *features, unsigned int allowed,
			    struct buf *reason)
{
	bool is_security = function_is_security(wish->function);

	if (is_security && out->btf_id && features->has[KERNEL_FENTRY])
		offer_add(out, MECHANISM_FMOD_RET, allowed);
	if (features->has[KERNEL_OVERRIDE] && kernel_can_inject(wish->function))
		offer_add(out, MECHANISM_KPROBE, allowed);
	if (out->count)
		return;
	if (is_security)
		buf_add_format(
			reason,
			"this kernel does not let \"%s\" be overridden (fmod_ret is refused); use Sigkill or Signal",
			wish->function);
	else
		buf_add_format(
			reason,
			"this kernel cannot override \"%s\" (no error injection for it); hook a security_ function on its "
			"way, such as \"security_file_open\", \"security_bprm_check\" or \"security_socket_connect\", "
			"with \"syscall: false\"",
			wish->function);
}

/*
 * A security_ function is hooked by what can also deny, so that a policy that denies finds the same
 * hook that others observe by.
 */
static void offer_function_hooks(struct hook_offer *out, const struct hook_wish *wish,
				 const struct kernel_features *features, unsigned int allowed)
{
	if (out->btf_id && features->has[KERNEL_FENTRY]) {
		if (function_is_security(wish->function))
			offer_add(out, MECHANISM_FMOD_RET, allowed);
		offer_add(out, MECHANISM_FENTRY, allowed);
	}
	if (features->has[KERNEL_KPROBE_MULTI])
		offer_add(out, MECHANISM_KPROBE_MULTI, allowed);
	if (features->has[KERNEL_KPROBE])
		offer_add(out, MECHANISM_KPROBE, allowed);
}

static void explain_missing(struct kernel_functions *functions, const char *function,
			    struct buf *reason)
{
	const char *suggestion = kernel_functions_suggest(functions, function);

	buf_add_format(reason, "this kernel has no function \"%s\"", function);
	if (suggestion)
		buf_add_format(reason, "; did you mean \"%s\"?", suggestion);
}

void hook_offer_find(struct hook_offer *out, const struct hook_wish *wish,
		     const struct kernel_features *features, struct kernel_functions *functions,
		     unsigned int allowed, struct buf *reason)
{
	const struct hook_substitute *substitute =
		substitute_find(wish->function, wish->is_syscall);
	bool returns_too = !wish->at_return || (substitute && wish->is_syscall);

	*out = (struct hook_offer){ .btf_id = kernel_functions_find(functions, wish->function) };
	out->exists = out->btf_id || kernel_has_symbol(wish->function);
	if (!out->exists && !(wish->is_syscall && substitute)) {
		explain_missing(functions, wish->function, reason);
		return;
	}
	if (wish->overrides) {
		offer_overrides(out, wish, features, allowed, reason);
		return;
	}
	if (out->exists)
		offer_function_hooks(out, wish, features, allowed);
	if (substitute && returns_too)
		offer_add(out, MECHANISM_SUBSTITUTE, allowed);
	if (out->count)
		return;
	if (substitute && !returns_too)
		buf_add_format(
			reason,
			"this kernel offers no function hooks, and without them the return of \"%s\" cannot be seen",
			wish->function);
	else
		buf_add_format(
			reason,
			"this kernel offers no function hooks, and \"%s\" has no substitute; hook the system calls that "
			"lead to it",
			wish->function);
}
