/* SPDX-License-Identifier: Apache-2.0 */
/* Blanks, comments, names and operators; literals are read in literal.c. */
#include "cel/token.h"

#include <ctype.h>

static const char *const token_words[] = {
	[CEL_TOKEN_END] = "",
	[CEL_TOKEN_NAME] = "",
	[CEL_TOKEN_LITERAL] = "",
	/* longer ones first: "<=" is not "<" */
	[CEL_TOKEN_OR] = "||",
	[CEL_TOKEN_AND] = "&&",
	[CEL_TOKEN_EQUAL] = "==",
	[CEL_TOKEN_NOT_EQUAL] = "!=",
	[CEL_TOKEN_LESS_EQUAL] = "<=",
	[CEL_TOKEN_GREATER_EQUAL] = ">=",
	[CEL_TOKEN_LESS] = "<",
	[CEL_TOKEN_GREATER] = ">",
	[CEL_TOKEN_PLUS] = "+",
	[CEL_TOKEN_MINUS] = "-",
	[CEL_TOKEN_STAR] = "*",
	[CEL_TOKEN_SLASH] = "/",
	[CEL_TOKEN_PERCENT] = "%",
	[CEL_TOKEN_NOT] = "!",
	[CEL_TOKEN_QUESTION] = "?",
	[CEL_TOKEN_COLON] = ":",
	[CEL_TOKEN_COMMA] = ",",
	[CEL_TOKEN_DOT] = ".",
	[CEL_TOKEN_PAREN] = "(",
	[CEL_TOKEN_PAREN_END] = ")",
	[CEL_TOKEN_BRACKET] = "[",
	[CEL_TOKEN_BRACKET_END] = "]",
	[CEL_TOKEN_BRACE] = "{",
	[CEL_TOKEN_BRACE_END] = "}",
};
_Static_assert(sizeof(token_words) / sizeof(token_words[0]) == CEL_TOKENS, "a word for each token");

/* What people write who come from other languages. */
static const struct {
	const char *word;
	const char *hint;
} foreign[] = {
	{ "=", "equality is \"==\"" },
	{ "&", "a logical and is \"&&\"" },
	{ "|", "a logical or is \"||\"" },
	{ "~", "regular expressions are TEXT.matches(\"PATTERN\")" },
	{ "`", "names are written without quotes" },
	{ ";", "one filter is one expression" },
};

const char *cel_token_word(enum cel_token_kind kind)
{
	return token_words[kind];
}

static char peek(const struct cel_scanner *scanner, size_t ahead)
{
	return scanner->at + ahead < scanner->text.bytes ? scanner->text.data[scanner->at + ahead]
							 : '\0';
}

static void skip_blanks(struct cel_scanner *scanner)
{
	while (scanner->at < scanner->text.bytes) {
		char c = peek(scanner, 0);

		if (c == '/' && peek(scanner, 1) == '/') {
			while (scanner->at < scanner->text.bytes && peek(scanner, 0) != '\n')
				scanner->at++;
		} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
			scanner->at++;
		} else {
			return;
		}
	}
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The bytes of r, b, or both before a quote; 0 when no string begins here, but for a bare quote. */
static bool string_begins(const struct cel_scanner *scanner, size_t *prefix_bytes)
{
	size_t i = 0;
	bool is_raw = false, is_bytes = false;

	for (; i < 2; i++) {
		char c = (char)tolower((unsigned char)peek(scanner, i));

		if (c == 'r' && !is_raw)
			is_raw = true;
		else if (c == 'b' && !is_bytes)
			is_bytes = true;
		else
			break;
	}
	*prefix_bytes = i;
	return peek(scanner, i) == '"' || peek(scanner, i) == '\'';
}

static void scan_foreign(struct cel_scanner *scanner)
{
	struct cel_place place = { (uint32_t)scanner->at, 1 };
	char c = peek(scanner, 0);
	const char *hint = NULL;

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (foreign[i].word[0] == c)
			hint = foreign[i].hint;
	}
	if (isprint((unsigned char)c))
		cel_mistake(scanner->mistakes, place, hint, "\"%c\" is no part of the language", c);
	else
		cel_mistake(scanner->mistakes, place, hint,
			    "byte 0x%02x is no part of the language outside of strings",
			    (unsigned char)c);
}

static bool scan_operator(struct cel_scanner *scanner, struct cel_token *out)
{
	for (int kind = CEL_TOKEN_OR; kind < CEL_TOKENS; kind++) {
		const char *word = token_words[kind];

		if (peek(scanner, 0) != word[0] || (word[1] && peek(scanner, 1) != word[1]))
			continue;
		out->kind = (enum cel_token_kind)kind;
		scanner->at += strlen(word);
		return true;
	}
	scan_foreign(scanner);
	return false;
}

static bool scan_token(struct cel_scanner *scanner, struct cel_token *out)
{
	char c = peek(scanner, 0);
	size_t prefix_bytes;

	if (string_begins(scanner, &prefix_bytes))
		return cel_scan_string(scanner, prefix_bytes, out);
	if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)peek(scanner, 1))))
		return cel_scan_number(scanner, out);
	if (!is_name(c))
		return scan_operator(scanner, out);
	out->kind = CEL_TOKEN_NAME;
	while (is_name(peek(scanner, 0)))
		scanner->at++;
	return true;
}

void cel_scan(struct cel_scanner *scanner, struct cel_token *out)
{
	size_t begin;

	skip_blanks(scanner);
	begin = scanner->at;
	*out = (struct cel_token){ .kind = CEL_TOKEN_END };
	if (begin < scanner->text.bytes && !scan_token(scanner, out)) {
		out->kind = CEL_TOKEN_END;
		scanner->at = scanner->text.bytes;
	}
	out->place = (struct cel_place){ (uint32_t)begin, (uint32_t)(scanner->at - begin) };
	out->text = (struct span){ scanner->text.data + begin, scanner->at - begin };
}
