#include "base/base.h"

#if defined(__mips__) && !defined(__mips64)

#include <sched.h>
#include <sys/mman.h>

/* 32-bit MIPS cannot change eight bytes at once, and gcc calls these instead. Processes share what is changed, so they
 * share the lock: one page, mapped before main. Its holder has four instructions to do; who waits for longer than a
 * thousand turns of the scheduler waits for a process that was killed there, and goes on. */
#define TURNS_MAX 1000

static u32 *lock;

__attribute__((constructor)) static void
atomic_map(void)
{
	lock = mmap(NULL, sizeof *lock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT(lock != MAP_FAILED);
}

static void
enter(void)
{
	for (u32 i = 0; __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) && i < TURNS_MAX; i++)
		sched_yield();
}

static void
leave(void)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/* gcc knows these names and will not have them defined: they get them from the assembler. */
u64 atomic_load(const volatile u64 *p, int order) __asm__("__atomic_load_8");
void atomic_store(volatile u64 *p, u64 x, int order) __asm__("__atomic_store_8");
u64 atomic_exchange(volatile u64 *p, u64 x, int order) __asm__("__atomic_exchange_8");
u64 atomic_add(volatile u64 *p, u64 x, int order) __asm__("__atomic_fetch_add_8");
u64 atomic_sub(volatile u64 *p, u64 x, int order) __asm__("__atomic_fetch_sub_8");
bool atomic_compare(volatile u64 *p, u64 *old, u64 x, int yes, int no) __asm__("__atomic_compare_exchange_8");

u64
atomic_load(const volatile u64 *p, int order)
{
	u64 x;

	enter();
	x = *p;
	leave();
	return x;
}

u64
atomic_exchange(volatile u64 *p, u64 x, int order)
{
	u64 old;

	enter();
	old = *p;
	*p = x;
	leave();
	return old;
}

void
atomic_store(volatile u64 *p, u64 x, int order)
{
	atomic_exchange(p, x, order);
}

u64
atomic_add(volatile u64 *p, u64 x, int order)
{
	u64 old;

	enter();
	old = *p;
	*p = old + x;
	leave();
	return old;
}

u64
atomic_sub(volatile u64 *p, u64 x, int order)
{
	return atomic_add(p, -x, order);
}

bool
atomic_compare(volatile u64 *p, u64 *old, u64 x, int yes, int no)
{
	bool same;

	enter();
	same = *p == *old;
	if (same)
		*p = x;
	else
		*old = *p;
	leave();
	return same;
}

#else
extern int atomic_is_native; /* a file may not be empty */
#endif
