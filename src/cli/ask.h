/* SPDX-License-Identifier: Apache-2.0 */
/* One question, one answer: what most commands about the agent do. */
#pragma once

#include "base/buf.h"
#include "cli/connect.h"

/* Connects and calls. False: no answer, and it was said why. OUT as of cli_call(). */
bool cli_ask(const struct cli_settings *cli, const struct cli_call *call, ProtobufCMessage **out);

enum { CLI_ERROR_BYTES = 96 };

/* What an errno says, in lower case; may use ROOM. */
const char *cli_error_text(int error, char room[CLI_ERROR_BYTES]);

/* Prints MESSAGE as a line of JSON. */
enum cli_exit cli_print_json(const ProtobufCMessage *message);
/* Prints TEXT, which may be none for lack of memory. */
enum cli_exit cli_print(const struct buf *text);
