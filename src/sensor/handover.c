/* SPDX-License-Identifier: Apache-2.0 */
/* The file, and whether it is for us. */
#include "sensor/handover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "policy/rules.h"
#include "sensor/loss.h"
#include "wire/hook.h"

/* Texts of 4,096 policies, and what their bits mean. */
#define HANDOVER_BYTES_MAX (512ULL << 20)
#define HEX_DIGITS	   "0123456789abcdef"

/* Sizes of everything that both sides of the border share, and of what agents leave as bytes,
 * behind the number that is raised when their meaning changes. */
static void handover_get_border(char out[160])
{
	snprintf(out, 160, "%u/%zu-%zu-%zu-%zu-%zu-%zu-%zu/%zu-%zu-%zu/%zu-%zu/%d-%d-%d-%d",
		 WIRE_BORDER, sizeof(struct wire_header), sizeof(struct wire_exec),
		 sizeof(struct wire_fork), sizeof(struct wire_exit), sizeof(struct wire_data),
		 sizeof(struct wire_process), sizeof(struct wire_ring_state),
		 sizeof(struct wire_hook_event), sizeof(struct wire_hook_config),
		 sizeof(struct wire_parked_call), sizeof(struct rules_member), loss_get_cpu_bytes(),
		 WIRE_RECORD_KINDS, WIRE_DROP_REASONS, WIRE_MARKS_MAX, WIRE_SYSCALLS_MAX);
}

int handover_new(struct handover **out, const char *bpf_directory, struct diag *diag)
{
	_cleanup_(cleanup_handover) struct handover *handover = calloc(1, sizeof(*handover));
	char border[160];
	int error;

	if (!handover)
		return -ENOMEM;
	handover_get_border(border);
	handover->root = json_pack("{s:s, s:s}", "border", border, "version", TETRAD_VERSION);
	if (!handover->root)
		return -ENOMEM;
	error = pins_open(&handover->pins, bpf_directory, true, diag);
	if (error)
		return error;
	pins_remove(handover->pins); /* of one that went before and was not taken over */
	*out = TAKE_PTR(handover);
	return 0;
}

static int handover_judge(const struct handover *handover, const char *path, struct diag *diag)
{
	const char *theirs = handover_get_text(handover->root, "border");
	char ours[160];

	handover_get_border(ours);
	if (!handover->root)
		diag_add(diag, "what an earlier agent left in \"%s\" has no readable \"%s\"",
			 pins_get_path(handover->pins), path);
	else if (strcmp(ours, theirs) != 0)
		diag_add(diag,
			 "what version %s left attached cannot be taken over by version %s: its "
			 "records have another form",
			 handover_get_text(handover->root, "version"), TETRAD_VERSION);
	else
		return 0;
	return -ESTALE;
}

int handover_read(struct handover **out, const char *bpf_directory, const char *path,
		  struct diag *diag)
{
	_cleanup_(cleanup_handover) struct handover *handover = calloc(1, sizeof(*handover));
	_cleanup_diag_ struct diag ignored = {};
	struct stat status;
	int error;

	*out = NULL;
	if (!handover)
		return -ENOMEM;
	/* without a BPF file system nothing was left on one */
	if (pins_open(&handover->pins, bpf_directory, false, &ignored) ||
	    !pins_exist(handover->pins))
		return 0;
	if (stat(path, &status) == 0 && (uint64_t)status.st_size <= HANDOVER_BYTES_MAX)
		handover->root = json_load_file(path, 0, NULL);
	error = handover_judge(handover, path, diag);
	*out = TAKE_PTR(handover);
	return error;
}

int handover_write(const struct handover *handover, const char *path, struct diag *diag)
{
	_cleanup_free_ char *text = json_dumps(handover->root, JSON_COMPACT);
	int error = text ? file_replace(path, 0600, span_of(text)) : -ENOMEM;

	if (error) {
		diag_add(diag, "cannot write \"%s\": %s", path, strerror(-error));
		unlink(path);
	}
	return error;
}

void handover_free(struct handover *handover)
{
	if (!handover)
		return;
	json_decref(handover->root);
	pins_close(handover->pins);
	free(handover);
}

void handover_set_bytes(json_t *object, const char *name, const void *data, size_t bytes)
{
	_cleanup_free_ char *text = malloc(2 * bytes + 1);
	const uint8_t *from = data;

	if (!text)
		return;
	for (size_t i = 0; i < bytes; i++) {
		text[2 * i] = HEX_DIGITS[from[i] >> 4];
		text[2 * i + 1] = HEX_DIGITS[from[i] & 15];
	}
	json_object_set_new(object, name, json_stringn(text, 2 * bytes));
}

bool handover_get_bytes(const json_t *object, const char *name, void *data, size_t bytes)
{
	const char *text = handover_get_text(object, name);
	uint8_t *to = data;

	if (strlen(text) != 2 * bytes || strspn(text, HEX_DIGITS) != 2 * bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)((strchr(HEX_DIGITS, text[2 * i]) - HEX_DIGITS) << 4 |
				  (strchr(HEX_DIGITS, text[2 * i + 1]) - HEX_DIGITS));
	return true;
}
