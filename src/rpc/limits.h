/* SPDX-License-Identifier: Apache-2.0 */
/* What one peer may take from this process. Reaching a limit ends the stream or the connection that
 * reached it, and nothing else. */
#pragma once

#include "base/clock.h"

/* Per listening address, so that a crowd on TCP leaves the unix socket free for the administrator.
 */
#define RPC_CONNECTIONS_MAX 128
/* Open calls of one connection; what gRPC servers commonly allow. */
#define RPC_CALLS_PER_CONNECTION_MAX 100
/* Names and values of one request's headers, counted as in RFC 9113 6.5.2; what gRPC allows by
 * default is 8 KiB. */
#define RPC_HEADER_BYTES_MAX 16384
/* A method's path; the longest of the API has 60 bytes. */
#define RPC_PATH_BYTES_MAX 256
/* One request or response message, the default of tetra --max-recv-size. */
#define RPC_MESSAGE_BYTES_MAX (10UL << 20)
/* Requests that are still arriving, together: of one connection, of the server. */
#define RPC_CONNECTION_REQUEST_BYTES_MAX (12UL << 20)
#define RPC_SERVER_REQUEST_BYTES_MAX	 (48UL << 20)
/* Replies and texts of failures that peers have not taken yet, of the server. A full process cache
 * takes about half. */
#define RPC_SERVER_REPLY_BYTES_MAX (64UL << 20)
/* Text that goes along with a failure, as the header that carries it: what is no printable ASCII
 * takes three bytes each. gRPC clients take 8 KiB of headers unless told otherwise; the other three
 * count less than 256 of these. Findings about a policy fill it. */
#define RPC_STATUS_BYTES_MAX (8192 - 256)
/* The same when RPC_SERVER_REPLY_BYTES_MAX is reached, which counts these texts, too: a line. */
#define RPC_STATUS_LINE_BYTES_MAX 512
/* Frames other than DATA that wait for a peer that does not read. */
#define RPC_OUTBOUND_FRAMES_MAX 1000
/* Bytes handed to one write(2); also what a connection holds when its socket is full. */
#define RPC_WRITE_BYTES 65536
/* Read by one read(2): one frame of the default size. */
#define RPC_READ_BYTES 16384

/* From accept to the peer's SETTINGS; a real client needs milliseconds. */
#define RPC_HANDSHAKE_NS (10 * CLOCK_NS_PER_SECOND)
/* From the headers of a request to its end. */
#define RPC_REQUEST_NS (30 * CLOCK_NS_PER_SECOND)
/* From the end of a unary request until its reply is taken. */
#define RPC_REPLY_NS (60 * CLOCK_NS_PER_SECOND)
/* How often the three are looked at, while there is something to look at. */
#define RPC_TICK_NS CLOCK_NS_PER_SECOND
