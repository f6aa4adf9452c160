/* SPDX-License-Identifier: Apache-2.0 */
/* Names of cgroups -> container ids, as the runtimes write them. */
#include "cmocka_case.h"

#include "process/container.h"

#define HEX31 "0123456789abcdef0123456789abcde"
#define HEX64 HEX31 "f0123456789abcdef0123456789abcdef"
#define UPPER "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* 31 characters are shown, as upstream does. */
static void ids_are_found_in_the_nearest_name_that_has_one(void **state)
{
	static const struct {
		const char *names, *id;
	} rows[] = {
		{ "docker-" HEX64 ".scope/system.slice/", HEX31 },
		{ HEX64 "/docker/", HEX31 },
		{ HEX64 "/pod1b7f9a2c-1d3c-4c1e-9b1e-0123456789ab/burstable/kubepods/", HEX31 },
		{ "cri-containerd-" HEX64 ".scope/kubepods-besteffort-pod1b7f9a2c_1d3c.slice/",
		  HEX31 },
		{ "libpod-" HEX64 ".scope/machine.slice/", HEX31 },
		{ "crio-" HEX64 ".scope/", HEX31 },
		{ "kubepods-burstable-pod12345678.slice:cri-containerd:" HEX64 "/", HEX31 },
		{ "container/libpod-" HEX64 ".scope/", HEX31 },	 /* podman's child cgroup */
		{ "init.scope/docker-" HEX64 ".scope/", HEX31 }, /* systemd inside */
		{ "a/b/docker-" HEX64 ".scope/", HEX31 },
		{ "docker-" HEX64 ".scope/docker-" OTHER ".scope/", HEX31 }, /* the inner one */
		{ "docker-" HEX31 "f0123456789abcdef0123456789abcde.scope/",
		  HEX31 }, /* 63 digits */
		{ "docker-" HEX31 ".scope/", HEX31 },
		{ UPPER "/", "0123456789ABCDEF0123456789ABCDE" },
		{ HEX64, HEX31 }, /* cut: no slash behind */
		/* none */
		{ "", "" },
		{ "/", "" },
		{ "docker-0123456789abcdef0123456789abcd.scope/", "" }, /* 30 digits */
		{ "docker-" HEX64 ".scopes/", "" },
		{ "docker-" HEX64 "x.scope/", "" },
		{ ".scope/", "" },
		{ "system.slice/", "" },
		{ "user@1000.service/", "" },
		{ "session-3.scope/user-1000.slice/", "" },
		{ "run-r" HEX64 ".scope/", "" },  /* systemd-run */
		{ "pod" HEX64 "/kubepods/", "" }, /* a static pod's own group */
		{ "kubepods-pod0123456789abcdef0123456789abcdef.slice/", "" },
		{ "app-1b7f9a2c-1d3c-4c1e-9b1e-0123456789ab.scope/", "" }, /* a UUID */
		{ "crio-conmon-" HEX64 ".scope/machine.slice/", "" }, /* monitors are outside */
		{ "libpod-conmon-" HEX64 ".scope/machine.slice/", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char id[CONTAINER_ID_BYTES];

		memset(id, 'x', sizeof(id));
		container_id_find(span_of(rows[i].names), id);
		assert_row_string(i, id, rows[i].id);
	}
}

static void no_names_at_all_have_no_id(void **state)
{
	char id[CONTAINER_ID_BYTES] = "x";

	container_id_find((struct span){}, id);
	assert_string_equal(id, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_found_in_the_nearest_name_that_has_one),
		cmocka_unit_test(no_names_at_all_have_no_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
