/* SPDX-License-Identifier: Apache-2.0 */
/* Functions (symbol tables) and static probes (.note.stapsdt) of an ELF file, which may be
 * anyone's: libelf checks its form, and counts are bounded here. */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/generate.h"
#include "policy/limits.h"
#include "policy/source.h"

enum {
	STAPSDT_TYPE = 3,	       /* NT_STAPSDT, <sys/sdt.h> */
	PROBES_MAX = POLICY_ITEMS_MAX, /* a policy may not have more hooks */
	/* Sections may lie upon each other, so that a small file has any number of entries. */
	SYMBOLS_MAX = 1 << 24, /* of the largest programs, a tenth */
	NOTES_MAX = 1 << 16,
	NAMES_BYTES_MAX = 8 * SOURCE_BYTES_MAX /* most are there twice; more fit no policy */
};

struct elf_file {
	Elf *elf;
	int fd;
	char *path;	 /* owned; from the root: the agent is elsewhere */
	struct buf seen; /* names, each ended by a NUL */
	const char **names;
	size_t count;
	size_t entries;	  /* that were looked at */
	bool is_too_much; /* one of the limits above */
};

static void elf_file_done(struct elf_file *file)
{
	elf_end(file->elf);
	cleanup_close(&file->fd);
	buf_done(&file->seen);
	free(file->names);
	free(file->path);
}

/* False: no such file, or it is none; said then. */
static bool elf_file_open(struct elf_file *file, const char *path)
{
	char room[CLI_ERROR_BYTES];

	if (!*path) {
		cli_complain("which file is not said; give --binary FILE");
		return false;
	}
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file->fd < 0) {
		cli_complain("cannot read \"%s\": %s", path, cli_error_text(errno, room));
		return false;
	}
	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	file->path = realpath(path, NULL);
	if (file->path && file->elf && elf_kind(file->elf) == ELF_K_ELF)
		return true;
	cli_complain("\"%s\" is no ELF file; want an executable or a library", path);
	return false;
}

typedef void (*elf_section_fn)(struct elf_file *file, Elf_Data *data, const GElf_Shdr *header);

static void elf_visit_sections(struct elf_file *file, uint32_t type, elf_section_fn function)
{
	Elf_Scn *section = NULL;

	while (!file->is_too_much && (section = elf_nextscn(file->elf, section)) != NULL) {
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != type)
			continue;
		data = elf_getdata(section, NULL);
		if (data && data->d_buf)
			function(file, data, &header);
	}
}

/* ---- functions ------------------------------------------------------------------------------ */

/* "+" and "@" separate offsets and versions. */
static bool name_can_be_hooked(const char *name)
{
	return generate_is_name(name) && !strpbrk(name, "+@");
}

static void elf_collect_symbols(struct elf_file *file, Elf_Data *data, const GElf_Shdr *header)
{
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; i < count && i <= INT32_MAX && !file->is_too_much; i++) {
		GElf_Sym symbol;
		const char *name;

		file->is_too_much =
			++file->entries > SYMBOLS_MAX || file->seen.bytes > NAMES_BYTES_MAX;
		if (!gelf_getsym(data, (int)i, &symbol) ||
		    GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(file->elf, header->sh_link, symbol.st_name);
		if (name && name_can_be_hooked(name))
			buf_add(&file->seen, name, strlen(name) + 1);
	}
}

static int names_compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorts the names that were seen, and drops those that both symbol tables have. */
static bool elf_sort_names(struct elf_file *file)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < file->seen.bytes; i += strlen(file->seen.data + i) + 1)
		count++;
	file->names = calloc(count + 1, sizeof(*file->names));
	if (!file->names || file->seen.failed)
		return false;
	for (size_t i = 0; i < file->seen.bytes; i += strlen(file->seen.data + i) + 1)
		file->names[file->count++] = file->seen.data + i;
	qsort(file->names, file->count, sizeof(*file->names), names_compare);
	for (size_t i = 0; i < file->count; i++) {
		if (!kept || strcmp(file->names[kept - 1], file->names[i]) != 0)
			file->names[kept++] = file->names[i];
	}
	file->count = kept;
	return true;
}

enum cli_exit generate_uprobes(const struct cli_settings *cli, const void *settings)
{
	const struct generate_settings *own = settings;
	_cleanup_(elf_file_done) struct elf_file file = { .fd = -1 };
	_cleanup_buf_ struct buf text = {};

	if (!elf_file_open(&file, own->binary))
		return *own->binary ? CLI_FAILED : CLI_USAGE;
	elf_visit_sections(&file, SHT_SYMTAB, elf_collect_symbols);
	elf_visit_sections(&file, SHT_DYNSYM, elf_collect_symbols);
	if (file.is_too_much) {
		cli_complain("\"%s\" names more functions than a policy can have", own->binary);
		return CLI_FAILED;
	}
	if (!elf_sort_names(&file)) {
		cli_complain("out of memory");
		return CLI_FAILED;
	}
	if (!file.count) {
		cli_complain("\"%s\" names no functions; was it stripped?", own->binary);
		return CLI_FAILED;
	}
	generate_add_head(&text, "uprobes");
	buf_add_text(&text, "spec:\n  uprobes:\n  - path: ");
	generate_add_quoted(&text, file.path);
	buf_add_text(&text, "\n    symbols:\n");
	for (size_t i = 0; i < file.count; i++) {
		buf_add_text(&text, "    - ");
		generate_add_quoted(&text, file.names[i]);
		buf_add_char(&text, '\n');
	}
	generate_add_selectors(&text, own);
	return generate_print(&text);
}

/* ---- static probes -------------------------------------------------------------------------- */

/* The text at *AT of a note that ends at END; NULL: it does not end there. *AT goes behind it. */
static const char *probe_take_text(const char **at, const char *end)
{
	const char *text = *at;
	const char *stop = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

	*at = stop ? stop + 1 : end;
	return stop;
}

/* Three addresses, then provider, name and arguments, each ended by a NUL. */
static void elf_add_probe(struct elf_file *file, const char *note, size_t bytes)
{
	size_t addresses = 3 * (gelf_getclass(file->elf) == ELFCLASS64 ? 8 : 4);
	const char *end = note + bytes;
	const char *at = note + (bytes < addresses ? bytes : addresses);
	const char *provider = at;
	const char *name;

	if (!probe_take_text(&at, end))
		return;
	name = at;
	if (!probe_take_text(&at, end) || !generate_is_name(provider) || !generate_is_name(name))
		return;
	for (size_t i = 0; i < file->seen.bytes;) {
		const char *old = file->seen.data + i;
		size_t old_bytes = strlen(old) + 1;

		/* One hook covers all places of a probe. */
		if (strcmp(old, provider) == 0 && strcmp(old + old_bytes, name) == 0)
			return;
		i += old_bytes + strlen(old + old_bytes) + 1;
	}
	if (file->count == PROBES_MAX) {
		file->is_too_much = true;
		return;
	}
	file->count++;
	buf_add(&file->seen, provider, strlen(provider) + 1);
	buf_add(&file->seen, name, strlen(name) + 1);
}

static void elf_collect_probes(struct elf_file *file, Elf_Data *data, const GElf_Shdr *header)
{
	size_t name_at, note_at, at = 0;
	GElf_Nhdr note;

	while (!file->is_too_much && (at = gelf_getnote(data, at, &note, &name_at, &note_at)) > 0) {
		file->is_too_much = ++file->entries > NOTES_MAX;
		if (note.n_type == STAPSDT_TYPE && note.n_namesz == sizeof("stapsdt") &&
		    memcmp((char *)data->d_buf + name_at, "stapsdt", sizeof("stapsdt")) == 0)
			elf_add_probe(file, (char *)data->d_buf + note_at, note.n_descsz);
	}
}

enum cli_exit generate_usdts(const struct cli_settings *cli, const void *settings)
{
	const struct generate_settings *own = settings;
	_cleanup_(elf_file_done) struct elf_file file = { .fd = -1 };
	_cleanup_buf_ struct buf text = {};

	if (!elf_file_open(&file, own->binary))
		return *own->binary ? CLI_FAILED : CLI_USAGE;
	elf_visit_sections(&file, SHT_NOTE, elf_collect_probes);
	if (!file.count) {
		cli_complain("\"%s\" has no static probes", own->binary);
		return CLI_FAILED;
	}
	if (file.is_too_much)
		cli_complain("\"%s\" has more static probes; the first %zu are in the policy",
			     own->binary, file.count);
	generate_add_head(&text, "usdts");
	buf_add_text(&text, "spec:\n  usdts:\n");
	for (size_t i = 0; i < file.seen.bytes;) {
		const char *provider = file.seen.data + i;
		const char *name = provider + strlen(provider) + 1;

		buf_add_text(&text, "  - path: ");
		generate_add_quoted(&text, file.path);
		buf_add_text(&text, "\n    provider: ");
		generate_add_quoted(&text, provider);
		buf_add_text(&text, "\n    name: ");
		generate_add_quoted(&text, name);
		buf_add_char(&text, '\n');
		generate_add_selectors(&text, own);
		i += strlen(provider) + strlen(name) + 2;
	}
	text.failed |= file.seen.failed;
	return generate_print(&text);
}
