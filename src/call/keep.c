#include "call/keep.h"

#include <poll.h>

int
keep_init(struct keep *k, struct arena *a, struct net *net)
{
	memset(k, 0, sizeof *k);
	k->net = net;
	k->idle_max = UPSTREAM_IDLE_MAX;
	list_init(&k->oldest);
	for (u32 i = 0; i < KEEP_BUCKETS; i++)
		list_init(&k->bucket[i]);
	if (pool_init(&k->peers, a, sizeof(struct peer), KEEP_PEERS))
		return ERR_FULL;
	return pool_init(&k->origins, a, sizeof(struct origin), KEEP_PEERS);
}

size_t
keep_bytes(void)
{
	return pool_bytes(sizeof(struct peer), KEEP_PEERS) + pool_bytes(sizeof(struct origin), KEEP_PEERS);
}

static struct link *
bucket_of(struct keep *k, u64 number)
{
	return &k->bucket[(number ^ number >> 32) % KEEP_BUCKETS];
}

/* A free record; if there is none, that of an origin of which only failures are known. */
static struct origin *
new_origin(struct keep *k)
{
	struct origin *o = pool_take(&k->origins);

	for (u32 i = 0; i < KEEP_BUCKETS && !o; i++)
		LIST_EACH(&k->bucket[i], l, tmp) {
			struct origin *old = CONTAINER_OF(l, struct origin, link);

			if (old->active || old->kept)
				continue;
			list_out(&old->link);
			pool_give(&k->origins, old);
			o = pool_take(&k->origins);
			break;
		}
	return o;
}

struct origin *
keep_enter(struct keep *k, u64 number)
{
	struct link *bucket = bucket_of(k, number);
	struct origin *o;

	LIST_EACH(bucket, l, tmp) {
		o = CONTAINER_OF(l, struct origin, link);
		if (o->number != number)
			continue;
		o->active++;
		return o;
	}
	o = new_origin(k);
	if (!o)
		return NULL;
	o->number = number;
	o->active = 1;
	list_init(&o->idle);
	list_first(bucket, &o->link);
	return o;
}

static void
forget(struct keep *k, struct origin *o)
{
	if (o->active || o->kept || o->breaker.failures)
		return;
	list_out(&o->link);
	pool_give(&k->origins, o);
}

void
keep_leave(struct keep *k, struct origin *o)
{
	ASSERT(o->active > 0);
	o->active--;
	forget(k, o);
}

/* Takes p out of the idle ones. */
static void
wake(struct peer *p)
{
	list_out(&p->link);
	list_out(&p->age);
	ready_cancel(&p->ready);
	p->keep->idle--;
	p->origin->kept--;
}

/* Gives everything of p back; it is not idle. */
static void
discard(struct peer *p)
{
	struct keep *k = p->keep;
	struct wire *w = &p->wire;

	timer_end(&k->net->loop->timers, &p->timer);
	if (!w->watch.on) { /* never connected: a request may wait in it */
		w->in.r = w->in.w = w->out.r = w->out.w = 0;
		w->views = 0;
		wire_settle(w);
	}
	wire_close(w);
	pool_give(&k->peers, p);
}

static void
drop_idle(struct peer *p)
{
	struct keep *k = p->keep;
	struct origin *o = p->origin;

	wake(p);
	discard(p);
	forget(k, o);
}

/* Runs when something happens to an idle connection: it came of age, ended, or said what nobody asked for. */
static void
run_idle(struct ready *r, msec now)
{
	struct peer *p = CONTAINER_OF(r, struct peer, ready);

	if (now >= p->timer.at || wire_readable(&p->wire))
		drop_idle(p);
}

struct peer *
keep_take(struct keep *k, struct origin *o, struct ready *owner, u32 fresh_ms, msec now)
{
	while (!list_empty(&o->idle)) {
		struct peer *p = CONTAINER_OF(o->idle.next, struct peer, link);

		if (wire_readable(&p->wire)) {
			wake(p);
			discard(p); /* o stays: it has an active call */
			continue;
		}
		if (now - p->since > fresh_ms)
			return NULL; /* the others are older still */
		wake(p);
		wire_owner(&p->wire, owner);
		wire_want(&p->wire, POLLIN);
		return p;
	}
	return NULL;
}

struct peer *
keep_new(struct keep *k, struct origin *o)
{
	struct peer *p = pool_take(&k->peers);

	if (!p) {
		if (list_empty(&k->oldest))
			return NULL;
		drop_idle(CONTAINER_OF(k->oldest.next, struct peer, age));
		p = pool_take(&k->peers);
	}
	p->wire.net = k->net;
	p->wire.watch.fd = -1;
	p->keep = k;
	p->origin = o;
	p->timer.at = MSEC_NEVER;
	list_init(&p->link);
	list_init(&p->age);
	ready_init(&p->ready, run_idle);
	return p;
}

void
keep_give(struct keep *k, struct peer *p, msec now)
{
	if (k->idle_max == 0) {
		discard(p);
		return;
	}
	if (k->idle >= k->idle_max)
		drop_idle(CONTAINER_OF(k->oldest.next, struct peer, age));
	wire_settle(&p->wire);
	wire_want(&p->wire, POLLIN);
	p->since = now;
	p->served++;
	p->origin->kept++;
	k->idle++;
	list_first(&p->origin->idle, &p->link);
	list_last(&k->oldest, &p->age);
	wire_owner(&p->wire, &p->ready);
	timer_set(&k->net->loop->timers, &p->timer, &p->ready, now + KEEP_AGE_MS);
}

void
keep_drop(struct keep *k, struct peer *p)
{
	discard(p);
}

void
keep_clear(struct keep *k)
{
	while (!list_empty(&k->oldest))
		drop_idle(CONTAINER_OF(k->oldest.next, struct peer, age));
	for (u32 i = 0; i < KEEP_BUCKETS; i++)
		LIST_EACH(&k->bucket[i], l, tmp) {
			struct origin *o = CONTAINER_OF(l, struct origin, link);

			breaker_good(&o->breaker);
			forget(k, o);
		}
}
