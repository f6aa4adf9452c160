/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text of JSON objects, one at a time. In: an array of objects, or objects one behind the other
 * (one on each line, for example). Out: each object with the line where it begins, and a finding
 * for each that is none. What the objects mean is the caller's.
 *
 * After a mistake it goes on with the next line that begins with "{". One object at a time bounds
 * the memory that a text can take.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "workload/findings.h"

/* 256 labels of the longest kind, and as much again. */
#define ELEMENT_BYTES_MAX (256u * 1024)

struct elements {
	struct span text;
	struct findings *findings;
	size_t at;	   /* what is before it was taken */
	size_t counted;	   /* what is before it was counted in lines */
	unsigned int line; /* of `counted`, from 0 */
	bool is_begun, is_array, is_done;
	bool wants_comma;
};

/*
 * OUT is the caller's, to json_decref(); NULL at the end. LINE counts from 1. -ENOMEM: no memory.
 */
int elements_next(struct elements *elements, json_t **out, unsigned int *line);
