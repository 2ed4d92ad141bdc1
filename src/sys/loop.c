#include "sys/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 128 /* taken from epoll per turn; the rest comes next turn */
#define HELD_MS 100 /* a turn that takes longer was held up */
#define ALWAYS (POLLERR | POLLHUP)

/* The bits of both are the same, so events need no translation. */
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLRDHUP == POLLRDHUP, "one set of bits");
static_assert(EPOLLERR == POLLERR && EPOLLHUP == POLLHUP, "one set of bits");

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
	l->change = ARENA_ARRAY(a, struct watch *, l->max);
	l->event = ARENA_ARRAY(a, struct epoll_event, EVENTS);
	if (!l->fds || !l->watch || !l->change || !l->event || timers_init(&l->timers, a, timers))
		return ERR_FULL;
	if (pipe2(l->wake, O_CLOEXEC | O_NONBLOCK))
		return ERR_IO;
	l->epoll = epoll_create1(EPOLL_CLOEXEC); /* none: everything is polled itself */
	l->alone = l->epoll >= 0 && epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake[0],
	    &(struct epoll_event){ .events = EPOLLIN }) == 0;
	l->fds[0] = (struct pollfd){ .fd = l->wake[0], .events = POLLIN };
	l->fds[1] = (struct pollfd){ .fd = l->epoll, .events = POLLIN };
	l->n = 2;
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

	w->slot = 0;
	if (at == last)
		return;
	l->fds[at] = l->fds[last];
	l->watch[at] = l->watch[last];
	l->watch[at]->slot = at + 1;
}

static void
note_change(struct loop *l, struct watch *w)
{
	if (w->changed)
		return;
	l->change[l->changes] = w;
	w->changed = ++l->changes;
}

static void
forget_change(struct loop *l, struct watch *w)
{
	struct watch *last = l->change[--l->changes];

	l->change[w->changed - 1] = last;
	last->changed = w->changed;
	w->changed = 0;
}

/* Tells epoll what w wants now. A descriptor that epoll does not take (or no epoll at all) is polled itself. */
static void
tell(struct loop *l, struct watch *w)
{
	u16 arm = w->fewer ? w->want : w->want | w->armed;
	struct epoll_event e = { .events = arm, .data.ptr = w };
	int op = !w->armed ? EPOLL_CTL_ADD : arm ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	w->fewer = false;
	if (w->armed == arm)
		return;
	if (l->epoll < 0 || epoll_ctl(l->epoll, op, w->fd, &e)) {
		w->armed = 0;
		list_watch(l, w);
		return;
	}
	w->armed = arm;
}

static void
tell_changes(struct loop *l)
{
	while (l->changes) {
		struct watch *w = l->change[--l->changes];

		w->changed = 0;
		tell(l, w);
	}
}

void
watch_add(struct loop *l, struct watch *w, int fd, u16 want, struct ready *owner)
{
	ASSERT(l->watched + 2 < l->max);
	*w = (struct watch){ .fd = fd, .want = want, .owner = owner, .on = true };
	l->watched++;
	if (want)
		note_change(l, w);
}

/* What epoll looks for may be more than what is wanted: that is noticed when it fires, which is seldom. */
void
watch_want(struct loop *l, struct watch *w, u16 want)
{
	w->want = want;
	if (w->slot)
		set_want(l, w);
	else if (want & ~w->armed)
		note_change(l, w);
}

void
watch_end(struct loop *l, struct watch *w)
{
	if (!w->on)
		return;
	if (w->changed)
		forget_change(l, w);
	if (w->armed)
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	if (w->slot)
		unlist_watch(l, w);
	for (u32 i = 0; i < l->events; i++) /* fired, and not told yet */
		if (l->event[i].data.ptr == w)
			l->event[i].data.ptr = NULL;
	*w = (struct watch){ .fd = -1, .got = w->got };
	l->watched--;
}

/* Where epoll knows everything it is asked alone: one system call a turn instead of two. */
static int
wait(struct loop *l, int timeout)
{
	int n;

	l->polled = l->epoll < 0 || !l->alone || l->n > 2;
	l->events = 0;
	if (l->polled)
		return poll(l->fds, l->n, timeout);
	n = epoll_wait(l->epoll, l->event, EVENTS, timeout);
	l->events = n > 0 ? (u32)n : 0;
	return n;
}

int
loop_wait(struct loop *l, msec now, msec latest)
{
	msec until = timers_next(&l->timers);
	int timeout = -1, n;

	tell_changes(l);
	if (latest < until)
		until = latest;
	l->until = until;
	if (!list_empty(&l->ready) || until <= now)
		timeout = 0;
	else if (until != MSEC_NEVER)
		timeout = until - now > 3600000 ? 3600000 : (int)(until - now);
	n = wait(l, timeout);
	l->fired = n > 0 ? (u32)n : 0;
	l->turn++;
	return (int)l->fired;
}

/* Marks the owner when something of what it wants fired. */
static void
fire(struct loop *l, struct watch *w, u16 events)
{
	u16 wanted = w->want ? w->want | ALWAYS : 0;

	if (events & ~wanted && !w->slot) { /* it would fire again and again */
		w->fewer = true;
		note_change(l, w);
	}
	events &= wanted;
	if (!events)
		return;
	w->got |= events;
	loop_ready(l, w->owner);
}

static void
drain(struct loop *l)
{
	u8 bytes[64];

	while (read(l->wake[0], bytes, sizeof bytes) > 0)
		;
}

/* What fired. The wake pipe is nobody's. */
static void
tell_fired(struct loop *l)
{
	int n;

	if (l->fired == 0)
		return;
	l->fired = 0;
	if (l->polled) {
		n = l->fds[1].revents ? epoll_wait(l->epoll, l->event, EVENTS, 0) : 0;
		l->events = n > 0 ? (u32)n : 0;
		for (u32 i = 2; i < l->n; i++)
			if (l->fds[i].revents)
				fire(l, l->watch[i], (u16)l->fds[i].revents);
		if (l->fds[0].revents)
			drain(l);
	}
	for (u32 i = 0; i < l->events; i++) {
		struct watch *w = (struct watch *)l->event[i].data.ptr;

		if (w)
			fire(l, w, (u16)l->event[i].events);
		else
			drain(l);
	}
	l->events = 0;
}

void
loop_io(struct loop *l, msec now)
{
	bool more = now >= l->until;

	tell_fired(l);
	for (u32 i = 0; more && i <= l->watched / EVENTS; i++) { /* epoll tells of each once before one again */
		int n = wait(l, 0);

		l->fired = n > 0 ? (u32)n : 0;
		more = l->polled ? n > 0 : n == EVENTS;
		tell_fired(l);
	}
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
loop_over(struct loop *l, u64 now_us)
{
	u64 ms = (now_us - l->now_us) / 1000;

	l->held_ms = ms < HELD_MS ? 0 : ms < UINT32_MAX / 2 ? (u32)ms : UINT32_MAX / 2;
}

void
loop_wake(struct loop *l)
{
	int saved = errno;
	ssize_t n = write(l->wake[1], "w", 1);

	(void)n; /* full: it wakes anyway */
	errno = saved;
}
