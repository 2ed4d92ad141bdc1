#include "sys/clock.h"

#include <time.h>

#ifdef TEST_BUILD
#include "sys/clock_test.h"
#define WALL_OFFSET clock_test_offset().wall_s
#define MONO_OFFSET clock_test_offset().mono_ms
#else
#define WALL_OFFSET 0
#define MONO_OFFSET 0
#endif

msec
clock_mono_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000 + MONO_OFFSET;
}

wall
clock_wall_s(void)
{
	struct timespec t = { 0 };
	int64_t s;

	clock_gettime(CLOCK_REALTIME, &t);
	s = (int64_t)t.tv_sec + WALL_OFFSET;
	return s < 0 ? 0 : s > UINT32_MAX ? UINT32_MAX : (wall)s;
}

wall
clock_both(msec *now)
{
	wall system = clock_wall_s();

	*now = clock_mono_ms();
	return system;
}

u64
clock_wall_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	return ((u64)t.tv_sec + (u64)WALL_OFFSET) * 1000 + (u64)t.tv_nsec / 1000000;
}

u64
clock_mono_ns(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000U + (u64)t.tv_nsec;
}
