/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over stored inputs, as an ordinary test. In: folders on the command line. Out:
 * the count of files; exit status 1 when there were none or one cannot be read, 2 for wrong usage.
 * A target that finds something aborts; the file that it was given was named before.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs that a fuzzer keeps are small; a larger file is no input. */
#define INPUT_BYTES_MAX (64u * 1024 * 1024)

static void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static void cleanup_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* 1: ran; 0: not a file; negative errno. */
static int run_file(const char *path)
{
	_cleanup_(cleanup_file) FILE *file = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	struct stat info;
	size_t bytes;

	if (stat(path, &info))
		return -errno;
	if (!S_ISREG(info.st_mode))
		return 0;
	if (info.st_size > (off_t)INPUT_BYTES_MAX)
		return -EFBIG;
	bytes = (size_t)info.st_size;
	/* Exactly as large as the input, so that a sanitizer sees reads beyond it. */
	data = malloc(bytes ? bytes : 1);
	if (!data)
		return -ENOMEM;
	file = fopen(path, "r");
	if (!file || fread(data, 1, bytes, file) != bytes)
		return file ? -EIO : -errno;
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, bytes);
	return 1;
}

static int run_folder(const char *path, unsigned int *count)
{
	_cleanup_(cleanup_folder) DIR *folder = opendir(path);
	const struct dirent *entry;

	if (!folder) {
		fprintf(stderr, "cannot read folder \"%s\": %s\n", path, strerror(errno));
		return -errno;
	}
	while ((entry = readdir(folder))) {
		_cleanup_free_ char *file = NULL;
		int r = asprintf(&file, "%s/%s", path, entry->d_name);

		if (r < 0) {
			file = NULL;
			return -ENOMEM;
		}
		r = run_file(file);
		if (r < 0) {
			fprintf(stderr, "cannot read \"%s\": %s\n", file, strerror(-r));
			return r;
		}
		*count += (unsigned int)r;
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int count = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		if (run_folder(argv[i], &count))
			return 1;
	}
	if (!count) {
		fprintf(stderr, "no files in \"%s\"; a corpus has at least one\n", argv[1]);
		return 1;
	}
	printf("%u inputs\n", count);
	return 0;
}
