/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML or JSON document as a tree in which every node knows its place. In: a source. Out: nodes,
 * with aliases and merge keys resolved, and a finding for each mistake of form. What the nodes mean
 * is not looked at here.
 *
 * Aliases share the node that they name, so the tree is small whatever it expands to; a document
 * that expands to more than TREE_NODES_MAX nodes is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "policy/report.h"
#include "policy/scalar.h"
#include "policy/source.h"

/* Sixteen lists of as many values as one entry may have; about 24 MiB while it is read. */
#define TREE_NODES_MAX (256u * 1024)
/* A policy needs 12 levels; metadata of Kubernetes some more. */
#define TREE_DEPTH_MAX 64u
/* Nobody names more parts of a file; and looking one up stays cheap. */
#define TREE_ANCHORS_MAX 1024u

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree;

struct tree_entry {
	const struct tree *key; /* NULL in lists */
	const struct tree *value;
};

struct tree {
	enum tree_kind kind;
	struct place place; /* of a collection: its first token */
	/* Scalars. */
	struct scalar scalar; /* of a quoted one: SCALAR_TEXT */
	struct span text;     /* without quotes and escapes; NUL-terminated */
	/* Lists and maps, in the order of the text. */
	const struct tree_entry *entries;
	size_t count;
	/* With all aliases expanded. */
	unsigned int nodes;  /* this one and all below */
	unsigned int levels; /* 1: nothing below */
};

/*
 * The first document of the source. -EINVAL: there were findings; what could be read up to an error
 * of syntax is dropped. -ENOMEM: the arena ended.
 */
int tree_read(const struct source *source, struct arena *arena, struct report *report,
	      const struct tree **out);

/* "a list", "a number": for messages. */
const char *tree_get_kind_words(const struct tree *tree);
