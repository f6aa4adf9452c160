/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one peer has taken, over all its connections. In: who it is, by address or uid. Out: an
 * account that its connections share, with a rate.
 *
 * Whether a limit is reached is the caller's to ask; the limits are in rpc/limits.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rpc/peer.h"

/*
 * A rate as one number: the time at which all that was taken would have been taken at an even pace.
 * It may lie ahead of now by as much as may be taken at once. Zeroed: nothing was taken.
 */
struct rate {
	uint64_t due_ns;
};

/* False: over the rate, and nothing was taken. BURST: how many at once. */
bool rate_take(struct rate *rate, uint64_t now, uint64_t per_second, uint64_t burst);
/* Gives COUNT back. */
void rate_give(struct rate *rate, uint64_t now, uint64_t per_second, uint64_t count);

/* The same peer: IPv4 address (all of 127.0.0.0/8 are one), IPv6 network of 64 bits, or uid. */
struct quota_key {
	uint64_t kind;
	uint64_t value;
};

struct quota {
	struct quota *next;
	struct quota_key key;
	uint32_t connections;
	uint32_t calls;
	uint32_t streams;    /* of the calls */
	size_t queued_bytes; /* of the streams */
	struct rate requests;
};

struct quotas {
	struct quota *first;
	uint32_t idle; /* without a connection, remembered for their rate */
};

/* The account of PEER with one connection more. NULL: no memory. */
struct quota *quotas_take(struct quotas *quotas, const struct rpc_peer *peer, uint64_t now);
/* One connection less; the account may be gone then. */
void quotas_release(struct quotas *quotas, struct quota *quota, uint64_t now);
void quotas_done(struct quotas *quotas);
