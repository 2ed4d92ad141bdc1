#include "call/call_priv.h"

static struct buf
begin(struct call *c, int err)
{
	c->state = CALL_FAILED;
	c->err = err;
	c->keep = false;
	c->calls->failed++;
	return buf_over(c->why, sizeof c->why);
}

static enum step
end(struct call *c, const struct buf *b)
{
	c->why_n = (u8)b->w;
	return STEP_FAIL;
}

/* Whether the upstream may have acted on something that must not be done twice. */
static bool
in_doubt(const struct call *c)
{
	bool sent = c->state == CALL_HEAD || (c->state == CALL_SEND && wire_unsent(&c->peer->wire) < c->sent_n);

	return sent && !c->spec.idempotent;
}

enum step
call_fail(struct call *c, int err, const char *what, const char *detail)
{
	bool doubt = c->doubt = in_doubt(c);
	struct buf b = begin(c, err);

	dial_print(&b, &c->spec.to);
	buf_fmt(&b, " %s", what);
	if (detail)
		buf_fmt(&b, ": %s", detail);
	if (doubt)
		BUF_LIT(&b, "; whether the request was carried out is not known");
	return end(c, &b);
}

enum step
call_fail_own(struct call *c, int err, const char *what)
{
	struct buf b = begin(c, err);

	buf_c(&b, what);
	return end(c, &b);
}

enum step
call_fail_dial(struct call *c, msec now)
{
	bool broken = c->dial->err != ERR_DENY && c->dial->err != ERR_FULL;
	struct buf b = begin(c, c->dial->err);

	if (c->trying && broken)
		breaker_bad(&c->origin->breaker, now, c->spec.origin);
	else if (c->trying)
		breaker_none(&c->origin->breaker);
	c->trying = false;

	buf_put(&b, str_of(c->dial->why, min_u32(c->dial->why_n, sizeof c->why)));
	return end(c, &b);
}

/* "3 s", "0.5 s" */
static void
put_seconds(struct buf *b, u32 ms)
{
	buf_u64(b, ms / 1000);
	if (ms % 1000) {
		buf_byte(b, '.');
		buf_u64(b, ms % 1000 / 100);
	}
	BUF_LIT(b, " s");
}

enum step
call_fail_late(struct call *c, msec now)
{
	char text[128];
	struct buf b = buf_over(text, sizeof text - 1);
	bool total = now >= c->total_at;

	if (c->state == CALL_QUEUE) {
		BUF_LIT(&b, "too many calls of this environment are under way: no place came free within ");
		put_seconds(&b, c->spec.queue_ms);
		buf_byte(&b, 0);
		return call_fail_own(c, ERR_FULL, text);
	}
	if (c->state == CALL_DIAL) {
		dial_late(c->dial, total ? c->spec.total_ms : c->spec.connect_ms);
		return call_fail_dial(c, now);
	}
	if (total)
		BUF_LIT(&b, "did not finish within ");
	else if (c->state == CALL_BODY)
		BUF_LIT(&b, "stopped in the middle of its answer for ");
	else if (c->state == CALL_SEND)
		BUF_LIT(&b, "did not take the request within ");
	else
		BUF_LIT(&b, "did not answer within ");
	put_seconds(&b, total ? c->spec.total_ms : c->state == CALL_BODY ? c->spec.idle_ms : c->spec.first_ms);
	buf_byte(&b, 0);
	return call_fail(c, ERR_LATE, text, NULL);
}
