/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that look at texts. Positions count characters; a byte that is no part of one counts as
 * one. */
#include "cel/calls.h"
#include "cel/text.h"

static const char outside[] = "this position is outside of the string";

CEL_CALL(cel_size_text)
{
	const struct cel_value *from = &arguments[0];

	*out = cel_value_of_int((int64_t)(from->kind == CEL_KIND_BYTES
						  ? from->text.bytes
						  : cel_text_count(from->text)));
	return cel_spend_text(eval, from->text.bytes);
}

CEL_CALL(cel_concatenate_texts)
{
	struct span a = arguments[0].text, b = arguments[1].text;
	char *both = cel_take(eval, a.bytes + b.bytes, 1);

	if (!both)
		return false;
	if (a.bytes)
		memcpy(both, a.data, a.bytes);
	if (b.bytes)
		memcpy(both + a.bytes, b.data, b.bytes);
	*out = cel_value_of_text((struct span){ both, a.bytes + b.bytes });
	out->kind = arguments[0].kind;
	return true;
}

CEL_CALL(cel_contains)
{
	*out = cel_value_of_bool(cel_text_find(arguments[0].text, arguments[1].text, 0) !=
				 SIZE_MAX);
	return cel_spend_text(eval, arguments[0].text.bytes + arguments[1].text.bytes);
}

CEL_CALL(cel_starts_with)
{
	struct span text = arguments[0].text, start = arguments[1].text;

	*out = cel_value_of_bool(start.bytes <= text.bytes &&
				 (!start.bytes || !memcmp(text.data, start.data, start.bytes)));
	return cel_spend_text(eval, start.bytes);
}

CEL_CALL(cel_ends_with)
{
	struct span text = arguments[0].text, end = arguments[1].text;

	*out = cel_value_of_bool(
		end.bytes <= text.bytes &&
		(!end.bytes || !memcmp(text.data + text.bytes - end.bytes, end.data, end.bytes)));
	return cel_spend_text(eval, end.bytes);
}

CEL_CALL(cel_char_at)
{
	struct span text = arguments[0].text;
	size_t at;

	if (!cel_spend_text(eval, text.bytes))
		return false;
	if (arguments[1].integer < 0 || !cel_text_seek(text, arguments[1].integer, &at))
		return cel_fail(eval, outside);
	*out = cel_value_of_text(
		(struct span){ text.data + at, at < text.bytes ? cel_text_step(text, at) : 0 });
	return true;
}

/* What stands before byte AT, in characters. */
static int64_t position_of(struct span text, size_t at)
{
	return (int64_t)cel_text_count((struct span){ text.data, at });
}

CEL_CALL(cel_index_of)
{
	struct span text = arguments[0].text, wanted = arguments[1].text;
	int64_t from = eval->call->count > 2 ? arguments[2].integer : 0;
	size_t at;

	if (!cel_spend_text(eval, 2 * text.bytes + wanted.bytes))
		return false;
	if (from < 0 || !cel_text_seek(text, from, &at))
		return cel_fail(eval, outside);
	at = cel_text_find(text, wanted, at);
	*out = cel_value_of_int(at == SIZE_MAX ? -1 : position_of(text, at));
	return true;
}

/* From where a search backwards begins: the last place where WANTED has room, or FROM. */
static bool last_start(struct cel_eval *eval, const struct cel_value *arguments, size_t *out)
{
	struct span text = arguments[0].text, wanted = arguments[1].text;
	size_t last = text.bytes - wanted.bytes, from;

	*out = last;
	if (eval->call->count < 3)
		return true;
	if (arguments[2].integer < 0 || !cel_text_seek(text, arguments[2].integer, &from))
		return cel_fail(eval, outside);
	if (from < last)
		*out = from;
	return true;
}

CEL_CALL(cel_last_index_of)
{
	struct span text = arguments[0].text, wanted = arguments[1].text;
	size_t at;

	*out = cel_value_of_int(-1);
	if (wanted.bytes > text.bytes)
		return true;
	if (!last_start(eval, arguments, &at))
		return false;
	if (!cel_spend_text(eval, 2 * text.bytes))
		return false;
	for (; wanted.bytes; at--) {
		bool may_be = text.data[at] == wanted.data[0];

		if (may_be && !cel_spend_text(eval, wanted.bytes))
			return false;
		if (may_be && memcmp(text.data + at, wanted.data, wanted.bytes) == 0)
			break;
		if (!at)
			return true;
	}
	*out = cel_value_of_int(position_of(text, at));
	return true;
}

CEL_CALL(cel_substring)
{
	struct span text = arguments[0].text;
	size_t begin, end = text.bytes;

	if (!cel_spend_text(eval, 2 * text.bytes))
		return false;
	if (arguments[1].integer < 0 || !cel_text_seek(text, arguments[1].integer, &begin))
		return cel_fail(eval, outside);
	if (eval->call->count > 2 &&
	    (arguments[2].integer < 0 || !cel_text_seek(text, arguments[2].integer, &end)))
		return cel_fail(eval, outside);
	if (end < begin)
		return cel_fail(eval, "this substring ends before it begins");
	*out = cel_value_of_text((struct span){ text.data + begin, end - begin });
	return true;
}

/* Copies with the case of the letters between FIRST and LAST turned. */
static bool turn_case(struct cel_eval *eval, struct span text, char first, char last,
		      struct cel_value *out)
{
	char *turned = cel_take(eval, text.bytes, 1);

	for (size_t i = 0; turned && i < text.bytes; i++) {
		char c = text.data[i];

		turned[i] = c >= first && c <= last ? (char)(c ^ 0x20) : c;
	}
	*out = cel_value_of_text((struct span){ turned, text.bytes });
	return turned != NULL;
}

CEL_CALL(cel_lower_ascii)
{
	return turn_case(eval, arguments[0].text, 'A', 'Z', out);
}

CEL_CALL(cel_upper_ascii)
{
	return turn_case(eval, arguments[0].text, 'a', 'z', out);
}

/* Bytes of the white space (Unicode's property White_Space) that begins at AT, or 0. */
static size_t blank_bytes(struct span text, size_t at)
{
	static const char *const blanks[] = {
		" ",
		"\t",
		"\n",
		"\v",
		"\f",
		"\r",
		"\xc2\x85",
		"\xc2\xa0",
		"\xe1\x9a\x80",
		"\xe2\x80\xa8",
		"\xe2\x80\xa9",
		"\xe2\x80\xaf",
		"\xe2\x81\x9f",
		"\xe3\x80\x80",
		"\xe2\x80\x80",
		"\xe2\x80\x81",
		"\xe2\x80\x82",
		"\xe2\x80\x83",
		"\xe2\x80\x84",
		"\xe2\x80\x85",
		"\xe2\x80\x86",
		"\xe2\x80\x87",
		"\xe2\x80\x88",
		"\xe2\x80\x89",
		"\xe2\x80\x8a",
	};

	if ((unsigned char)text.data[at] > ' ' && (unsigned char)text.data[at] < 0x80)
		return 0;
	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		size_t bytes = strlen(blanks[i]);

		if (bytes <= text.bytes - at && memcmp(text.data + at, blanks[i], bytes) == 0)
			return bytes;
	}
	return 0;
}

CEL_CALL(cel_trim)
{
	struct span text = arguments[0].text;
	size_t begin = 0, end = 0, bytes;

	while (begin < text.bytes && (bytes = blank_bytes(text, begin)))
		begin += bytes;
	for (size_t at = begin; at < text.bytes; at += cel_text_step(text, at)) {
		if (!blank_bytes(text, at))
			end = at + cel_text_step(text, at);
	}
	if (end < begin)
		end = begin;
	*out = cel_value_of_text((struct span){ text.data + begin, end - begin });
	return cel_spend(eval, 1 + text.bytes / 8);
}
