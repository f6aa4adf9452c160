/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics over HTTP, on libmicrohttpd, driven by the loop. In: an address, a function that makes
 * a page. Out: the page to whoever asks, in the form that they can read.
 *
 * A connection serves one request and lives METRICS_CONNECTION_NS at most, whether its peer
 * dawdles over sending or over reading. A page is made at most once in METRICS_PAGE_NS; who asks
 * more often gets the same one again, so that no number of scrapes takes the loop's time.
 */
#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/loop.h"
#include "metrics/page.h"

/* A few Prometheus servers, and people with browsers. */
#define METRICS_CONNECTIONS_MAX 128
/* Of one address: half of them stay free for others. */
#define METRICS_CONNECTIONS_PER_PEER_MAX 64
/* The request line and headers; Prometheus sends some 300 bytes. */
#define METRICS_REQUEST_BYTES_MAX 8192
/* Prometheus gives up after 10 s unless told otherwise. */
#define METRICS_CONNECTION_NS (10 * CLOCK_NS_PER_SECOND)
/* Below the shortest interval that Prometheus has. */
#define METRICS_PAGE_NS (500 * CLOCK_NS_PER_MS)
/* zlib takes some 10 ms for a MiB at its fastest; larger pages go as they are. */
#define METRICS_GZIP_BYTES_MAX (512UL << 10)

struct metrics_server;

struct metrics_server_counters {
	uint64_t pages;	   /* made */
	uint64_t answers;  /* any status */
	uint64_t refused;  /* connections closed for one of the limits */
	uint64_t expired;  /* connections closed because they were too slow */
	uint64_t page_ns;  /* CPU time of the last page */
	size_t page_bytes; /* of the last page, not compressed */
	uint32_t open;	   /* connections now */
};

struct metrics_server_options {
	const char *address; /* "host:port", ":2112" */
	/* Adds all rows to PAGE, whose format is set. */
	void (*make)(void *context, struct metrics_page *page);
	void *context;
};

/* A line in DIAG with every error. OPTIONS is copied, and its context outlives the server. */
int metrics_server_new(struct metrics_server **out, struct loop *loop,
		       const struct metrics_server_options *options, struct diag *diag);
void metrics_server_free(struct metrics_server *server); /* NULL is fine */

struct metrics_server_counters metrics_server_get_counters(const struct metrics_server *server);
/* The TCP port that is listened on. */
uint16_t metrics_server_get_port(const struct metrics_server *server);
