/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of IPv4 and IPv6, and networks. In: texts, values. Out: values, texts as of RFC 5952.
 * As in Kubernetes' library there are no zones, no IPv4 in IPv6 and no leading zeros.
 */
#pragma once

#include "cel/value.h"

bool cel_address_write(struct cel_eval *eval, const struct cel_value *from, struct cel_value *out);
bool cel_ip_read(struct span text, struct cel_value *out);
bool cel_cidr_read(struct span text, struct cel_value *out);
