#include "gate/quota.h"

#define CELLS (QUOTA_SETS * QUOTA_SET)
#define DAY_S 86400
#define BUDGET 1 /* low bit of the key of a budget's cell; others have it clear */

static const char *const words[RATES] = {
	[RATE_PRINCIPAL] = "this user or key", [RATE_KEY] = "this key", [RATE_CLIENT] = "this client",
	[RATE_TEAM] = "this team", [RATE_API] = "this API", [RATE_TOOL] = "this tool",
};

static u64
load(const u64 *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

size_t
quota_bytes(void)
{
	return (CELLS + 1) * sizeof(struct quota_cell);
}

bool
quota_busy(const struct quota *q, u64 now)
{
	return load(&q->cell[CELLS].until) > now;
}

void
quota_time(struct quota *q, u64 now_us, wall now_s)
{
	q->day_ends = now_us + (DAY_S - now_s % DAY_S) * 1000000ULL;
}

u64
quota_caller(const struct principal *who, u64 from)
{
	return who->user ? who->user : who->id ? who->id : from;
}

/* A key that says of what kind a cell is, too; never 0. */
static u64
key_of(u32 kind, u64 a, u64 b)
{
	u64 k = (a ^ kind * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;

	k = (k ^ k >> 32 ^ b) * 0xc4ceb9fe1a85ec53ULL;
	return ((k ^ k >> 29) & ~(u64)BUDGET) | 2;
}

enum { KIND_HOST = RATES, KIND_PAUSE, KIND_DOUBT, KIND_DAY, KIND_TEAM_DAY };

static struct quota_cell *
set_of(const struct quota *q, u64 key)
{
	return q->cell + (key >> 20) % QUOTA_SETS * QUOTA_SET;
}

/* The live cell of a key, or NULL. */
static struct quota_cell *
find(const struct quota *q, u64 key, u64 now)
{
	struct quota_cell *c = set_of(q, key);

	for (u32 i = 0; i < QUOTA_SET; i++)
		if (load(&c[i].key) == key && load(&c[i].until) > now)
			return &c[i];
	return NULL;
}

/* A cell for a key, live or anew (until 0, value 0). */
static struct quota_cell *
claim(struct quota *q, u64 key, u64 now)
{
	struct quota_cell *set = set_of(q, key), *c = find(q, key, now);
	u64 old;

	if (c)
		return c;
	c = set;
	for (u32 i = 0; i < QUOTA_SET; i++) {
		if (load(&set[i].key) == key) {
			c = &set[i];
			break;
		}
		if (load(&set[i].until) < load(&c->until))
			c = &set[i];
	}
	old = load(&c->key);
	__atomic_store_n(&c->until, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&c->value, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&c->saved, 0, __ATOMIC_RELAXED);
	__atomic_compare_exchange_n(&c->key, &old, key, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	return c;
}

/* Takes one from a bucket: 0, or how many us it takes until there is one. */
static u64
bucket(struct quota *q, u64 key, const struct tempo *r, u64 now)
{
	struct quota_cell *c = claim(q, key, now);
	u64 old = load(&c->until), full, room = r->burst * r->step_us;

	do {
		full = old > now ? old : now;
		if (full + r->step_us > now + room)
			return full + r->step_us - now - room;
	} while (!__atomic_compare_exchange_n(&c->until, &old, full + r->step_us, true, __ATOMIC_RELAXED,
	    __ATOMIC_RELAXED));
	return 0;
}

static void
put_back(struct quota *q, u64 key, const struct tempo *r, u64 now)
{
	struct quota_cell *c = find(q, key, now);

	if (c)
		__atomic_sub_fetch(&c->until, r->step_us, __ATOMIC_RELAXED);
}

static u32
seconds(u64 us)
{
	return (u32)((us + 999999) / 1000000);
}

static void
refuse_rate(struct buf *why, const char *of, const struct tempo *r, u64 wait_us, struct quota_no *no)
{
	no->retry_after_s = seconds(wait_us);
	no->left = 0;
	buf_fmt(why, "Not done: %s may make ", of);
	tempo_print(why, r);
	buf_fmt(why, ", and they are used up. Try again in %u s.", no->retry_after_s);
}

/* Takes one call from a day. */
static int
spend(struct quota *q, u64 key, u32 most, const char *of, u64 now, struct quota_no *no, struct buf *why)
{
	struct quota_cell *c = claim(q, key, now);
	u64 until = load(&c->until);

	/* Seconds of wall time are whole, turns are long at times: a day may end a little after midnight. */
	if (until && until + DAY_S / 2 * 1000000ULL < q->day_ends &&
	    __atomic_compare_exchange_n(&c->until, &until, q->day_ends, false, __ATOMIC_RELAXED,
	    __ATOMIC_RELAXED)) {
		__atomic_store_n(&c->value, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&c->saved, 0, __ATOMIC_RELAXED);
	} else if (until < q->day_ends) {
		__atomic_store_n(&c->until, q->day_ends, __ATOMIC_RELAXED);
	}
	if (__atomic_add_fetch(&c->value, 1, __ATOMIC_RELAXED) <= most)
		return 0;
	__atomic_sub_fetch(&c->value, 1, __ATOMIC_RELAXED);
	no->retry_after_s = seconds(q->day_ends - now);
	no->left = 0;
	buf_fmt(why, "Not done: the %u calls that %s may make in a day are used up. The next day begins in %u s (UTC).",
	    most, of, no->retry_after_s);
	return ERR_DENY;
}

/* What each rate counts by; 0: it does not apply. */
static void
keys_of(const struct quota_ask *a, u64 key[RATES + 1])
{
	const u64 by[RATES] = {
		[RATE_PRINCIPAL] = a->caller, [RATE_KEY] = a->who->kind == PRINCIPAL_KEY ? a->who->id : 0,
		[RATE_CLIENT] = a->who->client, [RATE_TEAM] = a->who->team, [RATE_API] = 1, [RATE_TOOL] = a->tool,
	};

	for (u32 i = 0; i < RATES; i++)
		key[i] = by[i] && a->rates[i].calls ? key_of(i, a->api, by[i]) : 0;
	key[KIND_HOST] = a->host->calls ? key_of(KIND_HOST, a->origin, 0) : 0;
}

/* Days last: what a rate refuses costs no call of the day. */
static int
spend_days(struct quota *q, const struct quota_ask *a, u64 now, struct quota_no *no, struct buf *why)
{
	u64 mine = key_of(KIND_DAY, a->api, a->caller) | BUDGET, team = key_of(KIND_TEAM_DAY, a->api, a->who->team) |
	    BUDGET;
	int err = 0;

	if (a->budget && a->caller)
		err = spend(q, mine, a->budget, "one caller", now, no, why);
	if (err || !a->team_budget || !a->who->team)
		return err;
	err = spend(q, team, a->team_budget, "this team", now, no, why);
	if (err && a->budget && a->caller)
		__atomic_sub_fetch(&claim(q, mine, now)->value, 1, __ATOMIC_RELAXED);
	return err;
}

int
quota_take(struct quota *q, const struct quota_ask *a, u64 now, struct quota_no *no, struct buf *why)
{
	u64 key[RATES + 1], wait = 0;
	u32 i;
	int err;

	*no = (struct quota_no){ 0 };
	keys_of(a, key);
	for (i = 0; i <= RATES && !wait; i++)
		if (key[i])
			wait = bucket(q, key[i], i < RATES ? &a->rates[i] : a->host, now);
	if (wait) {
		i--;
		refuse_rate(why, i < RATES ? words[i] : "all callers of this environment together",
		    i < RATES ? &a->rates[i] : a->host, wait, no);
	}
	err = wait ? ERR_DENY : spend_days(q, a, now, no, why);
	while (err && i-- > 0)
		if (key[i])
			put_back(q, key[i], i < RATES ? &a->rates[i] : a->host, now);
	if (err && a->budget && wait) {
		struct quota_cell *c = find(q, key_of(KIND_DAY, a->api, a->caller) | BUDGET, now);
		u64 used = c ? load(&c->value) : 0;

		no->left = used < a->budget ? a->budget - (u32)used : 0;
		buf_fmt(why, " %u of %u calls are left today.", no->left, a->budget);
	}
	return err;
}

/* --- what lasts for a while ------------------------------------------------------------------------ */

static u32
left_of(const struct quota *q, u64 key, u64 *value, u64 now)
{
	const struct quota_cell *c = find(q, key, now);
	u64 until = c ? load(&c->until) : 0;

	if (value)
		*value = c ? load(&c->value) : 0;
	return until > now ? seconds(until - now) : 0;
}

static void
remember(struct quota *q, u64 key, u64 value, u64 until, u64 now)
{
	struct quota_cell *c = claim(q, key, now);

	__atomic_store_n(&c->value, value, __ATOMIC_RELAXED);
	if (until > load(&c->until))
		__atomic_store_n(&c->until, until, __ATOMIC_RELAXED);
	if (until > load(&q->cell[CELLS].until))
		__atomic_store_n(&q->cell[CELLS].until, until, __ATOMIC_RELAXED);
}

void
quota_pause(struct quota *q, u64 environment, u32 s, u64 now)
{
	remember(q, key_of(KIND_PAUSE, environment, 0), 0, now + s * 1000000ULL, now);
}

u32
quota_paused(const struct quota *q, u64 environment, u64 now)
{
	return left_of(q, key_of(KIND_PAUSE, environment, 0), NULL, now);
}

void
quota_doubt(struct quota *q, u64 write, u64 value, u32 ms, u64 now)
{
	remember(q, key_of(KIND_DOUBT, write, 0), value, now + ms * 1000ULL, now);
}

u32
quota_doubted(const struct quota *q, u64 write, u64 *value, u64 now)
{
	return left_of(q, key_of(KIND_DOUBT, write, 0), value, now);
}

/* --- across a restart ------------------------------------------------------------------------------ */

bool
quota_unsaved(struct quota *q, u32 *at, u64 *key, u64 *value, u64 now)
{
	while (*at < CELLS) {
		struct quota_cell *c = &q->cell[(*at)++];

		*key = load(&c->key);
		*value = load(&c->value);
		if (!(*key & BUDGET) || load(&c->until) <= now || *value == load(&c->saved))
			continue;
		__atomic_store_n(&c->saved, *value, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

void
quota_restore(struct quota *q, u64 key, u64 value)
{
	struct quota_cell *c = claim(q, key, 0);
	u64 known = load(&c->saved);

	if (value > known) /* what was counted meanwhile stays; of a worker that comes back all of it is known */
		__atomic_add_fetch(&c->value, value - known, __ATOMIC_RELAXED);
	__atomic_store_n(&c->saved, value, __ATOMIC_RELAXED);
	__atomic_store_n(&c->until, q->day_ends, __ATOMIC_RELAXED);
}
