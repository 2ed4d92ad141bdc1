#include "app/passing.h"

#include "app/person.h"
#include "auth/handle.h"
#include "base/log.h"
#include "crypt/ct.h"
#include "http/hout.h"
#include "mcp/session.h"

#define ASKING_MAX 16   /* questions under way at once in a worker */
#define ASKS_MAX 300    /* questions in a minute for one address */
#define CHECK_MS 10000
#define DRAIN_MAX 65536 /* bytes of its answer that a connection is worth */
#define WAYS 4

enum { AT_START, AT_SESSION, AT_HASH, AT_CALL };

struct passing {
	struct own own;
	struct own_session session;
	struct store_op op;
	struct buf record;
	struct call *call;
	u8 at;
	u8 hash[HASH_N], key[SESSION_OWN_N];
	u8 value[OWN_MAX + 128]; /* the credential, or the record that holds it */
};

static_assert(sizeof(struct passing) <= 4096, "fits a leased block of 4 KB");

static struct passing *
passing_of(const struct job *j)
{
	return (struct passing *)(void *)j->passing.p;
}

const struct environment *
passing_at(const struct endpoint *e)
{
	u32 i = e->view.pinned != GATE_ANY_ENVIRONMENT ? e->view.pinned : e->api->default_environment;

	return i < e->api->environments && e->api->environment[i].pass ? &e->api->environment[i] : NULL;
}

const struct own *
passing_own(const struct job *j)
{
	return j->passing.p && j->who.kind == PRINCIPAL_PASS ? &passing_of(j)->own : NULL;
}

const struct environment *
passing_captures(const struct job *j, const struct endpoint *e)
{
	const struct environment *at = passing_at(e);

	bool mcp = !e->name || strcmp(e->name, ENDPOINT_REST) != 0;

	return at && at->pass->capture && mcp && person_may(j) ? at : NULL;
}

/* ---- what came ----------------------------------------------------------------------------------- */

u32
passing_find(const struct fields *f, const struct environment *at, struct own *own)
{
	u32 n = 0;

	for (u32 i = 0; i < f->n; i++)
		for (u32 k = 0; k < at->pass->fields; k++)
			if (str_same_nocase(f->at[i].name, at->pass->field[k])) {
				*own = (struct own){ at->pass->field[k], f->at[i].value };
				n++;
			}
	return n;
}

bool
passing_ours(const struct job *j, struct str value)
{
	u8 *room = j->app->ops.canon; /* scratch */
	struct own own = { .value = value };
	struct str rest = value.n <= OWN_MAX ? own_secret(&own, room) : STR_NONE;
	bool ours = false;

	for (u32 i = 0; i < 2 && !ours; i++, rest = value)
		while (rest.n && !ours) {
			struct str word = str_next(&rest, ' ');

			ours = str_starts(word, STR("sk-")) || str_starts(word, j->gen->gen->oauth.token_prefix);
		}
	ct_wipe(room, OWN_MAX);
	return ours;
}

/* The request's own credential, copied; or that of its session, which the store is asked for. STEP_FAIL: neither. */
static enum step
take(struct job *j, struct passing *p, const struct endpoint *e, msec now)
{
	const struct environment *at = passing_at(e);
	const struct fields *f = &j->x.req.fields;
	struct own own;

	p->at = AT_HASH;
	if (passing_find(f, at, &own) == 1) {
		u32 n = own.value.n <= OWN_MAX ? own_secret(&own, j->app->ops.canon).n : 0;

		ct_wipe(j->app->ops.canon, OWN_MAX);
		if (n < OWN_MIN)
			return STEP_FAIL;
		memcpy(p->value, own.value.p, own.value.n);
		p->own = (struct own){ own.field, str_of(p->value, own.value.n) };
		return STEP_DONE;
	}
	p->session = (struct own_session){ .api = e->api, .environment = passing_captures(j, e) };
	if (!p->session.environment ||
	    str_is(field_get(f, FIELD_MCP_PROTOCOL_VERSION), "2026-07-28") || /* it knows no sessions */
	    session_own(field_get(f, FIELD_MCP_SESSION_ID), p->key, &p->session.key))
		return STEP_FAIL;
	p->record = buf_over(p->value, sizeof p->value);
	p->op = (struct store_op){ .verb = STORE_GET, .key = p->session.key, .out = &p->record };
	p->op.owner = exchange_ready(&j->x);
	p->at = AT_SESSION;
	return store_start(j->app->store, &p->op, now) == STEP_WAIT ? STEP_WAIT : STEP_DONE;
}

/* ---- who it is ----------------------------------------------------------------------------------- */

static void
hash_own(struct job *j, struct passing *p, const struct api *api, const struct environment *at)
{
	const struct str part[] = { STR("pass"), api->name, at->name, p->own.field, p->own.value };
	struct hash_key k;
	struct hash_mac m;

	hash_key(&k, str_of(j->app->handle_key, HANDLE_KEY_N));
	hash_mac_begin(&m, &k);
	for (u32 i = 0; i < ARRAY_N(part); i++) {
		hash_mac_add(&m, part[i]);
		hash_mac_add(&m, str_of("", 1));
	}
	hash_mac_out(&m, p->hash);
	ct_wipe(&k, sizeof k);
	ct_wipe(&m, sizeof m);
}

static enum step
admit(struct job *j, const struct passing *p, const struct endpoint *e)
{
	const struct environment *at = passing_at(e);
	struct principal *who = &j->who;
	u8 room[20];
	struct buf b = buf_over(room, sizeof room);

	*who = (struct principal){ .kind = PRINCIPAL_PASS, .scopes = SCOPE_ALL };
	for (u32 i = 0; i < 8; i++)
		who->id = who->id << 8 | p->hash[i];
	buf_fmt(&b, "own-");
	buf_hex(&b, who->id, 8);
	principal_set_name(who, buf_str(&b));
	principal_set_role(who, at->pass->role);
	principal_set_apis(who, e->api->name);
	principal_set_environments(who, at->name);
	return STEP_DONE;
}

/* Where what is known of a hash stands; or a place for it. */
static u32
place_of(const struct passed *d, const u8 hash[HASH_N], bool *found)
{
	u32 from = hash[HASH_N - 1] % (PASSED_PLACES / WAYS) * WAYS, best = from;

	for (u32 i = from; i < from + WAYS; i++) {
		*found = memcmp(d->place[i].hash, hash, HASH_N) == 0;
		if (*found)
			return i;
		if (d->place[i].until < d->place[best].until)
			best = i;
	}
	return best;
}

static void
remember(struct passed *d, const u8 hash[HASH_N], bool good, msec now)
{
	bool found;
	u32 i = place_of(d, hash, &found);

	memcpy(d->place[i].hash, hash, HASH_N);
	d->place[i].good = good;
	d->place[i].until = now + (good ? PASSED_GOOD_MS : PASSED_BAD_MS);
}

/* ---- the question -------------------------------------------------------------------------------- */

static enum step
later(struct job *j, u32 seconds, const char *message)
{
	u8 room[12];
	struct buf b = buf_over(room, sizeof room);

	buf_u64(&b, seconds);
	reply_field(&j->x, "Retry-After", buf_str(&b));
	reply_error(&j->x, 503, message);
	return STEP_FAIL;
}

static enum step
ask(struct job *j, struct passing *p, const struct environment *at, msec now)
{
	struct app *app = j->app;
	struct call_spec spec = op_call_spec(at);
	u32 wait = rate_take(app->rate, 'p', exchange_from(&j->x), ASKS_MAX, 60000, now);
	struct buf *out;

	if (wait || app->passed.asking >= ASKING_MAX)
		return later(j, max_u32(wait, 1), "too many credentials are being checked: try again");
	spec.method = at->pass->method;
	spec.idempotent = true;
	spec.total_ms = min_u32(spec.total_ms, CHECK_MS);
	memcpy(&spec.who, p->hash, sizeof spec.who);
	p->call = call_start(&app->calls, &spec, exchange_ready(&j->x), now);
	out = p->call ? call_out(p->call, at->path.n + at->pass->target.n + p->own.value.n + 600) : NULL;
	app->passed.asking += p->call != NULL;
	p->at = AT_CALL;
	if (out) {
		struct str name = head_method_name((enum method)at->pass->method);

		buf_fmt(out, "%S %S%S HTTP/1.1\r\nHost: %S\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
		    "User-Agent: mcpgated\r\n", name, at->path, at->pass->target, at->host_field);
		hout_pair(out, p->own.field, p->own.value);
		hout_end(out);
	}
	if (!out || call_send(p->call))
		return later(j, 1, "the API cannot be asked about this credential now");
	return STEP_MORE;
}

static void
end_call(struct job *j, struct passing *p, msec now)
{
	if (!p->call)
		return;
	call_end(p->call, now);
	p->call = NULL;
	j->app->passed.asking--;
}

/* Its answer. What the API says beside the status is nobody's business; it is read so that the connection lives on. */
static enum step
judge(struct job *j, struct passing *p, msec now)
{
	enum step s = call_step(p->call, now);
	u16 status = p->call->status;
	struct str part;

	if (s == STEP_WAIT)
		call_settle(p->call);
	if (s == STEP_WAIT || s == STEP_MORE)
		return s;
	while (s == STEP_DONE && p->call->got < DRAIN_MAX && call_body(p->call, &part, now) > 0)
		call_eat(p->call, part.n);
	if (s == STEP_FAIL || status >= 500 || status == 429) {
		u32 wait = max_u32(p->call->retry_after_s, 1);

		end_call(j, p, now);
		return later(j, wait, "the API does not say now whether it knows this credential");
	}
	end_call(j, p, now);
	if (status > 299 && status != 401 && status != 403)
		log_warn("passthrough", "passthrough_check answers %u", (u32)status);
	remember(&j->app->passed, p->hash, status <= 299, now);
	return status <= 299 ? STEP_DONE : STEP_FAIL;
}

/* ---- the way ------------------------------------------------------------------------------------- */

static enum step
begin(struct job *j)
{
	j->passing = lease_take(&j->app->net->lease, sizeof(struct passing));
	if (!j->passing.p)
		return later(j, 1, "busy: try again");
	memset(j->passing.p, 0, sizeof(struct passing));
	return STEP_DONE;
}

/* What is known already, else the question. */
static enum step
look(struct job *j, struct passing *p, const struct endpoint *e, msec now)
{
	const struct passed *d = &j->app->passed;
	bool found;
	u32 i;

	hash_own(j, p, e->api, passing_at(e));
	i = place_of(d, p->hash, &found);
	if (found && now < d->place[i].until)
		return d->place[i].good ? STEP_DONE : STEP_FAIL;
	return ask(j, p, passing_at(e), now);
}

enum step
passing_step(struct job *j, const struct endpoint *e, msec now)
{
	enum step s = j->passing.p ? STEP_DONE : begin(j);
	struct passing *p = passing_of(j);

	if (s == STEP_DONE && p->at == AT_START)
		s = take(j, p, e, now);
	if (s == STEP_DONE && p->at == AT_SESSION) {
		if (!p->op.done)
			return STEP_WAIT;
		p->at = AT_HASH;
		if (p->op.err || own_open(&j->app->ops, &p->session, &p->record, &p->own)) {
			reply_error(&j->x, 404, "no such session: it ended, or never was; initialize again");
			return STEP_FAIL;
		}
	}
	if (s == STEP_DONE && p->at == AT_HASH)
		s = look(j, p, e, now);
	if (s != STEP_FAIL && p->at == AT_CALL)
		s = judge(j, p, now);
	return s == STEP_DONE ? admit(j, p, e) : s;
}

void
passing_cancel(struct job *j, msec now)
{
	struct passing *p = passing_of(j);

	if (!p)
		return;
	if (p->at == AT_SESSION && !p->op.done)
		store_cancel(j->app->store, &p->op);
	end_call(j, p, now);
}

void
passing_end(struct job *j, msec now)
{
	if (!j->passing.p)
		return;
	passing_cancel(j, now);
	ct_wipe(j->passing.p, sizeof(struct passing));
	lease_give(&j->app->net->lease, &j->passing);
}
