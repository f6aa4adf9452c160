/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User names of this machine: numbers -> names from a passwd(5) file, read again when it changes.
 * Network directories are not asked: an answer could block the event line.
 */
#pragma once

#include <stdint.h>

struct users;

int users_new(struct users **out, const char *passwd_path);
void users_free(struct users *users);
void users_refresh(struct users *users); /* reads again if the file changed */
const char *users_find(const struct users *users, uint32_t uid); /* "" unknown */
