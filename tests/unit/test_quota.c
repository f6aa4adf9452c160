/* SPDX-License-Identifier: Apache-2.0 */
/* Rates, accounts of peers, and what is known about a peer. Time is handed in: nothing waits. */
#include "cmocka_case.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/quota.h"

#define SECOND	   CLOCK_NS_PER_SECOND
#define PER_SECOND 100
#define BURST	   10

static unsigned int take_all(struct rate *rate, uint64_t now)
{
	unsigned int taken = 0;

	while (taken < 1000 && rate_take(rate, now, PER_SECOND, BURST))
		taken++;
	return taken;
}

static void a_rate_gives_its_burst_and_then_its_pace(void **state)
{
	struct rate rate = {};

	assert_int_equal(take_all(&rate, 5 * SECOND), BURST);
	assert_int_equal(take_all(&rate, 5 * SECOND), 0);
	assert_int_equal(take_all(&rate, 5 * SECOND + SECOND / PER_SECOND - 1), 0);
	assert_int_equal(take_all(&rate, 5 * SECOND + SECOND / PER_SECOND), 1);
	assert_int_equal(take_all(&rate, 6 * SECOND), BURST);
	/* A long pause earns no more than the burst. */
	assert_int_equal(take_all(&rate, 1000 * SECOND), BURST);
}

static void what_is_given_back_can_be_taken_again_but_no_more(void **state)
{
	struct rate rate = {};

	assert_int_equal(take_all(&rate, SECOND), BURST);
	rate_give(&rate, SECOND, PER_SECOND, 3);
	assert_int_equal(take_all(&rate, SECOND), 3);
	rate_give(&rate, SECOND, PER_SECOND, 1000);
	assert_int_equal(take_all(&rate, SECOND), BURST);
}

static struct rpc_peer peer_v4(uint32_t address)
{
	struct rpc_peer peer = { .door = RPC_DOOR_TCP };
	struct sockaddr_in *in = (struct sockaddr_in *)&peer.address;

	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)address);
	in->sin_addr.s_addr = htonl(address);
	return peer;
}

static struct rpc_peer peer_v6(uint8_t network, uint8_t host)
{
	struct rpc_peer peer = { .door = RPC_DOOR_TLS };
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&peer.address;

	in->sin6_family = AF_INET6;
	in->sin6_addr.s6_addr[0] = 0xfd;
	in->sin6_addr.s6_addr[7] = network;
	in->sin6_addr.s6_addr[15] = host;
	return peer;
}

static struct rpc_peer peer_unix(uid_t uid)
{
	return (struct rpc_peer){ .door = RPC_DOOR_UNIX, .uid = uid };
}

static void peers_share_an_account_by_address_network_or_uid(void **state)
{
	const struct rpc_peer peers[] = { peer_v4(1),	 peer_v4(1),	peer_v4(2),
					  peer_v6(1, 1), peer_v6(1, 2), peer_v6(2, 1),
					  peer_unix(1),	 peer_unix(1),	peer_unix(2) };
	static const unsigned int accounts[] = { 0, 0, 1, 2, 2, 3, 4, 4, 5 };
	struct quota *taken[COUNT(peers)];
	struct quotas quotas = {};

	for (size_t i = 0; i < COUNT(peers); i++)
		taken[i] = quotas_take(&quotas, &peers[i], 0);
	for (size_t i = 0; i < COUNT(peers); i++) {
		for (size_t j = 0; j < COUNT(peers); j++)
			assert_int_equal(taken[i] == taken[j], accounts[i] == accounts[j]);
	}
	assert_int_equal(taken[0]->connections, 2);
	for (size_t i = 0; i < COUNT(peers); i++)
		quotas_release(&quotas, taken[i], 0);
	assert_null(quotas.first);
	quotas_done(&quotas);
}

static void who_leaves_and_comes_back_has_no_new_rate(void **state)
{
	const struct rpc_peer peer = peer_v4(1), other = peer_v4(2);
	struct quotas quotas = {};
	struct quota *quota = quotas_take(&quotas, &peer, SECOND);

	assert_int_equal(take_all(&quota->requests, SECOND), BURST);
	quotas_release(&quotas, quota, SECOND);
	assert_int_equal(quotas.idle, 1);
	quota = quotas_take(&quotas, &peer, SECOND);
	assert_int_equal(take_all(&quota->requests, SECOND), 0);
	quotas_release(&quotas, quota, SECOND);
	/* Recovered, it is forgotten when the next one comes. */
	quota = quotas_take(&quotas, &other, 10 * SECOND);
	assert_int_equal(quotas.idle, 0);
	assert_null(quota->next);
	quotas_release(&quotas, quota, 10 * SECOND);
	quotas_done(&quotas);
}

static void peers_that_left_are_bounded(void **state)
{
	struct quotas quotas = {};

	for (uint32_t i = 0; i < 3 * RPC_PEERS_REMEMBERED_MAX; i++) {
		struct rpc_peer peer = peer_v4(i);
		struct quota *quota = quotas_take(&quotas, &peer, SECOND);

		assert_true(rate_take(&quota->requests, SECOND, PER_SECOND, BURST));
		quotas_release(&quotas, quota, SECOND);
		assert_true(quotas.idle <= RPC_PEERS_REMEMBERED_MAX);
	}
	quotas_done(&quotas);
	assert_null(quotas.first);
}

static void a_unix_peer_is_who_the_kernel_says(void **state)
{
	struct rpc_peer peer;
	char text[64], wanted[64];
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(peer_init(&peer, RPC_DOOR_UNIX, fds[0]), 0);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	assert_int_equal(peer.pid, getpid());
	rpc_peer_describe(&peer, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "uid %u (pid %d)", geteuid(), getpid());
	assert_string_equal(text, wanted);
	close(fds[0]);
	close(fds[1]);
	/* No socket: nobody, and not root. */
	assert_int_equal(peer_init(&peer, RPC_DOOR_UNIX, -1), -EBADF);
	assert_int_equal(peer.uid, (uid_t)-1);
}

static void peers_are_described_for_people(void **state)
{
	struct rpc_peer v4 = peer_v4(0x7f000001), v6 = peer_v6(1, 2);
	char text[128];

	rpc_peer_describe(&v4, text, sizeof(text));
	assert_string_equal(text, "127.0.0.1:1");
	v6.names[0] = (char *)"alice";
	v6.names_count = 1;
	rpc_peer_describe(&v6, text, sizeof(text));
	assert_string_equal(text, "\"alice\" at [fd00:0:0:1::2]:0");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_gives_its_burst_and_then_its_pace),
		cmocka_unit_test(what_is_given_back_can_be_taken_again_but_no_more),
		cmocka_unit_test(peers_share_an_account_by_address_network_or_uid),
		cmocka_unit_test(who_leaves_and_comes_back_has_no_new_rate),
		cmocka_unit_test(peers_that_left_are_bounded),
		cmocka_unit_test(a_unix_peer_is_who_the_kernel_says),
		cmocka_unit_test(peers_are_described_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
