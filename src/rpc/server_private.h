/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the server that its files share: listen.c (addresses), server.c (accepting, time),
 * connection.c (bytes), flood.c (what frames cost), stream.c (HTTP/2), call.c (answers). */
#pragma once

#include <nghttp2/nghttp2.h>

#include "rpc/address.h"
#include "rpc/limits.h"
#include "rpc/quota.h"
#include "rpc/server.h"
#include "rpc/tls_context.h"

struct tls;

struct rpc_connection;

struct rpc_listener {
	struct rpc_server *server;
	struct rpc_listener *next;
	int fd;
	enum rpc_door door;
	struct loop_source *source;
	uint32_t connections; /* accepted here and open */
	bool is_paused;	      /* out of descriptors until the next tick */
	char *path;	      /* owned; of a unix socket, NULL otherwise */
	dev_t device;	      /* of path's file when it was made */
	ino_t inode;
};

struct rpc_server {
	struct loop *loop;
	struct rpc_methods methods;
	struct rpc_listener *listeners;
	struct tls_source *tls; /* NULL: no listener has TLS */
	struct quotas quotas;
	struct rpc_connection *connections;
	struct rpc_connection *dirty;	 /* have something to write */
	struct loop_source *flush_timer; /* fires in the round after the first became dirty */
	struct loop_source *tick_timer;
	bool ticks;
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	struct buf batch;     /* scratch: what goes into one write */
	size_t request_bytes; /* arriving requests */
	size_t reply_bytes;   /* unary replies that wait */
	size_t queued_bytes;  /* of streams that came by TCP */
	struct rpc_counters counters;
};

struct rpc_connection {
	struct rpc_server *server;
	struct rpc_listener *listener;
	struct rpc_connection *next;
	struct rpc_connection **link;
	struct rpc_connection *next_dirty;
	int fd;
	struct loop_source *source;
	uint32_t events; /* asked of the loop now */
	struct rpc_peer peer;
	struct quota *quota;	  /* of the peer */
	struct tls *tls;	  /* NULL: in clear */
	bool has_begun;		  /* the first byte for TLS was seen */
	bool is_encrypted;	  /* TLS has shaken hands */
	nghttp2_session *session; /* NULL: not yet */
	struct buf unsent;	  /* what the socket had no room for */
	struct rpc_call *calls;
	size_t request_bytes;
	struct rate frames;	    /* that bring nothing */
	unsigned int continuations; /* of the header block that is arriving */
	struct rate excess;	    /* requests over the peer's limits */
	uint64_t active_ns;	    /* last time a call began or ended; before that, accepted */
	bool has_settings;	    /* the peer speaks HTTP/2 */
	bool is_flooding;	    /* is told to go away, and gone then */
	bool is_dirty;		    /* in the server's list */
	bool is_running; /* below connection_run(), which writes when it is done reading */
	bool is_broken;	 /* to be closed by whoever stands at the top of the stack */
};

struct rpc_queue {
	struct rpc_message **ring;
	size_t capacity; /* a power of two, or 0 */
	size_t head;
	size_t count;
	size_t bytes;  /* of all messages */
	size_t offset; /* of the first one, sent already */
	size_t count_max;
	size_t bytes_max;
};

struct rpc_call {
	struct rpc_connection *connection;
	struct rpc_call *next;
	struct rpc_call **link;
	int32_t stream_id;
	uint64_t began_ns; /* of what the call waits for: request, answer, its being taken */
	const struct rpc_method *method;
	struct frame_reader request;
	size_t header_bytes;
	size_t counted_request_bytes;	  /* in the connection's and server's sums */
	size_t counted_reply_bytes;	  /* in the server's sum */
	size_t counted_queue_bytes;	  /* in the peer's and the server's sums */
	bool is_over_calls, is_over_rate; /* to be refused for that */
	bool is_counted_stream;		  /* in the peer's streams */
	bool is_post;
	bool is_grpc;
	bool has_request;  /* one whole message arrived */
	bool is_requested; /* the peer has ended its side */
	bool is_started;   /* the method ran */
	bool is_stream;
	bool has_headers;   /* the response began */
	bool is_finished;   /* status is final */
	bool is_abandoned;  /* reset by us */
	bool is_overflowed; /* a send found no room since `drained` */
	enum rpc_status status;
	char *text; /* owned; of the status; NULL: none */
	struct rpc_queue queue;
	struct rpc_stream_hooks hooks;
};

/* server.c */
void server_need_tick(struct rpc_server *server);
void server_count_refusal(struct rpc_server *server, enum rpc_refusal why);
void listener_on_io(void *context, uint32_t events);

/* listen.c */
void listener_close(struct rpc_listener *listener);

/* connection.c */
/* Takes FD, and what PEER owns; QUOTA counts the connection already. */
void connection_new(struct rpc_listener *listener, int fd, const struct rpc_peer *peer,
		    struct quota *quota);
void connection_free(struct rpc_connection *connection);
/* Has it written in the next round of the loop. */
void connection_mark_dirty(struct rpc_connection *connection);
/* Reads and writes what can be; may free the connection. EVENTS: EPOLL* bits. */
void connection_run(struct rpc_connection *connection, uint32_t events);
/* Nothing is under way: no calls, no bytes to write. */
bool connection_is_idle(const struct rpc_connection *connection);

/* flood.c */
/* Before a frame is looked at; not 0 ends the connection. */
int flood_on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *context);
/* Takes COST from what the connection may send that brings nothing; not 0 ends it. */
int flood_take(struct rpc_connection *connection, unsigned int cost);
/* A frame of ours went out. */
void flood_earn(struct rpc_connection *connection);
/* Counts a request of the peer that begins; not 0 ends the connection. */
int flood_take_request(struct rpc_call *call);
/* The same when its headers are there. False: it is refused, and the peer knows. */
bool flood_judge(struct rpc_call *call);
/* One more message of a call that takes a stream of them. False: as above. */
bool flood_take_message(struct rpc_call *call);

/* stream.c */
void stream_fill_callbacks(nghttp2_session_callbacks *callbacks);

/* call.c */
struct rpc_call *call_new(struct rpc_connection *connection, int32_t stream_id);
void call_free(struct rpc_call *call); /* tells the hooks */
/* Ends it without an answer: its peer was too slow. */
void call_abandon(struct rpc_call *call);
void call_count_request(struct rpc_call *call, size_t bytes);
/* The data source of a response. */
ssize_t call_read(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t bytes,
		  uint32_t *flags, nghttp2_data_source *source, void *context);
