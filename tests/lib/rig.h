/* rig: a loop, buffers and a clock for tests of net/ and what stands on it. Sockets are real (loopback), time is not:
 * a turn polls without waiting and `now` moves only when the test says so. All static: only those who include it link
 * the floors it needs. */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "base/limits.h"
#include "crypt/rng.h"
#include "net/net.h"
#include "sys/sock.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define RIG_MEMORY ((size_t)64 << 20)

struct rig {
	struct arena arena;
	struct loop loop;
	struct net net;
	struct rng rng;
	msec now;
};

static inline struct rig *
rig_new(void)
{
	struct rig *r = (struct rig *)calloc(1, sizeof *r);
	void *p = mmap(NULL, RIG_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const u8 seed[RNG_SEED_N] = { 7 };

	ASSERT(r && p != MAP_FAILED);
	r->arena = arena_over(p, RIG_MEMORY);
	r->now = 1000;
	rng_init(&r->rng, str_of(seed, sizeof seed));
	ASSERT(loop_init(&r->loop, &r->arena, 4096, 4096) == 0);
	ASSERT(net_init(&r->net, &r->arena, &r->loop) == 0);
	return r;
}

/* Blocks in use that nobody gave back: 0 at the end of a clean test. */
static inline u32
rig_leased(const struct rig *r)
{
	u32 n = 0;

	for (u32 i = 0; i < LEASE_CLASSES; i++)
		n += r->net.lease.pool[i].used;
	return n;
}

static inline void
rig_free(struct rig *r)
{
	loop_done(&r->loop);
	munmap(r->arena.p, RIG_MEMORY);
	free(r);
}

/* One turn of the loop at the moment r->now. */
static inline void
rig_turn(struct rig *r)
{
	loop_wait(&r->loop, r->now, r->now);
	loop_io(&r->loop, r->now);
	loop_timers(&r->loop, r->now);
	loop_steps(&r->loop, r->now);
	loop_reaps(&r->loop);
}

/* Moves the clock and takes a turn. */
static inline void
rig_pass(struct rig *r, msec ms)
{
	r->now += ms;
	rig_turn(r);
}

/* Waits for real until fd is readable, at most a second: what was sent over loopback is there at once, but the kernel
 * may need a moment. Whether it is. */
static inline bool
rig_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 1000) == 1;
}

#endif
