/* guard: inputs that end exactly where an unreadable page begins, so that reading one byte too far is a crash, in plain
 * builds too. Everything lives until guard_free, which a test calls at its end (or group teardown does). */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include "base/str.h"

/* A copy of s, flush against an unreadable page. p is never NULL. */
struct str guard_bytes(struct str s);

/* The same from a C string, without its NUL. */
struct str guard_str(const char *s);

/* n writable bytes flush against an unreadable page: for outputs. */
void *guard_room(size_t n);

/* Releases everything. Shaped as a cmocka teardown: returns 0. */
int guard_free(void **state);

#endif
