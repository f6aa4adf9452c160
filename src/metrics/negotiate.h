/* SPDX-License-Identifier: Apache-2.0 */
/* What a client can read. In: values of Accept and Accept-Encoding (RFC 9110, section 12.5), or
 * NULL. Out: which form it gets. */
#pragma once

#include <stdbool.h>

/* OpenMetrics is wanted at least as much as the text format, in a version that there is here. */
bool metrics_wants_openmetrics(const char *accept);
bool metrics_takes_gzip(const char *accept_encoding);
