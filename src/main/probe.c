#include "main/probe.h"

#include "base/text.h"
#include "crypt/ct.h"
#include "http/hout.h"
#include "net/wtls.h"
#include "op/op.h"
#include "sys/clock.h"
#include "sys/page.h"
#include "sys/rand.h"

int
probe_open(struct probe *p, const struct conf *c, struct arena *a)
{
	u32 watches = CALLS_WATCHES + 16, timers = CALLS_TIMERS + 16;
	u8 seed[RNG_SEED_N];

	*a = page_arena(net_bytes() + dns_bytes() + wtls_bytes() + calls_bytes() + (size_t)(watches + timers) * 64 +
	    65536);
	rand_bytes(seed, sizeof seed);
	rng_init(&p->rng, str_of(seed, sizeof seed));
	ct_wipe(seed, sizeof seed);
	if (!a->p || loop_init(&p->loop, a, watches, timers))
		return ERR_FULL;
	p->turn.loop = &p->loop;
	if (net_init(&p->net, a, &p->loop) || dns_init(&p->dns, a, &p->net, &p->rng) ||
	    wtls_init(&p->net, a, &p->rng) || calls_init(&p->calls, a, &p->net, &p->dns))
		return ERR_FULL;
	dns_conf(&p->dns, c->resolv, c->hosts);
	wtls_wall(&p->net, clock_wall_s()); /* certificates are judged by it */
	return 0;
}

/* One question under way: lives on the stack of whoever asked. */
struct asking {
	struct ready ready;
	struct probe *probe;
	struct call *call;
	struct buf *body;
	struct probe_answer *answer;
	bool head_only, headed, over;
	msec till;
};

static void
keep_head(struct asking *k)
{
	const struct fields *f = &k->probe->calls.resp.fields;
	struct probe_answer *a = k->answer;

	k->headed = true;
	a->status = k->call->status;
	buf_put(&a->challenge, field_get(f, FIELD_WWW_AUTHENTICATE));
	buf_put(&a->session, field_get(f, FIELD_MCP_SESSION_ID));
	buf_put(&a->location, field_get(f, FIELD_LOCATION));
	buf_put(&a->type, field_get(f, FIELD_CONTENT_TYPE));
}

static void
asking_run(struct ready *r, msec now)
{
	struct asking *k = CONTAINER_OF(r, struct asking, ready);
	enum step s = k->headed ? STEP_DONE : call_step(k->call, now);
	int n = ERR_MORE;

	if (s == STEP_DONE && !k->headed)
		keep_head(k);
	if (s == STEP_MORE)
		loop_ready(&k->probe->loop, r);
	else if (s == STEP_FAIL)
		n = k->call->err;
	else if (k->headed)
		n = k->head_only ? 0 : call_whole(k->call, k->body, now);
	if (n != ERR_MORE) {
		k->over = true;
		k->answer->err = n;
	}
	call_settle(k->call);
}

static msec
asking_each(struct turn *t, msec now)
{
	struct asking *k = CONTAINER_OF(t->loop, struct probe, loop)->asking;

	t->over = k->over || now >= k->till;
	return k->till;
}

static bool
send(struct asking *k, const struct probe_ask *q)
{
	struct buf *out = call_out(k->call, q->target.n + q->fields.n + q->body.n + 800);

	if (!out)
		return false;
	buf_fmt(out, "%s %S HTTP/1.1\r\nHost: ", q->method, q->target);
	if (q->host)
		buf_c(out, q->host);
	else
		buf_put(out, q->at->host_field);
	buf_fmt(out, "\r\nAccept-Encoding: identity\r\n%S", q->fields);
	if (q->body.n)
		buf_fmt(out, "Content-Type: application/json\r\nContent-Length: %u\r\n", q->body.n);
	hout_end(out);
	buf_put(out, q->body);
	return call_send(k->call) == 0;
}

void
probe_ask(struct probe *p, const struct probe_ask *q, struct buf *b, struct probe_answer *a)
{
	struct call_spec spec = op_call_spec(q->at);
	msec now = clock_mono_ms();
	struct asking k = { .probe = p, .body = b, .answer = a, .head_only = q->head, .till = now + q->wait_ms };
	struct buf *const kept[] = { &a->challenge, &a->session, &a->location, &a->type };

	a->status = 0;
	a->err = ERR_LATE;
	a->why = STR("no whole answer in time");
	for (u32 i = 0; i < ARRAY_N(kept); i++)
		*kept[i] = buf_over(a->room[i], PROBE_TEXT_N);
	b->w = 0;
	ready_init(&k.ready, asking_run);
	spec.method = (u8)head_method(str_c(q->method));
	k.call = call_start(&p->calls, &spec, &k.ready, now);
	if (!k.call) {
		a->err = ERR_FULL;
		a->why = str_c(p->calls.why ? p->calls.why : "no memory");
		return;
	}
	p->asking = &k;
	p->turn.each = asking_each;
	p->turn.over = false;
	if (send(&k, q)) {
		loop_ready(&p->loop, &k.ready);
		turn_run(&p->turn);
	}
	if (k.call->why_n) {
		memcpy(a->words, k.call->why, k.call->why_n);
		a->why = str_of(a->words, k.call->why_n);
	}
	a->body = buf_str(b);
	call_end(k.call, clock_mono_ms());
	p->asking = NULL;
}
