#include "net/wire_priv.h"

#include "base/limits.h"
#include "sys/sock.h"

#include <poll.h>

void
wire_init(struct wire *w, struct net *net, int fd, struct ready *owner)
{
	memset(w, 0, sizeof *w);
	w->net = net;
	watch_add(net->loop, &w->watch, fd, POLLIN, owner);
}

static bool
in_scratch(const struct wire *w)
{
	return w->net->in_by == w;
}

static bool
out_scratch(const struct wire *w)
{
	return w->net->out_by == w;
}

/* Moves what is left of a scratch buffer into a block; b is empty with p NULL when nothing is left. */
static void
keep(struct wire *w, struct buf *b)
{
	struct str left = buf_str(b);

	if (left.n == 0) {
		*b = buf_over(NULL, 0);
		return;
	}
	*b = lease_take(&w->net->lease, left.n);
	if (!b->p) {
		w->err = ERR_FULL;
		return;
	}
	buf_put(b, left);
}

static void
settle_in(struct wire *w)
{
	if (in_scratch(w)) {
		keep(w, &w->in);
		w->net->in_by = NULL;
	} else if (w->in.p && buf_len(&w->in) == 0) {
		lease_give(&w->net->lease, &w->in);
	}
}

static void
settle_out(struct wire *w)
{
	if (out_scratch(w)) {
		keep(w, &w->out);
		w->net->out_by = NULL;
	} else if (w->out.p && buf_len(&w->out) == 0) {
		lease_give(&w->net->lease, &w->out);
	}
}

/* Takes a scratch buffer over from whoever has it and brings our kept bytes into it. */
static void
own(struct wire *w, struct buf *b, u8 *scratch)
{
	struct buf kept = *b;

	*b = buf_over(scratch, SCRATCH_N);
	if (kept.p) {
		buf_put(b, buf_str(&kept));
		lease_give(&w->net->lease, &kept);
	}
}

static void
own_in(struct wire *w)
{
	if (in_scratch(w)) {
		buf_compact(&w->in);
		return;
	}
	if (w->net->in_by)
		settle_in(w->net->in_by);
	own(w, &w->in, w->net->in);
	w->net->in_by = w;
}

static void
own_out(struct wire *w)
{
	if (out_scratch(w))
		return;
	if (w->net->out_by)
		settle_out(w->net->out_by);
	own(w, &w->out, w->net->out);
	w->net->out_by = w;
}

int
wire_fill(struct wire *w, u32 most)
{
	u32 room = lease_room(&w->net->lease), had = buf_len(&w->in);
	int n;

	if (w->err)
		return w->err;
	if (w->eof)
		return 0;
	if (room == 0 && w->in.p && !in_scratch(w))
		room = w->in.cap; /* its own block is given back before */
	room = min_u32(room, SCRATCH_N);
	if (most)
		room = min_u32(room, most);
	if (room <= had)
		return ERR_FULL;
	own_in(w);
	room -= had;
	n = w->tls ? wtls_recv(w, w->in.p + w->in.w, room) : sock_recv(w->watch.fd, w->in.p + w->in.w, room);
	if (n > 0)
		w->in.w += (u32)n;
	if (n < (int)room && !(w->watch.got & (POLLHUP | POLLERR | POLLRDHUP)))
		w->watch.got &= (u16)~POLLIN;
	if (n == 0)
		w->eof = true;
	if (n == ERR_MORE)
		w->watch.got = 0;
	if (n == ERR_IO)
		w->err = ERR_IO;
	return n;
}

struct buf *
wire_out(struct wire *w, u32 n)
{
	if (w->err || w->views)
		return NULL;
	if (out_scratch(w)) {
		if (buf_room(&w->out) < n)
			buf_compact(&w->out);
	} else {
		if (SCRATCH_N - buf_len(&w->out) < n)
			return NULL;
		own_out(w);
	}
	return buf_room(&w->out) >= n ? &w->out : NULL;
}

int
wire_view(struct wire *w, struct str stable)
{
	if (w->views == WIRE_VIEWS)
		return ERR_FULL;
	if (stable.n)
		w->view[w->views++] = stable;
	return 0;
}

u64
wire_unsent(const struct wire *w)
{
	u64 n = buf_len(&w->out);

	for (u32 i = 0; i < w->views; i++)
		n += w->view[i].n;
	return n;
}

/* Takes n sent bytes off out and the views. */
static void
sent(struct wire *w, u32 n)
{
	u32 part = min_u32(n, buf_len(&w->out)), gone = 0;

	buf_eat(&w->out, part);
	n -= part;
	for (u32 i = 0; i < w->views; i++) {
		part = min_u32(n, w->view[i].n);
		w->view[i] = str_cut(w->view[i], part, w->view[i].n);
		n -= part;
		if (w->view[i].n == 0)
			gone++;
	}
	w->views = (u8)(w->views - gone);
	memmove(w->view, w->view + gone, w->views * sizeof *w->view);
}

static void
want_out(struct wire *w, bool yes)
{
	u16 want = w->watch.want;

	want = (u16)(yes ? want | POLLOUT : want & ~POLLOUT);
	w->watch.got &= (u16)~POLLOUT;
	if (want != w->watch.want)
		watch_want(w->net->loop, &w->watch, want);
}

static int
send_some(struct wire *w)
{
	struct str views[1 + WIRE_VIEWS];
	u32 n = 0;

	if (buf_len(&w->out))
		views[n++] = buf_str(&w->out);
	for (u32 i = 0; i < w->views; i++)
		views[n++] = w->view[i];
	if (w->tls)
		return wtls_send(w, views, n);
	return sock_send(w->watch.fd, views, n);
}

int
wire_flush(struct wire *w)
{
	if (w->err)
		return w->err;
	while (wire_unsent(w) || (w->tls && wtls_pending(w))) {
		u64 had = wire_unsent(w);
		int n = send_some(w);

		if (n == ERR_MORE || (n >= 0 && (u64)n < had && !w->tls)) {
			if (n > 0)
				sent(w, (u32)n);
			want_out(w, true);
			return ERR_MORE;
		}
		if (n < 0) {
			w->err = ERR_IO;
			return ERR_IO;
		}
		sent(w, (u32)n);
	}
	if (w->watch.want & POLLOUT)
		want_out(w, false);
	return 0;
}

void
wire_settle(struct wire *w)
{
	if (w->in.p)
		settle_in(w);
	if (w->out.p)
		settle_out(w);
}

void
wire_want(struct wire *w, u16 want)
{
	if (wire_unsent(w) || (w->tls && wtls_pending(w)))
		want |= POLLOUT;
	if (w->watch.want != want)
		watch_want(w->net->loop, &w->watch, want);
}

bool
wire_readable(const struct wire *w)
{
	return (w->watch.got & (POLLIN | POLLHUP | POLLERR | POLLRDHUP)) || (w->tls && wtls_buffered(w));
}

void
wire_owner(struct wire *w, struct ready *owner)
{
	w->watch.owner = owner;
}

void
wire_end(struct wire *w)
{
	if (!w->watch.on)
		return;
	if (w->tls)
		wtls_end(w);
	sock_end(w->watch.fd);
}

void
wire_close(struct wire *w)
{
	int fd = w->watch.fd;

	if (!w->watch.on)
		return;
	w->in.r = w->in.w = w->out.r = w->out.w = 0;
	w->views = 0;
	wire_settle(w);
	if (w->tls)
		wtls_free(w);
	w->tls = NULL;
	watch_end(w->net->loop, &w->watch);
	sock_close(fd);
}
