/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials and user namespaces, as the kernel side tells them -> the API's messages. Processes
 * and arguments show them alike. A message points into its storage here, nowhere else.
 */
#pragma once

#include <tetragon/tetragon.pb-c.h>

#include "wire/hook.h"

enum { CREDENTIALS_CAPABILITIES = 41, CREDENTIALS_SECUREBITS = 8 };

struct capabilities_message {
	Tetragon__Capabilities message;
	Tetragon__CapabilitiesType sets[3][CREDENTIALS_CAPABILITIES];
};

struct credentials_message {
	Tetragon__ProcessCredentials message;
	Google__Protobuf__UInt32Value ids[8];
	Tetragon__SecureBitsType securebits[CREDENTIALS_SECUREBITS];
};

struct user_namespace_message {
	Tetragon__UserNamespace message;
	Google__Protobuf__Int32Value level;
	Google__Protobuf__UInt32Value uid, gid;
	Tetragon__Namespace ns;
};

/* Each returns the message of OUT, which may have been used before. */
Tetragon__Capabilities *capabilities_message_fill(struct capabilities_message *out,
						  const struct wire_credentials *from);
/* Without capabilities and user namespace. */
Tetragon__ProcessCredentials *credentials_message_fill(struct credentials_message *out,
						       const struct wire_credentials *from);
Tetragon__UserNamespace *user_namespace_message_fill(struct user_namespace_message *out,
						     const struct wire_user_namespace *from);

static inline Google__Protobuf__UInt32Value *uint32_message_fill(Google__Protobuf__UInt32Value *out,
								 uint32_t value)
{
	google__protobuf__uint32_value__init(out);
	out->value = value;
	return out;
}

static inline Google__Protobuf__Int32Value *int32_message_fill(Google__Protobuf__Int32Value *out,
							       int32_t value)
{
	google__protobuf__int32_value__init(out);
	out->value = value;
	return out;
}
