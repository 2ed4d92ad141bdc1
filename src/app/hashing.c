#include "app/hashing.h"

#include "app/html.h"
#include "crypt/ct.h"

static u32
place_of(const struct app *app, const struct job *j)
{
	u32 i = 0;

	while (i < app->hashing_n && app->hashing[i] != j)
		i++;
	return i;
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
}

static enum step
enter(struct job *j, struct hashing *h, struct str password, u32 rounds)
{
	struct app *app = j->app;

	if (app->hashing_n == APP_HASHING) {
		reply_field(&j->x, "Retry-After", STR("5"));
		html_error(&j->x, 429, "error_many");
		return STEP_FAIL;
	}
	app->hashing[app->hashing_n++] = j;
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
