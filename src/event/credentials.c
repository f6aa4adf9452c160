/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of bits become lists of names; bits without a name are left out. */
#include "event/credentials.h"

static size_t fill_capability_set(Tetragon__CapabilitiesType *out, uint64_t set)
{
	size_t count = 0;

	for (unsigned int i = 0; i < CREDENTIALS_CAPABILITIES; i++) {
		if (set & 1ULL << i)
			out[count++] = (Tetragon__CapabilitiesType)i;
	}
	return count;
}

Tetragon__Capabilities *capabilities_message_fill(struct capabilities_message *out,
						  const struct wire_credentials *from)
{
	tetragon__capabilities__init(&out->message);
	out->message.permitted = out->sets[0];
	out->message.n_permitted = fill_capability_set(out->sets[0], from->permitted);
	out->message.effective = out->sets[1];
	out->message.n_effective = fill_capability_set(out->sets[1], from->effective);
	out->message.inheritable = out->sets[2];
	out->message.n_inheritable = fill_capability_set(out->sets[2], from->inheritable);
	return &out->message;
}

Tetragon__ProcessCredentials *credentials_message_fill(struct credentials_message *out,
						       const struct wire_credentials *from)
{
	Tetragon__ProcessCredentials *message = &out->message;
	size_t count = 0;

	tetragon__process_credentials__init(message);
	message->uid = uint32_message_fill(&out->ids[0], from->uid);
	message->gid = uint32_message_fill(&out->ids[1], from->gid);
	message->euid = uint32_message_fill(&out->ids[2], from->euid);
	message->egid = uint32_message_fill(&out->ids[3], from->egid);
	message->suid = uint32_message_fill(&out->ids[4], from->suid);
	message->sgid = uint32_message_fill(&out->ids[5], from->sgid);
	message->fsuid = uint32_message_fill(&out->ids[6], from->fsuid);
	message->fsgid = uint32_message_fill(&out->ids[7], from->fsgid);
	for (unsigned int i = 0; i < CREDENTIALS_SECUREBITS; i++) {
		if (from->securebits & 1U << i)
			out->securebits[count++] = (Tetragon__SecureBitsType)(1U << i);
	}
	message->securebits = out->securebits;
	message->n_securebits = count;
	return message;
}

/* Only the initial user namespace is at level 0 (kernel/user.c, create_user_ns()). */
Tetragon__UserNamespace *user_namespace_message_fill(struct user_namespace_message *out,
						     const struct wire_user_namespace *from)
{
	tetragon__namespace__init(&out->ns);
	out->ns.inum = from->inode;
	out->ns.is_host = from->level == 0;
	tetragon__user_namespace__init(&out->message);
	out->message.level = int32_message_fill(&out->level, (int32_t)from->level);
	out->message.uid = uint32_message_fill(&out->uid, from->uid);
	out->message.gid = uint32_message_fill(&out->gid, from->gid);
	out->message.ns = &out->ns;
	return &out->message;
}
