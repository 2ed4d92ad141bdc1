#include "store/age.h"

void
age_init(struct age *a, wall high, msec now, wall system)
{
	*a = (struct age){ .wall = high ? high : system, .at = now, .since = -1 };
	age_turn(a, now, system);
}

/* Whether the system clock has kept to the same jump for long enough. One second is rounding. */
static bool
is_stable(struct age *a, msec now, wall system)
{
	int64_t offset = (int64_t)system - now / 1000;

	if (a->since < 0 || offset < a->jumped - 1 || offset > a->jumped + 1) {
		a->jumped = offset;
		a->since = now;
	}
	return now - a->since >= AGE_STABLE_MS;
}

void
age_turn(struct age *a, msec now, wall system)
{
	msec passed = now > a->at ? (now - a->at) / 1000 : 0;

	/* Whole seconds are taken off the monotonic clock, so that many short turns add up. */
	a->at += passed * 1000;
	a->wall = passed < UINT32_MAX - a->wall ? a->wall + (wall)passed : UINT32_MAX; /* time ends in 2106 */
	if (system <= a->wall) {
		a->since = -1;
		return;
	}
	if (system - a->wall > AGE_JUMP_S && !is_stable(a, now, system))
		return;
	a->wall = system;
	a->at = now;
	a->since = -1;
}
