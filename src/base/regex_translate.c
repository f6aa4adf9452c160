/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of regular expressions. In: a pattern in RE2's language. Out: the pattern for PCRE2
 * that means the same, or what is wrong where. Sets of characters are regex_class.c's.
 *
 * The pattern is read completely and written anew, so that nothing of PCRE2's language gets
 * through unseen: only letters and digits are copied as they are.
 */
#include "base/regex_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

enum {
	REPEAT_MAX = 1000,	/* RE2's, also for repeats of repeats together */
	REPEAT_UNBOUNDED = -1,	/* {n,} */
	REPEAT_CHEAP_MAX = 16,	/* up to here a bounded repeat is as good as none */
	CHOICES_CHEAP_MAX = 4,	/* each may double the time */
	PATTERN_SHOWN_MAX = 80, /* bytes of the pattern in a message */
};

/* What a quantifier would repeat. */
struct atom {
	size_t start;	    /* in the output */
	unsigned int count; /* how often counted repeats make it stand there, 1: no such */
	bool is_there, is_assertion, is_group, is_repeated, has_repeats;
};

struct repeat {
	int min, max;
};

int regex_fail(struct regex_translator *self, const char *place, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	char shown[PATTERN_SHOWN_MAX + 4] = "";
	size_t bytes = (size_t)(self->end - self->start);
	size_t number = 1;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	for (const char *at = self->start; at < place; at++)
		number += (*at & 0xc0) != 0x80;
	for (size_t i = 0; i < bytes && i < PATTERN_SHOWN_MAX; i++)
		shown[i] = iscntrl((unsigned char)self->start[i]) ? '?' : self->start[i];
	if (bytes > PATTERN_SHOWN_MAX)
		memcpy(shown + PATTERN_SHOWN_MAX, "...", 4);
	diag_add(self->diag, "regular expression \"%s\", character %zu: %s", shown, number,
		 text ? text : "out of memory");
	return -EINVAL;
}

uint32_t regex_next_point(struct regex_translator *self)
{
	static const unsigned char first_masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t bytes = utf8_char_bytes(self->at, (size_t)(self->end - self->at));
	uint32_t point = (unsigned char)self->at[0] & first_masks[bytes];

	for (size_t i = 1; i < bytes; i++)
		point = point << 6 | ((unsigned char)self->at[i] & 0x3f);
	self->at += bytes;
	return point;
}

static bool is_at(const struct regex_translator *self, char c)
{
	return self->at < self->end && *self->at == c;
}

static bool is_octal(const struct regex_translator *self)
{
	return self->at < self->end && *self->at >= '0' && *self->at <= '7';
}

/* Behind "\x": two digits, or any number in braces. */
static int read_hex(struct regex_translator *self, const char *place, uint32_t *out)
{
	bool has_braces = is_at(self, '{');
	unsigned int digits = 0;
	uint32_t value = 0;

	self->at += has_braces;
	for (; self->at < self->end && isxdigit((unsigned char)*self->at); self->at++, digits++) {
		char c = *self->at;

		if (!has_braces && digits == 2)
			break;
		value = value * 16 +
			(uint32_t)(isdigit((unsigned char)c) ? c - '0' : (c | ' ') - 'a' + 10);
		if (value > 0x10ffff)
			return regex_fail(self, place,
					  "\\x{...} is above 10FFFF, the last "
					  "character there is");
	}
	if (has_braces ? !digits || !is_at(self, '}') : digits != 2)
		return regex_fail(self, place,
				  "\\x takes two hexadecimal digits, or some in "
				  "braces");
	self->at += has_braces;
	*out = value;
	return 0;
}

/* Up to three octal digits, the first of which stands behind the backslash. */
static uint32_t read_octal(struct regex_translator *self)
{
	uint32_t value = 0;

	for (unsigned int digits = 0; digits < 3 && is_octal(self); digits++)
		value = value * 8 + (uint32_t)(*self->at++ - '0');
	return value;
}

/* Why RE2 does not take the letter behind a backslash. */
static const char *why_not_escape(char letter)
{
	static const struct {
		const char *letters, *why;
	} rows[] = {
		{ "123456789gk", "backreferences are not in RE2's language" },
		{ "K", "\\K is not in RE2's language; use a capture group" },
		{ "C", "\\C (any byte) is refused; use . with flag s" },
		{ "Z", "\\Z is not in RE2's language; use \\z for the end of the text" },
		{ "E", "\\E without \\Q before it" },
		{ "RXhHVNGuLlUco", "this escape is not in RE2's language" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strchr(rows[i].letters, letter))
			return rows[i].why;
	}
	return "unknown escape; a backslash stands before punctuation, or in \\n, \\d, \\b and "
	       "the like";
}

int regex_read_escape(struct regex_translator *self, uint32_t *out)
{
	static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
	const char *place = self->at++;
	const char *found;
	char c;

	if (self->at == self->end)
		return regex_fail(self, place, "a backslash at the end; want \\\\ for a backslash");
	c = *self->at;
	/* \1 alone would be a backreference */
	if (c == '0' || (is_octal(self) && self->end - self->at > 1 && self->at[1] >= '0' &&
			 self->at[1] <= '7')) {
		*out = read_octal(self);
		return 0;
	}
	self->at++;
	if (c == 'x')
		return read_hex(self, place, out);
	found = c ? strchr(letters, c) : NULL;
	if (found) {
		*out = (uint32_t)values[found - letters];
		return 0;
	}
	if ((unsigned char)c >= 0x80 || isalnum((unsigned char)c) || !c)
		return regex_fail(self, place, "%s", why_not_escape(c ? c : ' '));
	*out = (uint32_t)c;
	return 0;
}

static void add_literal(struct regex_translator *self, uint32_t point)
{
	if (point >= 0xd800 && point <= 0xdfff)
		buf_add_text(self->out, "(?!)");
	else if (point < 0x80 && isalnum((int)point))
		buf_add_char(self->out, (char)point);
	else
		buf_add_format(self->out, "\\x{%x}", point);
}

static void atom_begin(struct regex_translator *self, struct atom *atom)
{
	*atom = (struct atom){ .start = self->out->bytes, .count = 1, .is_there = true };
}

/* Only what PCRE2 means as well is left to its flags, which end where RE2's do. */
static void add_flags(struct regex_translator *self, char end)
{
	const struct regex_flags *flags = &self->flags;

	buf_add_format(self->out, "(?%s%s%s%s%s%c", flags->fold ? "i" : "",
		       flags->dot_is_any ? "s" : "", flags->fold && flags->dot_is_any ? "" : "-",
		       flags->fold ? "" : "i", flags->dot_is_any ? "" : "s", end);
}

/* The flags behind "(?" up to ':' or ')', which is given back. 0: failed. */
static char read_flags(struct regex_translator *self, struct regex_flags *flags)
{
	bool is_on = true, is_empty = false;

	for (; self->at < self->end; self->at++) {
		switch (*self->at) {
		case 'i':
			flags->fold = is_on;
			break;
		case 'm':
			flags->multi_line = is_on;
			break;
		case 's':
			flags->dot_is_any = is_on;
			break;
		case 'U':
			flags->ungreedy = is_on;
			break;
		case '-':
			if (!is_on)
				return 0;
			is_on = false;
			is_empty = true;
			continue;
		case ':':
		case ')':
			return is_empty ? 0 : *self->at;
		default:
			return 0;
		}
		is_empty = false;
	}
	return 0;
}

static int fail_group(struct regex_translator *self, const char *place)
{
	static const struct {
		const char *start, *why;
	} rows[] = {
		{ "(?=", "lookahead is not in RE2's language" },
		{ "(?!", "lookahead is not in RE2's language; deny what must not match" },
		{ "(?<=", "lookbehind is not in RE2's language" },
		{ "(?<!", "lookbehind is not in RE2's language" },
		{ "(?>", "atomic groups are not in RE2's language" },
		{ "(?|", "branch reset is not in RE2's language" },
		{ "(?#", "comments are not in RE2's language" },
		{ "(?(", "conditions are not in RE2's language" },
		{ "(?R", "recursion is not in RE2's language" },
		{ "(?&", "recursion is not in RE2's language" },
		{ "(?P>", "recursion is not in RE2's language" },
		{ "(?P=", "backreferences are not in RE2's language" },
		{ "(?C", "callouts are not in RE2's language" },
		{ "(?x", "flag x is not in RE2's language; it has i, m, s and U" },
	};
	size_t left = (size_t)(self->end - place);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t bytes = strlen(rows[i].start);

		if (left >= bytes && !memcmp(place, rows[i].start, bytes))
			return regex_fail(self, place, "%s", rows[i].why);
	}
	return regex_fail(self, place,
			  "unknown kind of group; want (...), (?:...), (?P<name>...) "
			  "or flags of i, m, s, U as in (?i)");
}

/* From behind '<'. */
static int read_name(struct regex_translator *self, const char *place)
{
	struct span name = { self->at, 0 };

	while (self->at < self->end && (isalnum((unsigned char)*self->at) || *self->at == '_'))
		self->at++;
	name.bytes = (size_t)(self->at - name.data);
	if (!name.bytes || !is_at(self, '>'))
		return regex_fail(self, place,
				  "the name of a group is made of letters, digits "
				  "and _, and ends with >");
	self->at++;
	for (unsigned int i = 0; i < self->name_count; i++) {
		if (self->names[i].bytes == name.bytes &&
		    !memcmp(self->names[i].data, name.data, name.bytes))
			return regex_fail(self, place,
					  "there is a group of the name \"%.*s\" "
					  "already",
					  (int)name.bytes, name.data);
	}
	self->names[self->name_count++] = name;
	return 0;
}

static int read_branches(struct regex_translator *self, struct atom *whole);

/* The rest of a group, of which "(" or the like was written. */
static int read_group_rest(struct regex_translator *self, const char *place, struct atom *atom)
{
	int error;

	if (++self->depth > REGEX_DEPTH_MAX)
		return regex_fail(self, place, "groups stand more than %u deep", REGEX_DEPTH_MAX);
	error = read_branches(self, atom);
	if (error)
		return error;
	self->depth--;
	if (!is_at(self, ')'))
		return regex_fail(self, place, "( has no )");
	self->at++;
	buf_add_char(self->out, ')');
	atom->is_group = true;
	return 0;
}

static int read_capture(struct regex_translator *self, const char *place, struct atom *atom)
{
	if (++self->groups > REGEX_GROUPS_MAX)
		return regex_fail(self, place, "there are more than %u capture groups",
				  REGEX_GROUPS_MAX);
	buf_add_char(self->out, '(');
	return read_group_rest(self, place, atom);
}

static bool skip_text(struct regex_translator *self, const char *text)
{
	size_t bytes = strlen(text);

	if ((size_t)(self->end - self->at) < bytes || memcmp(self->at, text, bytes))
		return false;
	self->at += bytes;
	return true;
}

/* From "(?". */
static int read_special_group(struct regex_translator *self, struct atom *atom)
{
	const char *place = self->at;
	struct regex_flags outer = self->flags, flags = self->flags;
	bool is_lookbehind =
		self->end - place > 3 && place[2] == '<' && (place[3] == '=' || place[3] == '!');
	char end;
	int error;

	if (!is_lookbehind && (skip_text(self, "(?P<") || skip_text(self, "(?<"))) {
		error = self->groups < REGEX_GROUPS_MAX ? read_name(self, place) : 0;
		if (!error)
			error = read_capture(self, place, atom);
		self->flags = outer;
		return error;
	}
	self->at += 2;
	end = read_flags(self, &flags);
	if (!end)
		return fail_group(self, place);
	self->at++;
	self->flags = flags;
	add_flags(self, end);
	if (end == ')') {
		*atom = (struct atom){};
		return 0;
	}
	error = read_group_rest(self, place, atom);
	self->flags = outer;
	return error;
}

static int read_group(struct regex_translator *self, struct atom *atom)
{
	const char *place = self->at;
	struct regex_flags outer = self->flags;
	int error;

	if (self->end - place > 1 && place[1] == '?')
		return read_special_group(self, atom);
	if (self->end - place > 1 && place[1] == '*' && self->end - place > 2 &&
	    isupper((unsigned char)place[2]))
		return regex_fail(self, place, "(*VERBS) are not in RE2's language");
	self->at++;
	error = read_capture(self, place, atom);
	self->flags = outer;
	return error;
}

static void add_assertion(struct regex_translator *self, struct atom *atom, const char *text)
{
	buf_add_text(self->out, text);
	atom->is_assertion = true;
}

/* \Q...\E: each character is an atom, the last of which is ATOM. */
static void read_quoted(struct regex_translator *self, struct atom *atom)
{
	const char *end = memmem(self->at, (size_t)(self->end - self->at), "\\E", 2);
	const char *stop = end ? end : self->end;

	atom->is_there = false;
	while (self->at < stop) {
		atom_begin(self, atom);
		add_literal(self, regex_next_point(self));
	}
	self->at = end ? end + 2 : stop;
}

/* From a backslash. */
static int read_escaped(struct regex_translator *self, struct atom *atom)
{
	uint32_t point;
	int error;

	if (skip_text(self, "\\Q")) {
		read_quoted(self, atom);
		return 0;
	}
	if (skip_text(self, "\\A"))
		add_assertion(self, atom, "\\A");
	else if (skip_text(self, "\\z"))
		add_assertion(self, atom, "\\z");
	else if (skip_text(self, "\\b"))
		add_assertion(self, atom, "\\b");
	else if (skip_text(self, "\\B"))
		add_assertion(self, atom, "\\B");
	if (atom->is_assertion)
		return 0;
	error = regex_read_escape(self, &point);
	if (!error)
		add_literal(self, point);
	return error;
}

static int read_atom(struct regex_translator *self, struct atom *atom)
{
	bool multi_line = self->flags.multi_line;

	atom_begin(self, atom);
	if (regex_class_starts(self))
		return regex_class_read(self);
	switch (*self->at) {
	case '(':
		return read_group(self, atom);
	case '\\':
		return read_escaped(self, atom);
	case '^':
		self->at++;
		add_assertion(self, atom, multi_line ? "(?:\\A|(?<=\\n))" : "\\A");
		return 0;
	case '$':
		self->at++;
		add_assertion(self, atom, multi_line ? "(?=\\n|\\z)" : "\\z");
		return 0;
	case '.':
		self->at++;
		buf_add_char(self->out, '.');
		return 0;
	default:
		add_literal(self, regex_next_point(self));
		return 0;
	}
}

/* Digits without leading zeros at *AT; more than RE2 takes reads as REPEAT_MAX + 1. */
static bool read_count(const char **at, const char *end, int *out)
{
	const char *start = *at;
	int value = 0;

	for (; *at < end && isdigit((unsigned char)**at); ++*at)
		value = value > REPEAT_MAX ? value : value * 10 + (**at - '0');
	*out = value > REPEAT_MAX ? REPEAT_MAX + 1 : value;
	return *at > start && (*start != '0' || *at == start + 1);
}

/* {n}, {n,} and {n,m}; anything else in braces is text. */
static bool read_braces(struct regex_translator *self, struct repeat *out)
{
	const char *at = self->at + 1;

	if (!read_count(&at, self->end, &out->min))
		return false;
	out->max = out->min;
	if (at < self->end && *at == ',') {
		at++;
		if (at < self->end && *at == '}')
			out->max = REPEAT_UNBOUNDED;
		else if (!read_count(&at, self->end, &out->max))
			return false;
	}
	if (at == self->end || *at != '}')
		return false;
	self->at = at + 1;
	return true;
}

static bool read_quantifier(struct regex_translator *self, struct repeat *out)
{
	static const struct {
		char sign;
		struct repeat repeat;
	} rows[] = { { '*', { 0, REPEAT_UNBOUNDED } },
		     { '+', { 1, REPEAT_UNBOUNDED } },
		     { '?', { 0, 1 } } };

	if (self->at == self->end)
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (*self->at == rows[i].sign) {
			*out = rows[i].repeat;
			self->at++;
			return true;
		}
	}
	return *self->at == '{' && read_braces(self, out);
}

/* PCRE2 repeats no assertions, but groups of them. */
static void wrap_atom(struct regex_translator *self, const struct atom *atom)
{
	_cleanup_buf_ struct buf text = {};

	buf_add(&text, self->out->data + atom->start, self->out->bytes - atom->start);
	if (self->out->failed || text.failed) {
		self->out->failed = true;
		return;
	}
	self->out->bytes = atom->start;
	buf_add_text(self->out, "(?:");
	buf_add(self->out, text.data, text.bytes);
	buf_add_char(self->out, ')');
}

static int check_repeat(struct regex_translator *self, const char *place, const struct atom *atom,
			const struct repeat *repeat, bool is_braces)
{
	unsigned int count;

	if (!atom->is_there)
		return regex_fail(self, place, "\"%.*s\" has nothing to repeat",
				  (int)(self->at - place), place);
	if (atom->is_repeated)
		return regex_fail(self, place,
				  "\"%.*s\" repeats a repetition; use a group if "
				  "that is meant",
				  (int)(self->at - place), place);
	if (!is_braces)
		return 0;
	count = (unsigned int)(repeat->max == REPEAT_UNBOUNDED ? repeat->min : repeat->max);
	if (repeat->min > REPEAT_MAX || count > REPEAT_MAX || count * atom->count > REPEAT_MAX)
		return regex_fail(self, place, "repeats more than %u times", REPEAT_MAX);
	if (repeat->max != REPEAT_UNBOUNDED && repeat->min > repeat->max)
		return regex_fail(self, place, "\"%.*s\" has its bounds in the wrong order",
				  (int)(self->at - place), place);
	return 0;
}

/* What stands behind ATOM, if that is a quantifier. */
static int read_repeat(struct regex_translator *self, struct atom *atom, bool *found)
{
	const char *place = self->at;
	bool is_braces = place < self->end && *place == '{';
	bool is_lazy, is_many;
	struct repeat repeat;
	int error;

	*found = read_quantifier(self, &repeat);
	if (!*found)
		return 0;
	error = check_repeat(self, place, atom, &repeat, is_braces);
	if (error)
		return error;
	if (atom->is_assertion)
		wrap_atom(self, atom);
	if (is_braces && repeat.max > 0)
		atom->count *= (unsigned int)repeat.max;
	else if (is_braces && repeat.min > 0)
		atom->count *= (unsigned int)repeat.min;
	is_many = repeat.max == REPEAT_UNBOUNDED || repeat.max > REPEAT_CHEAP_MAX;
	self->repeats += is_many;
	self->choices += !is_many;
	/* a group may match in several ways, each time */
	self->has_nested_repeats |= (atom->is_group || atom->has_repeats) && repeat.max != 1;
	atom->has_repeats = true;
	atom->is_repeated = true;
	buf_add(self->out, place, (size_t)(self->at - place));
	is_lazy = is_at(self, '?');
	self->at += is_lazy;
	if (is_lazy != self->flags.ungreedy)
		buf_add_char(self->out, '?');
	return 0;
}

static int read_branches(struct regex_translator *self, struct atom *whole)
{
	struct atom atom = {};
	bool is_repeat;

	whole->count = 1;
	while (self->at < self->end && *self->at != ')') {
		int error;

		if (*self->at == '|') {
			self->choices += self->depth != 0;
			buf_add_char(self->out, *self->at++);
			atom = (struct atom){};
			continue;
		}
		error = read_repeat(self, &atom, &is_repeat);
		if (!error && !is_repeat)
			error = read_atom(self, &atom);
		if (error)
			return error;
		whole->count = atom.count > whole->count ? atom.count : whole->count;
		whole->has_repeats |= atom.has_repeats;
	}
	return 0;
}

static int check_utf8(struct regex_translator *self)
{
	for (const char *at = self->start; at < self->end;) {
		size_t bytes = utf8_char_bytes(at, (size_t)(self->end - at));

		if (!bytes) {
			self->end = at;
			return regex_fail(self, at, "is not UTF-8");
		}
		at += bytes;
	}
	return 0;
}

int regex_translate(struct buf *out, enum regex_cost *cost, struct span pattern, struct diag *diag)
{
	_cleanup_free_ struct regex_translator *self = calloc(1, sizeof(*self));
	struct atom whole = {};
	int error;

	if (!self)
		return -ENOMEM;
	self->start = self->at = pattern.data;
	self->end = pattern.data + pattern.bytes;
	self->out = out;
	self->diag = diag;
	if (pattern.bytes > REGEX_PATTERN_BYTES_MAX)
		return regex_fail(self, self->start, "it has %zu bytes; at most %u are taken",
				  pattern.bytes, REGEX_PATTERN_BYTES_MAX);
	error = check_utf8(self);
	if (!error)
		error = read_branches(self, &whole);
	if (error)
		return error;
	if (self->at < self->end)
		return regex_fail(self, self->at, ") without a ( before it");
	if (self->has_nested_repeats || self->repeats > 1 || self->choices > CHOICES_CHEAP_MAX)
		*cost = REGEX_COST_ANY;
	else
		*cost = self->repeats ? REGEX_COST_QUADRATIC : REGEX_COST_LINEAR;
	return out->failed ? -ENOMEM : 0;
}
