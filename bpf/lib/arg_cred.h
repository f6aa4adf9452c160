/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Readers of credentials and namespaces, and the one function that chooses a reader. See lib/arg.h.
 */
#pragma once

#include "lib/arg_net.h"

static __always_inline void cred_read_user_namespace(struct wire_user_namespace *out,
						     const struct user_namespace *space)
{
	out->level = BPF_CORE_READ(space, level);
	out->uid = BPF_CORE_READ(space, owner.val);
	out->gid = BPF_CORE_READ(space, group.val);
	out->inode = BPF_CORE_READ(space, ns.inum);
}

static __always_inline void arg_read_cred(const struct reading *reading)
{
	const struct cred *cred = (void *)reading->argument;
	struct wire_cred *out = arg_get_fixed_room(reading);
	struct wire_credentials *ids;

	if (!out)
		return;
	ids = &out->credentials;
	if (bpf_core_read(&ids->uid, sizeof(ids->uid), &cred->uid))
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	ids->permitted = task_read_capabilities(&cred->cap_permitted);
	ids->effective = task_read_capabilities(&cred->cap_effective);
	ids->inheritable = task_read_capabilities(&cred->cap_inheritable);
	ids->gid = BPF_CORE_READ(cred, gid.val);
	ids->euid = BPF_CORE_READ(cred, euid.val);
	ids->egid = BPF_CORE_READ(cred, egid.val);
	ids->suid = BPF_CORE_READ(cred, suid.val);
	ids->sgid = BPF_CORE_READ(cred, sgid.val);
	ids->fsuid = BPF_CORE_READ(cred, fsuid.val);
	ids->fsgid = BPF_CORE_READ(cred, fsgid.val);
	ids->securebits = BPF_CORE_READ(cred, securebits);
	ids->pad = 0;
	cred_read_user_namespace(&out->user_namespace, BPF_CORE_READ(cred, user_ns));
	arg_put_fixed(reading, out, sizeof(*out));
}

static __always_inline void arg_read_user_namespace(const struct reading *reading)
{
	struct wire_user_namespace *out = arg_get_fixed_room(reading);

	if (!out)
		return;
	if (!reading->argument)
		return arg_put_status(reading, WIRE_VALUE_UNREADABLE);
	cred_read_user_namespace(out, (void *)reading->argument);
	arg_put_fixed(reading, out, sizeof(*out));
}

/* Whether a value's text stands in the path buffer until it is kept. */
static __always_inline bool arg_is_path(__u32 type)
{
	return type == WIRE_ARG_FD || type == WIRE_ARG_FILE || type == WIRE_ARG_KIOCB ||
	       type == WIRE_ARG_PATH || type == WIRE_ARG_DENTRY || type == WIRE_ARG_LINUX_BINPRM;
}

RULES_FUNCTION void arg_read_network(const struct reading *reading, __u32 type)
{
	const struct socket *socket = (const struct socket *)reading->argument;

	switch (type) {
	case WIRE_ARG_SOCK:
		return arg_read_sock(reading, (const struct sock *)reading->argument);
	case WIRE_ARG_SOCKET:
		return arg_read_sock(reading, BPF_CORE_READ(socket, sk));
	case WIRE_ARG_SKB:
		return arg_read_packet(reading);
	case WIRE_ARG_SOCKADDR:
		return arg_read_address(reading);
	default:
		return arg_read_unix_address(reading);
	}
}

RULES_FUNCTION void arg_read_credentials(const struct reading *reading, __u32 type)
{
	if (type == WIRE_ARG_CRED)
		arg_read_cred(reading);
	else
		arg_read_user_namespace(reading);
}

RULES_FUNCTION void arg_read_bytes(const struct reading *reading, __u32 type)
{
	if (type == WIRE_ARG_CHAR_IOVEC)
		arg_read_iovec(reading);
	else
		arg_read_buffer(reading);
}

/* One case per family of readers; the type is a constant to the verifier. */
static __always_inline void arg_read_value(const struct reading *reading)
{
	__u32 type = reading_value(reading)->type;

	switch (type) {
	case WIRE_ARG_NOP:
		return;
	case WIRE_ARG_STRING:
		return arg_read_string(reading, reading->argument);
	case WIRE_ARG_FILENAME:
		return arg_read_filename(reading);
	case WIRE_ARG_NET_DEVICE:
		return arg_read_net_device(reading);
	case WIRE_ARG_CHAR_BUF:
	case WIRE_ARG_CONST_BUF:
	case WIRE_ARG_CHAR_IOVEC:
		return arg_read_bytes(reading, type);
	case WIRE_ARG_FD:
	case WIRE_ARG_FILE:
	case WIRE_ARG_KIOCB:
	case WIRE_ARG_PATH:
	case WIRE_ARG_DENTRY:
	case WIRE_ARG_LINUX_BINPRM:
		return arg_read_file_like(reading, type);
	case WIRE_ARG_SOCK:
	case WIRE_ARG_SOCKET:
	case WIRE_ARG_SKB:
	case WIRE_ARG_SOCKADDR:
	case WIRE_ARG_SOCKADDR_UN:
		return arg_read_network(reading, type);
	case WIRE_ARG_CRED:
	case WIRE_ARG_USER_NAMESPACE:
		return arg_read_credentials(reading, type);
	case WIRE_ARG_KERNEL_CAP_T:
	case WIRE_ARG_CAP_INHERITABLE:
	case WIRE_ARG_CAP_PERMITTED:
	case WIRE_ARG_CAP_EFFECTIVE:
		return arg_read_capabilities(reading);
	default:
		return arg_read_number(reading, type);
	}
}
