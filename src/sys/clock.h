/* clock: the two clocks. Only main/turn and commands read them; everybody else is handed `now`.
 *
 * Test builds add offsets from a file of two little-endian int64 (wall seconds, then monotonic
 * milliseconds) named by the environment variable MCPGATED_TEST_CLOCK, mapped at the first
 * reading: tests move time in a running process. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include "base/base.h"

/* Monotonic milliseconds since some moment; never goes back. */
msec clock_mono_ms(void);

/* Seconds since 1970 as the system has it; may jump. 0 when the system's clock stands before
 * 1970. */
wall clock_wall_s(void);

/* Both clocks at one moment: now and the return value. The wall clock is read first: what happens between the two (a
 * process that is stopped, a machine that is suspended) is then time that is still to be added to the wall time that
 * is judged by, never time that is added twice. */
wall clock_both(msec *now);

/* The same in milliseconds, for what people read. */
u64 clock_wall_ms(void);

/* Monotonic nanoseconds, for measuring; test offsets do not apply. */
u64 clock_mono_ns(void);

#endif
