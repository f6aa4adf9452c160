/* SPDX-License-Identifier: Apache-2.0 */
/* grpc.health.v1: whether the agent does its work, as its own check finds out from time to time.
 * In: service_ops.is_healthy(). Out: answers, and news for those who watch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <grpc/health/v1/health.pb-c.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "service/service_private.h"

#define HEALTH_INTERVAL_DEFAULT_NS (10 * CLOCK_NS_PER_SECOND)
#define STATUS(name)		   GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus health_status;

/* Watchers of one server; each costs a connection's call, which is bounded per peer. */
enum { HEALTH_WATCHERS_MAX = 1024 };
/* News that wait for one of them, of 7 bytes each. */
enum { WATCHER_QUEUE_MAX = 16, WATCHER_QUEUE_BYTES_MAX = 256 };

/* The agent as a whole, and the name that upstream gives to its check. */
static const char *const health_names[] = { "", "liveness" };
enum { HEALTH_NAMES = sizeof(health_names) / sizeof(health_names[0]) };

struct watcher {
	struct health *health;
	struct watcher *next;
	struct watcher **link;
	struct rpc_call *call;
	bool is_known; /* its service is */
};

struct health {
	struct service *service;
	struct loop_source *timer;
	health_status status;
	struct watcher *watchers;
	unsigned int watchers_count;
	char *said; /* the last reason that was logged; NULL: none since it was well */
};

static bool health_knows(const char *name)
{
	for (size_t i = 0; i < HEALTH_NAMES; i++) {
		if (strcmp(health_names[i], name) == 0)
			return true;
	}
	return false;
}

static void watcher_tell(const struct watcher *watcher)
{
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
	_cleanup_message_ struct rpc_message *message = NULL;

	response.status = watcher->is_known ? watcher->health->status : STATUS(SERVICE_UNKNOWN);
	message = service_pack(&response.base);
	if (message)
		rpc_call_send(watcher->call, message);
}

static void health_change(struct health *health, health_status status)
{
	if (health->status == status)
		return;
	health->status = status;
	for (struct watcher *one = health->watchers; one; one = one->next) {
		if (one->is_known)
			watcher_tell(one);
	}
}

/* A reason is logged when it is new. */
static void health_complain(struct health *health, struct diag *why)
{
	if (health->said && strcmp(health->said, buf_text(&why->text)) == 0)
		return;
	free(health->said);
	health->said = strdup(buf_text(&why->text));
	why->text.bytes -= why->text.bytes > 0;
	log_error("the self check fails: %s", buf_text(&why->text));
}

static void health_on_timer(void *context)
{
	struct health *health = context;
	const struct service_ops *ops = health->service->ops;
	_cleanup_diag_ struct diag why = {};

	if (ops->is_healthy && !ops->is_healthy(health->service->ops_context, &why)) {
		health_complain(health, &why);
		health_change(health, STATUS(NOT_SERVING));
		return;
	}
	if (health->said)
		log_info("the self check succeeds again");
	free(TAKE_PTR(health->said));
	health_change(health, STATUS(SERVING));
}

int health_new(struct health **out, struct service *service, struct loop *loop,
	       uint64_t interval_ns)
{
	struct health *health = calloc(1, sizeof(*health));
	int error;

	if (!health)
		return -ENOMEM;
	health->service = service;
	/* Until the loop runs and the first check is made. */
	health->status = STATUS(NOT_SERVING);
	error = loop_add_timer(loop, health_on_timer, health, &health->timer);
	if (!error)
		error = loop_set_timer(health->timer, 1,
				       interval_ns ? interval_ns : HEALTH_INTERVAL_DEFAULT_NS);
	if (error) {
		health_free(health);
		return error;
	}
	*out = health;
	return 0;
}

void health_free(struct health *health)
{
	if (!health)
		return;
	loop_remove(health->timer);
	free(health->said);
	free(health);
}

void health_end(struct health *health)
{
	if (!health)
		return;
	health_change(health, STATUS(NOT_SERVING));
	for (struct watcher *one = health->watchers; one; one = one->next)
		rpc_call_fail(one->call, RPC_UNAVAILABLE, "agent is stopping");
}

void service_check_health(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request =
		(const Grpc__Health__V1__HealthCheckRequest *)message;
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	if (!health_knows(request->service)) {
		rpc_call_fail(call, RPC_NOT_FOUND,
			      "unknown service \"%s\"; want \"liveness\" or the empty name",
			      request->service);
		return;
	}
	response.status = service->health->status;
	service_reply(call, &response.base);
}

void service_list_health(struct service *service, struct rpc_call *call,
			 const ProtobufCMessage *message)
{
	Grpc__Health__V1__HealthListResponse response =
		GRPC__HEALTH__V1__HEALTH_LIST_RESPONSE__INIT;
	Grpc__Health__V1__HealthListResponse__StatusesEntry entries[HEALTH_NAMES];
	Grpc__Health__V1__HealthListResponse__StatusesEntry *pointers[HEALTH_NAMES];
	Grpc__Health__V1__HealthCheckResponse status =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	status.status = service->health->status;
	for (size_t i = 0; i < HEALTH_NAMES; i++) {
		grpc__health__v1__health_list_response__statuses_entry__init(&entries[i]);
		entries[i].key = (char *)health_names[i];
		entries[i].value = &status;
		pointers[i] = &entries[i];
	}
	response.n_statuses = HEALTH_NAMES;
	response.statuses = pointers;
	service_reply(call, &response.base);
}

static void watcher_on_closed(void *context, struct rpc_call *call)
{
	struct watcher *watcher = context;

	*watcher->link = watcher->next;
	if (watcher->next)
		watcher->next->link = watcher->link;
	watcher->health->watchers_count--;
	free(watcher);
}

/* It missed some news while it did not read: the latest is all that counts. */
static void watcher_on_drained(void *context, struct rpc_call *call)
{
	watcher_tell(context);
}

void service_watch_health(struct service *service, struct rpc_call *call,
			  const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request =
		(const Grpc__Health__V1__HealthCheckRequest *)message;
	struct rpc_stream_hooks hooks = { .closed = watcher_on_closed,
					  .drained = watcher_on_drained };
	struct health *health = service->health;
	struct watcher *watcher =
		health->watchers_count < HEALTH_WATCHERS_MAX ? calloc(1, sizeof(*watcher)) : NULL;

	if (!watcher) {
		rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED,
			      "%u clients watch already; want at most %u", health->watchers_count,
			      HEALTH_WATCHERS_MAX);
		return;
	}
	watcher->health = health;
	watcher->call = call;
	watcher->is_known = health_knows(request->service);
	watcher->next = health->watchers;
	watcher->link = &health->watchers;
	if (watcher->next)
		watcher->next->link = &watcher->next;
	health->watchers = watcher;
	health->watchers_count++;
	hooks.context = watcher;
	rpc_call_start_stream(call, &hooks);
	rpc_call_set_queue(call, WATCHER_QUEUE_MAX, WATCHER_QUEUE_BYTES_MAX);
	watcher_tell(watcher);
}
