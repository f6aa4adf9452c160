/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's configuration. In: directories and files of this machine, the environment, the
 * command line; a later one wins. Out: struct daemon_options with the place of each value, or all
 * mistakes at once. What the values do is not known here.
 *
 * A directory has one file for each option: its name is the option's, its content without white
 * space around it the value. Left out are names that begin with a dot (the links of a mounted
 * ConfigMap) and what package managers and editors leave beside a file.
 */
#pragma once

#include "daemon/daemon_options.h"
#include "daemon/upstream_flags.h"

/* The largest object that Kubernetes' store takes; nobody writes more by hand. */
#define CONFIG_FILE_BYTES_MAX (1U << 20)
/* Of a directory. There are some hundred options. */
#define CONFIG_ENTRIES_MAX	  1024
#define CONFIG_ENVIRONMENT_PREFIX "TETRAGON_"

/* From low to high; NULL: there is none. What does not exist is not missed. */
struct config_paths {
	const char *vendor_directories[2];
	const char *files[2]; /* YAML; only the first that exists is read */
	const char *directory;
};

/* Upstream's, with ./tetragon.yaml among them: it must belong to the agent's user or to root. */
extern const struct config_paths config_standard_paths;

struct config_inputs {
	int argc; /* without the program's name */
	char *const *argv;
	char *const *environment;
	const struct config_paths *paths;
};

struct config {
	struct config_inputs inputs;
	struct options *flags;
	struct daemon_options values;
	struct upstream_values upstream;
	/* Lines for people; none of them stops the agent. */
	struct diag warnings, remarks;
};

/*
 * Reads all sources. With --help, --version or --generate-docs only the command line: they work
 * whatever the files hold. What INPUTS points to outlives the configuration, which can be read
 * again by it. -EINVAL: mistakes in DIAG.
 */
int config_new(struct config **out, const struct config_inputs *inputs, struct diag *diag);
void config_free(struct config *config);

/* Appends all values with their sources: YAML that the agent reads as tetragon.yaml, or JSON. */
void config_print(const struct config *config, struct buf *out);
int config_print_json(const struct config *config, struct buf *out);
/* Appends the table of flags as YAML, for documents. */
void config_print_table(const struct config *config, struct buf *out);

static inline void cleanup_config(struct config **config)
{
	config_free(*config);
}

#define _cleanup_config_ _cleanup_(cleanup_config)
