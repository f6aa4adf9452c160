/* SPDX-License-Identifier: Apache-2.0 */
/* The .proto files of all services as protoc describes them: bytes of a FileDescriptorSet. In: what
 * ./generate wrote. Out: read-only data that takes no memory until somebody reads it. */
#include "descriptors.h"

const uint8_t proto_descriptors[] = {
#include "descriptors.inc"
};
const size_t proto_descriptors_bytes = sizeof(proto_descriptors);
