/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of policies that no BPF program knows, each with its reason; the others are in
 * wire/limits.h. Reaching one is a finding that names it.
 */
#pragma once

#include "wire/limits.h"

/* What one policy may take while it is read, its tree and its model each: aliases repeat texts. */
#define POLICY_MEMORY_BYTES_MAX (64u * 1024 * 1024)
/* All values of all selectors, macros expanded: eight lists of the longest kind. */
#define POLICY_VALUES_MAX (8u * WIRE_FILTER_VALUES_MAX)
/* Items of lists that are no values; no policy in the wild has a hundred. */
#define POLICY_ITEMS_MAX 1024u
/* Nothing that the kernel compares is longer than a path. */
#define POLICY_TEXT_BYTES_MAX WIRE_PATH_BYTES_MAX
/* Selectors that differ in what they expect of an event get their own hook before this is reached.
 */
#define POLICY_ACTIONS_PER_SELECTOR_MAX 16u

/* The public API's: upstream's agents cut messages and tags there. */
#define POLICY_MESSAGE_BYTES_MIN 2u
#define POLICY_MESSAGE_BYTES_MAX 256u
#define POLICY_TAG_BYTES_MIN	 2u
#define POLICY_TAG_BYTES_MAX	 128u
#define POLICY_TAGS_MAX		 16u

/* RFC 1123, as Kubernetes applies it. */
#define POLICY_NAME_BYTES_MAX	   253u
#define POLICY_NAMESPACE_BYTES_MAX 63u

/* Registers that one uprobe action sets: all of an x86-64 processor's, and two to spare. */
#define POLICY_REGISTERS_MAX 18u
/* Nodes of a CelExpr; more than fit one line of a person's patience. */
#define POLICY_CEL_NODES_MAX 256u
#define POLICY_CEL_DEPTH_MAX 32u
