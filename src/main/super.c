#include "main/super_priv.h"

#include "base/log.h"
#include "base/text.h"
#include "crypt/issue.h"
#include "gate/switches.h"
#include "main/flags.h"
#include "main/plan.h"
#include "main/say.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/page.h"
#include "sys/proc.h"
#include "sys/sig.h"

#include <poll.h>

#define OWN_N (256 * 1024)   /* the supervisor's own memory */
#define LOOK_MS 2000         /* how often documents and the system's name files are looked at */
#define KILL_AFTER_MS 2000   /* beyond the drain time: a child that still runs then is stuck */
#define HELD_MS 1000         /* a turn that comes so late was held up: this process was stopped, or the machine */
#define LISTEN_WAIT_MS 3000  /* what workers of a supervisor that was killed may take to let go of a port */

void
super_end(struct super *s, int code, msec now)
{
	const struct conf *c = s->serving ? s->gen[s->live].conf : NULL;
	u32 ms = c ? c->drain_ms : 0;

	if (s->ending)
		return;
	s->ending = true;
	s->code = code;
	s->end_at = now + ms + KILL_AFTER_MS;
	for (u32 i = 0; i < s->workers; i++)
		if (s->child[i].pid)
			super_child_tell(s, i, WORK_DRAIN, ms, -1);
	for (u32 i = 0; i < s->listens; i++)
		sock_close(s->listen[i].fd); /* who comes now is refused, not left waiting */
	s->listens = 0;
	if (s->importer > 0)
		sig_send(s->importer, SIGKILL);
}

static void
kill_all(struct super *s)
{
	for (u32 i = 0; i < SUPER_CHILDREN; i++)
		if (s->child[i].pid) {
			if (i != SUPER_HELPER)
				log_warn("super", "worker %u did not end in time: killed", i + 1);
			sig_send(s->child[i].pid, SIGKILL);
		}
}

static void
take_children(struct super *s, msec now)
{
	int status, pid;

	while ((pid = sig_child(&status)) != 0) {
		if (pid == s->importer)
			super_gen_imported(s, status, now);
		else
			super_child_ended(s, pid, status, now);
	}
}

static void
on_signal(struct ready *r, msec now)
{
	struct super *s = CONTAINER_OF(r, struct super, signals_ready);
	int number;

	s->signals.got = 0;
	while ((number = sig_next(s->signals.fd)) != 0) {
		if (number == SIGHUP)
			s->reload = true;
		else if (number == SIGCHLD)
			take_children(s, now);
		else if (s->ending)
			kill_all(s); /* asked twice */
		else
			super_end(s, EXIT_OK, now);
	}
}

static void
begin_reload(struct super *s)
{
	int err;

	if (!s->reload || s->state != SUPER_IDLE || s->ending || !s->serving)
		return;
	err = super_gen_begin(s);
	if (err == ERR_LATE)
		return; /* a request of the generation before the last is still open */
	s->reload = false;
	if (err)
		log_error("reload", "refused: the configuration before stays in force");
}

/* The others may need the store to the last: the first worker ends after them. */
static void
end_keeper(struct super *s)
{
	if (s->alone || !s->child[0].pid || super_child_running(s) > 1 + (s->child[SUPER_HELPER].pid != 0))
		return;
	s->alone = true;
	super_child_tell(s, 0, WORK_ALONE, 0, -1);
}

/* The helper has no pair to be told by: it ends by signal, when nobody needs it any more. */
static void
end_helper(struct super *s)
{
	if (s->child[SUPER_HELPER].pid && super_child_running(s) == 1)
		sig_send(s->child[SUPER_HELPER].pid, SIGTERM);
}

/* The kill switch of whoever can write into the data directory and nothing else. */
static void
look_for_stop(struct super *s)
{
	struct file_info info;
	bool there = file_look(s->boot.dir, SWITCHES_FILE, &info) == 0;

	if (there != (s->switches->file != 0))
		log_warn("super", there ? "the file stop is in the data directory: everything is stopped" :
		                          "the file stop is gone");
	switches_file(s->switches, there, clock_wall_s());
}

static msec
each(struct turn *t, msec now)
{
	struct super *s = CONTAINER_OF(t, struct super, turn);
	msec next = super_child_due(s, now);

	if (s->ending) {
		end_keeper(s);
		end_helper(s);
		t->over = super_child_running(s) == 0;
		if (now >= s->end_at && !t->over) {
			if (now - s->end_at < HELD_MS) /* else all of us were, and they get their chance */
				kill_all(s);
			s->end_at = now + KILL_AFTER_MS;
		}
		return s->end_at;
	}
	if (now >= s->look_at && s->serving) {
		s->look_at = now + LOOK_MS;
		look_for_stop(s);
		if (s->gen[s->live].conf->tls_renew && clock_wall_s() >= s->gen[s->live].conf->tls_renew)
			s->reload = true;
		if (!s->ask->text.p && super_gen_stale(s)) {
			log_info("reload", "a document or a file of the system has changed");
			s->reload = true;
		}
	}
	begin_reload(s);
	super_gen_step(s, now);
	if (s->ending)
		return now;
	return next < now + LOOK_MS ? next : now + LOOK_MS;
}

static int
fail(struct buf *why)
{
	BUF_LIT(why, "\n");
	say_errf("mcpgated: %S", buf_str(why));
	return EXIT_FAILED;
}

static int
open_one(struct super *s, const struct conf_listen *l, struct buf *why)
{
	struct work_listen *w = &s->listen[s->listens];
	msec until = clock_mono_ms() + (s->boot.unclean ? LISTEN_WAIT_MS : 0);

	w->fd = s->listens == 0 && s->ask->listener >= 0 ? s->ask->listener : boot_listen(&l->addr, why);
	while (w->fd < 0 && clock_mono_ms() < until) {
		why->w = 0;
		loop_wait(&s->loop, clock_mono_ms(), clock_mono_ms() + 50);
		w->fd = boot_listen(&l->addr, why);
	}
	if (w->fd < 0)
		return ERR_IO;
	w->tls = l->tls;
	if (l->addr.family == ADDR_UNIX || sock_local(w->fd, &w->addr))
		w->addr = l->addr;
	s->listens++;
	return 0;
}

static int
open_control(struct super *s, const struct conf *c, struct buf *why)
{
	struct work_listen *w = &s->listen[s->listens];

	w->addr.family = ADDR_UNIX;
	w->control = true;
	if (!text_c(w->addr.path, sizeof w->addr.path, "%s/control", c->data)) {
		buf_fmt(why, "%s: the path is too long for the control socket in it (at most %d characters): take "
		    "another "
		    "data directory", c->data, SOCK_UNIX_MAX - 8);
		return ERR_BAD;
	}
	w->fd = boot_listen(&w->addr, why);
	if (w->fd < 0)
		return ERR_IO;
	s->listens++;
	return 0;
}

static int
open_listeners(struct super *s, const struct conf *c, struct buf *why)
{
	for (u32 i = 0; i < c->listens && !s->ask->private; i++)
		if (open_one(s, &c->listen[i], why))
			return ERR_IO;
	return open_control(s, c, why);
}

static void
begin(struct super *s, const struct super_ask *ask)
{
	struct arena shared = page_shared(sizeof *s->switches + 64);

	s->switches = ARENA_NEW(&shared, struct switches);
	s->ask = ask;
	s->turn.loop = &s->loop;
	s->turn.each = each;
	s->catalogs = -1;
	for (u32 i = 0; i < SUPER_CHILDREN; i++) {
		s->child[i].super = s;
		s->child[i].pair.fd = -1;
		s->child[i].again_at = MSEC_NEVER;
	}
	for (u32 i = 0; i < 2; i++) {
		s->gen[i].pages = page_shared(CONF_ARENA_N);
		for (u32 k = 0; k < APIS_MAX; k++)
			s->gen[i].file[k] = -1;
	}
}

/* What people compare when they trust our own authority. */
static void
tell_authority(const struct conf *c)
{
	u8 room[ISSUE_FINGERPRINT_N];
	struct buf b = buf_over(room, sizeof room);

	if (!c->gen.ca.n)
		return;
	issue_fingerprint(&b, c->gen.ca);
	log_info("tls", "our own authority, for clients to trust: %S/ca sha256=%S", c->gen.public_url, buf_str(&b));
}

static int
open_all(struct super *s, struct buf *why)
{
	const struct conf *c = s->gen[0].conf;
	struct plan plan;

	log_init(2, s->ask->log_level >= 0 ? (enum log_level)s->ask->log_level : (enum log_level)c->log_level,
	    "mcpgated");
	if (boot_data(&s->boot, c->data, why))
		return ERR_BAD;
	look_for_stop(s);
	if (c->audit != AUDIT_OFF && boot_audit(&s->boot, s->ask->text.p, why))
		return ERR_BAD;
	s->catalogs = file_open_dir(s->boot.dir, "catalogs");
	if (c->drops)
		boot_hand_over(&s->boot, c->uid, c->gid);
	tell_authority(c);
	plan_worker(&plan, c->workers);
	if (jail_raise_files(plan.files) < plan.files)
		log_warn("boot", "at most %u descriptors may be open here (ulimit -n), %u are planned for: fewer "
		    "clients at once",
		    jail_raise_files(plan.files), plan.files);
	return open_listeners(s, c, why);
}

/* What workers count together. Made once, with room for all of them. */
static bool
share_pages(struct super *s)
{
	s->workers = s->ask->private ? 1 : s->gen[0].conf->workers;
	s->common = page_shared(work_common_bytes(s->workers));
	return s->common.p && (s->workers == 1 || far_open(&s->far, s->common.p, s->workers) == 0);
}

static void
watch_signals(struct super *s, int fd)
{
	ready_init(&s->signals_ready, on_signal);
	watch_add(&s->loop, &s->signals, fd, POLLIN, &s->signals_ready);
}

int
super_run(const struct super_ask *ask)
{
	struct arena own = page_arena(OWN_N);
	struct super *s = own.p ? ARENA_NEW(&own, struct super) : NULL;
	u8 room[600];
	struct buf why = buf_over(room, sizeof room - 1);
	int signals = sig_open();

	if (!s || signals < 0) {
		say_errf("mcpgated: cannot start: %s\n", file_why());
		return EXIT_FAILED;
	}
	jail_hide();
	page_lock(s, sizeof *s); /* the master key; whether it worked is told with the generation's pages */
	begin(s, ask);
	if (!s->switches || !s->gen[0].pages.p || !s->gen[1].pages.p ||
	    loop_init(&s->loop, &own, SUPER_CHILDREN + 8, 8)) {
		say_errf("mcpgated: cannot start: %s\n", file_why());
		return EXIT_FAILED;
	}
	if (super_gen_begin(s))
		return EXIT_FAILED;
	if (open_all(s, &why))
		return fail(&why);
	if (!share_pages(s)) {
		say_errf("mcpgated: cannot start: %s\n", file_why());
		return EXIT_FAILED;
	}
	watch_signals(s, signals);
	if (ask->helper)
		super_child_start(s, SUPER_HELPER, clock_mono_ms());
	super_child_start(s, 0, clock_mono_ms()); /* it opens the store while we look at the catalogs */
	turn_run(&s->turn);
	file_unlink(s->boot.dir, "control");
	boot_done(&s->boot);
	log_info("serve", "ended");
	return s->code;
}
