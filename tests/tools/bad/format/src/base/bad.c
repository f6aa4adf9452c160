/* SPDX-License-Identifier: Apache-2.0 */
/* A bad example for tools/check; nothing builds it. */
int  add(int a,int b) { return a+b; }
