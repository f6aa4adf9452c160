/* SPDX-License-Identifier: Apache-2.0 */
/* Upstream's order of places. */
#include "daemon/btf_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int btf_find(const struct btf_places *places, char out[PATH_MAX], struct diag *diag)
{
	char candidates[3][PATH_MAX];
	struct utsname name;

	if (places->named[0]) {
		snprintf(out, PATH_MAX, "%s", places->named);
		return 0;
	}
	uname(&name);
	snprintf(candidates[0], PATH_MAX, "%s", places->kernel);
	snprintf(candidates[1], PATH_MAX, "%s/metadata/vmlinux-%s", places->library, name.release);
	snprintf(candidates[2], PATH_MAX, "%s/btf", places->library);
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (access(candidates[i], R_OK) == 0) {
			memcpy(out, candidates[i], PATH_MAX);
			return 0;
		}
	}
	diag_add(
		diag,
		"this kernel's type information (BTF) is in none of \"%s\", \"%s\", \"%s\"; boot a kernel with CONFIG_DEBUG_INFO_BTF, or name a file with --btf",
		candidates[0], candidates[1], candidates[2]);
	return -ENOENT;
}
