/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the manual page of tetrad, made from the daemon's own table of flags. */
#include <stdio.h>

#include "base/manual.h"
#include "daemon/daemon_options.h"

static void manual_visit(void *context, const struct option_row *row, const char *value,
			 const char *source)
{
	manual_add_option(context, row);
}

static void manual_add_page(struct buf *out, const struct options *options)
{
	manual_add_title(out, "tetrad", "8", "kernel security monitor on eBPF");
	manual_add_heading(out, "SYNOPSIS");
	buf_add_text(out, "\\fBtetrad\\fR [\\fIFLAGS\\fR]\n");
	manual_add_heading(out, "DESCRIPTION");
	manual_add_text(
		out, "tetrad sees processes start and end, and what policies ask for: calls of\n"
		     "kernel functions, with their arguments. It tells of them as JSON lines in a\n"
		     "file and over gRPC, and it can stop what a policy forbids. It runs as root.\n"
		     "\n"
		     "It is also installed as tetragon, the name of the program whose flags,\n"
		     "policies and events it takes over.\n");
	manual_add_heading(out, "OPTIONS");
	options_visit(options, manual_visit, out);
	manual_add_heading(out, "SIGNALS");
	buf_add_text(out, ".TP\nSIGHUP\n");
	manual_add_text(out, "Opens the event file anew.\n");
	buf_add_text(out, ".TP\nSIGTERM, SIGINT\n");
	manual_add_text(out, "Detaches from the kernel, writes what is still waiting, ends.\n");
	buf_add_text(out, ".TP\nSIGUSR2\n");
	manual_add_text(out, "Ends, and leaves what is attached to the next agent.\n");
	manual_add_heading(out, "SEE ALSO");
	buf_add_text(out, "\\fBtetra\\fR(1)\n");
}

int main(void)
{
	struct daemon_options values = {};
	struct options *options = NULL;
	_cleanup_buf_ struct buf text = {};

	if (options_new(&options) || daemon_options_add_table(options, &values))
		return 1;
	manual_add_page(&text, options);
	options_free(options);
	return text.failed || fwrite(text.data, 1, text.bytes, stdout) != text.bytes;
}
