#include "net/dns_priv.h"

#include "crypt/rng.h"

#include <poll.h>

#define READ_MAX 8 /* datagrams looked at in one run: strangers cannot keep us busy */

enum { ASK_NEW, ASK_JOINED, ASK_OUT, ASK_DONE, ASK_FAILED };
enum { PART_OPEN, PART_WAIT, PART_ANSWERED, PART_NO_NAME, PART_GAVE_UP };

static struct str
name_of(const struct dns_query *q)
{
	return str_of(q->name, q->name_n);
}

static void
part_close(struct dns_query *q, struct dns_part *p)
{
	int fd = p->watch.fd;

	if (!p->watch.on)
		return;
	watch_end(q->dns->net->loop, &p->watch);
	sock_close(fd);
	lease_give(&q->dns->net->lease, &p->tcp_in);
}

/* Lower case, without the dot at the end. */
static int
take_name(struct dns_query *q, struct str name)
{
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n > DNS_NAME_MAX)
		return ERR_BAD;
	for (u32 i = 0; i < name.n; i++)
		q->name[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (u8)(name.p[i] + 32) : name.p[i];
	q->name_n = (u16)name.n;
	q->plain_n = (u8)name.n;
	return 0;
}

void
dns_ask(struct dns_query *q, struct dns *d, struct str name, struct ready *owner)
{
	list_init(&q->link);
	q->dns = d;
	q->owner = owner;
	q->state = ASK_FAILED;
	q->err = ERR_BAD;
	q->timer.at = MSEC_NEVER;
	q->part[0].type = DNS_TYPE_AAAA;
	q->part[1].type = DNS_TYPE_A;
	if (take_name(q, name))
		return;
	if (dns_known(d, name_of(q), &q->list)) {
		q->state = ASK_DONE;
	} else if (dns_name_ok(name_of(q))) {
		q->state = ASK_NEW;
		if (str_find(name_of(q), '.', 0) >= 0)
			q->search = DNS_SEARCH_MAX; /* as it is, only */
	}
}

static enum step
fail(struct dns_query *q, int err)
{
	q->state = ASK_FAILED;
	q->err = err;
	return STEP_FAIL;
}

/* The name to be asked for now: with a suffix, or the caller's own. */
static void
candidate(struct dns_query *q)
{
	struct dns *d = q->dns;
	struct str suffix;

	q->name_n = q->plain_n;
	if (q->search >= d->searches)
		return;
	suffix = d->search[q->search];
	if (q->plain_n + 1 + suffix.n > DNS_NAME_MAX)
		return;
	q->name[q->name_n++] = '.';
	for (u32 i = 0; i < suffix.n; i++)
		q->name[q->name_n++] = suffix.p[i] >= 'A' && suffix.p[i] <= 'Z' ? (u8)(suffix.p[i] + 32) : suffix.p[i];
}

/* Another query that is asking for the same name, or waits for the one who is. */
static struct dns_query *
same_name(const struct dns_query *q, u8 state)
{
	LIST_EACH(&q->dns->asking, l, tmp) {
		struct dns_query *other = CONTAINER_OF(l, struct dns_query, link);

		if (other != q && other->state == state && str_same(name_of(other), name_of(q)))
			return other;
	}
	return NULL;
}

/* q has its result: those who waited for it have it as well. */
static void
tell_joined(struct dns_query *q)
{
	struct dns_query *other;

	while ((other = same_name(q, ASK_JOINED))) {
		other->state = q->state;
		other->err = q->err;
		other->list = q->list;
		list_out(&other->link);
		loop_ready(other->dns->net->loop, other->owner);
	}
}

/* q will not ask any more: one of those who waited for it must. */
static void
hand_over(struct dns_query *q)
{
	struct dns_query *other = same_name(q, ASK_JOINED);

	if (!other)
		return;
	other->state = ASK_NEW;
	loop_ready(other->dns->net->loop, other->owner);
}

static int
send_question(struct dns_query *q, struct dns_part *p)
{
	u8 bytes[DNS_QUESTION_MAX + 2];
	struct buf out = buf_over(bytes, sizeof bytes);
	struct str view;

	if (p->tcp)
		buf_put(&out, STR("\0\0"));
	dns_question(&out, p->id, p->type, name_of(q));
	if (p->tcp) {
		bytes[0] = (u8)((out.w - 2) >> 8);
		bytes[1] = (u8)(out.w - 2);
	}
	view = buf_str(&out);
	return sock_send(p->watch.fd, &view, 1) == (int)view.n ? 0 : ERR_IO;
}

/* Begins a try: a new socket (and with it a new random port) to the server whose turn it is. */
static void
part_open(struct dns_query *q, struct dns_part *p, msec now)
{
	struct dns *d = q->dns;
	int fd;

	p->state = PART_GAVE_UP;
	if (d->servers == 0)
		return;
	fd = (p->tcp ? sock_connect : sock_udp)(&d->server[p->tries % d->servers]);
	rng_bytes(d->rng, &p->id, sizeof p->id);
	p->state = PART_WAIT;
	p->due = now + DNS_TRY_MS;
	if (fd < 0) {
		p->due = now; /* counts as a try that was not answered */
		return;
	}
	watch_add(d->net->loop, &p->watch, fd, p->tcp ? POLLOUT : POLLIN, q->owner);
	if (!p->tcp && send_question(q, p))
		p->due = now;
	d->asked++;
}

static void
part_again(struct dns_query *q, struct dns_part *p, bool tcp)
{
	part_close(q, p);
	if (!tcp)
		p->tries++;
	p->tcp = tcp;
	p->state = p->tries < DNS_TRIES ? PART_OPEN : PART_GAVE_UP;
}

/* Judges one message; ERR_MORE when it is not for us. */
static int
part_reply(struct dns_query *q, struct dns_part *p, struct str reply)
{
	u32 ttl_s;
	int err = dns_reply(reply, p->id, p->type, name_of(q), &p->list, &ttl_s);

	if (err == ERR_MORE)
		return ERR_MORE;
	if (err == 0 || err == ERR_NONE) {
		p->state = err ? PART_NO_NAME : PART_ANSWERED;
		q->ttl_s = min_u32(q->ttl_s, ttl_s);
		part_close(q, p);
	} else {
		part_again(q, p, err == ERR_FULL && !p->tcp);
	}
	return 0;
}

static void
read_udp(struct dns_query *q, struct dns_part *p)
{
	u8 bytes[1280];

	for (u32 i = 0; i < READ_MAX; i++) {
		int n = sock_recv(p->watch.fd, bytes, sizeof bytes);

		if (n == ERR_IO) {
			part_again(q, p, false); /* nobody listens there */
			return;
		}
		if (n < 0) {
			p->watch.got = 0;
			return;
		}
		if (part_reply(q, p, str_of(bytes, (u32)n)) == 0)
			return;
	}
}

/* A whole message behind its length: 0 judged, ERR_MORE, ERR_BAD. */
static int
tcp_message(struct dns_query *q, struct dns_part *p)
{
	struct str in = buf_str(&p->tcp_in);
	u32 n;

	if (in.n < 2)
		return ERR_MORE;
	n = (u32)in.p[0] << 8 | in.p[1];
	if (n > DNS_TCP_MAX - 2)
		return ERR_BAD;
	if (in.n < 2 + n)
		return ERR_MORE;
	return part_reply(q, p, str_cut(in, 2, 2 + n)) == 0 ? 0 : ERR_BAD;
}

static void
read_tcp(struct dns_query *q, struct dns_part *p)
{
	int n, err;

	if (p->watch.want & POLLOUT) {
		if (sock_error(p->watch.fd) || send_question(q, p)) {
			part_again(q, p, false);
			return;
		}
		watch_want(q->dns->net->loop, &p->watch, POLLIN);
		p->watch.got = 0;
		return;
	}
	if (!p->tcp_in.p)
		p->tcp_in = lease_take(&q->dns->net->lease, DNS_TCP_MAX);
	n = p->tcp_in.p ? sock_recv(p->watch.fd, p->tcp_in.p + p->tcp_in.w, buf_room(&p->tcp_in)) : ERR_IO;
	p->watch.got = 0;
	if (n == ERR_MORE)
		return;
	p->tcp_in.w += n > 0 ? (u32)n : 0;
	err = n > 0 ? tcp_message(q, p) : ERR_BAD;
	if (err == ERR_BAD)
		part_again(q, p, false);
}

static void
part_step(struct dns_query *q, struct dns_part *p, msec now)
{
	for (;;) {
		if (p->state == PART_OPEN)
			part_open(q, p, now);
		if (p->state == PART_WAIT && p->watch.got)
			p->tcp ? read_tcp(q, p) : read_udp(q, p);
		if (p->state == PART_WAIT && now >= p->due)
			part_again(q, p, false);
		if (p->state != PART_OPEN)
			return;
	}
}

/* IPv6 and IPv4 in turns, so that one broken family costs one try (RFC 8305). */
static void
combine(struct dns_query *q)
{
	q->list.n = 0;
	for (u32 i = 0; i < DNS_ADDRS_MAX; i++)
		for (u32 j = 0; j < 2; j++)
			if (q->part[j].state == PART_ANSWERED && i < q->part[j].list.n)
				dns_add(&q->list, q->part[j].list.at[i].family, q->part[j].list.at[i].ip);
}

static enum step
finish(struct dns_query *q, u8 state, int err)
{
	timer_end(&q->dns->net->loop->timers, &q->timer);
	for (u32 i = 0; i < 2; i++)
		part_close(q, &q->part[i]);
	list_out(&q->link);
	q->state = state;
	q->err = err;
	tell_joined(q);
	return state == ASK_DONE ? STEP_DONE : STEP_FAIL;
}

/* Nobody by this name: the next candidate, or the end. */
static enum step
no_such(struct dns_query *q)
{
	if (q->search >= q->dns->searches)
		return finish(q, ASK_FAILED, ERR_NONE);
	hand_over(q);
	list_out(&q->link);
	for (u32 i = 0; i < 2; i++)
		part_close(q, &q->part[i]);
	q->search++;
	q->state = ASK_NEW;
	return STEP_MORE;
}

static bool
part_open_yet(const struct dns_part *p)
{
	return p->state == PART_OPEN || p->state == PART_WAIT;
}

/* Both have ended, or one has addresses and the other had its grace. */
static enum step
judge(struct dns_query *q, msec now)
{
	combine(q);
	if (q->list.n) {
		dns_keep(q->dns, name_of(q), &q->list, q->ttl_s, now);
		return finish(q, ASK_DONE, 0);
	}
	if (q->part[0].state != PART_NO_NAME && q->part[1].state != PART_NO_NAME &&
	    (q->part[0].state == PART_GAVE_UP || q->part[1].state == PART_GAVE_UP))
		return finish(q, ASK_FAILED, ERR_LATE);
	dns_keep(q->dns, name_of(q), &q->list, q->ttl_s, now);
	return no_such(q);
}

static enum step
step_out(struct dns_query *q, msec now)
{
	struct dns_part *v6 = &q->part[0], *v4 = &q->part[1];
	msec until = MSEC_NEVER;
	bool some;

	part_step(q, v6, now);
	part_step(q, v4, now);
	some = (v6->state == PART_ANSWERED && v6->list.n) || (v4->state == PART_ANSWERED && v4->list.n);
	if (some && q->grace == 0)
		q->grace = now + DNS_GRACE_MS;
	if (v6->state == PART_NO_NAME || v4->state == PART_NO_NAME ||
	    (!part_open_yet(v6) && !part_open_yet(v4)) || (some && now >= q->grace))
		return judge(q, now);
	for (u32 i = 0; i < 2; i++)
		if (part_open_yet(&q->part[i]) && q->part[i].due < until)
			until = q->part[i].due;
	if (some && q->grace < until)
		until = q->grace;
	timer_set(&q->dns->net->loop->timers, &q->timer, q->owner, until);
	return STEP_WAIT;
}

/* What is known is taken; else joins who asks already, or asks. */
static enum step
step_new(struct dns_query *q, msec now)
{
	struct dns *d = q->dns;
	const struct dns_list *cached;

	candidate(q);
	if (dns_known(d, name_of(q), &q->list)) {
		q->state = ASK_DONE;
		return STEP_DONE;
	}
	cached = dns_cached(d, name_of(q), now);
	if (cached) {
		d->hits++;
		q->list = *cached;
		q->state = ASK_DONE;
		return cached->n ? STEP_DONE : no_such(q);
	}
	if (d->servers == 0)
		return fail(q, ERR_IO);
	if (!list_linked(&q->link))
		list_last(&d->asking, &q->link);
	q->state = same_name(q, ASK_OUT) ? ASK_JOINED : ASK_OUT;
	if (q->state == ASK_JOINED)
		return STEP_WAIT;
	q->ttl_s = DNS_TTL_MAX_S;
	q->grace = 0;
	for (u32 i = 0; i < 2; i++)
		q->part[i] = (struct dns_part){ .type = q->part[i].type };
	return STEP_MORE;
}

enum step
dns_step(struct dns_query *q, msec now)
{
	for (;;) {
		enum step s = STEP_FAIL;

		switch (q->state) {
		case ASK_NEW: s = step_new(q, now); break;
		case ASK_JOINED: return STEP_WAIT;
		case ASK_OUT: s = step_out(q, now); break;
		case ASK_DONE: return STEP_DONE;
		case ASK_FAILED: return STEP_FAIL;
		}
		if (s != STEP_MORE)
			return s;
	}
}

void
dns_end(struct dns_query *q)
{
	if (!q->dns)
		return;
	if (q->state == ASK_OUT || q->state == ASK_NEW)
		hand_over(q);
	timer_end(&q->dns->net->loop->timers, &q->timer);
	for (u32 i = 0; i < 2; i++)
		part_close(q, &q->part[i]);
	list_out(&q->link);
	q->state = ASK_FAILED;
}

void
dns_owner(struct dns_query *q, struct ready *owner)
{
	if (!q->dns)
		return;
	q->owner = owner;
	q->timer.owner = owner;
	for (u32 i = 0; i < 2; i++)
		q->part[i].watch.owner = owner;
}
