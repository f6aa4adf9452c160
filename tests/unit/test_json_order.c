/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON form against the .proto files themselves: protobuf-c sorts fields by number and keeps no
 * mark of maps, so that both are told by rules; this holds the rules against what is declared,
 * message by message.
 */
#include "event/json.h"

#include "event/json_schema.h"

#include "fill_message.h"

#include <jansson.h>

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { FIELDS_MAX = 2048, NAME_BYTES = 96, DEPTH_MAX = 8 };

struct declared_field {
	char message[NAME_BYTES]; /* with the package */
	char name[NAME_BYTES];
	bool is_map;
	bool is_seen; /* in JSON */
};

struct declaration {
	struct declared_field fields[FIELDS_MAX];
	size_t count;
	/* While a file is read: open blocks, each with its name; "" for a oneof or an enum. */
	char blocks[DEPTH_MAX][NAME_BYTES];
	size_t depth;
};

static void add_field(struct declaration *declaration, const char *name, bool is_map)
{
	struct declared_field *field = &declaration->fields[declaration->count++];
	size_t bytes = 0;

	assert_true(declaration->count < FIELDS_MAX);
	bytes = (size_t)snprintf(field->message, sizeof(field->message), "tetragon");
	for (size_t i = 0; i < declaration->depth; i++) {
		if (declaration->blocks[i][0])
			bytes += (size_t)snprintf(field->message + bytes,
						  sizeof(field->message) - bytes, ".%s",
						  declaration->blocks[i]);
	}
	snprintf(field->name, sizeof(field->name), "%s", name);
	field->is_map = is_map;
}

static void open_block(struct declaration *declaration, const char *name)
{
	assert_true(declaration->depth < DEPTH_MAX);
	snprintf(declaration->blocks[declaration->depth++], NAME_BYTES, "%s", name);
}

/* One line of a .proto file in the one style that these files have. */
static void read_line(struct declaration *declaration, const char *line)
{
	char type[NAME_BYTES], name[NAME_BYTES];
	unsigned int number;

	if (sscanf(line, " message %95[A-Za-z0-9] {", name) == 1) {
		open_block(declaration, name);
		if (strchr(line, '}'))
			declaration->depth--;
	} else if (strchr(line, '{')) {
		open_block(declaration, "");
	} else if (strchr(line, '}')) {
		assert_true(declaration->depth > 0);
		declaration->depth--;
	} else if (sscanf(line, " map<%95[^>]> %95[A-Za-z0-9_] = %u", type, name, &number) == 3) {
		add_field(declaration, name, true);
	} else if (sscanf(line, " repeated %95s %95s = %u", type, name, &number) == 3 ||
		   sscanf(line, " optional %95s %95s = %u", type, name, &number) == 3 ||
		   sscanf(line, " %95s %95s = %u", type, name, &number) == 3) {
		if (declaration->depth)
			add_field(declaration, name, false);
	}
}

static void read_proto_file(struct declaration *declaration, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *comment = strstr(line, "//");

		if (comment)
			*comment = '\0';
		read_line(declaration, line);
	}
	fclose(file);
	assert_int_equal(declaration->depth, 0);
}

static int read_proto_files(void **state)
{
	static struct declaration declaration;
	DIR *folder = opendir(PROTO_DIR);
	struct dirent *entry;

	if (!folder)
		return -1;
	while ((entry = readdir(folder))) {
		char path[512];
		size_t bytes = strlen(entry->d_name);

		if (bytes < 6 || strcmp(entry->d_name + bytes - 6, ".proto") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", PROTO_DIR, entry->d_name);
		read_proto_file(&declaration, path);
	}
	closedir(folder);
	*state = &declaration;
	return declaration.count ? 0 : -1;
}

/* Where a field stands among all that are declared; fails the test when it is none. */
static size_t place_of(const struct declaration *declaration, const char *message, const char *name)
{
	for (size_t i = 0; i < declaration->count; i++) {
		if (!strcmp(declaration->fields[i].message, message) &&
		    !strcmp(declaration->fields[i].name, name))
			return i;
	}
	fail_msg("no .proto file declares field \"%s\" of \"%s\"", name, message);
	return 0;
}

static bool is_declared_here(const ProtobufCMessageDescriptor *type)
{
	size_t bytes = strlen(type->name);
	bool is_entry = bytes > 5 && !strcmp(type->name + bytes - 5, "Entry") &&
			type->n_fields == 2 && strcmp(type->fields[0].name, "key") == 0;

	return !strncmp(type->name, "tetragon.", 9) && !is_entry;
}

static void check_order(struct declaration *declaration, const ProtobufCMessageDescriptor *type,
			unsigned int member)
{
	ProtobufCMessage *message = fill_message(type, member);
	_cleanup_buf_ struct buf out = {};
	size_t last = 0, place;
	const char *key;
	json_t *json, *value;

	json_add_message(&out, message);
	assert_false(out.failed);
	json = json_loadb(out.data, out.bytes, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	json_object_foreach(json, key, value)
	{
		place = place_of(declaration, type->name, key);
		if (place < last)
			fail_msg("\"%s\" of \"%s\" comes too late", key, type->name);
		last = place;
		declaration->fields[place].is_seen = true;
	}
	json_decref(json);
	protobuf_c_message_free_unpacked(message, NULL);
}

static void writes_each_field_of_the_api_in_the_order_of_declaration(void **state)
{
	const ProtobufCMessageDescriptor *types[FILL_TYPES_MAX];
	struct declaration *declaration = *state;
	unsigned int count = fill_all_types(types);

	for (unsigned int i = 0; i < count; i++) {
		if (!is_declared_here(types[i]))
			continue;
		for (unsigned int member = 0; member < fill_member_count(types[i]); member++)
			check_order(declaration, types[i], member);
	}
	for (size_t i = 0; i < declaration->count; i++) {
		if (!declaration->fields[i].is_seen)
			fail_msg("field \"%s\" of \"%s\" was never written",
				 declaration->fields[i].name, declaration->fields[i].message);
	}
}

static void tells_maps_from_other_lists(void **state)
{
	const ProtobufCMessageDescriptor *types[FILL_TYPES_MAX];
	struct declaration *declaration = *state;
	unsigned int count = fill_all_types(types);
	unsigned int maps = 0;

	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int k = 0; is_declared_here(types[i]) && k < types[i]->n_fields;
		     k++) {
			const ProtobufCFieldDescriptor *field = &types[i]->fields[k];
			size_t place = place_of(declaration, types[i]->name, field->name);

			assert_int_equal(json_field_is_map(field),
					 declaration->fields[place].is_map);
			maps += declaration->fields[place].is_map;
		}
	}
	assert_true(maps >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_each_field_of_the_api_in_the_order_of_declaration),
		cmocka_unit_test(tells_maps_from_other_lists),
	};

	return cmocka_run_group_tests(tests, read_proto_files, NULL);
}
