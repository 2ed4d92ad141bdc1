/* base: the words every file uses: integer names, error numbers, assertions.
 *
 * Functions return zero or a positive count on success and one of enum err (negative) on failure.
 * Parsers: used > 0, ERR_MORE (not all there yet), ERR_BAD (can never be valid).
 * Nothing here keeps state. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t msec;  /* monotonic milliseconds */
typedef uint32_t wall; /* seconds since 1970, unsigned: good until 2106 */

enum err {
	ERR_MORE = -1, /* incomplete: call again with more bytes */
	ERR_BAD = -2,  /* can never be valid */
	ERR_FULL = -3, /* a pool, buffer or limit is used up */
	ERR_NONE = -4, /* not there */
	ERR_LATE = -5, /* a deadline passed, or a version no longer matches */
	ERR_DENY = -6, /* not allowed */
	ERR_IO = -7,   /* the system or the peer failed */
};

/* What every *_step(x, now) answers. DONE: result is in x. WAIT: someone holds x's ready and marks it.
 * MORE: slice used up, run me again after the others. FAIL: x->err says why, once. */
enum step { STEP_DONE, STEP_WAIT, STEP_MORE, STEP_FAIL };

/* Short text for an error number, for logs ("bad", "full", ...); never NULL. */
const char *err_text(int err);

/* Prints where and ends the process; procd, systemd or the supervisor start it again. Never returns. */
void assert_failed(const char *file, int line) __attribute__((noreturn, cold));

/* A caller's mistake (wrong order, wrong size). Stays on in release. */
#define ASSERT(x) ((x) ? (void)0 : assert_failed(__FILE__, __LINE__))

/* A branch that must not happen but can be answered: test builds stop, release takes the safe way. */
#ifdef TEST_BUILD
#define NEVER(x) ((x) ? (assert_failed(__FILE__, __LINE__), true) : false)
#else
#define NEVER(x) (x)
#endif

#define CONTAINER_OF(p, type, member) ((type *)(void *)((u8 *)(p)-offsetof(type, member)))
/* Room that is written before it is read: release builds zero every other variable, which costs for the large ones. */
#define UNSET __attribute__((uninitialized))

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

static inline u32
min_u32(u32 a, u32 b)
{
	return a < b ? a : b;
}

static inline u32
max_u32(u32 a, u32 b)
{
	return a > b ? a : b;
}

#endif
