#include "app/app.h"

#include "app/job.h"
#include "base/le.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pack.h"
#include "crypt/ct.h"
#include "crypt/hash.h"
#include "crypt/pass.h"
#include "mcp/later.h"
#include "mcp/modern.h"
#include "mcp/subscribe.h"
#include "sys/page.h"

#define TOKEN_MONTH_S (30 * 86400)
#define JUDGE_MS 1000 /* how often open streams are asked whether their key is still good */

static void
random_bytes(void *of, u8 *p, u32 n)
{
	rng_bytes((struct rng *)of, p, n);
}

static void
stream_time(struct ready *r, msec now)
{
	/* app_turn does the work; this only ends the wait */
}

u32
app_watches(void)
{
	return serve_watches() + CALLS_WATCHES + 64;
}

u32
app_timers(void)
{
	return serve_timers() + CALLS_TIMERS + 64;
}

size_t
app_bytes(void)
{
	return serve_bytes() + keys_bytes() + tokens_bytes() + APP_GENS * (size_t)(MCP_TEXT_N + LISTINGS_N) +
	       calls_bytes() + ops_bytes() +
	       pool_bytes(sizeof(struct job), JOBS_MAX) + pool_bytes(sizeof(struct stream), STREAMS_MAX) +
	       later_bytes() +
	       RPC_BODY_MAX + RPC_TOKENS_MAX * sizeof(struct jsmntok) +
	       pack_room("pages") + pack_room("text") + PACK_UNDO;
}

/* What unpacking needed lies behind all that was taken: the system gets those pages back. */
static void
rest_behind(const struct arena *a)
{
	u8 *p = a->p + ((a->used + 4095) & ~(size_t)4095), *end = a->p + (a->peak & ~(size_t)4095);

	if (p < end)
		page_rest(str_of(p, (size_t)(end - p)));
}

int
app_init(struct app *app, struct arena *a)
{
	struct mcp_shared *m = &app->mcp;

	app->keys = keys_init(a, app->store, app->rng);
	app->tokens = tokens_init(a, app->store, &app->token_seal, app->rng);
	if (!app->keys || !app->tokens || pool_init(&app->jobs, a, sizeof(struct job), JOBS_MAX))
		return ERR_FULL;
	if (calls_init(&app->calls, a, app->net, app->dns) ||
	    ops_init(&app->ops, a, app->loop, &app->calls) ||
	    vault_init(&app->ops.vault, a, app->store, &app->seal, app->loop))
		return ERR_FULL;
	app->ops.audit = &app->audit;
	hash_key(&app->ops.args_key, str_of(app->handle_key, HANDLE_KEY_N));
	m->tok = ARENA_ARRAY(a, struct jsmntok, RPC_TOKENS_MAX);
	app->rest = arena_bytes(a, RPC_BODY_MAX);
	issuer_init(&app->issuer, &app->calls, m->tok);
	if (!m->tok || !app->rest || pool_init(&m->streams, a, sizeof(struct stream), STREAMS_MAX) ||
	    later_init(m, a))
		return ERR_FULL;
	app->pages = pack_open("pages", a);
	app->texts = pack_open("text", a);
	if (!app->pages.p || !app->texts.p)
		return ERR_FULL;
	rest_behind(a);
	if (!app->pass_rounds)
		app->pass_rounds = PASS_ROUNDS_MIN;
	list_init(&m->listening);
	m->ops = &app->ops;
	m->lease = &app->net->lease;
	m->store = app->store;
	m->handle_key = app->handle_key;
	m->random = random_bytes;
	m->random_of = app->rng;
	app->ops.rng = app->ops.secrets.rng = app->rng;
	for (u32 i = 0; i < APP_GENS; i++)
		if (!(app->gen[i].text_bytes = arena_bytes(a, MCP_TEXT_N)) ||
		    !(app->gen[i].listings.bytes = arena_bytes(a, LISTINGS_N)))
			return ERR_FULL;
	ready_init(&app->ready, stream_time);
	return serve_init(&app->serve, a, app->net, &job_ops, app);
}

void
app_own(struct app *app, const struct addr *at)
{
	struct dialer *d = &app->calls.dialer;

	ASSERT(d->own_n < SERVE_LISTENERS);
	app->own[d->own_n++] = *at;
	d->own = app->own;
}

static struct app_gen *
free_gen(struct app *app)
{
	struct app_gen *g = &app->gen[(app->live + 1) % APP_GENS];

	if (!app->gen[app->live].gen)
		return &app->gen[app->live];
	return g->users ? NULL : g;
}

/* Opens the catalogs and writes the texts of a generation that nobody uses yet. */
static int
open_apis(struct app *app, struct app_gen *g, const struct gen *gen, const struct str *catalogs, u32 *bad)
{
	struct arena texts = arena_over(g->text_bytes, MCP_TEXT_N);

	for (u32 i = 0; i < gen->apis; i++) {
		const struct api *api = &gen->api[i];

		*bad = i;
		if (catalog_open(&g->catalog[i], catalogs[i])) {
			log_error("catalog", "api=%S refused: %s", api->name, g->catalog[i].why);
			return ERR_BAD;
		}
		if (modern_prepare(&g->text[i], api, &g->catalog[i], app->version, &texts)) {
			log_error("app", "api=%S: titles and instructions of all apis take more than %u KB", api->name,
			    (u32)(MCP_TEXT_N / 1024));
			return ERR_BAD;
		}
	}
	return 0;
}

int
app_load(struct app *app, const struct gen *gen, const struct serve_conf *serve, const struct str *catalogs,
    u32 *bad)
{
	struct app_gen *g = free_gen(app);

	if (!g)
		return ERR_FULL;
	g->gen = NULL;
	g->listings = (struct listings){ .bytes = g->listings.bytes };
	if (open_apis(app, g, gen, catalogs, bad))
		return ERR_BAD;
	g->gen = gen;
	g->serve = *serve;
	app->live = (u32)(g - app->gen);
	app->ops.secrets.gen = gen;
	app->mcp.approval_s = gen->approval_s;
	serve_conf(&app->serve, &g->serve);
	if (gen->number > 1)
		subscribe_changed(&app->mcp, app->loop);
	return 0;
}

u32
app_old_gen(const struct app *app)
{
	const struct app_gen *g = &app->gen[(app->live + 1) % APP_GENS];

	return g->gen && g->users ? g->gen->number : 0;
}

/* Whether the call of a request is one that a switch forbids by now. */
static bool
is_off(struct exchange *x)
{
	const struct job *j = job_of(x);
	const struct op *op = j->mcp.x && j->mcp.op ? j->mcp.op : ops_of(&j->app->ops, exchange_ready(x));

	return op && op_off(op, j->app->switches);
}

/* Something was turned off or on: lists may be others now. What is off is cut where it is under way; a write that was
 * sent is not called back by that, its answer is awaited. */
static void
look_at_switches(struct app *app, u32 epoch, msec now)
{
	bool stopped = switches_stopped(app->switches);

	app->epoch = epoch;
	app->mcp.cuts = true;
	if (stopped) {
		serve_cut(&app->serve, NULL, "everything is stopped by whoever runs this server", now);
		later_stop(&app->mcp, now);
	} else {
		serve_cut(&app->serve, is_off, "this was turned off by whoever runs this server", now);
		later_off(&app->mcp, app->switches, now);
		ops_off(&app->ops, app->switches, now);
		subscribe_changed(&app->mcp, app->loop);
	}
	app->mcp.cuts = stopped;
}

/* Access tokens are sealed with a key of their month; those of the month before still open. */
static void
token_keys(struct app *app, wall now_s)
{
	u32 month = now_s / TOKEN_MONTH_S;
	u8 key[SEAL_KEY_N], info[4];

	if (month == app->token_month)
		return;
	app->token_month = month;
	ct_wipe(&app->token_seal, sizeof app->token_seal);
	for (u32 back = 0; back < 2; back++, month--) {
		put_le32(info, month);
		hash_hkdf(str_of(app->token_key, sizeof app->token_key), STR("token"), str_of(info, 4), key,
		    sizeof key);
		seal_key(&app->token_seal, (u8)month, key);
	}
	ct_wipe(key, sizeof key);
}

void
app_turn_begins(struct app *app, msec now)
{
	u32 epoch = __atomic_load_n(&app->switches->epoch, __ATOMIC_ACQUIRE);

	if (epoch != app->epoch && !(epoch & 1)) /* odd: half a change, which would cut everything */
		look_at_switches(app, epoch, now);
}

void
app_turn(struct app *app, msec now, wall now_s)
{
	u32 stamp = store_stamp(app->store, 'k') + store_stamp(app->store, 'g');
	const struct gen *gen = app->gen[app->live].gen;
	msec next;

	app->now = now;
	app->mcp.now_s = now_s;
	quota_time(&app->ops.quota, app->loop->now_us, now_s);
	app_turn_begins(app, now);
	token_keys(app, now_s);
	if (gen && gen->number != app->issuer_of) {
		app->issuer_of = gen->number;
		issuer_begin(&app->issuer, gen->oauth.keys_at, &app->gen[app->live].users, now);
	}
	if (list_empty(&app->mcp.listening))
		return;
	if (now - app->judged_at >= JUDGE_MS || stamp != app->stamp) {
		subscribe_judge(&app->mcp, app->loop, stamp != app->stamp, now);
		app->judged_at = now;
		app->stamp = stamp;
	}
	next = subscribe_turn(&app->mcp, app->loop, now);
	if (next > now + JUDGE_MS)
		next = now + JUDGE_MS;
	if (app->timer.at <= now || app->timer.at > next)
		timer_set(&app->loop->timers, &app->timer, &app->ready, next);
}

void
app_drain(struct app *app, msec now)
{
	subscribe_end_all(&app->mcp, app->loop);
	serve_drain(&app->serve, now);
}

u32
app_busy(const struct app *app)
{
	return app->ops.pool.used;
}
