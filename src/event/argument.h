/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collected value of a hook -> the API's argument. In: its type from the hook's plan, its checked
 * place in a record, its label. Out: a message that points into the record, the label and the
 * storage here; it is valid while they are. A value that is not there, or is not what its type
 * promises, becomes error_arg, never nothing.
 */
#pragma once

#include <netinet/in.h>

#include <tetragon/tetragon.pb-c.h>

#include "base/buf.h"
#include "event/credentials.h"
#include "event/network_names.h"
#include "event/record.h"

enum { ARGUMENT_PERMISSION_BYTES = 11, ARGUMENT_CAPABILITY_DIGITS = 16 };

struct argument_file {
	union {
		Tetragon__KprobeFile file;
		Tetragon__KprobePath path;
		Tetragon__KprobeLinuxBinprm binprm;
	};
	char permission[ARGUMENT_PERMISSION_BYTES];
};

/* Texts of what is at an end of a connection, or of both. */
struct argument_addresses {
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
	char family[NETWORK_DIGITS_BYTES], protocol[NETWORK_DIGITS_BYTES];
	char state[NETWORK_DIGITS_BYTES], type[NETWORK_DIGITS_BYTES];
};

struct argument_network {
	union {
		Tetragon__KprobeSock sock;
		Tetragon__KprobeSkb packet;
		Tetragon__KprobeSockaddr address;
		Tetragon__KprobeSockaddrUn unix_address;
	};
	struct argument_addresses texts;
};

struct argument_credentials {
	struct credentials_message credentials;
	struct capabilities_message capabilities;
	struct user_namespace_message user_namespace;
};

struct argument_capability {
	Tetragon__KprobeCapability message;
	Google__Protobuf__Int32Value value;
};

/* Zeroed before the first use, filled as often as one likes; done once. */
struct argument_message {
	Tetragon__KprobeArgument argument;
	struct buf text; /* the path or string, as UTF-8 with a final NUL */
	union {
		Tetragon__KprobeError error;
		Tetragon__KprobeTruncatedBytes bytes;
		Tetragon__SyscallId syscall;
		char capability_digits[ARGUMENT_CAPABILITY_DIGITS + 1];
		struct argument_capability capability;
		struct argument_file file;
		struct argument_network network;
		struct argument_credentials credentials;
		struct user_namespace_message user_namespace;
	};
};

void argument_message_done(struct argument_message *message);

/* LABEL: valid UTF-8, or NULL for none. A TYPE beyond the table is as one that is not collected. */
void argument_fill(struct argument_message *out, enum wire_arg_type type,
		   const struct record_value *value, const char *label);
