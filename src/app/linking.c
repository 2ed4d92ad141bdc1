#include "app/linking.h"

#include "app/act.h"
#include "app/arriving.h"
#include "app/codeflow.h"
#include "app/connections.h"
#include "app/person.h"
#include "base/log.h"
#include "crypt/ct.h"

enum { AT_START, AT_KEEP = 10, AT_TAKE, AT_CALL, AT_SAVE };

#define RECORD_N (16 + BROWSER_KEY_N + CODEFLOW_VERIFIER_N) /* id of the environment in hex, whose session, verifier */

/* In the exchange's arena. */
struct linking {
	struct codeflow flow;
	struct buf record;
	struct str go;
	u8 key[3 + CODEFLOW_STATE_N], room[RECORD_N], state[CODEFLOW_STATE_N];
};

static struct linking *
linking_new(struct job *j)
{
	struct linking *l = ARENA_NEW(exchange_arena(&j->x), struct linking);

	j->own = l;
	if (!l)
		html_error(&j->x, 503, "error_busy");
	return l;
}

static struct str
state_key(struct linking *l)
{
	struct buf b = buf_over(l->key, sizeof l->key);

	BUF_LIT(&b, "x:o");
	buf_put(&b, l->flow.state);
	return buf_str(&b);
}

/* ---- away ---------------------------------------------------------------------------------------- */

enum step
linking_start(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct linking *l = j->own;
	struct str api = STR_NONE, where = STR_NONE;
	enum step s = STEP_DONE;

	if (x->at == AT_KEEP) {
		if (!j->op.done)
			return STEP_WAIT;
		return j->op.err ? html_error(x, 503, "error_store") : html_leave(x, l->go, l->flow.at->host_field);
	}
	if (!connections_begin(j, true, now, &s) || !(l = linking_new(j)) || html_form(x, (struct html_field[]){
	    { "api", 64, &api }, { "where", 64, &where } }, 2))
		return s;
	l->flow.at = api.p ? connections_find(j, api, where, 0) : NULL;
	if (!l->flow.at || !l->flow.at->credential.login)
		return html_error(x, 404, "connect_gone");
	codeflow_begin(j, &l->flow, l->state);
	l->go = codeflow_address(j, &l->flow);
	if (!l->go.p)
		return html_error(x, 503, "error_busy");
	l->record = buf_over(l->room, sizeof l->room);
	buf_hex(&l->record, l->flow.at->id, 16);
	buf_put(&l->record, str_of(j->person->who.key, BROWSER_KEY_N));
	buf_put(&l->record, str_of(l->flow.verifier, CODEFLOW_VERIFIER_N));
	j->op = (struct store_op){ .verb = STORE_PUT, .key = state_key(l), .val = buf_str(&l->record),
		.ttl_s = CODEFLOW_TTL_S, .owner = exchange_ready(x) };
	x->at = AT_KEEP;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

/* ---- and back ------------------------------------------------------------------------------------ */

static enum step
refused(struct job *j, const char *why)
{
	const struct linking *l = j->own;

	log_info("connect", "user=%S %s %S", user_name(&j->person->who.user), why, l->flow.at->host_field);
	return html_error(&j->x, 400, "connect_refused");
}

/* Takes the state that the request names: it is good once, and for the browser session that began it. */
static enum step
take_state(struct job *j, msec now)
{
	struct linking *l = linking_new(j);

	if (!l)
		return STEP_DONE;
	if (codeflow_back(j, &l->flow))
		return html_error(&j->x, 403, "connect_state");
	l->record = buf_over(l->room, sizeof l->room);
	j->op = (struct store_op){ .verb = STORE_TAKE, .key = state_key(l), .out = &l->record,
		.owner = exchange_ready(&j->x) };
	j->x.at = AT_TAKE;
	return store_start(j->app->store, &j->op, now) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

static enum step
state_taken(struct job *j, msec now)
{
	struct linking *l = j->own;
	struct str record = j->op.val;
	u64 id;

	if (j->op.err && j->op.err != ERR_NONE)
		return html_error(&j->x, 503, "error_store");
	if (j->op.err || record.n != RECORD_N || str_hex(str_cut(record, 0, 16), &id) ||
	    !str_same(str_cut(record, 16, 16 + BROWSER_KEY_N), str_of(j->person->who.key, BROWSER_KEY_N)) ||
	    !(l->flow.at = connections_find(j, STR_NONE, STR_NONE, id)) || !l->flow.at->credential.login)
		return html_error(&j->x, 403, "connect_state");
	if (!codeflow_issuer(&l->flow))
		return refused(j, CODEFLOW_MIXED);
	if (!l->flow.code.n)
		return refused(j, "was not let in by");
	memcpy(l->flow.verifier, l->room + 16 + BROWSER_KEY_N, CODEFLOW_VERIFIER_N);
	j->x.at = AT_CALL;
	return codeflow_send(j, &l->flow, now) == STEP_FAIL ? html_error(&j->x, 503, "error_busy") : STEP_MORE;
}

/* The tokens: the refresh token is stored, the access token serves until it runs out. */
static enum step
take_tokens(struct job *j, struct linking *l, msec now)
{
	const char *why = "";
	enum step s = codeflow_step(j, &l->flow, &why, now);

	if (s == STEP_FAIL)
		return refused(j, why);
	if (s != STEP_DONE)
		return s;
	if (connections_write(j, &j->person->who.user, l->flow.at,
	        codeflow_keep(j, &l->flow, j->person->who.user.born, now), now))
		return html_error(&j->x, 503, "error_busy");
	j->x.at = AT_SAVE;
	return STEP_MORE;
}

enum step
linking_back(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct linking *l = j->own;
	enum step s = STEP_DONE;

	switch (x->at) {
	case AT_TAKE: return j->op.done ? state_taken(j, now) : STEP_WAIT;
	case AT_CALL: return take_tokens(j, l, now);
	case AT_SAVE:
		if (!j->op.done)
			return STEP_WAIT;
		if (j->op.err)
			return html_error(x, 503, "error_store");
		act_connection(j, l->flow.at, "connected");
		return html_go(x, STR("/connections"));
	}
	if (x->at >= ARRIVING_FROM || j->own || arriving_is(j))
		return arriving_back(x, now);
	exchange_arena_n(x, CODEFLOW_ARENA_N);
	s = person_know(j, now);
	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	/* the code is for whoever began: it waits for no login */
	return j->person->who.level == BROWSER_IN ? take_state(j, now) : html_error(x, 403, "connect_state");
}
