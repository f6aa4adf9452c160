/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Label selectors in Kubernetes's text form. In: "app=web,tier in (a, b),!old", and the labels of a
 * pod. Out: whether all requirements hold.
 *
 * A requirement is one of: key, !key, key=value, key==value, key!=value, key in (a,b), key notin
 * (a,b), key>1, key<1. The negated ones also hold for a label that is not there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <tetragon/tetragon.pb-c.h>

#include "base/diag.h"

struct label_selector;

/* -EINVAL: DIAG says what is wrong and at which character (from 1). */
int label_selector_new(struct label_selector **out, const char *text, struct diag *diag);
void label_selector_free(struct label_selector *selector);
bool label_selector_matches(const struct label_selector *selector,
			    Tetragon__Pod__PodLabelsEntry *const *labels, size_t count);
