/* SPDX-License-Identifier: Apache-2.0 */
/* The declaration of good.c. */
#pragma once

#include <stddef.h>

int good_print(char *text, size_t bytes);
