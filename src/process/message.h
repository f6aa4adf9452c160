/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of the cache -> the API's Process message. The message points into the process, its
 * image and the storage here; it is valid while they are.
 */
#pragma once

#include <tetragon/tetragon.pb-c.h>

#include "process/table.h"

#include "event/credentials.h"

enum {
	/* A node name has at most 253 characters (RFC 1123); two decimal numbers and colons follow;
	   base64. */
	PROCESS_NODE_BYTES_MAX = 256,
	PROCESS_EXEC_ID_BYTES = (PROCESS_NODE_BYTES_MAX + 2 * 21) * 4 / 3 + 8,
	PROCESS_FLAGS_BYTES = 256,
};

/* What is shown, from options of the daemon, and facts of this machine. */
struct process_message_options {
	char node_name[PROCESS_NODE_BYTES_MAX];
	bool with_credentials;
	bool with_namespaces;
	uint32_t host_namespaces[WIRE_NAMESPACES]; /* of pid 1 */
};

struct process_binary_message {
	Tetragon__BinaryProperties message;
	Google__Protobuf__UInt32Value setuid, setgid, links;
	Tetragon__ProcessPrivilegesChanged changes[3];
	Tetragon__FileProperties file;
	Tetragon__InodeProperties inode;
};

struct process_variables_message {
	Tetragon__EnvVar messages[PROCESS_VARIABLES_MAX];
	Tetragon__EnvVar *pointers[PROCESS_VARIABLES_MAX];
};

/* An id as text, and of which id: the same storage often shows the same parent again. */
struct process_exec_id {
	struct wire_process_id id;
	char text[PROCESS_EXEC_ID_BYTES]; /* "" nothing yet */
};

/* Storage of one Process message, for one node name; zeroed before the first use. */
struct process_message {
	Tetragon__Process process;
	Google__Protobuf__UInt32Value pid, uid, auid, tid;
	Google__Protobuf__BoolValue in_init_tree;
	Google__Protobuf__Timestamp start_time;
	Tetragon__UserRecord user;
	struct process_exec_id exec_id, parent_exec_id;
	char flags[PROCESS_FLAGS_BYTES];
	struct capabilities_message capabilities;
	struct credentials_message credentials;
	struct process_binary_message binary;
	Tetragon__Namespaces namespaces;
	Tetragon__Namespace namespace_list[WIRE_NAMESPACES];
	struct process_variables_message
		*variables; /* the owner's; NULL: no environment is shown */
};

/* OUT may have been used before. With EXEC also what only the process of
 * process_exec shows. */
void process_message_fill(struct process_message *out, const struct process *process,
			  const struct process_message_options *options, bool exec);

/* A process that the cache does not have: its id and the flag "unknown". */
void process_message_fill_unknown(struct process_message *out, const struct wire_process_id *id,
				  uint64_t start_wall_ns,
				  const struct process_message_options *options);

void process_message_set_time(Google__Protobuf__Timestamp *out, uint64_t wall_ns);
