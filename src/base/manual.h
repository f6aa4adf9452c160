/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manual pages in the macros of man(7). In: titles, paragraphs and tables of flags. Out: text for
 * groff and mandoc. What a page says is the caller's.
 */
#pragma once

#include "base/buf.h"
#include "base/options.h"

/* NAME: "tetra-status"; SECTION: "1"; ABOUT: one line. */
void manual_add_title(struct buf *out, const char *name, const char *section, const char *about);
void manual_add_heading(struct buf *out, const char *heading);
/* Lines of TEXT; an empty one, or none, ends a paragraph, one that begins with a space stands as it
 * is. */
void manual_add_text(struct buf *out, const char *text);
/* Lines that stand as they are. */
void manual_add_example(struct buf *out, const char *lines);
/* TEXT with all that would be a macro or an escape made harmless. */
void manual_add_escaped(struct buf *out, const char *text);
/* A flag with its help, nothing if it is hidden. */
void manual_add_option(struct buf *out, const struct option_row *row);
