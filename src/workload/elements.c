/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between objects is read here, the objects by jansson. */
#include "workload/elements.h"

#include <errno.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The character that comes next after blanks; '\0' at the end too. */
static char elements_peek(struct elements *elements)
{
	while (elements->at < elements->text.bytes && is_blank(elements->text.data[elements->at]))
		elements->at++;
	return elements->at < elements->text.bytes ? elements->text.data[elements->at] : '\0';
}

static bool elements_are_over(const struct elements *elements)
{
	return elements->at >= elements->text.bytes;
}

/* Of where it is now, from 1. */
static unsigned int elements_line(struct elements *elements)
{
	for (; elements->counted < elements->at; elements->counted++)
		elements->line += elements->text.data[elements->counted] == '\n';
	return elements->line + 1;
}

/* Goes on with the next line that begins with "{", from the line of OFFSET on. */
static void elements_recover(struct elements *elements, size_t offset)
{
	struct span text = elements->text;
	size_t at = offset < text.bytes ? offset : text.bytes;
	bool is_line_start = false;

	elements->wants_comma = false;
	while (at > elements->at && text.data[at - 1] != '\n')
		at--;
	is_line_start = at > elements->at;
	for (; at < text.bytes; at++) {
		char c = text.data[at];

		if (is_line_start && c == '{')
			break;
		is_line_start = c == '\n' || (is_line_start && is_blank(c));
	}
	elements->at = at;
	elements->is_done = at == text.bytes;
}

static void elements_complain_here(struct elements *elements, const char *wanted)
{
	_cleanup_buf_ struct buf found = {};
	struct span line = { elements->text.data + elements->at,
			     elements->text.bytes - elements->at };

	findings_add_quoted(&found, span_cut(&line, '\n'));
	findings_add(elements->findings, elements_line(elements), "want %s, found %s", wanted,
		     elements_are_over(elements) ? "the end of the file" : buf_text(&found));
	elements_recover(elements, elements->at);
}

static int elements_complain_syntax(struct elements *elements, const json_error_t *error)
{
	_cleanup_buf_ struct buf reason = {};
	size_t bytes = error->position > 0 ? (size_t)error->position : 0;
	unsigned int line = elements_line(elements);

	if (json_error_code(error) == json_error_out_of_memory)
		return -ENOMEM;
	/* It ended because no more of it was handed over. */
	if (bytes + 4 >= ELEMENT_BYTES_MAX) {
		findings_add(elements->findings, line,
			     "an object has more than %u KiB, or no end; want one object for each "
			     "workload",
			     ELEMENT_BYTES_MAX >> 10);
	} else {
		/* jansson quotes what stood near. */
		findings_add_safe(&reason, span_of(error->text));
		findings_add(elements->findings,
			     line + (error->line > 0 ? (unsigned int)error->line - 1 : 0),
			     "no JSON object: %s", buf_text(&reason));
	}
	elements_recover(elements, elements->at + bytes);
	return 0;
}

/* OUT stays NULL after a finding. */
static int elements_parse(struct elements *elements, json_t **out, unsigned int *line)
{
	size_t bytes = elements->text.bytes - elements->at;
	json_error_t error;
	json_t *object = json_loadb(elements->text.data + elements->at,
				    bytes < ELEMENT_BYTES_MAX ? bytes : ELEMENT_BYTES_MAX,
				    JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &error);

	if (!object)
		return elements_complain_syntax(elements, &error);
	*line = elements_line(elements);
	elements->at += (size_t)error.position;
	elements->wants_comma = elements->is_array;
	*out = object;
	return 0;
}

static void elements_begin(struct elements *elements)
{
	elements->is_begun = true;
	if (elements_peek(elements) != '[')
		return;
	elements->is_array = true;
	elements->at++;
	/* Only an empty array ends where an object could begin. */
	elements->wants_comma = elements_peek(elements) == ']';
}

static void elements_end_array(struct elements *elements)
{
	elements->at++;
	elements_peek(elements);
	if (!elements_are_over(elements))
		elements_complain_here(elements, "nothing behind the array");
	elements->is_done = true;
}

int elements_next(struct elements *elements, json_t **out, unsigned int *line)
{
	int error = 0;

	*out = NULL;
	if (!elements->is_begun)
		elements_begin(elements);
	while (!error && !*out && !elements->is_done) {
		char next = elements_peek(elements);

		if (elements->wants_comma && next == ']') {
			elements_end_array(elements);
		} else if (elements->wants_comma && next == ',') {
			elements->at++;
			elements->wants_comma = false;
		} else if (elements->wants_comma) {
			elements_complain_here(elements, "\",\" or \"]\" behind an object");
		} else if (next == '{') {
			error = elements_parse(elements, out, line);
		} else if (elements_are_over(elements) && !elements->is_array) {
			elements->is_done = true;
		} else {
			elements_complain_here(elements, "an object in braces");
		}
	}
	return error;
}
