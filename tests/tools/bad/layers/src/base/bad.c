/* SPDX-License-Identifier: Apache-2.0 */
/* A bad example for tools/check; nothing builds it. */
#include "service/service.h"
