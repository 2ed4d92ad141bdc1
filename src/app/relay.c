#include "app/relay.h"

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
