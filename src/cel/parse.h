/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of the language. In: text. Out: a tree, in which macros are nodes of their own. What
 * names mean, and types, are not known here. */
#pragma once

#include "base/arena.h"
#include "cel/mistake.h"
#include "cel/node.h"

/* NULL: there was a mistake, or the arena ended. TEXT must live as long as the tree. */
struct cel_node *cel_parse_expression(struct arena *arena, struct cel_mistakes *mistakes,
				      struct span text);
