/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which functions the kernel's type information (BTF) knows, as a small index that stays: looking
 * one up costs nothing when a policy is loaded. The types themselves take megabytes (types.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct kernel_functions;

int kernel_functions_new(struct kernel_functions **out, const struct btf *btf);
void kernel_functions_free(struct kernel_functions *functions); /* NULL is fine */

/* The id of a function's type; 0: there is none of that name. */
uint32_t kernel_functions_find(const struct kernel_functions *functions, const char *name);

/*
 * The function of the running kernel whose name is most like NAME, which it does not have; NULL:
 * none is. Borrowed until the next call. All names are read for it, which takes a while, but not
 * again for the name that was asked last.
 */
const char *kernel_functions_suggest(struct kernel_functions *functions, const char *name);

/* Structs that values of policies are read from. */
#define KERNEL_STRUCTS(X)               \
	X(FILE, "file")                 \
	X(KIOCB, "kiocb")               \
	X(PATH, "path")                 \
	X(DENTRY, "dentry")             \
	X(LINUX_BINPRM, "linux_binprm") \
	X(FILENAME, "filename")         \
	X(NET_DEVICE, "net_device")     \
	X(SOCK, "sock")                 \
	X(SOCKET, "socket")             \
	X(SK_BUFF, "sk_buff")           \
	X(CRED, "cred")                 \
	X(USER_NAMESPACE, "user_namespace")

/* What an argument points to. ANY: nothing is known of it. */
enum kernel_struct {
	KERNEL_STRUCT_ANY,
	KERNEL_STRUCT_OTHER,
#define X(name, text) KERNEL_STRUCT_##name,
	KERNEL_STRUCTS(X)
#undef X
		KERNEL_STRUCT_COUNT
};

/* "" for ANY and OTHER. */
const char *kernel_struct_get_name(enum kernel_struct what);

/* Whether that function has an argument INDEX and it points to WHAT; true too if that is not known.
 */
bool kernel_functions_may_take(const struct kernel_functions *functions, const char *name,
			       unsigned int index, enum kernel_struct what);
