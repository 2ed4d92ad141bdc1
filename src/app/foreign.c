#include "app/foreign.h"

#include "base/log.h"
#include "crypt/ct.h"
#include "http/hout.h"
#include "http/url.h"
#include "op/op.h"

#define SAID_MAX 8192 /* bytes of an answer about a token */
#define WRONG 60      /* tokens the issuer knows nothing of, a minute from one address */
#define AT_ONCE 64    /* questions to it under way in a worker: of CALLS_MAX, which the work needs */

struct foreign {
	struct issuer_wait wait;
	struct call *call; /* that asks about it; NULL: none */
	struct buf said;
	struct str text;
	bool again;        /* its key was not known, and newer ones were asked for */
};

bool
foreign_form(const struct gen *gen, struct str text)
{
	const struct oauth_conf *c = &gen->oauth;

	if (!c->external.issuer.n || text.n > EXTERNAL_TOKEN_MAX)
		return false;
	return external_form(text) || (c->said_at && !str_starts(text, STR("sk-")));
}

struct str
foreign_text(const struct job *j)
{
	return j->foreign->text;
}

u32
foreign_keep_s(const struct job *j)
{
	return j->foreign->call ? j->gen->gen->oauth.said_s : 0;
}

void
foreign_end(struct job *j, msec now)
{
	struct foreign *f = j->foreign;

	j->foreign = NULL;
	if (!f)
		return;
	list_out(&f->wait.link);
	if (f->call) {
		call_end(f->call, now);
		j->app->asking--;
	}
}

/* ---- by its signature ------------------------------------------------------------------------------------ */

static int
judge(struct job *j, struct external_claims *out, msec now)
{
	const struct oauth_conf *c = &j->gen->gen->oauth;
	struct external x = c->external;
	struct foreign *f = j->foreign;
	int err;

	for (;;) {
		err = c->keys_at ? issuer_need(&j->app->issuer, c->keys_at, &f->wait, false, &x.keys, now) : 0;
		if (!err)
			err = external_read(&x, f->text, j->app->mcp.tok, RPC_TOKENS_MAX, exchange_arena(&j->x),
			    store_wall(j->app->store), out);
		if (err != ERR_NONE)
			return err;
		if (!c->keys_at || f->again)
			return ERR_BAD;
		f->again = true;
		if (issuer_need(&j->app->issuer, c->keys_at, &f->wait, true, &x.keys, now) == ERR_MORE)
			return ERR_MORE;
	}
}

/* ---- by asking ------------------------------------------------------------------------------------------- */

static void
write_question(struct buf *out, const struct oauth_conf *c, struct str text, struct arena *a)
{
	struct buf body = arena_buf(a, 3 * text.n + 40);

	BUF_LIT(&body, "token_type_hint=access_token&token=");
	url_encode(&body, text, URL_COMPONENT);
	hout_request(out, STR("POST"), c->said_at->path.n ? c->said_at->path : STR("/"));
	hout_field(out, "Host", c->said_at->host_field);
	if (c->said_auth.n)
		hout_field(out, "Authorization", c->said_auth);
	BUF_LIT(out, "Accept: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: mcpgated\r\n"
	    "Content-Type: application/x-www-form-urlencoded\r\n");
	hout_length(out, body.w);
	hout_end(out);
	buf_put(out, buf_str(&body));
	if (!body.p || body.over)
		out->over = true;
	ct_wipe(body.p, body.w);
}

static int
cannot(struct job *j, struct str why, msec now)
{
	if (!rate_take(j->app->rate, 'F', 1, 6, 60000, now))
		log_warn("issuer", "it could not be asked about a token: %S", why);
	return ERR_LATE;
}

static int
ask(struct job *j, msec now)
{
	const struct oauth_conf *c = &j->gen->gen->oauth;
	struct foreign *f = j->foreign;
	struct app *app = j->app;
	struct call_spec spec = op_call_spec(c->said_at);
	struct buf *out;

	if (rate_full(app->rate, 'f', exchange_from(&j->x), WRONG, 60000, now) || app->asking >= AT_ONCE)
		return ERR_FULL;
	spec.method = METHOD_POST;
	spec.idempotent = true; /* asking twice changes nothing */
	spec.body_max = SAID_MAX;
	f->said = arena_buf(exchange_arena(&j->x), SAID_MAX);
	f->call = f->said.p ? call_start(&app->calls, &spec, exchange_ready(&j->x), now) : NULL;
	if (!f->call)
		return cannot(j, f->said.p ? str_c(app->calls.why) : STR("no room"), now);
	app->asking++;
	out = call_out(f->call, 3 * f->text.n + c->said_at->path.n + c->said_auth.n + 600);
	if (out)
		write_question(out, c, f->text, exchange_arena(&j->x));
	return out && !out->over && call_send(f->call) == 0 ? 0 : cannot(j, STR("the gate is out of buffers"), now);
}

static int
take(struct job *j, struct external_claims *out, msec now)
{
	struct foreign *f = j->foreign;
	int err = external_said(&j->gen->gen->oauth.external, buf_str(&f->said), j->app->mcp.tok, RPC_TOKENS_MAX,
	    exchange_arena(&j->x), store_wall(j->app->store), out);

	if (err == ERR_BAD)
		return cannot(j, STR("its answer is none (RFC 7662)"), now);
	if (err)
		rate_take(j->app->rate, 'f', exchange_from(&j->x), WRONG, 60000, now);
	return err ? ERR_BAD : 0;
}

static int
answered(struct job *j, struct external_claims *out, msec now)
{
	struct foreign *f = j->foreign;
	int err = call_whole(f->call, &f->said, now);
	u8 room[40];
	struct buf b = buf_over(room, sizeof room);

	if (err == ERR_MORE)
		return err;
	buf_fmt(&b, "it answers %u", (u32)f->call->status);
	if (err || f->call->status != 200)
		return cannot(j, err == ERR_FULL ? STR("its answer is too long") : err ? call_why(f->call)
		                                                                        : buf_str(&b), now);
	return take(j, out, now);
}

/* ---- both ------------------------------------------------------------------------------------------------ */

int
foreign_step(struct job *j, struct external_claims *out, msec now)
{
	return j->foreign->call ? answered(j, out, now) : judge(j, out, now);
}

int
foreign_begin(struct job *j, struct str text, struct external_claims *out, msec now)
{
	const struct oauth_conf *c = &j->gen->gen->oauth;
	bool signed_one = external_form(text) && (c->keys_at || c->external.keys);
	struct arena *a = exchange_arena_n(&j->x, signed_one ? 2 * text.n + 4096 : 4 * text.n + SAID_MAX + 4096);
	struct foreign *f = ARENA_NEW(a, struct foreign);
	int err;

	if (!f || !(f->text = arena_dup(a, text)).p)
		return ERR_FULL;
	list_init(&f->wait.link);
	f->wait.owner = exchange_ready(&j->x);
	j->foreign = f;
	if (signed_one)
		return judge(j, out, now);
	err = ask(j, now);
	return err ? err : answered(j, out, now);
}
