/* SPDX-License-Identifier: Apache-2.0 */
/* Pages are kept for a moment; libmicrohttpd counts who still sends them. */
#include "metrics/answer.h"

#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "metrics/negotiate.h"

/* Window of 32 KiB (15) in gzip's form (16), as zlib.h says of deflateInit2(). */
#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 8

enum { FORM_OPENMETRICS = 1, FORM_GZIP = 2 };

static const char *const content_types[] = {
	"text/plain; version=0.0.4; charset=utf-8",
	"application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* False: it stays as it is. */
static bool text_compress(struct buf *text)
{
	_cleanup_buf_ struct buf out = {};
	z_stream stream = {};
	struct buf plain;
	bool is_done;

	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	is_done = buf_reserve(&out, deflateBound(&stream, text->bytes));
	if (is_done) {
		stream.next_in = (Bytef *)text->data;
		stream.avail_in = (uInt)text->bytes;
		stream.next_out = (Bytef *)out.data;
		stream.avail_out = (uInt)out.capacity;
		is_done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
		out.bytes = stream.total_out;
	}
	deflateEnd(&stream);
	if (!is_done)
		return false;
	plain = *text;
	*text = out;
	out = plain;
	return true;
}

static void page_forget(void *data)
{
	free(data);
}

static void response_add(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

/* Takes TEXT's memory over. NULL: no memory. */
static struct MHD_Response *response_new(struct buf *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(
		text->bytes, text->data, page_forget);

	if (!response)
		return NULL;
	*text = (struct buf){};
	response_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return response;
}

static struct MHD_Response *page_new(struct metrics_answers *answers, unsigned int form)
{
	struct metrics_page page = { .is_openmetrics = form & FORM_OPENMETRICS };
	uint64_t began_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	struct MHD_Response *response = NULL;
	bool is_gzip = false;

	answers->options.make(answers->options.context, &page);
	answers->counters->pages++;
	answers->counters->page_bytes = page.text.bytes;
	if (!page.text.failed) {
		is_gzip = form & FORM_GZIP && page.text.bytes <= METRICS_GZIP_BYTES_MAX &&
			  text_compress(&page.text);
		response = response_new(&page.text);
	}
	answers->counters->page_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns;
	buf_done(&page.text);
	if (!response)
		return NULL;
	response_add(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		     content_types[form & FORM_OPENMETRICS]);
	response_add(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
	if (is_gzip)
		response_add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	return response;
}

static struct MHD_Response *page_get(struct metrics_answers *answers, unsigned int form)
{
	uint64_t now = clock_read_ns(CLOCK_MONOTONIC);

	if (answers->pages[form] && now - answers->made_ns[form] < METRICS_PAGE_NS)
		return answers->pages[form];
	if (answers->pages[form])
		MHD_destroy_response(answers->pages[form]);
	answers->made_ns[form] = now;
	answers->pages[form] = page_new(answers, form);
	return answers->pages[form];
}

/* A line of text. */
static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *why)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(why), (void *)why, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	response_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	response_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		response_add(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static const char *header_get(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

enum MHD_Result metrics_answer(struct metrics_answers *answers, struct MHD_Connection *connection,
			       const char *path, const char *method)
{
	struct MHD_Response *page;
	unsigned int form = 0;

	answers->counters->answers++;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "only GET and HEAD are answered\n");
	if (strcmp(path, "/metrics") != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "metrics are at /metrics\n");
	if (metrics_wants_openmetrics(header_get(connection, MHD_HTTP_HEADER_ACCEPT)))
		form |= FORM_OPENMETRICS;
	if (metrics_takes_gzip(header_get(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING)))
		form |= FORM_GZIP;
	page = page_get(answers, form);
	if (!page)
		return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
			      "no memory for the page\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, page);
}

void metrics_answers_done(struct metrics_answers *answers)
{
	for (size_t i = 0; i < ANSWER_FORMS; i++) {
		if (answers->pages[i])
			MHD_destroy_response(answers->pages[i]);
	}
}
