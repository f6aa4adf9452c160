/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted copy of the machine's passwd file. */
#include "process/users.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* More accounts than any local file has; the rest stay numbers. */
enum { USERS_MAX = 65536 };

struct user {
	uint32_t uid;
	uint32_t line; /* the first of several names is the account's, as for getpwuid(3) */
	char *name;
};

struct users {
	char *path;
	struct stat file; /* as it was when it was read */
	struct user *list;
	size_t count;
};

static void users_clear(struct users *users)
{
	for (size_t i = 0; i < users->count; i++)
		free(users->list[i].name);
	free(users->list);
	users->list = NULL;
	users->count = 0;
}

void users_free(struct users *users)
{
	if (!users)
		return;
	users_clear(users);
	free(users->path);
	free(users);
}

static int users_compare(const void *left, const void *right)
{
	const struct user *a = left, *b = right;

	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static int users_compare_lines(const void *left, const void *right)
{
	const struct user *a = left, *b = right;
	int order = users_compare(left, right);

	return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

static bool users_add(struct users *users, const struct passwd *entry)
{
	struct user *list;

	/* "+" and "-" name network directories (nsswitch compat), not accounts */
	if (!entry->pw_name || entry->pw_name[0] == '+' || entry->pw_name[0] == '-')
		return true;
	if (users->count % 64 == 0) {
		list = realloc(users->list, (users->count + 64) * sizeof(*list));
		if (!list)
			return false;
		users->list = list;
	}
	users->list[users->count].uid = entry->pw_uid;
	users->list[users->count].line = (uint32_t)users->count;
	users->list[users->count].name = strdup(entry->pw_name);
	if (!users->list[users->count].name)
		return false;
	users->count++;
	return true;
}

/* The first of each number stays. */
static void users_drop_doubles(struct users *users)
{
	size_t kept = 1;

	for (size_t i = 1; i < users->count; i++) {
		if (users->list[i].uid == users->list[kept - 1].uid)
			free(users->list[i].name);
		else
			users->list[kept++] = users->list[i];
	}
	users->count = kept;
}

static void users_read(struct users *users)
{
	FILE *file = fopen(users->path, "re");
	const struct passwd *entry;

	if (!file)
		return;
	users_clear(users);
	if (fstat(fileno(file), &users->file) < 0)
		users->file = (struct stat){};
	while (users->count < USERS_MAX && (entry = fgetpwent(file)) && users_add(users, entry))
		;
	fclose(file);
	if (!users->count)
		return;
	qsort(users->list, users->count, sizeof(users->list[0]), users_compare_lines);
	users_drop_doubles(users);
}

void users_refresh(struct users *users)
{
	struct stat now;

	if (stat(users->path, &now) < 0)
		return;
	if (now.st_mtim.tv_sec != users->file.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != users->file.st_mtim.tv_nsec ||
	    now.st_size != users->file.st_size || now.st_ino != users->file.st_ino)
		users_read(users);
}

int users_new(struct users **out, const char *passwd_path)
{
	struct users *users = calloc(1, sizeof(*users));

	if (!users)
		return -ENOMEM;
	users->path = strdup(passwd_path);
	if (!users->path) {
		users_free(users);
		return -ENOMEM;
	}
	users_refresh(users);
	*out = users;
	return 0;
}

const char *users_find(const struct users *users, uint32_t uid)
{
	const struct user key = { .uid = uid };
	const struct user *found = NULL;

	if (users->count)
		found = bsearch(&key, users->list, users->count, sizeof(users->list[0]),
				users_compare);
	return found ? found->name : "";
}
