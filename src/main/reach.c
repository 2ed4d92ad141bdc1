#include "main/reach.h"

#include "http/hout.h"
#include "main/probe.h"
#include "main/say.h"
#include "op/op.h"
#include "sys/clock.h"
#include "sys/page.h"

#define PLACES 32
#define PATIENCE_MS 5000
#define ANSWER_MAX 65536

struct reach_at {
	struct ready ready;
	struct call *call;
	const struct environment *at;
	struct str target;
	const char *option;
	bool keys; /* a document is expected there */
	bool told;
};

struct reach {
	struct probe probe;
	struct reach_at place[PLACES];
	u32 n;
	bool more; /* than PLACES */
	msec till;
};

/* ---- one place ------------------------------------------------------------------------------------- */

static void
warn(struct reach_at *p, struct str why)
{
	p->told = true;
	say_errf("warning: %s: %S could not be reached: %S\n", p->option, p->at->host_field, why);
}

static void
answered(struct reach_at *p)
{
	p->told = true;
	if (p->keys && p->call->status != 200)
		say_errf("warning: %s: %S answers %u instead of keys\n", p->option, p->at->host_field,
		    (u32)p->call->status);
}

static void
at_run(struct ready *r, msec now)
{
	struct reach_at *p = CONTAINER_OF(r, struct reach_at, ready);
	enum step s = p->told ? STEP_WAIT : call_step(p->call, now);

	if (s == STEP_FAIL)
		warn(p, call_why(p->call));
	else if (s == STEP_DONE)
		answered(p);
	else if (s == STEP_MORE)
		loop_ready(p->call->calls->net->loop, r);
	call_settle(p->call);
}

static void
begin(struct reach *r, struct reach_at *p, msec now)
{
	struct call_spec spec = op_call_spec(p->at);
	struct buf *out;

	ready_init(&p->ready, at_run);
	spec.method = METHOD_GET;
	spec.body_max = ANSWER_MAX;
	p->call = call_start(&r->probe.calls, &spec, &p->ready, now);
	out = p->call ? call_out(p->call, p->target.n + 600) : NULL;
	if (!out) {
		warn(p, str_c(r->probe.calls.why ? r->probe.calls.why : "no memory"));
		return;
	}
	buf_fmt(out, "GET %S HTTP/1.1\r\nHost: %S\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
	    "User-Agent: mcpgated\r\n", p->target, p->at->host_field);
	hout_end(out);
	if (call_send(p->call))
		warn(p, call_why(p->call));
	else
		loop_ready(&r->probe.loop, &p->ready);
}

/* ---- all of them ----------------------------------------------------------------------------------- */

static void
add(struct reach *r, const struct environment *at, struct str target, const char *option)
{
	for (u32 i = 0; at && i < r->n; i++)
		if (r->place[i].at->origin == at->origin && str_same(r->place[i].target, target))
			return;
	if (at && r->n == PLACES) {
		if (!r->more)
			say_errf("warning: only the first %u places that the gate logs in at are tried\n", (u32)PLACES);
		r->more = true;
	} else if (at)
		r->place[r->n++] = (struct reach_at){ .at = at, .target = target.n ? target : STR("/"),
			.option = option };
}

static void
add_login(struct reach *r, const struct credential *c)
{
	if (c->login)
		add(r, c->login->at, c->login->target, c->login->authorize.n ? "token_url" : "login");
}

static void
collect(struct reach *r, const struct conf *c)
{
	const struct oauth_conf *o = &c->gen.oauth;

	add(r, o->keys_at, o->keys_at ? o->keys_at->path : STR(""), "issuer_keys");
	if (r->n)
		r->place[0].keys = true;
	add(r, o->said_at, o->said_at ? o->said_at->path : STR(""), "issuer_introspect");
	for (u32 i = 0; i < c->gen.apis; i++)
		for (u32 k = 0; k < c->gen.api[i].environments; k++) {
			const struct environment *e = &c->gen.api[i].environment[k];

			add_login(r, &e->credential);
			for (u32 m = 0; m < e->mores; m++)
				add_login(r, &e->more[m]);
		}
}

static msec
each(struct turn *t, msec now)
{
	struct reach *r = CONTAINER_OF(t, struct reach, probe.turn);
	u32 open = 0;

	for (u32 i = 0; i < r->n; i++)
		open += !r->place[i].told;
	t->over = !open || now >= r->till;
	return r->till;
}

static void
ask_all(struct reach *r)
{
	msec now = clock_mono_ms();

	r->till = now + PATIENCE_MS;
	r->probe.turn.each = each;
	for (u32 i = 0; i < r->n; i++)
		begin(r, &r->place[i], now);
	turn_run(&r->probe.turn);
	for (u32 i = 0; i < r->n; i++)
		if (!r->place[i].told)
			warn(&r->place[i], STR("no answer within 5 s"));
	loop_done(&r->probe.loop);
}

void
reach_tell(const struct conf *c)
{
	struct arena own = page_arena(sizeof(struct reach) + 64), a;
	struct reach *r = own.p ? ARENA_NEW(&own, struct reach) : NULL;

	if (r)
		collect(r, c);
	if (r && r->n) {
		if (probe_open(&r->probe, c, &a) == 0)
			ask_all(r);
		page_give(&a);
	}
	page_give(&own);
}
