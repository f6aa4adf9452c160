/* SPDX-License-Identifier: Apache-2.0 */
/* A key and its value, both NUL-terminated; who owns them says the place that has the pair. */
#pragma once

struct text_pair {
	const char *key;
	const char *value;
};
