/* SPDX-License-Identifier: Apache-2.0 */
/* A serialized google.protobuf.FileDescriptorSet with all files of the API and those that they
 * import. */
#pragma once

#include <stddef.h>
#include <stdint.h>

extern const uint8_t proto_descriptors[];
extern const size_t proto_descriptors_bytes;
