#include "app/hashing.h"

#include "app/html.h"
#include "crypt/ct.h"

#define ELSEWHERE_MS 10 /* how often is looked whether another worker is done */

static u32
place_of(const struct app *app, const struct job *j)
{
	u32 i = 0;

	while (i < app->hashing_n && app->hashing[i] != j)
		i++;
	return i;
}

static u32
own_turn(const struct app *app)
{
	return app->index + 1;
}

/* Tells how many of ours there are. */
static void
tell_more(const struct app *app)
{
	__atomic_store_n(&app->rate->hashing[app->index], app->hashing_n, __ATOMIC_SEQ_CST);
}

/* The same, and whoever waits elsewhere comes first from then on. */
static void
tell(struct app *app)
{
	u32 own = own_turn(app), next = 0;

	tell_more(app);
	for (u32 i = 1; i <= RATE_WORKERS && !next; i++) {
		u32 w = (app->index + i) % RATE_WORKERS;

		next = __atomic_load_n(&app->rate->hashing[w], __ATOMIC_SEQ_CST) ? w + 1 : 0;
	}
	__atomic_compare_exchange_n(&app->rate->runner, &own, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void
hashing_begin(struct app *app)
{
	tell(app);
}

static u32
all_of(const struct app *app)
{
	u32 n = 0;

	for (u32 i = 0; i < RATE_WORKERS; i++)
		n += __atomic_load_n(&app->rate->hashing[i], __ATOMIC_SEQ_CST);
	return n;
}

/* Whether it is our turn; that of a worker with nothing under way is anybody's. */
static bool
may_run(struct app *app)
{
	struct rate *r = app->rate;
	u32 is = __atomic_load_n(&r->runner, __ATOMIC_ACQUIRE);

	if (is == own_turn(app))
		return true;
	if (is && is <= RATE_WORKERS && __atomic_load_n(&r->hashing[is - 1], __ATOMIC_ACQUIRE))
		return false;
	return __atomic_compare_exchange_n(&r->runner, &is, own_turn(app), false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void
hashing_leave(struct job *j)
{
	struct app *app = j->app;
	u32 i = place_of(app, j);

	if (i == app->hashing_n)
		return;
	app->hashing_n--;
	memmove(&app->hashing[i], &app->hashing[i + 1], (app->hashing_n - i) * sizeof app->hashing[0]);
	tell(app);
}

static enum step
enter(struct job *j, struct hashing *h, struct str password, u32 rounds)
{
	struct app *app = j->app;

	app->hashing_n++;
	tell_more(app);
	if (all_of(app) > APP_HASHING) {
		app->hashing_n--;
		tell_more(app);
		reply_field(&j->x, "Retry-After", STR("5"));
		html_error(&j->x, 429, "error_many");
		return STEP_FAIL;
	}
	app->hashing[app->hashing_n - 1] = j;
	h->done = false;
	h->extra = rounds < app->pass_rounds ? app->pass_rounds - rounds : 0;
	pass_begin(&h->pass, password, str_of(h->rec.salt, PASS_SALT_N), rounds);
	return STEP_MORE;
}

enum step
hashing_check(struct job *j, struct hashing *h, struct str password, const struct pass_record *rec)
{
	memset(&h->rec, 0, sizeof h->rec);
	h->rec.rounds = j->app->pass_rounds;
	h->known = rec != NULL;
	if (rec)
		h->rec = *rec;
	return enter(j, h, password, h->rec.rounds);
}

enum step
hashing_make(struct job *j, struct hashing *h, struct str password)
{
	h->rec.rounds = j->app->pass_rounds;
	rng_bytes(j->app->rng, h->rec.salt, PASS_SALT_N);
	return enter(j, h, password, h->rec.rounds);
}

enum step
hashing_step(struct job *j, struct hashing *h)
{
	if (!may_run(j->app)) {
		exchange_wake(&j->x, j->app->now + ELSEWHERE_MS);
		return STEP_WAIT;
	}
	exchange_wake(&j->x, MSEC_NEVER);
	if (place_of(j->app, j) != 0)
		return STEP_MORE; /* whoever is first is running: waiting costs next to nothing beside it */
	if (pass_step(&h->pass, HASHING_SLICE) == STEP_MORE)
		return STEP_MORE;
	if (!h->done)
		memcpy(h->sum, h->pass.sum, HASH_N);
	h->done = true;
	if (h->extra) {
		pass_begin(&h->pass, STR(""), STR(""), h->extra);
		h->extra = 0;
		return STEP_MORE;
	}
	pass_done(&h->pass);
	hashing_leave(j);
	return STEP_DONE;
}

bool
hashing_same(const struct hashing *h)
{
	return h->known && ct_same(h->sum, h->rec.hash, HASH_N);
}
