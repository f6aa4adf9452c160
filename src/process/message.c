/* SPDX-License-Identifier: Apache-2.0 */
/* Fills Process messages. Only what is asked for is initialised: this runs twice for each event. */
#include "process/message.h"

#include "base/base64.h"
#include "base/clock.h"

/* Digits of VALUE before END; where they start. */
static char *number_before(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}

/* base64 of "<node>:<time>:<pid>"; without a time it is "<node>:1:0", as upstream names the
 * unknown. */
static char *process_format_exec_id(struct process_exec_id *out, const struct wire_process_id *id,
				    const char *node_name)
{
	char text[PROCESS_NODE_BYTES_MAX + 2 * 21];
	char digits[2 * 21];
	char *end = digits + sizeof(digits);
	bool is_known = id->exec_ns != 0;
	char *start = number_before(end, is_known ? id->pid : 0);
	size_t node_bytes = strlen(node_name);

	*--start = ':';
	start = number_before(start, is_known ? id->exec_ns : 1);
	*--start = ':';
	memcpy(text, node_name, node_bytes);
	memcpy(text + node_bytes, start, (size_t)(end - start));
	*base64_write(out->text, text, node_bytes + (size_t)(end - start)) = '\0';
	out->id = *id;
	return out->text;
}

static char *process_fill_exec_id(struct process_exec_id *out, const struct wire_process_id *id,
				  const char *node_name)
{
	if (out->text[0] && out->id.exec_ns == id->exec_ns && out->id.pid == id->pid)
		return out->text;
	return process_format_exec_id(out, id, node_name);
}

#define PROCESS_FLAG(name, bit, word) { 1U << (bit), word },
static const struct {
	uint32_t flag;
	const char *word;
} process_flag_words[] = {
#include "wire/process_flags.def"
};
#undef PROCESS_FLAG

static void process_format_flags(char out[PROCESS_FLAGS_BYTES], uint32_t flags)
{
	char *at = out;

	for (size_t i = 0; i < sizeof(process_flag_words) / sizeof(process_flag_words[0]); i++) {
		if (!(flags & process_flag_words[i].flag))
			continue;
		if (at != out)
			*at++ = ' ';
		at = stpcpy(at, process_flag_words[i].word);
	}
	*at = '\0';
}

void process_message_set_time(Google__Protobuf__Timestamp *out, uint64_t wall_ns)
{
	google__protobuf__timestamp__init(out);
	out->seconds = (int64_t)(wall_ns / CLOCK_NS_PER_SECOND);
	out->nanos = (int32_t)(wall_ns % CLOCK_NS_PER_SECOND);
}

static Tetragon__Namespaces *fill_namespaces(struct process_message *out, const uint32_t *numbers,
					     const uint32_t *host)
{
	Tetragon__Namespaces *message = &out->namespaces;
	Tetragon__Namespace *list = out->namespace_list;

	for (int i = 0; i < WIRE_NAMESPACES; i++) {
		tetragon__namespace__init(&list[i]);
		list[i].inum = numbers[i];
		list[i].is_host = numbers[i] == host[i];
	}
	tetragon__namespaces__init(message);
	message->uts = &list[WIRE_NS_UTS];
	message->ipc = &list[WIRE_NS_IPC];
	message->mnt = &list[WIRE_NS_MNT];
	message->pid = &list[WIRE_NS_PID];
	message->pid_for_children = &list[WIRE_NS_PID_FOR_CHILDREN];
	message->net = &list[WIRE_NS_NET];
	message->time = &list[WIRE_NS_TIME];
	message->time_for_children = &list[WIRE_NS_TIME_FOR_CHILDREN];
	message->cgroup = &list[WIRE_NS_CGROUP];
	message->user = &list[WIRE_NS_USER];
	return message;
}

static size_t fill_privilege_changes(Tetragon__ProcessPrivilegesChanged *out,
				     const struct process_image *image)
{
	size_t count = 0;

	if (image->privileges & WIRE_PRIVILEGES_FILE_CAPS)
		out[count++] =
			TETRAGON__PROCESS_PRIVILEGES_CHANGED__PRIVILEGES_RAISED_EXEC_FILE_CAP;
	if ((image->privileges & WIRE_PRIVILEGES_SETUID) && image->credentials.euid == 0)
		out[count++] =
			TETRAGON__PROCESS_PRIVILEGES_CHANGED__PRIVILEGES_RAISED_EXEC_FILE_SETUID;
	if ((image->privileges & WIRE_PRIVILEGES_SETGID) && image->credentials.egid == 0)
		out[count++] =
			TETRAGON__PROCESS_PRIVILEGES_CHANGED__PRIVILEGES_RAISED_EXEC_FILE_SETGID;
	return count;
}

/* NULL: nothing about the file is worth telling. */
static Tetragon__BinaryProperties *fill_binary(struct process_binary_message *out,
					       const struct process_image *image)
{
	Tetragon__BinaryProperties *message = &out->message;
	bool has_name = image->file_links || !image->file_inode;

	if (has_name && !image->privileges)
		return NULL;
	tetragon__binary_properties__init(message);
	if (image->privileges & WIRE_PRIVILEGES_SETUID)
		message->setuid = uint32_message_fill(&out->setuid, image->credentials.euid);
	if (image->privileges & WIRE_PRIVILEGES_SETGID)
		message->setgid = uint32_message_fill(&out->setgid, image->credentials.egid);
	message->privileges_changed = out->changes;
	message->n_privileges_changed = fill_privilege_changes(out->changes, image);
	if (has_name)
		return message;
	tetragon__inode_properties__init(&out->inode);
	out->inode.number = image->file_inode;
	out->inode.links = uint32_message_fill(&out->links, image->file_links);
	tetragon__file_properties__init(&out->file);
	out->file.inode = &out->inode;
	out->file.path = (char *)image->file_path;
	message->file = &out->file;
	return message;
}

static void fill_variables(struct process_message *out, const struct process_image *image)
{
	struct process_variables_message *list = out->variables;

	for (uint32_t i = 0; i < image->variable_count; i++) {
		tetragon__env_var__init(&list->messages[i]);
		list->messages[i].key = (char *)image->variables[i].name;
		list->messages[i].value = (char *)image->variables[i].value;
		list->pointers[i] = &list->messages[i];
	}
	out->process.environment_variables = list->pointers;
	out->process.n_environment_variables = image->variable_count;
}

static void fill_image(struct process_message *out, const struct process_image *image,
		       const struct process_message_options *options)
{
	Tetragon__Process *message = &out->process;

	message->uid = uint32_message_fill(&out->uid, image->credentials.euid);
	message->auid = uint32_message_fill(&out->auid, image->login_uid);
	message->cwd = (char *)image->cwd;
	message->binary = (char *)image->binary;
	message->arguments = (char *)image->arguments;
	message->docker = (char *)image->container_id;
	if (image->executable)
		message->executable = (char *)image->executable;
	if (image->user[0]) {
		tetragon__user_record__init(&out->user);
		out->user.name = (char *)image->user;
		message->user = &out->user;
	}
	if (options->with_credentials) {
		message->cap = capabilities_message_fill(&out->capabilities, &image->credentials);
		message->process_credentials =
			credentials_message_fill(&out->credentials, &image->credentials);
	}
	if (options->with_namespaces)
		message->ns = fill_namespaces(out, image->namespaces, options->host_namespaces);
	if (out->variables)
		fill_variables(out, image);
}

/* What is known of any process, even one that is only a number. */
static void fill_identity(struct process_message *out, const struct wire_process_id *id,
			  uint64_t start_wall_ns, const struct process_message_options *options)
{
	Tetragon__Process *message = &out->process;

	tetragon__process__init(message);
	message->exec_id = process_fill_exec_id(&out->exec_id, id, options->node_name);
	message->pid = uint32_message_fill(&out->pid, id->pid);
	process_message_set_time(&out->start_time, start_wall_ns);
	message->start_time = start_wall_ns ? &out->start_time : NULL;
}

void process_message_fill(struct process_message *out, const struct process *process,
			  const struct process_message_options *options, bool exec)
{
	Tetragon__Process *message = &out->process;

	fill_identity(out, &process->id, process->start_wall_ns, options);
	message->parent_exec_id =
		process_fill_exec_id(&out->parent_exec_id, &process->parent, options->node_name);
	message->tid = uint32_message_fill(&out->tid, process->tid);
	message->refcnt = process->refs;
	google__protobuf__bool_value__init(&out->in_init_tree);
	out->in_init_tree.value = (process->flags & WIRE_PROCESS_IN_INIT_TREE) != 0;
	message->in_init_tree = &out->in_init_tree;
	process_format_flags(out->flags, process->flags);
	message->flags = out->flags;
	if (!process->image)
		return;
	fill_image(out, process->image, options);
	if (exec && options->with_credentials)
		message->binary_properties = fill_binary(&out->binary, process->image);
}

void process_message_fill_unknown(struct process_message *out, const struct wire_process_id *id,
				  uint64_t start_wall_ns,
				  const struct process_message_options *options)
{
	fill_identity(out, id, start_wall_ns, options);
	out->process.flags = (char *)"unknown";
}
