/* clock_test: what test builds add to the clocks; see clock.h. Not part of release binaries. */
#ifndef SYS_CLOCK_TEST_H
#define SYS_CLOCK_TEST_H

#include "base/base.h"

struct clock_offset {
	int64_t wall_s, mono_ms;
};

/* The offsets of this moment; zeros without MCPGATED_TEST_CLOCK. The file is mapped at the first
 * call, so the first reading must come before the jail; later ones cost a load. */
struct clock_offset clock_test_offset(void);

#endif
