/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may read, and who may also change. In: what the transport vouches for (rpc/peer.h), what the
 * administrator has allowed. Out: yes, or a refusal that names the caller, the role and the flag.
 *
 *	unix socket		root and the agent's own user change; further ones that are named;
 *				everybody else whom the socket's mode lets in reads
 *	TCP in clear		reads
 *	TLS, no certificate	reads
 *	TLS with one		changes, if its CN or a subjectAltName is named, or none is
 *
 * `tcp_may_change` lets everybody on TCP and TLS change, as upstream does.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/option_value.h"
#include "service/service_private.h"

struct role_id {
	bool is_group;
	uint32_t id;
};

struct roles {
	bool tcp_may_change;
	uid_t own_uid;
	char **names; /* of certificates; owned */
	size_t names_count;
	struct role_id *ids;
	size_t ids_count;
};

/* A number as it stands, or the one of that name. */
static bool roles_read_number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	/* The largest means "nobody" to the kernel. */
	if (*end || errno || value >= UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

int roles_find_group(const char *text, gid_t *out, struct diag *diag)
{
	const struct group *group;

	if (roles_read_number(text, out))
		return 0;
	group = getgrnam(text);
	if (!group) {
		diag_add(diag, "unknown group \"%s\"; want the name or number of a group", text);
		return -EINVAL;
	}
	*out = group->gr_gid;
	return 0;
}

static int roles_find_user(const char *text, uid_t *out, struct diag *diag)
{
	const struct passwd *user;

	if (roles_read_number(text, out))
		return 0;
	user = getpwnam(text);
	if (!user) {
		diag_add(diag,
			 "unknown user \"%s\"; want the name or number of a user, or of a group "
			 "with @ before it",
			 text);
		return -EINVAL;
	}
	*out = user->pw_uid;
	return 0;
}

static int roles_read_ids(struct roles *roles, const struct option_list *list, struct diag *diag)
{
	int result = 0;

	roles->ids = calloc(list->count + 1, sizeof(*roles->ids));
	if (!roles->ids)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		struct role_id *id = &roles->ids[roles->ids_count];
		const char *text = list->items[i];
		int error;

		id->is_group = *text == '@';
		error = id->is_group ? roles_find_group(text + 1, &id->id, diag)
				     : roles_find_user(text, &id->id, diag);
		roles->ids_count += !error;
		result = error ? error : result;
	}
	return result;
}

static int roles_read_names(struct roles *roles, const struct option_list *list)
{
	roles->names = calloc(list->count + 1, sizeof(char *));
	if (!roles->names)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		roles->names[i] = strdup(list->items[i]);
		if (!roles->names[i])
			return -ENOMEM;
		roles->names_count++;
	}
	return 0;
}

static void roles_cleanup(struct roles **roles)
{
	roles_free(*roles);
}

int roles_new(struct roles **out, const struct service_options *options, struct diag *diag)
{
	_cleanup_(roles_cleanup) struct roles *roles = calloc(1, sizeof(*roles));
	int error;

	if (!roles)
		return -ENOMEM;
	roles->own_uid = geteuid();
	roles->tcp_may_change = options->tcp_may_change;
	error = roles_read_names(roles, &options->admins);
	if (!error)
		error = roles_read_ids(roles, &options->socket_admins, diag);
	if (error)
		return error;
	*out = TAKE_PTR(roles);
	return 0;
}

void roles_free(struct roles *roles)
{
	if (!roles)
		return;
	for (size_t i = 0; i < roles->names_count; i++)
		free(roles->names[i]);
	free(roles->names);
	free(roles->ids);
	free(roles);
}

static bool roles_allow_user(const struct roles *roles, const struct rpc_call *call,
			     const struct rpc_peer *peer)
{
	if (peer->uid == 0 || peer->uid == roles->own_uid)
		return true;
	for (size_t i = 0; i < roles->ids_count; i++) {
		const struct role_id *id = &roles->ids[i];

		if (id->is_group ? rpc_call_is_in_group(call, id->id) : id->id == peer->uid)
			return true;
	}
	return false;
}

static bool roles_allow_certificate(const struct roles *roles, const struct rpc_peer *peer)
{
	if (!roles->names_count)
		return peer->is_verified;
	for (size_t i = 0; peer->is_verified && i < peer->names_count; i++) {
		for (size_t j = 0; j < roles->names_count; j++) {
			if (strcmp(peer->names[i], roles->names[j]) == 0)
				return true;
		}
	}
	return false;
}

static bool roles_allow(const struct roles *roles, const struct rpc_call *call)
{
	const struct rpc_peer *peer = rpc_call_get_peer(call);

	if (peer->door == RPC_DOOR_UNIX)
		return roles_allow_user(roles, call, peer);
	if (roles->tcp_may_change)
		return true;
	return peer->door == RPC_DOOR_TLS && roles_allow_certificate(roles, peer);
}

/* Completes "uid 1000 may only read: ". */
static const char *roles_get_advice(const struct rpc_peer *peer)
{
	switch (peer->door) {
	case RPC_DOOR_UNIX:
		return "ask as root, or start the agent with --server-socket-admins and that user "
		       "or one of its groups";
	case RPC_DOOR_TCP:
		return "TCP in clear does not tell who you are; use the agent's unix socket as "
		       "root, or start the agent with TLS, or with --server-tcp-may-change";
	case RPC_DOOR_TLS:
		break;
	}
	if (peer->is_verified)
		return "start the agent with a name of that certificate in --server-admins";
	return "show a certificate that the agent can verify (--server-tls-client-ca-files), or "
	       "start the agent with --server-tcp-may-change";
}

bool roles_check(const struct roles *roles, struct rpc_call *call,
		 const struct service_method *method)
{
	const struct rpc_peer *peer = rpc_call_get_peer(call);
	char who[RPC_TLS_NAME_BYTES_MAX + 128];

	if (method->role == SERVICE_READ || roles_allow(roles, call))
		return true;
	rpc_peer_describe(peer, who, sizeof(who));
	rpc_call_refuse(call, RPC_REFUSED_ROLE, RPC_PERMISSION_DENIED,
			"%s needs the role \"change\", and %s may only read: %s", method->name, who,
			roles_get_advice(peer));
	return false;
}
