/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds files and names in a FileDescriptorSet without unfolding it
 * (google/protobuf/descriptor.proto has the field numbers). In: the bytes that protoc wrote, and a
 * name. Out: the bytes of the file that has it. Broken bytes have nothing.
 */
#pragma once

#include "base/span.h"

/* The file of that name ("tetragon/events.proto"), or the one that declares SYMBOL
 * ("tetragon.Process.pid"). No data: there is none. */
struct span descriptor_set_find_file(struct span set, const char *name);
struct span descriptor_set_find_symbol(struct span set, const char *symbol);
