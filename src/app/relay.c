#include "app/relay.h"

/* Whether a part of the body, or its end, is as it should be. The last bytes are what makes it a whole request, so they
 * are looked at before. */
static bool
watched(struct relay *r, const struct exchange *x, struct str part)
{
	struct multipart_watch *w = r->watch;

	if (!w)
		return true;
	return multipart_watch(w, part) == 0 && (w->ended || (x->pour && x->pour != part.n));
}

enum step
relay_step(struct relay *r, struct exchange *x, msec now)
{
	struct str part;
	enum step s;
	int n;

	while ((s = op_step(r->op, now)) == STEP_WAIT && op_hungry(r->op)) {
		n = exchange_pour(x, &part, now);
		if (n == 0 && x->pour)
			return STEP_WAIT;
		if (n >= 0 && !watched(r, x, n ? part : STR_NONE))
			n = ERR_BAD;
		if (n < 0) {
			r->err = n;
			return STEP_FAIL;
		}
		if (n) {
			op_pour(r->op, part, now);
			exchange_poured(x, part);
		} else {
			op_poured(r->op, now);
		}
	}
	return s;
}

bool
relay_refuse(const struct relay *r, struct exchange *x)
{
	if (r->err == ERR_LATE)
		reply_error(x, 408, "the body did not arrive in time: nothing whole was sent to the API");
	else if (r->err == ERR_FULL)
		reply_error(x, 413, "the body is too large: nothing whole was sent to the API");
	else if (r->err)
		reply_error(x, 400, r->watch ? "behind a large file a form may only have more files of the same name, "
		    "and its end: nothing whole was sent to the API" : "the body is broken off");
	return r->err != 0;
}

/* A piece of the body through both filters into out. false: out is full. */
static bool
pass(struct relay *r, struct str *in, struct buf *out)
{
	struct str clean, v;

	while ((clean = redact_look(&r->redact, in)).n) {
		struct str rest = clean;
		bool all = true;

		while (all && (v = veil_look(&r->veil, &rest)).n) {
			u32 n = min_u32(v.n, buf_room(out));

			buf_put(out, str_cut(v, 0, n));
			veil_took(&r->veil, &rest, n);
			all = n == v.n;
		}
		redact_took(&r->redact, in, clean.n - rest.n);
		if (!all)
			return false;
	}
	return true;
}

static int
fill_relay(struct pull *p, struct buf *out, msec now)
{
	struct relay *r = CONTAINER_OF(p, struct relay, pull);
	u32 had = out->w;
	int n = ERR_FULL;

	while (buf_room(out)) {
		struct str part = str_of("", 0), in;
		bool all;

		n = r->ended ? 0 : op_body(r->op, &part, now);
		if (n < 0)
			break;
		if (n == 0 && !r->ended) {
			r->ended = true;
			redact_end(&r->redact);
		}
		in = part;
		all = pass(r, &in, out);
		if (n > 0)
			op_eat(r->op, part.n - in.n);
		if (r->redact.err)
			return ERR_IO;
		if (n == 0 && all)
			return 0;
		n = ERR_FULL;
	}
	return n != ERR_FULL && n != ERR_MORE ? n : out->w > had ? (int)(out->w - had) : n;
}

void
relay_fields(struct exchange *x)
{
	reply_field(x, "X-Content-Type-Options", STR("nosniff"));
	reply_field(x, "Content-Security-Policy", STR("sandbox; default-src 'none'"));
	reply_field(x, "Cross-Origin-Resource-Policy", STR("same-origin"));
	reply_field(x, "Referrer-Policy", STR("no-referrer"));
	reply_field(x, "Cache-Control", STR("no-store"));
}

enum step
relay_start(struct relay *r, struct exchange *x, u16 status, const struct veil_names *names)
{
	struct op *op = r->op;
	struct str type = str_of(op->type, op->type_n);
	bool json = str_is(type, "application/json") || str_ends(type, STR("+json"));
	bool media = str_starts(type, STR("image/")) || str_starts(type, STR("audio/"));

	memcpy(r->type, op->type, op->type_n);
	r->type[op->type_n] = 0;
	redact_init(&r->redact, media ? NULL : op->secrets, json && names ? REDACT_JSON : REDACT_TEXT, op->length,
	    &job_of(x)->app->net->lease);
	veil_init(&r->veil, json ? names : NULL);
	relay_fields(x);
	r->pull.fill = fill_relay;
	return reply_pull(x, status, r->type[0] ? r->type : "application/octet-stream", &r->pull);
}

void
relay_end(struct relay *r, msec now)
{
	if (r->op)
		op_end(r->op, now);
	r->op = NULL;
	if (r->redact.lease)
		redact_done(&r->redact);
}
