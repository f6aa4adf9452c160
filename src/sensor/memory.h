/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel memory of maps and programs, as the kernel tells it. */
#pragma once

#include <stdint.h>

uint64_t memory_of_map(int fd);	    /* 0 for -1 */
uint64_t memory_of_program(int fd); /* the same; what was loaded and what it was translated to */
