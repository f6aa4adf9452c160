/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording: the kernel side's records as they came, for replay without a kernel. A head, then
 * records one after another; each tells its own length, which is a multiple of 8.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/diag.h"

#define RECORDING_MAGIC	  "tetradR"
#define RECORDING_VERSION 1

struct recording_head {
	char magic[8];
	uint32_t version; /* raised with every change of wire/record.h */
	uint32_t cpus;
	int64_t boot_to_wall_ns;
};

/* A line in DIAG with every error. Close with fclose(). */
int recording_create(FILE **out, const char *path, unsigned int cpus, struct diag *diag);
