/* SPDX-License-Identifier: Apache-2.0 */
/* Names of this machine's system call tables, as the API has them. */
#pragma once

#if defined(__aarch64__)
#define ABI_NATIVE "arm64"
#define ABI_32_BIT "arm32"
#else
#define ABI_NATIVE "x64"
#define ABI_32_BIT "i386"
#endif

/* Set in a number that belongs to the table for programs of 32 bits. */
#define ABI_32_BIT_FLAG (1U << 31)
