#include "main/work_priv.h"

#include "app/hashing.h"
#include "base/log.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "main/local.h"
#include "main/plan.h"
#include "net/wtls.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/page.h"
#include "sys/proc.h"
#include "sys/rand.h"
#include "sys/sig.h"

#include <poll.h>

#define STORE_WAIT_MS 3000 /* what another process may take to let go of the store */
#define FILE_N_MAX (1ULL << 31)

void
work_leave(struct work *w, int code)
{
	if (w->app.audit.ring)
		ring_close(w->app.audit.ring);
	if (w->app.ops.quota.cell && w->start->index == 0)
		days_turn(&w->days, &w->app.ops.quota, w->app.store, w->app.now, w->loop.now_us, true);
	store_close(w->app.store);
	proc_exit(code);
}

static void
cannot(struct work *w, const char *what, struct str why)
{
	log_error("worker", "%s: %S", what, why);
	work_leave(w, WORK_CANNOT);
}

/* What the jail could not do is told once, by the first worker; with jail 'required' it ends the start. */
static void
judge_jail(struct work *w, int result, struct buf *why)
{
	if (result == 0)
		return;
	if (result < 0 || w->start->conf->jail == CONF_JAIL_REQUIRED)
		cannot(w, "the jail is required and not complete", buf_str(why));
	if (w->start->index == 0)
		log_warn("jail", "not in force: %S. `option jail 'required'` would refuse to serve like this",
		    buf_str(why));
	why->r = why->w = 0;
}

static struct jail
our_jail(const struct work_start *start, u32 files)
{
	return (struct jail){ .kind = JAIL_WORKER, .drops = start->conf->drops, .uid = start->conf->uid,
		.gid = start->conf->gid, .files_max = files, .file_n_max = FILE_N_MAX,
		.dir = start->index ? -1 : file_open_dir(start->boot->dir, "store"), .more = start->boot->audit };
}

/* Before any thread. The user changes even with jail 'off': that is an option of its own. */
static void
enter_jail(struct work *w, const struct jail *j)
{
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);

	judge_jail(w, jail_drop(j, &why), &why);
	if (!jail_with_parent(w->start->parent, SIGTERM))
		work_leave(w, 0);
	if (w->start->conf->jail != CONF_JAIL_OFF)
		judge_jail(w, jail_files(j, &why), &why);
}

/* After all threads; the first worker tells all that is in force. */
static void
lock_jail(struct work *w, const struct jail *j)
{
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);

	if (w->start->conf->jail != CONF_JAIL_OFF)
		judge_jail(w, jail_calls(j, &why), &why);
	if (w->start->index)
		return;
	log_info("jail", "in force: %S%s", buf_str(j->did), w->locked ? ", keys locked in memory" : "");
	if (w->start->conf->jail == CONF_JAIL_OFF)
		log_warn("jail", "files and system calls are not confined: option jail 'off'");
}

static struct work_common *
common_of(const struct work *w)
{
	struct work_shared s;

	work_shared(&s, w->start->common, w->start->workers);
	return s.all;
}

/* The first worker keeps the store. */
static void
ask_store(struct work *w)
{
	msec now;
	wall system = clock_both(&now);

	if (store_open_far(&w->app.store, w->start->far, w->start->index, &w->arena, now, system) ||
	    store_attach(w->app.store, &w->loop))
		cannot(w, "memory", STR("the plan is too small; please report this"));
}

/* A worker of a supervisor that was killed may still be ending: its lock goes with it. */
static void
open_store(struct work *w)
{
	u8 room[512], key[STORE_MAC_N];
	struct buf why = buf_over(room, sizeof room);
	struct store_conf conf = { .dir = w->start->boot->store, .mac_key = key };
	msec until;
	size_t mark = w->arena.used;
	int err;

	conf.wall = clock_both(&conf.now);
	until = conf.now + STORE_WAIT_MS;
	boot_key(w->start->boot, "store", key);
	while ((err = store_open(&w->app.store, &conf, &w->arena, &why)) == ERR_LATE && conf.now < until) {
		arena_rewind(&w->arena, mark);
		why.w = 0;
		loop_wait(&w->loop, conf.now, conf.now + 50);
		conf.wall = clock_both(&conf.now);
	}
	ct_wipe(key, sizeof key);
	if (err)
		cannot(w, "the store cannot be opened", buf_str(&why));
	common_of(w)->pass_rounds = local_rounds(w->app.store, true);
	if (store_attach(w->app.store, &w->loop))
		cannot(w, "no thread for the store", str_c(file_why()));
	if (w->start->far && keeper_begin(w->app.store, w->start->far, &w->arena))
		cannot(w, "memory", STR("the plan is too small; please report this"));
}

/* Its lines are this worker's own: nobody else writes them. */
static void
open_audit(struct work *w)
{
	const struct conf *c = w->start->conf;
	struct ring_conf conf = { .dir = w->start->boot->audit, .writer = w->start->index,
		.bytes_max = c->audit_n / c->workers, .syslog = -1, .host = "-" };
	u8 room[512];
	struct buf why = buf_over(room, sizeof room);

	w->app.audit.mode = c->audit;
	if (c->audit == AUDIT_OFF || conf.dir < 0)
		return;
	if (c->syslog.family)
		conf.syslog = sock_udp(&c->syslog);
	if (c->syslog.family && conf.syslog < 0)
		log_error("audit", "syslog cannot be reached: %s", file_why());
	if (ring_open(&w->ring, &conf, &w->arena, &why) || ring_attach(&w->ring, &w->loop)) {
		if (c->audit == AUDIT_REQUIRED)
			cannot(w, "the audit is required and cannot be written", buf_str(&why));
		log_error("audit", "not written: %S", buf_str(&why));
		return;
	}
	w->app.audit.ring = &w->ring;
	w->app.audit.down = common_of(w)->audit_down;
	w->app.audit.index = w->start->index;
	audit_time(&w->app.audit, clock_mono_ms(), clock_wall_ms());
}

static void
begin_rng(struct work *w)
{
	u8 seed[RNG_SEED_N];

	rand_bytes(seed, sizeof seed);
	rng_init(&w->rng, str_of(seed, sizeof seed));
	ct_wipe(seed, sizeof seed);
}

static void
begin_app(struct work *w)
{
	struct app *app = &w->app;
	struct work_shared shared;
	u32 life;

	app->loop = &w->loop;
	app->net = &w->net;
	app->dns = &w->dns;
	app->rng = &w->rng;
	app->version = boot_version();
	boot_key(w->start->boot, "handles", app->handle_key);
	boot_key(w->start->boot, "tokens", app->token_key);
	boot_seal(w->start->boot, &app->seal);
	app->switches = w->start->switches;
	if (w->start->index == 0) {
		w->switches_stamp = store_stamp(app->store, 'w');
		if (switches_load(app->switches, app->store, &w->arena))
			cannot(w, "the switches cannot be read", STR("nothing is served without knowing what is off"));
		app->switches->follows = true;
	}
	if (app_init(app, &w->arena))
		cannot(w, "memory", STR("the plan is too small; please report this"));
	work_shared(&shared, w->start->common, w->start->workers);
	app->pass_rounds = shared.all->pass_rounds;
	app->rate = &shared.all->rate;
	app->index = w->start->index;
	hashing_begin(app);
	calls_share(&app->calls, shared.shares, w->start->workers, w->start->index);
	app->ops.quota.cell = (struct quota_cell *)(void *)shared.quotas;
	rng_bytes(app->rng, (u8 *)&life, sizeof life);
	lives_begin(&app->ops.lives, shared.lives, w->start->workers, w->start->index, life);
	quota_time(&app->ops.quota, clock_mono_ns() / 1000, store_wall(app->store));
	if (w->start->index == 0 && days_load(&app->ops.quota, app->store, &w->arena))
		log_warn("worker", "what was spent of daily budgets cannot be read: they begin anew");
}

static void
watch_supervisor(struct work *w, int signals)
{
	ready_init(&w->pair_ready, work_pair);
	ready_init(&w->signals_ready, work_signals);
	watch_add(&w->loop, &w->pair, w->start->pair, POLLIN, &w->pair_ready);
	watch_add(&w->loop, &w->signals, signals, POLLIN, &w->signals_ready);
}

static struct work *
carve(const struct work_start *start, const struct plan *p)
{
	struct arena a = page_arena(p->total);
	struct work *w;

	a.zero = true;
	w = a.p ? ARENA_NEW(&a, struct work) : NULL;
	if (!w) {
		log_error("worker", "there are no %U bytes of memory", (u64)p->total);
		proc_exit(WORK_CANNOT);
	}
	w->arena = a;
	w->locked = page_lock(w, sizeof *w) == 0; /* the keys of tokens, handles and sealed credentials */
	w->start = start;
	w->turn.loop = &w->loop;
	w->turn.begins = work_turn_begins;
	w->turn.each = work_turn;
	if (loop_init(&w->loop, &w->arena, app_watches() + 12, app_timers() + 8))
		cannot(w, "the loop", str_c(file_why()));
	return w;
}

void
work_run(const struct work_start *start)
{
	int signals = sig_open();
	struct plan plan;
	struct jail j;
	struct work *w;
	char name[16];
	u8 room[300];
	struct buf did = buf_over(room, sizeof room);

	text_c(name, sizeof name, "worker%u", start->index + 1);
	proc_name(name);
	log_init(2, (enum log_level)start->log_level, name);
	plan_worker(&plan, start->workers);
	jail_raise_files(plan.files);
	j = our_jail(start, plan.files);
	j.did = &did;
	w = carve(start, &plan);
	enter_jail(w, &j);
	file_close(j.dir);
	begin_rng(w);
	if (net_init(&w->net, &w->arena, &w->loop) || dns_init(&w->dns, &w->arena, &w->net, &w->rng) ||
	    wtls_init(&w->net, &w->arena, &w->rng))
		cannot(w, "memory", STR("the plan is too small; please report this"));
	if (start->index)
		ask_store(w);
	else
		open_store(w);
	open_audit(w);
	begin_app(w);
	watch_supervisor(w, signals);
	page_freeze(&start->slot[0]);
	page_freeze(&start->slot[1]);
	ct_wipe((void *)(uintptr_t)start->boot->master, BOOT_KEY_N);
	proc_forget_environment();
	lock_jail(w, &j);
	turn_run(&w->turn);
	work_leave(w, 0);
}
