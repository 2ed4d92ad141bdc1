#include "main/control.h"

#include "base/text.h"
#include "http/body.h"
#include "http/hout.h"
#include "json/json.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/sock.h"

#include <errno.h>
#include <poll.h>

#define HEAD_FIELDS 16
#define TOKENS 64

/* One conversation. */
struct talk {
	struct loop loop;
	struct watch watch;
	struct ready ready;
	msec until;
	int fd;
	struct buf in;
	bool eof;
};

static void
woken(struct ready *r, msec now)
{
	/* wait_for looks at watch.got */
}

/* Whether what is wanted has come before the time was up. */
static bool
wait_for(struct talk *t, u16 want)
{
	watch_want(&t->loop, &t->watch, want);
	t->watch.got = 0;
	while (!t->watch.got) {
		msec now = clock_mono_ms();

		if (now >= t->until)
			return false;
		loop_wait(&t->loop, now, t->until);
		now = clock_mono_ms();
		loop_io(&t->loop, now);
		loop_steps(&t->loop, now);
	}
	return true;
}

static int
say_io(struct buf *why, int err)
{
	buf_c(why, err == ERR_LATE ? "the server did not answer in time" : "the server closed the control socket");
	return err;
}

static int
send_all(struct talk *t, struct str part, struct buf *why)
{
	while (part.n) {
		int sent = sock_send(t->fd, &part, 1);

		if (sent == ERR_MORE) {
			if (!wait_for(t, POLLOUT))
				return say_io(why, ERR_LATE);
			continue;
		}
		if (sent < 0)
			return say_io(why, ERR_IO);
		part = str_cut(part, (u32)sent, part.n);
	}
	return 0;
}

static int
read_more(struct talk *t, struct buf *why)
{
	int got;

	if (buf_room(&t->in) == 0) {
		BUF_LIT(why, "the answer is too large");
		return ERR_FULL;
	}
	while ((got = sock_recv(t->fd, t->in.p + t->in.w, buf_room(&t->in))) == ERR_MORE)
		if (!wait_for(t, POLLIN))
			return say_io(why, ERR_LATE);
	if (got < 0)
		return say_io(why, ERR_IO);
	t->eof = got == 0;
	t->in.w += (u32)got;
	return 0;
}

static int
read_head(struct talk *t, struct resp *r, struct buf *why)
{
	for (;;) {
		int used = resp_parse(buf_str(&t->in), r), err;

		if (used > 0) {
			buf_eat(&t->in, (u32)used);
			if (!r->interim)
				return 0;
			continue;
		}
		if (used == ERR_BAD || t->eof) {
			buf_fmt(why, "the answer is not HTTP: %s", used == ERR_BAD ? r->why : "it ends too early");
			return ERR_BAD;
		}
		err = read_more(t, why);
		if (err)
			return err;
	}
}

static int
read_body(struct talk *t, const struct resp *r, struct control_answer *answer, struct buf *why)
{
	u8 *p = t->in.p + t->in.r;
	struct body b;
	u32 n = 0;

	body_init(&b, (enum framing)r->framing, r->body_n, CONTROL_ANSWER_MAX);
	while (!b.done) {
		struct str part;
		int used = body_take(&b, buf_str(&t->in), &part), err;

		if (used == ERR_BAD) {
			buf_fmt(why, "the answer is not HTTP: %s", b.why);
			return ERR_BAD;
		}
		if (used >= 0) { /* the payload moves together over the framing */
			memmove(p + n, part.p ? part.p : p, part.n);
			n += part.n;
			t->in.r += (u32)used; /* not buf_eat: what stands before is the body */
			continue;
		}
		if (t->eof && body_eof(&b) == 0)
			break;
		err = t->eof ? say_io(why, ERR_IO) : read_more(t, why);
		if (err)
			return err;
	}
	answer->body = str_of(p, n);
	return 0;
}

static int
begin(struct talk *t, const struct control_ask *ask, struct arena *a, struct buf *why)
{
	struct addr to = { .family = ADDR_UNIX };
	u8 *room;
	int err;

	if (!text_c(to.path, sizeof to.path, "%s/control", ask->data))
		return ERR_NONE;
	t->until = clock_mono_ms() + ask->wait_ms;
	t->fd = sock_connect(&to);
	if (t->fd < 0) {
		err = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR ? ERR_NONE : errno == EACCES ?
		    ERR_DENY : ERR_IO;
		if (err != ERR_NONE)
			buf_fmt(why, "%s: %s%s", to.path, strerror(errno), err == ERR_DENY ?
			    " (run this as the server's user or root)"
			                                                                   : "");
		return err;
	}
	room = arena_bytes(a, CONTROL_ANSWER_MAX);
	if (!room || loop_init(&t->loop, a, 4, 4))
		return ERR_FULL;
	t->in = buf_over(room, CONTROL_ANSWER_MAX);
	ready_init(&t->ready, woken);
	watch_add(&t->loop, &t->watch, t->fd, POLLIN, &t->ready);
	return 0;
}

static int
converse(struct talk *t, const struct control_ask *ask, struct control_answer *answer, struct buf *why)
{
	struct field field[HEAD_FIELDS];
	struct resp r = { .fields = { .at = field, .max = HEAD_FIELDS } };
	struct buf head = t->in; /* nothing has come yet */
	int err;

	hout_request(&head, ask->method, ask->path);
	hout_field(&head, "Host", STR("localhost"));
	if (ask->body.n) {
		hout_field(&head, "Content-Type", STR("application/json"));
		hout_length(&head, ask->body.n);
	}
	hout_close(&head);
	buf_put(&head, ask->fields);
	hout_end(&head);
	if (head.over) {
		BUF_LIT(why, "the request is too long");
		return ERR_FULL;
	}
	r.method = (u8)head_method(ask->method);
	err = send_all(t, buf_str(&head), why);
	if (!err)
		err = send_all(t, ask->body, why);
	if (!err)
		err = read_head(t, &r, why);
	answer->status = r.status;
	return err ? err : read_body(t, &r, answer, why);
}

int
control_ask(const struct control_ask *ask, struct arena *a, struct control_answer *answer, struct buf *why)
{
	struct talk t = { .fd = -1 };
	int err;

	memset(answer, 0, sizeof *answer);
	err = begin(&t, ask, a, why);
	if (err) {
		sock_close(t.fd);
		return err;
	}
	err = converse(&t, ask, answer, why);
	watch_end(&t.loop, &t.watch);
	sock_close(t.fd);
	loop_done(&t.loop);
	return err;
}

struct str
control_error(const struct control_answer *answer)
{
	struct jsmntok tok[TOKENS];
	struct jdoc d;
	struct str text;

	if (json_parse(&d, answer->body, tok, TOKENS))
		return STR("the server refused");
	text = json_str(json_get(json_root(&d), "error"), NULL);
	return text.n ? text : STR("the server refused");
}
