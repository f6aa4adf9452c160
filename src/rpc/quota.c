/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts in a list: it is searched when a connection comes, and holds as many as there are
 * connections and RPC_PEERS_REMEMBERED_MAX. */
#include "rpc/quota.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

bool rate_take(struct rate *rate, uint64_t now, uint64_t per_second, uint64_t burst)
{
	uint64_t cost_ns = CLOCK_NS_PER_SECOND / per_second;
	uint64_t from_ns = rate->due_ns > now ? rate->due_ns : now;

	if (from_ns + cost_ns > now + burst * cost_ns)
		return false;
	rate->due_ns = from_ns + cost_ns;
	return true;
}

void rate_give(struct rate *rate, uint64_t now, uint64_t per_second, uint64_t count)
{
	uint64_t given_ns = count * (CLOCK_NS_PER_SECOND / per_second);

	rate->due_ns = rate->due_ns > now + given_ns ? rate->due_ns - given_ns : now;
}

static uint64_t quota_read_64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static struct quota_key quota_get_key(const struct rpc_peer *peer)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&peer->address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&peer->address;

	if (peer->door == RPC_DOOR_UNIX)
		return (struct quota_key){ AF_UNIX, peer->uid };
	if (peer->address.ss_family == AF_INET6)
		return (struct quota_key){ AF_INET6, quota_read_64(v6->sin6_addr.s6_addr) };
	/* Whoever is on this machine may take any of 16 million addresses. */
	if (ntohl(v4->sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET)
		return (struct quota_key){ AF_INET, htonl(INADDR_LOOPBACK) };
	return (struct quota_key){ AF_INET, v4->sin_addr.s_addr };
}

/* Forgets accounts without connections whose rate has recovered, or ALL of them. */
static void quotas_sweep(struct quotas *quotas, uint64_t now, bool all)
{
	struct quota **link = &quotas->first;

	while (*link) {
		struct quota *one = *link;

		if (one->connections || (!all && one->requests.due_ns > now)) {
			link = &one->next;
			continue;
		}
		*link = one->next;
		quotas->idle--;
		free(one);
	}
}

struct quota *quotas_take(struct quotas *quotas, const struct rpc_peer *peer, uint64_t now)
{
	struct quota_key key = quota_get_key(peer);
	struct quota *quota = quotas->first;

	while (quota && (quota->key.kind != key.kind || quota->key.value != key.value))
		quota = quota->next;
	if (!quota) {
		quotas_sweep(quotas, now, quotas->idle >= RPC_PEERS_REMEMBERED_MAX);
		quota = calloc(1, sizeof(*quota));
		if (!quota)
			return NULL;
		quota->key = key;
		quota->next = quotas->first;
		quotas->first = quota;
		quotas->idle++;
	}
	if (!quota->connections)
		quotas->idle--;
	quota->connections++;
	return quota;
}

void quotas_release(struct quotas *quotas, struct quota *quota, uint64_t now)
{
	if (--quota->connections)
		return;
	quotas->idle++;
	quotas_sweep(quotas, now, false);
}

void quotas_done(struct quotas *quotas)
{
	quotas_sweep(quotas, 0, true);
}
