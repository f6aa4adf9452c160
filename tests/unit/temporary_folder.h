/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own that is the current directory, and gone afterwards. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_case.h"

enum { TEMPORARY_FOLDER_BYTES = 32 };

static inline void temporary_folder_enter(char out[TEMPORARY_FOLDER_BYTES])
{
	snprintf(out, TEMPORARY_FOLDER_BYTES, "/tmp/tetrad-test-XXXXXX");
	assert_non_null(mkdtemp(out));
	assert_int_equal(chdir(out), 0);
}

static inline int temporary_folder_remove_one(const char *path, const struct stat *status, int kind,
					      struct FTW *place)
{
	return remove(path);
}

static inline void temporary_folder_leave(const char *folder)
{
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(nftw(folder, temporary_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
