/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one execve made of a process: names, arguments, credentials, place. Immutable, shared by
 * reference with the children that have not called execve themselves. Texts are valid UTF-8.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "process/container.h"

#include "wire/record.h"

struct process_variable {
	const char *name, *value;
};

/* Variables kept per process: several times what a rich environment has. Reaching it is flagged. */
enum { PROCESS_VARIABLES_MAX = 1024 };

struct process_image {
	uint32_t refs;
	/* the table's own: how many processes hold it there, and how many of them live */
	uint32_t holders, living;
	uint32_t login_uid;
	uint32_t namespaces[WIRE_NAMESPACES];
	uint32_t privileges; /* WIRE_PRIVILEGES_* */
	uint32_t file_links;
	uint64_t file_inode;
	struct wire_credentials credentials;
	uint32_t variable_count;
	bool variables_cut; /* there were more */
	uint32_t bytes;	    /* of this struct and its texts */
	const char *binary;
	const char *executable; /* file that runs when `binary` names another; else NULL */
	const char *file_path;	/* path of the file that runs, as walked */
	const char *cwd;	/* "" unknown */
	const char *arguments;
	const char *user; /* "" unknown */
	const struct process_variable *variables;
	char container_id[CONTAINER_ID_BYTES];
};

/* Takes secrets out of TEXT, the arguments or one NAME=VALUE of the environment, all valid UTF-8.
 */
typedef void (*process_redact_fn)(void *context, const char *binary, struct buf *text);

struct process_redaction {
	process_redact_fn redact; /* NULL: nothing is hidden */
	void *context;
};

/* Both halves again, of which a rule may have hidden any part; appends each with its NUL. */
void process_variable_redact(const struct process_redaction *redaction, const char *binary,
			     struct span name, struct span value, struct buf *out);

/* What an image is made of; the spans belong to the caller. */
struct process_image_source {
	const struct wire_exec *exec;
	struct span binary, filename, cwd, cgroup;
	struct span args;	 /* argv with its NULs */
	struct span environment; /* already filtered */
	const char *user;
	struct process_redaction redaction;
};

int process_image_new(struct process_image **out, const struct process_image_source *source);
/* A copy of its own memory; the texts and variables of IMAGE may lie anywhere. -ENOMEM. */
int process_image_copy(struct process_image **out, const struct process_image *image);
/* A copy without arguments and environment; -ENOMEM. */
int process_image_cut(struct process_image **out, const struct process_image *image);
struct process_image *process_image_ref(struct process_image *image); /* NULL is fine */
void process_image_unref(struct process_image *image);		      /* NULL is fine */
