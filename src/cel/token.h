/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of an expression. In: text. Out: one token after the other, literals with their values.
 * Grammar is not known here. A token that cannot be is a mistake, and the text's end.
 */
#pragma once

#include "cel/mistake.h"

enum cel_token_kind {
	CEL_TOKEN_END,
	CEL_TOKEN_NAME, /* reserved words, too */
	CEL_TOKEN_LITERAL,
	CEL_TOKEN_OR,
	CEL_TOKEN_AND,
	CEL_TOKEN_EQUAL,
	CEL_TOKEN_NOT_EQUAL,
	CEL_TOKEN_LESS_EQUAL,
	CEL_TOKEN_GREATER_EQUAL,
	CEL_TOKEN_LESS,
	CEL_TOKEN_GREATER,
	CEL_TOKEN_PLUS,
	CEL_TOKEN_MINUS,
	CEL_TOKEN_STAR,
	CEL_TOKEN_SLASH,
	CEL_TOKEN_PERCENT,
	CEL_TOKEN_NOT,
	CEL_TOKEN_QUESTION,
	CEL_TOKEN_COLON,
	CEL_TOKEN_COMMA,
	CEL_TOKEN_DOT,
	CEL_TOKEN_PAREN,
	CEL_TOKEN_PAREN_END,
	CEL_TOKEN_BRACKET,
	CEL_TOKEN_BRACKET_END,
	CEL_TOKEN_BRACE,
	CEL_TOKEN_BRACE_END,
	CEL_TOKENS,
};

struct cel_token {
	enum cel_token_kind kind;
	struct cel_place place;
	struct span text;
	struct cel_value value; /* of literals; of an int: its digits as a UINT, see is_int */
	bool is_int;		/* the value is that of an int without a sign: up to 2^63 */
};

struct cel_scanner {
	struct span text;
	size_t at;
	char *strings; /* unescaped literals, one after the other: room for as much as the text has
			*/
	size_t strings_bytes;
	struct cel_mistakes *mistakes;
};

/* After a mistake, and at the end, the token is CEL_TOKEN_END. */
void cel_scan(struct cel_scanner *scanner, struct cel_token *out);

/* The characters of a token that is always the same; "" for the others. */
const char *cel_token_word(enum cel_token_kind kind);

/* Private to token.c and literal.c: a literal that begins at scanner->at. False: a mistake. */
bool cel_scan_number(struct cel_scanner *scanner, struct cel_token *out);
/* BYTES of prefix (r, b, rb ...) stand before the quote. */
bool cel_scan_string(struct cel_scanner *scanner, size_t prefix_bytes, struct cel_token *out);
