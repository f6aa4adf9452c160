/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that make texts, or lists of them, out of texts. */
#include "cel/calls.h"
#include "cel/text.h"

/* ---- replace ---------------------------------------------------------------------------------
 */

/* An empty text to replace stands before each character, and at the end. */
static bool replace_between(struct cel_builder *builder, struct span text, struct span by,
			    int64_t limit)
{
	for (size_t at = 0; at <= text.bytes; at += at < text.bytes ? cel_text_step(text, at) : 1) {
		if (limit-- == 0)
			return cel_build(builder, text.data + at, text.bytes - at);
		if (!cel_build(builder, by.data, by.bytes))
			return false;
		if (at < text.bytes && !cel_build(builder, text.data + at, cel_text_step(text, at)))
			return false;
	}
	return true;
}

static bool replace_found(struct cel_builder *builder, struct span text,
			  const struct cel_value *arguments, int64_t limit)
{
	struct span wanted = arguments[1].text, by = arguments[2].text;
	size_t at = 0, found;

	while (limit-- != 0 && (found = cel_text_find(text, wanted, at)) != SIZE_MAX) {
		if (!cel_spend(builder->eval, 1) ||
		    !cel_build(builder, text.data + at, found - at) ||
		    !cel_build(builder, by.data, by.bytes))
			return false;
		at = found + wanted.bytes;
	}
	return cel_build(builder, text.data + at, text.bytes - at);
}

/* A limit that is negative is none; counting down never comes to 0 from there. */
CEL_CALL(cel_replace)
{
	struct cel_builder builder = { .eval = eval };
	struct span text = arguments[0].text;
	int64_t limit = eval->call->count > 3 ? arguments[3].integer : -1;
	bool is_built;

	if (limit < 0)
		limit = INT64_MAX;
	if (!cel_spend_text(eval, text.bytes))
		return false;
	is_built = arguments[1].text.bytes
			   ? replace_found(&builder, text, arguments, limit)
			   : replace_between(&builder, text, arguments[2].text, limit);
	*out = cel_build_value(&builder);
	return is_built;
}

/* ---- split and join --------------------------------------------------------------------------
 */

/* Bytes up to the next separator, SIZE_MAX: there is none. An empty one stands behind each
 * character but the last. */
static size_t piece_bytes(struct span rest, struct span separator)
{
	size_t step;

	if (separator.bytes)
		return cel_text_find(rest, separator, 0);
	step = rest.bytes ? cel_text_step(rest, 0) : 0;
	return step < rest.bytes ? step : SIZE_MAX;
}

static struct span cut(struct span *rest, size_t bytes, size_t separator_bytes)
{
	struct span piece = { rest->data, bytes };

	rest->data += bytes + separator_bytes;
	rest->bytes -= bytes + separator_bytes;
	return piece;
}

static uint32_t count_pieces(struct span rest, struct span separator, int64_t limit)
{
	uint32_t count = 1;
	size_t bytes;

	while (count < limit && (bytes = piece_bytes(rest, separator)) != SIZE_MAX) {
		cut(&rest, bytes, separator.bytes);
		count++;
	}
	return count;
}

CEL_CALL(cel_split)
{
	struct span rest = arguments[0].text, separator = arguments[1].text;
	int64_t limit = eval->call->count > 2 ? arguments[2].integer : -1;
	struct cel_value *pieces;
	uint32_t count;

	if (limit < 0 || limit > UINT32_MAX)
		limit = UINT32_MAX;
	if (!cel_spend_text(eval, 2 * rest.bytes))
		return false;
	count = limit && (rest.bytes || separator.bytes) ? count_pieces(rest, separator, limit) : 0;
	pieces = cel_take(eval, count, sizeof(*pieces));
	if (!pieces || !cel_spend(eval, count))
		return false;
	for (uint32_t i = 0; i + 1 < count; i++)
		pieces[i] = cel_value_of_text(
			cut(&rest, piece_bytes(rest, separator), separator.bytes));
	if (count)
		pieces[count - 1] = cel_value_of_text(rest);
	*out = cel_value_of_values(CEL_KIND_LIST, pieces, count);
	return true;
}

CEL_CALL(cel_join)
{
	struct cel_builder builder = { .eval = eval };
	struct span separator = eval->call->count > 1 ? arguments[1].text : (struct span){ "", 0 };

	for (uint32_t i = 0; i < arguments[0].count; i++) {
		struct cel_value piece;

		cel_list_get(&arguments[0], i, &piece);
		if (piece.kind != CEL_KIND_STRING)
			return cel_fail(eval, "only strings can be joined");
		if (!cel_spend(eval, 1) ||
		    (i && !cel_build(&builder, separator.data, separator.bytes)) ||
		    !cel_build(&builder, piece.text.data, piece.text.bytes))
			return false;
	}
	*out = cel_build_value(&builder);
	return true;
}

CEL_CALL(cel_reverse_text)
{
	struct span text = arguments[0].text;
	char *reversed = cel_take(eval, text.bytes, 1);

	for (size_t at = 0; reversed && at < text.bytes;) {
		size_t bytes = cel_text_step(text, at);

		memcpy(reversed + text.bytes - at - bytes, text.data + at, bytes);
		at += bytes;
	}
	*out = cel_value_of_text((struct span){ reversed, text.bytes });
	return reversed != NULL;
}

/* A literal that means the text; what is no UTF-8 becomes U+FFFD. */
CEL_CALL(cel_quote)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"";
	static const char letters[] = "abfnrtv\\\"";
	struct cel_builder builder = { .eval = eval };
	struct span text = arguments[0].text;
	bool is_built = cel_spend(eval, 1 + text.bytes / 4) && cel_build(&builder, "\"", 1);

	for (size_t at = 0; is_built && at < text.bytes; at += cel_text_step(text, at)) {
		size_t bytes = cel_text_step(text, at);
		char c = text.data[at];
		const char *letter = c ? strchr(plain, c) : NULL;

		if (letter)
			is_built = cel_build_format(&builder, "\\%c", letters[letter - plain]);
		else if (bytes == 1 && (unsigned char)c >= 0x80)
			is_built = cel_build_text(&builder, "\xef\xbf\xbd");
		else
			is_built = cel_build(&builder, text.data + at, bytes);
	}
	is_built = is_built && cel_build(&builder, "\"", 1);
	*out = cel_build_value(&builder);
	return is_built;
}
