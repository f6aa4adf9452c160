/* SPDX-License-Identifier: Apache-2.0 */
/* What one peer may take from this process. Reaching a limit ends the stream or the connection that
 * reached it, and nothing else. */
#pragma once

#include "base/clock.h"

/* Per listening socket, so that a crowd on TCP leaves the unix socket free for the administrator.
 */
#define RPC_CONNECTIONS_MAX 384
/* More on a unix socket, for root and for the user of this process only. */
#define RPC_CONNECTIONS_RESERVED 16
/* Of one peer (an IPv4 address, an IPv6 /64, a uid) on a server: 200 collectors on one machine are
 * in order, and the rest of the connections stays for others. */
#define RPC_PEER_CONNECTIONS_MAX 256
/* Open calls of one connection; what gRPC servers commonly allow. */
#define RPC_CALLS_PER_CONNECTION_MAX 100
/* Open calls and open streams of one peer, over all its connections. A call costs about a kilobyte.
 */
#define RPC_PEER_CALLS_MAX   2000
#define RPC_PEER_STREAMS_MAX 256
/* What waits in the queues of streams: of one peer, and of all that are not on a unix socket. An
 * empty queue takes a message all the same, so that a crowd slows others down and stops nobody. */
#define RPC_PEER_QUEUE_BYTES_MAX   (32UL << 20)
#define RPC_SERVER_QUEUE_BYTES_MAX (64UL << 20)
/* Requests of one peer (and messages of a call that takes a stream of them): so many a second for
 * ever, and so many at once after a pause. Scripts that ask as fast as they can for seconds on end
 * are slowed down, nobody else is. */
#define RPC_PEER_REQUESTS_PER_SECOND 500
#define RPC_PEER_REQUESTS_BURST	     1000
/* Requests over the limits are answered with RESOURCE_EXHAUSTED; a connection that goes on with so
 * many of them is closed (rapid reset, CVE-2023-44487, is of this kind). */
#define RPC_EXCESS_PER_SECOND 20
#define RPC_EXCESS_BURST      200
/* A connection counts as a request, a TLS handshake as some: it takes a millisecond. */
#define RPC_TLS_COST 3
/* Frames of one connection that ask for work and bring nothing: PING, SETTINGS, RST_STREAM,
 * WINDOW_UPDATE, empty DATA and the like; messages about TLS itself count as such. What we send
 * earns room for the answers that it may cause: two windows, and the pings by which clients measure
 * the line. */
#define RPC_FRAMES_PER_SECOND	  100
#define RPC_FRAMES_BURST	  1000
#define RPC_FRAMES_PER_FRAME_SENT 4
/* CONTINUATION frames of one header block; RPC_HEADER_BYTES_MAX fits into one HEADERS frame. */
#define RPC_CONTINUATIONS_MAX 4
/* Peers that are remembered after they left, until their rate has recovered. */
#define RPC_PEERS_REMEMBERED_MAX 1024
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

/* A file with a certificate chain, a key, or trusted CAs; all that Debian trusts has 220 KiB. */
#define RPC_TLS_FILE_BYTES_MAX (4UL << 20)
/* Certificates that a peer may send before it is known who it is. */
#define RPC_TLS_CHAIN_BYTES_MAX (32L << 10)
/* Names of a client's certificate that count, and the length of each. */
#define RPC_TLS_NAMES_MAX      16
#define RPC_TLS_NAME_BYTES_MAX 255

/* From accept, through TLS, to the peer's SETTINGS; a real client needs milliseconds. */
#define RPC_HANDSHAKE_NS (10 * CLOCK_NS_PER_SECOND)
/* From the headers of a request to its end. */
#define RPC_REQUEST_NS (30 * CLOCK_NS_PER_SECOND)
/* From the end of a unary request until its reply is taken, also the last bytes of it. */
#define RPC_REPLY_NS (60 * CLOCK_NS_PER_SECOND)
/* How often the three are looked at, while there is something to look at. */
#define RPC_TICK_NS CLOCK_NS_PER_SECOND
