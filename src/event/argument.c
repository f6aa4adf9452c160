/* SPDX-License-Identifier: Apache-2.0 */
/* One row per type, from wire/arg_types.def: what its class needs, and who fills its member. */
#include "event/argument_fill.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "event/abi.h"

const char argument_no_memory[] = "out of memory";
static const char argument_malformed[] = "malformed value";
static const char argument_not_collected[] = "not collected";

void argument_message_done(struct argument_message *message)
{
	buf_done(&message->text);
}

char *argument_set_text(struct argument_message *out, const char *prefix, struct span text)
{
	struct span shown = span_cut(&text, '\0');

	buf_reset(&out->text);
	buf_add_text(&out->text, prefix);
	utf8_add_valid(&out->text, shown.data, shown.bytes);
	buf_add_char(&out->text, '\0');
	return out->text.failed ? NULL : out->text.data;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* All are extended to 64 bits by whoever read them. */
static uint64_t number_of(const struct record_value *value)
{
	uint64_t number;

	memcpy(&number, value->bytes.data, sizeof(number));
	return number;
}

static const char *argument_fill_int_arg(struct argument_message *out,
					 const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_INT_ARG;
	out->argument.int_arg = (int32_t)number_of(value);
	return NULL;
}

static const char *argument_fill_uint_arg(struct argument_message *out,
					  const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_UINT_ARG;
	out->argument.uint_arg = (uint32_t)number_of(value);
	return NULL;
}

static const char *argument_fill_long_arg(struct argument_message *out,
					  const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_LONG_ARG;
	out->argument.long_arg = (int64_t)number_of(value);
	return NULL;
}

static const char *argument_fill_size_arg(struct argument_message *out,
					  const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SIZE_ARG;
	out->argument.size_arg = number_of(value);
	return NULL;
}

static const char *argument_fill_bpf_cmd_arg(struct argument_message *out,
					     const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_BPF_CMD_ARG;
	out->argument.bpf_cmd_arg = (Tetragon__BpfCmd)(int32_t)number_of(value);
	return NULL;
}

/* The API's names, which are the kernel's but for DAC_OVERRIDE. */
static const char *argument_fill_capability_arg(struct argument_message *out,
						const struct record_value *value)
{
	Tetragon__KprobeCapability *message = &out->capability.message;
	int32_t number = (int32_t)number_of(value);
	const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(
		&tetragon__capabilities_type__descriptor, number);

	tetragon__kprobe_capability__init(message);
	message->value = int32_message_fill(&out->capability.value, number);
	if (name)
		message->name = (char *)name->name;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_CAPABILITY_ARG;
	out->argument.capability_arg = message;
	return NULL;
}

static const char *argument_fill_syscall_id(struct argument_message *out,
					    const struct record_value *value)
{
	Tetragon__SyscallId *message = &out->syscall;
	uint32_t number = (uint32_t)number_of(value);

	tetragon__syscall_id__init(message);
	message->id = number & ~ABI_32_BIT_FLAG;
	message->abi = (char *)(number & ABI_32_BIT_FLAG ? ABI_32_BIT : ABI_NATIVE);
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SYSCALL_ID;
	out->argument.syscall_id = message;
	return NULL;
}

/* ---- capabilities and credentials ------------------------------------------------------------ */

static char *put_capability_digits(struct argument_message *out, const struct record_value *value)
{
	snprintf(out->capability_digits, sizeof(out->capability_digits), "%016" PRIx64,
		 number_of(value));
	return out->capability_digits;
}

static const char *argument_fill_kernel_cap_t_arg(struct argument_message *out,
						  const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_KERNEL_CAP_T_ARG;
	out->argument.kernel_cap_t_arg = put_capability_digits(out, value);
	return NULL;
}

static const char *argument_fill_cap_inheritable_arg(struct argument_message *out,
						     const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_CAP_INHERITABLE_ARG;
	out->argument.cap_inheritable_arg = put_capability_digits(out, value);
	return NULL;
}

static const char *argument_fill_cap_permitted_arg(struct argument_message *out,
						   const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_CAP_PERMITTED_ARG;
	out->argument.cap_permitted_arg = put_capability_digits(out, value);
	return NULL;
}

static const char *argument_fill_cap_effective_arg(struct argument_message *out,
						   const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_CAP_EFFECTIVE_ARG;
	out->argument.cap_effective_arg = put_capability_digits(out, value);
	return NULL;
}

static const char *argument_fill_process_credentials_arg(struct argument_message *out,
							 const struct record_value *value)
{
	struct argument_credentials *parts = &out->credentials;
	Tetragon__ProcessCredentials *message;
	struct wire_cred cred;

	memcpy(&cred, value->bytes.data, sizeof(cred));
	message = credentials_message_fill(&parts->credentials, &cred.credentials);
	message->caps = capabilities_message_fill(&parts->capabilities, &cred.credentials);
	message->user_ns =
		user_namespace_message_fill(&parts->user_namespace, &cred.user_namespace);
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_PROCESS_CREDENTIALS_ARG;
	out->argument.process_credentials_arg = message;
	return NULL;
}

static const char *argument_fill_user_ns_arg(struct argument_message *out,
					     const struct record_value *value)
{
	struct wire_user_namespace space;

	memcpy(&space, value->bytes.data, sizeof(space));
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_USER_NS_ARG;
	out->argument.user_ns_arg = user_namespace_message_fill(&out->user_namespace, &space);
	return NULL;
}

/* ---- texts and buffers ----------------------------------------------------------------------- */

static const char *argument_fill_string_arg(struct argument_message *out,
					    const struct record_value *value)
{
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_STRING_ARG;
	out->argument.string_arg = argument_set_text(out, "", value->bytes);
	return out->argument.string_arg ? NULL : argument_no_memory;
}

static void set_bytes(Tetragon__KprobeArgument *argument, struct span bytes)
{
	argument->arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_BYTES_ARG;
	argument->bytes_arg = (ProtobufCBinaryData){ bytes.bytes, (uint8_t *)bytes.data };
}

static const char *argument_fill_bytes_arg(struct argument_message *out,
					   const struct record_value *value)
{
	Tetragon__KprobeTruncatedBytes *message = &out->bytes;
	struct span bytes = value->bytes;
	struct wire_bytes head;

	memcpy(&head, bytes.data, sizeof(head));
	bytes.data += sizeof(head);
	bytes.bytes -= sizeof(head);
	if ((head.total > bytes.bytes) != (value->status == WIRE_VALUE_CUT))
		return argument_malformed;
	set_bytes(&out->argument, bytes);
	if (value->status == WIRE_VALUE_OK)
		return NULL;
	tetragon__kprobe_truncated_bytes__init(message);
	message->bytes_arg = out->argument.bytes_arg;
	message->orig_size = head.total;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_TRUNCATED_BYTES_ARG;
	out->argument.truncated_bytes_arg = message;
	return NULL;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* As ls -l; a mode without a known type has no letter for it. */
static char *put_permission(char out[ARGUMENT_PERMISSION_BYTES], uint32_t mode)
{
	static const char types[16] = { [S_IFIFO >> 12] = 'p', [S_IFCHR >> 12] = 'c',
					[S_IFDIR >> 12] = 'd', [S_IFBLK >> 12] = 'b',
					[S_IFREG >> 12] = '-', [S_IFLNK >> 12] = 'l',
					[S_IFSOCK >> 12] = 's' };
	static const struct {
		uint32_t bit;
		char executable, not_executable;
	} special[] = { { S_ISUID, 's', 'S' }, { S_ISGID, 's', 'S' }, { S_ISVTX, 't', 'T' } };
	char *at = out;

	if (types[(mode & S_IFMT) >> 12])
		*at++ = types[(mode & S_IFMT) >> 12];
	for (int i = 0; i < 3; i++) {
		uint32_t bits = mode >> (6 - 3 * i) & 7;

		*at++ = bits & 4 ? 'r' : '-';
		*at++ = bits & 2 ? 'w' : '-';
		if (mode & special[i].bit)
			*at++ = bits & 1 ? special[i].executable : special[i].not_executable;
		else
			*at++ = bits & 1 ? 'x' : '-';
	}
	*at = '\0';
	return out;
}

/* What the three messages of files have in common. */
struct file_texts {
	char *path; /* NULL: no memory */
	char *flags, *permission;
};

static struct file_texts put_file(struct argument_message *out, const struct record_value *value)
{
	struct span path = value->bytes;
	struct wire_file head;

	memcpy(&head, path.data, sizeof(head));
	path.data += sizeof(head);
	path.bytes -= sizeof(head);
	return (struct file_texts){
		.path = argument_set_text(out, "", path),
		.flags =
			(char *)(value->status == WIRE_VALUE_CUT ? "unresolvedPathComponents" : ""),
		.permission = put_permission(out->file.permission, head.mode),
	};
}

static const char *argument_fill_file_arg(struct argument_message *out,
					  const struct record_value *value)
{
	struct file_texts texts = put_file(out, value);
	Tetragon__KprobeFile *message = &out->file.file;

	tetragon__kprobe_file__init(message);
	message->path = texts.path;
	message->flags = texts.flags;
	message->permission = texts.permission;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_FILE_ARG;
	out->argument.file_arg = message;
	return texts.path ? NULL : argument_no_memory;
}

static const char *argument_fill_path_arg(struct argument_message *out,
					  const struct record_value *value)
{
	struct file_texts texts = put_file(out, value);
	Tetragon__KprobePath *message = &out->file.path;

	tetragon__kprobe_path__init(message);
	message->path = texts.path;
	message->flags = texts.flags;
	message->permission = texts.permission;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_PATH_ARG;
	out->argument.path_arg = message;
	return texts.path ? NULL : argument_no_memory;
}

static const char *argument_fill_linux_binprm_arg(struct argument_message *out,
						  const struct record_value *value)
{
	struct file_texts texts = put_file(out, value);
	Tetragon__KprobeLinuxBinprm *message = &out->file.binprm;

	tetragon__kprobe_linux_binprm__init(message);
	message->path = texts.path;
	message->flags = texts.flags;
	message->permission = texts.permission;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_LINUX_BINPRM_ARG;
	out->argument.linux_binprm_arg = message;
	return texts.path ? NULL : argument_no_memory;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* The kernel side does not read these yet. */
#define argument_fill_none	     NULL
#define argument_fill_bpf_attr_arg   NULL
#define argument_fill_bpf_map_arg    NULL
#define argument_fill_bpf_prog_arg   NULL
#define argument_fill_perf_event_arg NULL
#define argument_fill_module_arg     NULL

/* The fixed part that values of a class begin with. */
enum argument_class_bytes {
	BYTES_OF_NOTHING = 0,
	BYTES_OF_S8 = sizeof(uint64_t),
	BYTES_OF_S16 = sizeof(uint64_t),
	BYTES_OF_S32 = sizeof(uint64_t),
	BYTES_OF_S64 = sizeof(uint64_t),
	BYTES_OF_U8 = sizeof(uint64_t),
	BYTES_OF_U16 = sizeof(uint64_t),
	BYTES_OF_U32 = sizeof(uint64_t),
	BYTES_OF_U64 = sizeof(uint64_t),
	BYTES_OF_CAPABILITIES = sizeof(uint64_t),
	BYTES_OF_TEXT = 0,
	BYTES_OF_BYTES = sizeof(struct wire_bytes),
	BYTES_OF_FILE = sizeof(struct wire_file),
	BYTES_OF_SOCKET = sizeof(struct wire_socket),
	BYTES_OF_PACKET = sizeof(struct wire_packet),
	BYTES_OF_ADDRESS = sizeof(struct wire_address),
	BYTES_OF_UNIX_ADDRESS = sizeof(struct wire_unix_address),
	BYTES_OF_CREDENTIALS = sizeof(struct wire_cred),
	BYTES_OF_USER_NAMESPACE = sizeof(struct wire_user_namespace),
	BYTES_OF_BPF_ATTR = 0,
	BYTES_OF_BPF_MAP = 0,
	BYTES_OF_BPF_PROG = 0,
	BYTES_OF_PERF_EVENT = 0,
	BYTES_OF_MODULE = 0,
};

struct argument_row {
	argument_fill_fn *fill; /* NULL: not collected */
	size_t bytes_min;
};

static const struct argument_row argument_rows[] = {
#define ARG_TYPE(name, id, word, class, field, group) \
	[WIRE_ARG_##name] = { argument_fill_##field, BYTES_OF_##class },
#define ARG_TYPE_ALIAS(word, name)
#include "wire/arg_types.def"
#undef ARG_TYPE
#undef ARG_TYPE_ALIAS
};

/* NULL: there is a value to show. */
static const char *const argument_status_problems[] = {
	[WIRE_VALUE_OK] = NULL,
	[WIRE_VALUE_UNREADABLE] = "bad address",
	[WIRE_VALUE_CUT] = NULL,
	[WIRE_VALUE_NO_ROOM] = "no room in the record",
};

static const char *fill_value(struct argument_message *out, unsigned int type,
			      const struct record_value *value)
{
	static const char unreadable[] = "CharBufErrorPageFault";
	const struct argument_row *row = &argument_rows[WIRE_ARG_NOP];

	if (type < sizeof(argument_rows) / sizeof(argument_rows[0]))
		row = &argument_rows[type];
	if (!row->fill || !value->is_there)
		return argument_not_collected;
	if (row->fill == argument_fill_bytes_arg && value->status == WIRE_VALUE_UNREADABLE) {
		/* the API's word for it is older than error_arg */
		set_bytes(&out->argument, span_of(unreadable));
		return NULL;
	}
	if (argument_status_problems[value->status])
		return argument_status_problems[value->status];
	if (value->bytes.bytes < row->bytes_min)
		return argument_malformed;
	return row->fill(out, value);
}

void argument_fill(struct argument_message *out, enum wire_arg_type type,
		   const struct record_value *value, const char *label)
{
	const char *problem;

	tetragon__kprobe_argument__init(&out->argument);
	if (label)
		out->argument.label = (char *)label;
	problem = fill_value(out, type, value);
	if (!problem)
		return;
	tetragon__kprobe_error__init(&out->error);
	out->error.message = (char *)problem;
	out->argument.arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_ERROR_ARG;
	out->argument.error_arg = &out->error;
}
