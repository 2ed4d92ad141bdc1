#include "main/super_priv.h"

#include "base/log.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/proc.h"
#include "sys/sig.h"

#include <poll.h>

#define YOUNG_MS 5000       /* a child that ends before that is started again more slowly each time */
#define DELAY_FIRST_MS 100
#define DELAY_MOST_MS 10000

void
super_child_tell(struct super *s, u32 i, enum work_message_kind kind, u64 value, int fd)
{
	struct work_message m = { .kind = kind, .value = value };

	if (s->child[i].pair.fd >= 0 && sock_pass(s->child[i].pair.fd, fd, str_of(&m, sizeof m)))
		log_warn("super", "worker %u does not take messages: %s", i + 1, file_why());
}

void
super_child_load(struct super *s, u32 i)
{
	struct super_gen *g = &s->gen[s->live];

	s->child[i].claims |= (u8)(1U << s->live);
	for (u32 k = 0; k < g->conf->gen.apis; k++)
		super_child_tell(s, i, WORK_CATALOG, k, g->file[k]);
	super_child_tell(s, i, WORK_LOAD, (u64)(uintptr_t)g->conf, -1);
}

/* Slot of a generation's number, or -1. */
static int
slot_of(const struct super *s, u64 number)
{
	for (int i = 0; i < 2; i++)
		if (s->gen[i].conf && s->gen[i].conf->gen.number == number)
			return i;
	return -1;
}

static void
tell_ready(const struct super *s)
{
	u8 addr[160], room[500];
	struct buf b = buf_over(room, sizeof room);

	for (u32 i = 0; i < s->listens; i++)
		if (!s->listen[i].control)
			buf_fmt(&b, " listen=%S", boot_addr(&s->listen[i].addr, addr));
	log_info("serve", "ready url=%S%S workers=%u", s->gen[s->live].conf->gen.public_url, buf_str(&b), s->workers);
}

static void
is_ready(struct super *s, struct super_child *c, msec now)
{
	bool first = true;
	int code;

	for (u32 i = 0; i < s->workers; i++)
		first = first && !s->child[i].was_ready;
	c->was_ready = true;
	if (!first)
		return;
	tell_ready(s);
	for (u32 i = 1; i < s->workers; i++) /* they ask for the store that the first one keeps */
		super_child_start(s, i, now);
	if (!s->ask->ready)
		return;
	code = s->ask->ready(s->ask->arg, s->gen[s->live].conf);
	if (code >= 0)
		super_end(s, code, now);
}

static void
take_message(struct super *s, struct super_child *c, const struct work_message *m, msec now)
{
	int slot = slot_of(s, m->value);

	switch (m->kind) {
	case WORK_READY:
		is_ready(s, c, now);
		break;
	case WORK_REFUSED:
		/* It holds on to the one before, whose place the next reload needs: another one takes over. */
		log_error("super", "worker %u refuses generation %U: it is replaced", (u32)(c - s->child) + 1,
		    m->value);
		if (!s->ending)
			super_child_tell(s, (u32)(c - s->child), WORK_DRAIN, s->gen[s->live].conf->drain_ms, -1);
		/* fall through */
	case WORK_FREED: /* either way it does not use it */
		if (slot >= 0)
			c->claims &= (u8)~(1U << slot);
		break;
	default:
		break;
	}
}

static void
from_worker(struct ready *r, msec now)
{
	struct super_child *c = CONTAINER_OF(r, struct super_child, ready);
	struct super *s = c->super;
	struct work_message m;
	int fd, got = ERR_MORE;

	c->pair.got = 0;
	while (c->pair.fd >= 0 && (got = sock_pass_take(c->pair.fd, &fd, (u8 *)&m, sizeof m)) == (int)sizeof m)
		take_message(s, c, &m, now);
	if (c->pair.fd >= 0 && got != ERR_MORE)
		watch_want(&s->loop, &c->pair, 0); /* its end is told by SIGCHLD */
}

/* In the child: what belongs to the supervisor must not stay open here, or its end would go unnoticed. */
static void
leave_supervisor(struct super *s, u32 child)
{
	if (s->workers > 1)
		far_take(&s->far, child == SUPER_HELPER ? UINT32_MAX : child);
	for (u32 i = 0; i < SUPER_CHILDREN; i++)
		sock_close(s->child[i].pair.fd);
	sock_close(s->signals.fd);
	sock_close(s->boot.lock);
	loop_done(&s->loop);
}

static void
run_worker(struct super *s, u32 i, int pair, int parent)
{
	struct arena slot[2] = { s->gen[0].pages, s->gen[1].pages };
	struct work_start start = { .index = i, .parent = parent, .pair = pair, .listen = s->listen,
	    .listens = s->listens,
		.slot = slot, .common = s->common.p, .workers = s->workers, .switches = s->switches,
		.far = s->workers > 1 ? &s->far : NULL,
		.boot = &s->boot,
		.conf = s->gen[s->live].conf,
		.log_level = s->ask->log_level >= 0 ? (u8)s->ask->log_level : s->gen[s->live].conf->log_level };

	leave_supervisor(s, i);
	work_run(&start);
}

static void
run_helper(struct super *s, int parent)
{
	leave_supervisor(s, SUPER_HELPER);
	if (!jail_with_parent(parent, SIGKILL))
		proc_exit(0);
	for (u32 i = 0; i < s->listens; i++)
		sock_close(s->listen[i].fd);
	proc_exit(s->ask->helper(s->ask->arg));
}

void
super_child_start(struct super *s, u32 i, msec now)
{
	struct super_child *c = &s->child[i];
	int pair[2] = { -1, -1 }, self = proc_self();

	c->again_at = MSEC_NEVER;
	c->born = now;
	if (i != SUPER_HELPER && sock_pair(pair)) {
		log_error("super", "no sockets for worker %u: %s", i + 1, file_why());
		c->again_at = now + DELAY_MOST_MS;
		return;
	}
	c->pid = proc_fork();
	if (c->pid == 0) {
		sock_close(pair[0]);
		if (i == SUPER_HELPER)
			run_helper(s, self);
		run_worker(s, i, pair[1], self);
	}
	sock_close(pair[1]);
	if (c->pid < 0) {
		log_error("super", "cannot fork: %s", file_why());
		sock_close(pair[0]);
		c->pid = 0;
		c->again_at = now + DELAY_MOST_MS;
		return;
	}
	if (i == SUPER_HELPER)
		return;
	ready_init(&c->ready, from_worker);
	watch_add(&s->loop, &c->pair, pair[0], POLLIN, &c->ready);
	if (s->serving)
		super_child_load(s, i);
}

static void
start_again(struct super *s, struct super_child *c, const char *how, msec now)
{
	u32 i = (u32)(c - s->child);

	if (now - c->born >= YOUNG_MS)
		c->delay_ms = 0;
	c->again_at = now + c->delay_ms;
	if (i == SUPER_HELPER)
		log_error("super", "the helper ended (%s): it starts again in %u ms", how, c->delay_ms);
	else
		log_error("super", "worker %u ended (%s%s): it starts again in %u ms", i + 1, how,
		    strcmp(how, "signal 31") == 0 ? ", a system call that its jail does not list" : "", c->delay_ms);
	c->delay_ms = c->delay_ms ? min_u32(c->delay_ms * 2, DELAY_MOST_MS) : DELAY_FIRST_MS;
}

void
super_child_ended(struct super *s, int pid, int status, msec now)
{
	char how[16];

	sig_words(status, how);
	for (u32 i = 0; i < SUPER_CHILDREN; i++) {
		struct super_child *c = &s->child[i];
		int fd = c->pair.fd;

		if (c->pid != pid)
			continue;
		c->pid = 0;
		c->claims = 0;
		if (i < s->workers)
			work_gone(s->common.p, s->workers, i);
		if (fd >= 0) {
			from_worker(&c->ready, now); /* its last words */
			watch_end(&s->loop, &c->pair);
			ready_cancel(&c->ready);
			sock_close(fd);
			c->pair.fd = -1;
		}
		if (s->ending)
			return;
		if (i < SUPER_HELPER && !s->child[0].was_ready && strcmp(how, "exit 3") == 0)
			super_end(s, 1, now); /* it has said why; trying again will not help */
		else
			start_again(s, c, how, now);
		return;
	}
}

msec
super_child_due(struct super *s, msec now)
{
	msec next = MSEC_NEVER;

	for (u32 i = 0; i < SUPER_CHILDREN && !s->ending; i++) {
		struct super_child *c = &s->child[i];

		if (c->again_at <= now)
			super_child_start(s, i, now);
		if (c->again_at < next)
			next = c->again_at;
	}
	return next;
}

u32
super_child_running(const struct super *s)
{
	u32 n = 0;

	for (u32 i = 0; i < SUPER_CHILDREN; i++)
		n += s->child[i].pid != 0;
	return n;
}
