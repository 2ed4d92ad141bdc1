#include "main/work_priv.h"

#include "base/log.h"
#include "crypt/ct.h"
#include "net/wtls.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/page.h"
#include "sys/rand.h"
#include "sys/sig.h"

#include <poll.h>

#define IDLE_MS 1000            /* a turn at least this often: lifetimes, followers */
#define ASKING_MS 500           /* the same where the store is somebody else's: who waits for it in vain is told */
#define KEEP_MS 500             /* the store is kept that much longer than those that ask for it may take to end */
#define RESEED_MS (600 * 1000)
#define ORPHAN_MS 1000          /* what open requests get when the supervisor has died */

static void
tell(struct work *w, enum work_message_kind kind, u64 value, u32 bad)
{
	struct work_message m = { .kind = kind, .bad = bad, .value = value };

	sock_pass(w->start->pair, -1, str_of(&m, sizeof m)); /* fails only when the supervisor is gone */
}

void
work_drain(struct work *w, msec now, u32 ms)
{
	msec at = now + ms;

	if (!w->draining || at < w->drain_at)
		w->drain_at = at;
	if (w->draining)
		return;
	w->draining = true;
	app_drain(&w->app, now);
}

static void
drop_files(struct str *file)
{
	for (u32 i = 0; i < APIS_MAX; i++) {
		if (file[i].p)
			file_unmap(file[i]);
		file[i] = STR_NONE;
	}
}

static void
take_catalog(struct work *w, u64 api, int fd)
{
	if (fd < 0 || api >= APIS_MAX || file_map(fd, &w->coming[api]))
		log_error("worker", "catalog %U cannot be mapped: %s", api, file_why()); /* app_load then refuses it */
	file_close(fd);
}

/* A generation that was not loaded yet is overtaken by the next one: it is not used, and the supervisor must know, or
 * its pages would count as ours for good and every further reload would wait for them. */
static void
skip_next(struct work *w)
{
	if (!w->next)
		return;
	drop_files(w->coming);
	tell(w, WORK_FREED, w->next->gen.number, 0);
	w->next = NULL;
}

static void
take_message(struct work *w, const struct work_message *m, int fd, msec now)
{
	switch (m->kind) {
	case WORK_CATALOG:
		skip_next(w);
		take_catalog(w, m->value, fd);
		return;
	case WORK_LOAD:
		skip_next(w);
		w->next = (const struct conf *)(uintptr_t)m->value; /* shared pages: the address holds here, too */
		return;
	case WORK_DRAIN:
		work_drain(w, now, (u32)m->value);
		return;
	case WORK_ALONE:
		w->alone = true;
		return;
	}
}

void
work_pair(struct ready *r, msec now)
{
	struct work *w = CONTAINER_OF(r, struct work, pair_ready);
	struct work_message m;
	int fd, got;

	w->pair.got = 0;
	while ((got = sock_pass_take(w->start->pair, &fd, (u8 *)&m, sizeof m)) == (int)sizeof m)
		take_message(w, &m, fd, now);
	if (got == ERR_MORE)
		return;
	log_warn("worker", "the supervisor is gone: ending");
	watch_end(&w->loop, &w->pair);
	work_drain(w, now, ORPHAN_MS);
}

void
work_signals(struct ready *r, msec now)
{
	struct work *w = CONTAINER_OF(r, struct work, signals_ready);
	int number;

	w->signals.got = 0;
	while ((number = sig_next(w->signals.fd)) != 0)
		if (number == SIGTERM) /* SIGINT of a terminal reaches everybody: the supervisor decides */
			work_drain(w, now, w->start->conf->drain_ms);
}

static int
listen_all(struct work *w)
{
	for (u32 i = 0; i < w->start->listens; i++) {
		const struct work_listen *l = &w->start->listen[i];

		app_own(&w->app, &l->addr);
		if (l->control && w->start->index) /* commands speak to the worker that may write */
			continue;
		if (serve_listen(&w->app.serve, l->fd, &l->addr, l->tls, l->control))
			return ERR_FULL;
	}
	w->listening = true;
	return 0;
}

/* The mappings of generations that no request uses any more. */
static void
give_up_old(struct work *w)
{
	u32 live = w->app.gen[w->app.live].gen ? w->app.gen[w->app.live].gen->number : 0;

	for (u32 i = 0; i < APP_GENS; i++) {
		u32 number = w->held[i].number;

		if (!number || number == live || number == app_old_gen(&w->app))
			continue;
		drop_files(w->held[i].file);
		wtls_forget(&w->net); /* its last calls may have left sessions by addresses that now come again */
		w->held[i].number = 0;
		tell(w, WORK_FREED, number, 0);
	}
}

static void
keep_files(struct work *w, u32 number)
{
	for (u32 i = 0; i < APP_GENS; i++)
		if (!w->held[i].number) {
			w->held[i].number = number;
			memcpy(w->held[i].file, w->coming, sizeof w->coming);
			memset(w->coming, 0, sizeof w->coming);
			return;
		}
	ASSERT(!"two generations at most");
}

/* What we show to clients, and what we remember of upstreams, is of this configuration from now on. */
static void
load_tls(struct work *w, const struct conf *c)
{
	const char *why = "";

	wtls_forget(&w->net);
	if (c->tls_cert.n && wtls_identity(&w->net, c->tls_cert, c->tls_key, &why))
		log_error("worker", "tls_cert and tls_key are not used: %s", why);
}

/* Puts what the supervisor sent into force. ERR_FULL means that both places are in use: the next turn tries again. */
static void
load_next(struct work *w)
{
	const struct conf *c = w->next;
	struct serve_conf serve = c->serve;
	u32 bad = 0;
	int err;

	give_up_old(w);
	serve.routes = app_routes(&serve.routes_n);
	err = app_load(&w->app, &c->gen, &serve, w->coming, &bad);
	if (err == ERR_FULL)
		return;
	w->next = NULL;
	if (err) {
		log_error("worker", "catalog of api %S refused: the configuration before stays", c->gen.api[bad].name);
		drop_files(w->coming);
		tell(w, WORK_REFUSED, c->gen.number, bad);
		return;
	}
	for (u32 i = 0; i < c->gen.apis; i++)
		page_rest(w->coming[i]); /* all of it was looked at once; little of it is needed again soon */
	keep_files(w, c->gen.number);
	dns_conf(&w->dns, c->resolv, c->hosts);
	load_tls(w, c);
	tell(w, WORK_LOADED, c->gen.number, 0);
	if (!w->listening) {
		if (listen_all(w))
			log_error("worker", "too many listeners");
		tell(w, WORK_READY, 0, 0);
	}
}

static void
reseed(struct work *w, msec now)
{
	u8 more[RNG_SEED_N];

	if (now < w->reseed_at)
		return;
	if (w->reseed_at) {
		rand_bytes(more, sizeof more);
		rng_reseed(&w->rng, str_of(more, sizeof more));
		ct_wipe(more, sizeof more);
	}
	w->reseed_at = now + RESEED_MS;
}

/* Lines of this turn go to the disk, or wait for more of them: then not for longer than they may. */
static msec
audit(struct work *w, msec now, msec latest)
{
	msec at = audit_turn(&w->app.audit, now);

	return at < latest ? at : latest;
}

/* Whoever changed one: the table says what the store does from the turn on that wrote it, and that is before the answer
 * that it is done. */
static void
follow_switches(struct work *w)
{
	u32 stamp = store_stamp(w->app.store, 'w');
	struct arena room = arena_over(w->switches_room, sizeof w->switches_room);

	if (stamp == w->switches_stamp)
		return;
	w->switches_stamp = stamp;
	if (switches_follow(w->app.switches, w->app.store, &room))
		log_error("worker", "the switches cannot be put in force (at most %u targets may be off), "
		    "so everything is off: turn one of them on again", SWITCHES_MAX);
}

void
work_turn_begins(struct turn *t, msec now)
{
	struct work *w = CONTAINER_OF(t, struct work, turn);

	store_time(w->app.store, now, t->system);
	audit_time(&w->app.audit, now, t->wall_ms);
	app_turn_begins(&w->app, now);
}

msec
work_turn(struct turn *t, msec now)
{
	struct work *w = CONTAINER_OF(t, struct work, turn);

	if (w->next)
		load_next(w);
	wtls_wall(&w->net, store_wall(w->app.store));
	app_turn(&w->app, now, store_wall(w->app.store));
	if (w->start->index == 0)
		days_turn(&w->days, &w->app.ops.quota, w->app.store, now, w->loop.now_us, false);
	store_commit(w->app.store, now, t->system);
	if (w->start->index == 0)
		follow_switches(w);
	give_up_old(w);
	reseed(w, now);
	if (w->draining) {
		bool asked = w->start->index == 0 && w->start->far && !w->alone;
		bool empty = serve_live(&w->app.serve) == 0 && app_busy(&w->app) == 0;
		msec latest = w->drain_at + (asked ? KEEP_MS : 0);

		if (!empty && now >= latest)
			log_warn("worker", "ending with %u connections and %u calls still open",
			    serve_live(&w->app.serve),
			    app_busy(&w->app));
		t->over = (empty && !asked) || now >= latest;
		audit(w, now, now);
		return now + 50 < latest ? now + 50 : latest;
	}
	return audit(w, now, now + (w->start->index ? ASKING_MS : IDLE_MS));
}
