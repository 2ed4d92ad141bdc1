#include "sys/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#define WATCH_PARKED UINT32_MAX
#define SWEEP_MS 100    /* how often idle watches are looked through */
#define UNPARK_BATCH 64 /* parked descriptors taken back per turn */

int
loop_init(struct loop *l, struct arena *a, u32 watches, u32 timers)
{
	memset(l, 0, sizeof *l);
	list_init(&l->ready);
	list_init(&l->reap);
	l->wake[0] = l->wake[1] = l->epoll = -1;
	l->max = watches + 2; /* the wake pipe and epoll */
	l->fds = ARENA_ARRAY(a, struct pollfd, l->max);
	l->watch = ARENA_ARRAY(a, struct watch *, l->max);
	if (!l->fds || !l->watch || timers_init(&l->timers, a, timers))
		return ERR_FULL;
	if (pipe2(l->wake, O_CLOEXEC | O_NONBLOCK))
		return ERR_IO;
	l->epoll = epoll_create1(EPOLL_CLOEXEC); /* none: nothing is parked */
	l->fds[0] = (struct pollfd){ .fd = l->wake[0], .events = POLLIN };
	l->fds[1] = (struct pollfd){ .fd = l->epoll, .events = POLLIN };
	l->n = 2;
	l->sweep = 1;
	l->sweep_at = MSEC_NEVER;
	return 0;
}

void
loop_done(struct loop *l)
{
	for (u32 i = 0; i < 2; i++)
		if (l->wake[i] >= 0)
			close(l->wake[i]);
	if (l->epoll >= 0)
		close(l->epoll);
}

void
ready_init(struct ready *r, void (*run)(struct ready *, msec now))
{
	list_init(&r->link);
	r->run = run;
}

void
loop_reap(struct loop *l, struct reap *r, void (*run)(struct reap *))
{
	r->run = run;
	list_last(&l->reap, &r->link);
}

static void
set_want(struct loop *l, struct watch *w)
{
	struct pollfd *p = &l->fds[w->slot - 1];

	p->events = (short)w->want;
	p->fd = w->want ? w->fd : -1; /* negative: the kernel skips it, errors included */
}

static void
list_watch(struct loop *l, struct watch *w)
{
	ASSERT(l->n < l->max);
	l->watch[l->n] = w;
	l->fds[l->n].revents = 0;
	w->slot = ++l->n;
	set_want(l, w);
}

static void
unlist_watch(struct loop *l, struct watch *w)
{
	u32 at = w->slot - 1, last = --l->n;

	if (w->idle_turn)
		l->idle--;
	w->idle_turn = 0;
	w->slot = 0;
	if (at == last)
		return;
	l->fds[at] = l->fds[last];
	l->watch[at] = l->watch[last];
	l->watch[at]->slot = at + 1;
}

static void
park(struct loop *l, struct watch *w)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = w };

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &e))
		return;
	unlist_watch(l, w);
	w->slot = WATCH_PARKED;
	l->parked++;
}

static void
unpark(struct loop *l, struct watch *w)
{
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	l->parked--;
	list_watch(l, w);
}

void
watch_add(struct loop *l, struct watch *w, int fd, u16 want, struct ready *owner)
{
	*w = (struct watch){ .fd = fd, .want = want, .owner = owner };
	list_watch(l, w);
}

void
watch_want(struct loop *l, struct watch *w, u16 want)
{
	if (w->slot == WATCH_PARKED)
		unpark(l, w);
	if (w->idle_turn) {
		w->idle_turn = 0;
		l->idle--;
	}
	if (w->want == want)
		return;
	w->want = want;
	set_want(l, w);
}

void
watch_end(struct loop *l, struct watch *w)
{
	if (w->slot == 0)
		return;
	if (w->slot == WATCH_PARKED)
		unpark(l, w);
	unlist_watch(l, w);
	w->fd = -1;
}

void
watch_idle(struct loop *l, struct watch *w)
{
	if (w->slot == WATCH_PARKED || l->epoll < 0)
		return;
	if (!w->idle_turn)
		l->idle++;
	w->idle_turn = l->sweep;
	if (l->sweep_at == MSEC_NEVER)
		l->sweep_at = l->now + SWEEP_MS;
}

/* Parks what was idle for a whole sweep. Walks backwards: unlisting moves the last one into the gap. */
static void
sweep_idle(struct loop *l, msec now)
{
	for (u32 i = l->n; i-- > 2;) {
		struct watch *w = l->watch[i];

		if (w->idle_turn && w->idle_turn < l->sweep && w->want == (w->want & (POLLIN | POLLRDHUP)))
			park(l, w);
	}
	l->sweep++;
	l->sweep_at = l->idle ? now + SWEEP_MS : MSEC_NEVER;
}

int
loop_wait(struct loop *l, msec now, msec latest)
{
	msec until = timers_next(&l->timers);
	int timeout = -1, n;

	if (l->sweep_at < until)
		until = l->sweep_at;
	if (latest < until)
		until = latest;
	if (!list_empty(&l->ready) || until <= now)
		timeout = 0;
	else if (until != MSEC_NEVER)
		timeout = until - now > 3600000 ? 3600000 : (int)(until - now);
	n = poll(l->fds, l->n, timeout);
	l->fired = n > 0 ? (u32)n : 0;
	l->turn++;
	return (int)l->fired;
}

static void
take_parked(struct loop *l)
{
	struct epoll_event e[UNPARK_BATCH];
	int n = epoll_wait(l->epoll, e, UNPARK_BATCH, 0);

	for (int i = 0; i < n; i++) {
		struct watch *w = (struct watch *)e[i].data.ptr;

		unpark(l, w);
		w->got |= POLLIN;
		loop_ready(l, w->owner);
	}
}

void
loop_io(struct loop *l, msec now)
{
	u32 left = l->fired, n = l->n;
	u8 bytes[64];

	l->now = now;
	for (u32 i = 2; left && i < n; i++) {
		struct watch *w;

		if (!l->fds[i].revents)
			continue;
		left--;
		w = l->watch[i];
		w->got |= (u16)l->fds[i].revents;
		l->fds[i].revents = 0;
		if (w->idle_turn) {
			w->idle_turn = 0;
			l->idle--;
		}
		loop_ready(l, w->owner);
	}
	if (l->fired && l->fds[0].revents)
		while (read(l->wake[0], bytes, sizeof bytes) > 0)
			;
	if (l->fired && l->fds[1].revents)
		take_parked(l);
	if (now >= l->sweep_at)
		sweep_idle(l, now);
	l->fired = 0;
}

void
loop_timers(struct loop *l, msec now)
{
	struct ready *r;

	while ((r = timers_pass(&l->timers, now)))
		loop_ready(l, r);
}

void
loop_steps(struct loop *l, msec now)
{
	struct link batch;

	for (u32 i = 0; i < LOOP_BATCHES && !list_empty(&l->ready); i++) {
		list_init(&batch);
		list_splice(&batch, &l->ready);
		while (!list_empty(&batch)) {
			struct ready *r = CONTAINER_OF(batch.next, struct ready, link);

			list_out(&r->link);
			r->run(r, now);
		}
	}
}

void
loop_reaps(struct loop *l)
{
	while (!list_empty(&l->reap)) {
		struct reap *r = CONTAINER_OF(l->reap.next, struct reap, link);

		list_out(&r->link);
		r->run(r);
	}
}

void
loop_wake(struct loop *l)
{
	int saved = errno;
	ssize_t n = write(l->wake[1], "w", 1);

	(void)n; /* full: it wakes anyway */
	errno = saved;
}
