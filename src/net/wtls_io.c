#include "net/wtls_priv.h"

#include "sys/sock.h"

#include <poll.h>

#define RECORD_N (4096 + 85) /* bytes of one of our records, at most */

/* What the kernel gets next. */
static struct str
next_out(struct wtls *x)
{
	return x->rest.p ? buf_str(&x->rest) : tls_out(x->tls);
}

int
wtls_push(struct wire *w)
{
	struct wtls *x = w->tls;
	struct str next;

	while ((next = next_out(x)).n) {
		int n = sock_send(w->watch.fd, &next, 1);

		if (n < 0)
			return n;
		if (!x->rest.p) {
			tls_sent(x->tls, (u32)n);
			continue;
		}
		buf_eat(&x->rest, (u32)n);
		if (buf_len(&x->rest) == 0)
			lease_give(&w->net->lease, &x->rest);
	}
	return 0;
}

/* POLLOUT is wanted while handshake messages or alerts wait. */
static void
watch_out(struct wire *w, bool yes)
{
	u16 want = w->watch.want;

	want = (u16)(yes ? want | POLLOUT : want & ~POLLOUT);
	if (want != w->watch.want)
		watch_want(w->net->loop, &w->watch, want);
}

/* Whether this wire may do handshake work now: one wire in each turn. */
static bool
may_shake(const struct wire *w)
{
	const struct wtls_shared *s = w->net->tls;

	return s->turn != w->net->loop->turn || s->shaker == w->tls;
}

static void
note_shake(struct wire *w)
{
	w->net->tls->turn = w->net->loop->turn;
	w->net->tls->shaker = w->tls;
}

/* Reads into the engine once: > 0; ERR_MORE; ERR_IO, also for a stream that was cut. */
static int
feed(struct wire *w)
{
	struct wtls *x = w->tls;
	bool shaking = !tls_open(x->tls);
	u32 room;
	u8 *p = tls_room(x->tls, &room);
	int n;

	if (!p || (shaking && !may_shake(w)))
		return ERR_MORE;
	n = sock_recv(w->watch.fd, p, room);
	if (n == 0) {
		x->cut = true;
		return ERR_IO;
	}
	if (n < 0)
		return n;
	tls_fed(x->tls, (u32)n);
	if (shaking && room > 5) /* the head of a record costs nothing */
		note_shake(w);
	return n;
}

/* Takes plain text out of the engine. */
static u32
take_plain(struct tls *t, u8 *p, u32 n)
{
	struct str plain = tls_plain(t);

	n = min_u32(n, plain.n);
	if (n)
		memcpy(p, plain.p, n);
	tls_eat(t, n);
	return n;
}

int
wtls_recv(struct wire *w, u8 *p, u32 n)
{
	struct wtls *x = w->tls;
	u32 got = 0;
	int err = x->dead ? ERR_IO : 1;

	while (got < n && err > 0) {
		u32 k = take_plain(x->tls, p + got, n - got);

		got += k;
		if (k)
			continue;
		if (wtls_push(w) == ERR_IO)
			err = ERR_IO;
		else if (tls_over(x->tls))
			err = tls_error(x->tls) ? ERR_IO : 0;
		else
			err = feed(w);
	}
	if (wire_unsent(w) == 0)
		watch_out(w, wtls_pending(w));
	return got ? (int)got : err;
}

/* Without a block that could keep records, one at a time goes out of the engine's own buffer. */
static int
send_one(struct wire *w, struct str text)
{
	u32 taken = tls_put(w->tls->tls, text);

	return wtls_push(w) == ERR_IO ? ERR_IO : (int)taken;
}

int
wtls_send(struct wire *w, const struct str *views, u32 n)
{
	struct wtls *x = w->tls;
	struct buf out = buf_over(w->net->tls->cipher, WTLS_CIPHER_N);
	int sent = 0, err = wtls_push(w);
	struct str made;
	u32 taken;

	if (err)
		return err;
	if (x->dead || !tls_open(x->tls))
		return ERR_IO;
	out.cap = min_u32(out.cap, lease_room(&w->net->lease));
	if (out.cap < RECORD_N)
		return n ? send_one(w, views[0]) : 0;
	taken = tls_write(x->tls, views, n, &out);
	made = buf_str(&out);
	if (made.n)
		sent = sock_send(w->watch.fd, &made, 1);
	if (sent == ERR_IO)
		return ERR_IO;
	buf_eat(&out, sent > 0 ? (u32)sent : 0);
	if (buf_len(&out)) {
		x->rest = lease_take(&w->net->lease, buf_len(&out));
		buf_put(&x->rest, buf_str(&out));
	}
	return (int)taken;
}

bool
wtls_pending(const struct wire *w)
{
	return w->tls->rest.p || tls_pending(w->tls->tls);
}

/* Also while a handshake message waits for room in the kernel: reading is what goes on with it. */
bool
wtls_buffered(const struct wire *w)
{
	struct tls *t = w->tls->tls;

	return tls_plain(t).n || (!tls_open(t) && wtls_pending(w));
}

int
wtls_shake(struct wire *w)
{
	struct tls *t = w->tls->tls;
	int err;

	do {
		err = wtls_push(w);
		if (tls_open(t)) {
			wtls_keep(w, true);
			watch_out(w, false);
			return 0;
		}
		if (tls_over(t))
			err = ERR_IO;
		if (err == 0)
			err = feed(w);
	} while (err > 0);
	if (err == ERR_MORE) {
		w->watch.got = 0;
		watch_out(w, wtls_pending(w));
		return ERR_MORE;
	}
	wtls_keep(w, false);
	return ERR_IO;
}

void
wtls_end(struct wire *w)
{
	tls_close(w->tls->tls);
	wtls_push(w); /* as far as it goes: nobody waits for it */
}
