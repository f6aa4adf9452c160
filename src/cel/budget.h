/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of expressions, each with its reason. */
#pragma once

enum {
	/* Long enough for a list of a thousand paths; reading it takes a few milliseconds. */
	CEL_TEXT_BYTES_MAX = 64 * 1024,
	/* Parentheses, calls and macros inside each other: nobody reads more, and each is a frame
	 * of the parser. The language definition asks for 32. */
	CEL_NESTING_MAX = 64,
	/* How deep the tree may be: a chain of "+" is as deep as it is long, and each level is a
	 * frame, of some 300 bytes, of everything that walks the tree. */
	CEL_DEPTH_MAX = 400,
	/* Mistakes told of one expression: the first is the one that people mend. */
	CEL_MISTAKES_MAX = 8,
	/* What the tree, its constants and types may take: 500 bytes for each of the nodes that the
	 * longest text can have would be more, but such a text is no filter. */
	CEL_PROGRAM_BYTES_MAX = 8 * 1024 * 1024,

	/* What one event may cost. A step is a node, an element, or 16 bytes of a text; ordinary
	 * filters take 10 to 100, and this many take about a millisecond. */
	CEL_STEPS_MAX = 100 * 1000,
	/* Texts and lists that are made for one event; the arguments of an event have at most 256
	   KiB. */
	CEL_EVALUATION_BYTES_MAX = 2 * 1024 * 1024,

	/* Patterns that are known only when an event is there: each is compiled, so the last few
	 * are kept. A compilation costs as much as this many steps. */
	CEL_PATTERNS_MAX = 8,
	CEL_PATTERN_BYTES_MAX = 4096,
	CEL_PATTERN_STEPS = 2000,

	/* A search with a pattern: at least so many steps; each of these nanoseconds is a step when
	 * it took longer than QUICK, but never more than MAX steps. So a hostile filter takes some
	 * five searches that the regex gives up, of 20 ms each, for one event. */
	CEL_SEARCH_STEPS = 50,
	CEL_SEARCH_QUICK_NS = 50 * 1000,
	CEL_SEARCH_STEPS_MAX = 20 * 1000,
	CEL_STEP_NS = 10,
};
