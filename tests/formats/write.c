/* SPDX-License-Identifier: Apache-2.0 */
/* write FORMAT: events as JSON lines on standard input, each in that format on standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "event/json_parse.h"
#include "output/format.h"

int main(int argc, char **argv)
{
	enum output_format format = output_format_find(argc > 1 ? argv[1] : "");
	struct formatter *formatter =
		format < OUTPUT_FORMATS ? formatter_new(format, "1.2.3") : NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t bytes;

	while (formatter && (bytes = getline(&line, &room, stdin)) > 0) {
		_cleanup_diag_ struct diag diag = {};
		_cleanup_buf_ struct buf out = {};
		Tetragon__GetEventsResponse *event = NULL;

		if (json_parse_event(line, (size_t)bytes, &event, &diag)) {
			fputs(buf_text(&diag.text), stderr);
			return 1;
		}
		formatter_add(formatter, &out, event);
		tetragon__get_events_response__free_unpacked(event, NULL);
		if (out.failed)
			return 1;
		puts(buf_text(&out));
	}
	free(line);
	formatter_free(formatter);
	return formatter ? 0 : 2;
}
