/* fixture: files of tests/ as inputs, flush against an unreadable page (guard.h). Paths from the
 * repository's top, where tests run. A file that is not there ends the test program. */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include "base/str.h"

/* The whole file; lives until guard_free. */
struct str fixture(const char *path);

#endif
