#include "net/dial.h"

#include "base/base64.h"
#include "net/wtls.h"

#include <errno.h>
#include <poll.h>

#define PIN_ROOM 60 /* characters of a pin in a sentence */

enum { DIAL_RESOLVE, DIAL_CONNECT, DIAL_TLS, DIAL_UP, DIAL_DOWN };

static struct loop *
loop_of(const struct dial *d)
{
	return d->dialer->net->loop;
}

void
dial_start(struct dial *d, struct dialer *dialer, const struct dial_to *to, struct wire *wire,
    struct ready *owner)
{
	d->dialer = dialer;
	d->to = *to;
	d->wire = wire;
	d->owner = owner;
	d->state = DIAL_RESOLVE;
	d->timer.at = MSEC_NEVER;
	if (to->unix_path.n == 0)
		dns_ask(&d->query, dialer->dns, to->host, owner);
}

/* Begins the sentence of a failure; what cannot be said in DIAL_WHY_MAX bytes is left out. */
static struct buf
why(struct dial *d, int err)
{
	d->state = DIAL_DOWN;
	d->err = err;
	return buf_over(d->why, sizeof d->why);
}

static enum step
said(struct dial *d, const struct buf *b)
{
	d->why_n = (u8)b->w;
	return STEP_FAIL;
}

void
dial_print(struct buf *b, const struct dial_to *to)
{
	if (to->unix_path.n)
		buf_fmt(b, "unix:%S", str_cut(to->unix_path, 0, SOCK_UNIX_MAX));
	else
		buf_fmt(b, str_find(to->host, ':', 0) >= 0 ? "[%S]:%d" : "%S:%d", str_cut(to->host, 0, 100), to->port);
}

static const char *
error_text(int error)
{
	switch (error) {
	case ECONNREFUSED: return "connection refused";
	case ECONNRESET: return "connection reset";
	case ETIMEDOUT: return "no answer";
	case EHOSTUNREACH: return "no route to host";
	case ENETUNREACH: return "network unreachable";
	case EADDRNOTAVAIL: return "address not available";
	case ENOENT: return "there is no such socket";
	case EACCES: case EPERM: return "not permitted by the system";
	case EMFILE: case ENFILE: return "the gate is out of descriptors";
	}
	return "connection failed";
}

static enum step
unresolved(struct dial *d)
{
	struct buf b = why(d, d->query.err);

	buf_fmt(&b, "cannot resolve %S: ", str_cut(d->to.host, 0, 100));
	switch (d->query.err) {
	case ERR_NONE: BUF_LIT(&b, "there is no such name"); break;
	case ERR_BAD: BUF_LIT(&b, "not a valid host name"); break;
	case ERR_IO: BUF_LIT(&b, "no name server is configured"); break;
	default: BUF_LIT(&b, "the name servers did not answer"); break;
	}
	return said(d, &b);
}

static bool
is_any(const struct addr *a)
{
	static const u8 zero[16];

	return memcmp(a->ip, zero, a->family == ADDR_V4 ? 4 : 16) == 0;
}

/* An IPv4 address in the clothes of IPv6 reaches what listens on the former. */
static struct addr
plain(const struct addr *a)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct addr p = *a;

	if (a->family == ADDR_V6 && memcmp(a->ip, mapped, sizeof mapped) == 0) {
		p.family = ADDR_V4;
		p.scope = 0;
		memset(p.ip, 0, sizeof p.ip);
		memcpy(p.ip, a->ip + 12, 4);
	}
	return p;
}

static bool
is_own(const struct dialer *dialer, const struct addr *to)
{
	const struct addr p = plain(to), *a = &p;

	for (u32 i = 0; i < dialer->own_n; i++) {
		const struct addr *own = &dialer->own[i];

		if (a->family == ADDR_UNIX || own->family == ADDR_UNIX) {
			if (a->family == own->family && str_same(str_c(a->path), str_c(own->path)))
				return true;
		} else if (addr_same(own, a) ||
		           (own->port == a->port && is_any(own) && addr_kind(a) == ADDR_LOOPBACK)) {
			return true;
		}
	}
	return false;
}

int
dial_allowed(const struct dialer *dialer, const struct addr *a, bool configured, const char **reason)
{
	if (is_own(dialer, a)) {
		*reason = "a listener of this gate";
		return ERR_DENY;
	}
	switch (addr_kind(a)) {
	case ADDR_PUBLIC: return 0;
	case ADDR_LOOPBACK: *reason = "a loopback address"; break;
	case ADDR_PRIVATE: *reason = "a private address"; break;
	case ADDR_LINK_LOCAL: *reason = "a link-local address"; return ERR_DENY;
	case ADDR_METADATA: *reason = "a metadata address"; return ERR_DENY;
	case ADDR_SPECIAL: *reason = "an address for special use"; return ERR_DENY;
	}
	return configured ? 0 : ERR_DENY;
}

static enum step
denied(struct dial *d, const struct addr *a, const char *reason)
{
	struct buf b = why(d, ERR_DENY);
	bool never = addr_kind(a) != ADDR_LOOPBACK && addr_kind(a) != ADDR_PRIVATE;

	dial_print(&b, &d->to);
	BUF_LIT(&b, " is not called: ");
	if (a->family != ADDR_UNIX) {
		addr_print_ip(&b, a);
		BUF_LIT(&b, " is ");
	} else {
		BUF_LIT(&b, "it is ");
	}
	buf_fmt(&b, never || d->to.configured ? "%s" : "%s and its origin is not in the configuration", reason);
	return said(d, &b);
}

/* A connect in slot i came to nothing. */
static void
close_try(struct dial *d, u32 i, int error)
{
	int fd = d->watch[i].fd;

	if (!d->watch[i].on)
		return;
	d->error = error;
	watch_end(loop_of(d), &d->watch[i]);
	sock_close(fd);
}

static u32
tries_under_way(const struct dial *d)
{
	u32 n = 0;

	for (u32 i = 0; i < DIAL_TRIES; i++)
		n += d->watch[i].on;
	return n;
}

/* On this machine a connection stands when connect returns. Whoever waits for it first holds a dial for a turn, and
 * so do hundreds of calls that begin together: half a megabyte at a start under load. */
static bool
at_once(int fd, const struct addr *a)
{
	struct addr peer;

	return (a->family == ADDR_UNIX || addr_kind(a) == ADDR_LOOPBACK) && sock_remote(fd, &peer) == 0;
}

/* Begins one connect. 0; ERR_DENY the address is not allowed (d->why says so, in case none is); ERR_IO it failed at
 * once; ERR_FULL no slot. */
static int
begin_try(struct dial *d, const struct addr *a)
{
	const char *reason;
	u32 i = 0;
	int fd;

	while (i < DIAL_TRIES && d->watch[i].on)
		i++;
	if (i == DIAL_TRIES)
		return ERR_FULL;
	if (dial_allowed(d->dialer, a, d->to.configured, &reason)) {
		d->refused++;
		denied(d, a, reason);
		d->state = DIAL_CONNECT; /* another address may do */
		return ERR_DENY;
	}
	fd = sock_connect(a);
	if (fd < 0) {
		d->error = errno;
		return ERR_IO;
	}
	d->at[i].family = a->family;
	memcpy(d->at[i].ip, a->ip, 16);
	watch_add(loop_of(d), &d->watch[i], fd, POLLOUT, d->owner);
	if (at_once(fd, a))
		d->watch[i].got = POLLOUT;
	return 0;
}

static u32
address_n(const struct dial *d)
{
	return d->to.unix_path.n ? 1 : d->query.list.n;
}

static int
address(const struct dial *d, u32 i, struct addr *a)
{
	memset(a, 0, sizeof *a);
	a->port = d->to.port;
	if (d->to.unix_path.n) {
		if (d->to.unix_path.n > SOCK_UNIX_MAX)
			return ERR_BAD;
		a->family = ADDR_UNIX;
		memcpy(a->path, d->to.unix_path.p, d->to.unix_path.n);
		return 0;
	}
	a->family = d->query.list.at[i].family;
	memcpy(a->ip, d->query.list.at[i].ip, 16);
	return 0;
}

/* Begins the next connect that can be begun; what fails at once is passed over. */
static void
next_try(struct dial *d, msec now)
{
	while (d->next < address_n(d)) {
		struct addr a;
		int err = address(d, d->next, &a);

		if (err == 0)
			err = begin_try(d, &a);
		if (err == ERR_FULL)
			return;
		d->next++;
		if (err)
			continue;
		d->next_at = now + DIAL_NEXT_MS;
		return;
	}
}

static enum step
nobody(struct dial *d)
{
	struct buf b;

	if (d->refused == address_n(d)) {
		d->state = DIAL_DOWN; /* denied() has said why */
		return STEP_FAIL;
	}
	b = why(d, ERR_IO);
	BUF_LIT(&b, "cannot connect to ");
	dial_print(&b, &d->to);
	buf_fmt(&b, ": %s", error_text(d->error));
	if (address_n(d) > 1)
		buf_fmt(&b, " (%d addresses tried)", (int)address_n(d) - d->refused);
	return said(d, &b);
}

/* Whether slot i reached one of our listeners by another name: a unix socket by a path that is spelt in another way, or
 * one that takes any address: the kernel picks the address it connects to as source when that is our own. */
static bool
reached_ourselves(const struct dial *d, u32 i)
{
	const struct dns_ip *to = &d->at[i];
	struct addr local;

	if (to->family == ADDR_UNIX)
		return sock_remote(d->watch[i].fd, &local) || is_own(d->dialer, &local);
	for (u32 j = 0; j < d->dialer->own_n; j++) {
		const struct addr *own = &d->dialer->own[j];

		if (own->family == ADDR_UNIX || own->port != d->to.port || !is_any(own))
			continue;
		return sock_local(d->watch[i].fd, &local) == 0 && local.family == to->family &&
		    memcmp(local.ip, to->ip, to->family == ADDR_V4 ? 4 : 16) == 0;
	}
	return false;
}

/* Slot i is connected: the wire takes its descriptor over. Output that was written before stays. */
static enum step
won(struct dial *d, u32 i)
{
	struct wire *w = d->wire;
	int fd = d->watch[i].fd;
	struct buf out;

	watch_end(loop_of(d), &d->watch[i]);
	for (u32 j = 0; j < DIAL_TRIES; j++)
		close_try(d, j, 0);
	timer_end(&loop_of(d)->timers, &d->timer);
	wire_settle(w);
	out = w->out;
	wire_init(w, d->dialer->net, fd, d->owner);
	w->out = out;
	d->state = d->to.tls ? DIAL_TLS : DIAL_UP;
	return STEP_DONE;
}

/* The handshake failed, or could not begin. */
static enum step
untrusted(struct dial *d, int err)
{
	const char *wrong = tls_trust_wrong(d->to.tls), *reason = "TLS is not set up";
	struct buf b = why(d, err);
	u8 pin[CERT_PIN_N];

	if (d->wire->tls)
		reason = wtls_why(d->wire);
	else if (err == ERR_FULL)
		reason = "too many TLS connections are open";
	else if (wrong)
		reason = wrong;
	BUF_LIT(&b, "no TLS connection to ");
	dial_print(&b, &d->to);
	buf_fmt(&b, ": %s", reason);
	if (d->to.tls->pin && wtls_peer_pin(d->wire, pin) && buf_room(&b) > PIN_ROOM) {
		BUF_LIT(&b, " (its pin is ");
		base64_put(&b, str_of(pin, sizeof pin));
		BUF_LIT(&b, ")");
	}
	return said(d, &b);
}

static enum step
step_tls(struct dial *d)
{
	int err = d->wire->tls ? 0 : wtls_connect(d->wire, d->to.tls);

	if (err == 0)
		err = wtls_shake(d->wire);
	if (err == ERR_MORE)
		return STEP_WAIT;
	if (err)
		return untrusted(d, err);
	d->state = DIAL_UP;
	return STEP_DONE;
}

/* What became of the connects under way: STEP_DONE when one has won, else STEP_MORE. */
static enum step
look_at_tries(struct dial *d)
{
	for (u32 i = 0; i < DIAL_TRIES; i++) {
		int error;

		if (!d->watch[i].on || d->watch[i].got == 0)
			continue;
		error = sock_error(d->watch[i].fd);
		if (error == 0 && reached_ourselves(d, i)) {
			struct addr a = { .family = d->at[i].family, .port = d->to.port };

			memcpy(a.ip, d->at[i].ip, 16);
			close_try(d, i, 0);
			d->refused++;
			denied(d, &a, "a listener of this gate");
			d->state = DIAL_CONNECT;
			continue;
		}
		if (error == 0)
			return won(d, i);
		close_try(d, i, error);
		d->next_at = 0; /* one less: the next one need not wait */
	}
	return STEP_MORE;
}

static bool
any_fired(const struct dial *d)
{
	for (u32 i = 0; i < DIAL_TRIES; i++)
		if (d->watch[i].on && d->watch[i].got)
			return true;
	return false;
}

static enum step
step_connect(struct dial *d, msec now)
{
	if (look_at_tries(d) == STEP_DONE)
		return STEP_MORE;
	if (now >= d->next_at || tries_under_way(d) == 0) {
		next_try(d, now);
		if (any_fired(d))
			return STEP_MORE;
	}
	if (tries_under_way(d) == 0)
		return nobody(d);
	timer_set(&loop_of(d)->timers, &d->timer, d->owner,
	    d->next < address_n(d) && tries_under_way(d) < DIAL_TRIES ? d->next_at : MSEC_NEVER);
	return STEP_WAIT;
}

static enum step
step_resolve(struct dial *d, msec now)
{
	enum step s = d->to.unix_path.n ? STEP_DONE : dns_step(&d->query, now);

	if (s == STEP_FAIL)
		return unresolved(d);
	if (s == STEP_DONE) {
		d->state = DIAL_CONNECT;
		return STEP_MORE;
	}
	return s;
}

enum step
dial_step(struct dial *d, msec now)
{
	for (;;) {
		enum step s = STEP_FAIL;

		switch (d->state) {
		case DIAL_RESOLVE: s = step_resolve(d, now); break;
		case DIAL_CONNECT: s = step_connect(d, now); break;
		case DIAL_TLS: s = step_tls(d); break;
		case DIAL_UP: return STEP_DONE;
		case DIAL_DOWN: return STEP_FAIL;
		}
		if (s != STEP_MORE)
			return s;
	}
}

void
dial_late(struct dial *d, u32 connect_ms)
{
	static const char *const doing[] = {
		[DIAL_RESOLVE] = "the name servers did not answer",
		[DIAL_CONNECT] = "no answer to the connect",
		[DIAL_TLS] = "the TLS handshake did not finish",
	};
	const char *what = d->state <= DIAL_TLS ? doing[d->state] : "it failed";
	struct buf b = why(d, ERR_LATE);

	BUF_LIT(&b, "no connection to ");
	dial_print(&b, &d->to);
	buf_fmt(&b, " within %u", connect_ms / 1000);
	if (connect_ms % 1000)
		buf_fmt(&b, ".%u", connect_ms % 1000 / 100);
	buf_fmt(&b, " s: %s", what);
	said(d, &b);
}

void
dial_end(struct dial *d)
{
	if (!d->dialer)
		return;
	dns_end(&d->query);
	timer_end(&loop_of(d)->timers, &d->timer);
	for (u32 i = 0; i < DIAL_TRIES; i++)
		close_try(d, i, d->error);
}

void
dial_owner(struct dial *d, struct ready *owner)
{
	d->owner = owner;
	d->timer.owner = owner;
	dns_owner(&d->query, owner);
	for (u32 i = 0; i < DIAL_TRIES; i++)
		d->watch[i].owner = owner;
	if (d->state == DIAL_UP || d->state == DIAL_TLS)
		wire_owner(d->wire, owner);
}
