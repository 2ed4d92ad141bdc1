#include "app/files.h"

#include "app/relay.h"
#include "op/again.h"

#define ARENA_N (8 * 1024)

enum { AT_LOOK, AT_KEY, AT_CALL };

/* One download; in the exchange's arena. */
struct files {
	struct store_op op;
	struct buf out;
	struct again again;
	struct relay relay;
	bool upload;
	struct jdoc doc;
	u8 at;
	struct gate_ask ask;
	u8 key[AGAIN_KEY_N], record[AGAIN_RECORD_MAX], plain[AGAIN_RECORD_MAX];
};

static enum step
gone(struct exchange *x)
{
	return reply_error(x, 404, "no such file: a link works once, within ten minutes; ask the tool again");
}

/* ---- the record ---------------------------------------------------------------------------------- */

static enum step
look(struct job *j, struct files *f, msec now)
{
	struct exchange *x = &j->x;

	f->upload = x->req.method == METHOD_PUT;
	if (again_key(f->upload ? "x:u" : "x:f", route_param(x->route, x->req.path, 0), f->key, &f->op.key))
		return STEP_FAIL;
	f->out = buf_over(f->record, sizeof f->record);
	f->op.verb = x->req.method == METHOD_HEAD ? STORE_GET : STORE_TAKE;
	f->op.out = &f->out;
	f->op.owner = exchange_ready(x);
	f->at = AT_LOOK;
	return store_start(j->app->store, &f->op, now);
}

/* Whether the key that asked for it is still there: a revoked one opens nothing. */
static enum step
look_key(struct job *j, struct files *f, msec now)
{
	memset(&f->op, 0, sizeof f->op);
	f->op.verb = STORE_GET;
	f->op.key = f->again.key;
	f->op.owner = exchange_ready(&j->x);
	f->at = AT_KEY;
	return store_start(j->app->store, &f->op, now);
}

/* ---- the call ------------------------------------------------------------------------------------ */

static int
environment_of(const struct api *api, struct str name)
{
	for (u32 i = 0; i < api->environments; i++)
		if (str_same(api->environment[i].name, name))
			return (int)i;
	return ERR_NONE;
}

static const struct api *
api_of(const struct gen *gen, struct str name)
{
	for (u32 i = 0; gen && i < gen->apis; i++)
		if (str_same(gen->api[i].name, name))
			return &gen->api[i];
	return NULL;
}

/* Whether all of it is still there and still allowed, as at a call of the tool. */
static bool
allowed(struct job *j, struct files *f, struct op_spec *spec, struct catalog_op *op)
{
	const struct again *a = &f->again;
	const struct api *api = api_of(j->gen->gen, a->api);
	int environment = api ? environment_of(api, a->environment) : ERR_NONE;
	struct gate_call call;

	if (environment < 0 || switches_stopped(j->app->switches) ||
	    a->made <= j->app->switches->voided || !principal_api(&a->who, api->name) ||
	    (a->who.dies && j->app->mcp.now_s >= a->who.dies) ||
	    catalog_find(&j->gen->catalog[api->index], a->operation, op) < 0 ||
	    (op->effect != CATALOG_READ && !f->upload))
		return false;
	gate_begin(&f->ask, j->gen->gen, api, a->view, &a->who, j->app->switches);
	if (!gate_offers(&f->ask, op) || !gate_admits(&f->ask, op, (u32)environment, &call) || call.level != LEVEL_NONE)
		return false;
	*spec = (struct op_spec){ .ask = &f->ask, .who = &a->who, .api = api, .environment = (u32)environment };
	spec->catalog = &j->gen->catalog[api->index];
	spec->operation = op;
	spec->hold = &j->gen->users;
	return true;
}

/* The arguments as they were given, without ours. */
static void
take_args(struct job *j, struct files *f, struct op_spec *spec)
{
	static const char *const ours[] = { "environment", "gate_environment" };
	const struct catalog_op *op = spec->operation;

	spec->args = json_none(ERR_NONE);
	if (f->again.args.n && json_parse(&f->doc, f->again.args, j->app->mcp.tok, RPC_TOKENS_MAX) == 0)
		spec->args = json_root(&f->doc);
	if (op->flags & CATALOG_OP_FIELDS) {
		spec->drop[0] = op->flags & CATALOG_OP_FIELDS_ELSE ? STR(CATALOG_FIELDS_ELSE) : STR(CATALOG_FIELDS);
		spec->drop[1] = STR(CATALOG_CONTINUE);
	}
	if (op->effect != CATALOG_READ && catalog_param_named(spec->catalog, op, STR("idempotency_key"), NULL) < 0) {
		spec->drop[2] = STR("idempotency_key");
		spec->idempotency = json_str(json_get(spec->args, "idempotency_key"), NULL);
	}
	if (f->upload) {
		spec->pour = j->x.pour;
		spec->upload = j->x.pour || !j->x.body.p ? STR("") : j->x.body;
		spec->front = j->x.body;
		spec->upload_type = field_get(&j->x.req.fields, FIELD_CONTENT_TYPE);
	}
	if (spec->api->environments > 1)
		spec->skip = str_c(ours[catalog_param_named(spec->catalog, op, str_c(ours[0]), NULL) >= 0]);
}

static enum step
start(struct job *j, struct files *f, msec now)
{
	struct catalog_op op;
	struct op_spec spec;
	u8 room[300];
	struct buf why = buf_over(room, sizeof room);
	int fault;

	if (!allowed(j, f, &spec, &op))
		return gone(&j->x);
	take_args(j, f, &spec);
	fault = op_start(&j->app->ops, &spec, exchange_ready(&j->x), now, &f->relay.op, &why);
	if (fault == OP_FAULT_BUSY) {
		reply_field(&j->x, "Retry-After", STR("1"));
		return reply_error(&j->x, 503, "busy: too many calls are under way; ask the tool again");
	}
	if (fault && f->upload) {
		const char *text = arena_c(&j->x.arena, buf_str(&why));

		return reply_error(&j->x, fault == OP_FAULT_CONFIG ? 502 : fault == OP_FAULT_LIMIT ? 429 : 422,
		    text ? text : "the file cannot be sent; ask the tool again");
	}
	if (fault)
		return reply_error(&j->x, 502, "the API cannot be asked for it now; the tool says why");
	if (j->x.pour)
		exchange_forget(&j->x);
	f->at = AT_CALL;
	return STEP_MORE;
}

/* ---- the answer ---------------------------------------------------------------------------------- */

static enum step
answer(struct job *j, struct files *f, msec now)
{
	struct op *op = f->relay.op;
	enum step s = relay_step(&f->relay, &j->x, now);
	u8 room[120];
	struct buf b = buf_over(room, sizeof room);
	bool refused;

	if (s == STEP_WAIT || s == STEP_MORE)
		return s;
	if (s == STEP_FAIL)
		return relay_refuse(&f->relay, &j->x) ? STEP_DONE :
		    reply_error(&j->x, 502, "the API did not answer; ask the tool again for another link");
	refused = op->status < 200 || op->status > 299;
	if (refused && !f->upload)
		return reply_error(&j->x, 502, "the API refuses it now; the tool says why");
	buf_fmt(&b, "attachment; filename=\"%S\"", f->again.operation); /* [A-Za-z0-9_-] only */
	reply_field(&j->x, "Content-Disposition", buf_str(&b));
	return relay_start(&f->relay, &j->x, refused ? 502 : 200,
	    f->upload ? &j->gen->text[op->api->index].secrets : NULL);
}

/* ---- the way ------------------------------------------------------------------------------------- */

static enum step
begin(struct job *j, msec now)
{
	struct files *f = ARENA_NEW(exchange_arena_n(&j->x, ARENA_N), struct files);

	if (!f) {
		reply_field(&j->x, "Retry-After", STR("1"));
		return reply_error(&j->x, 503, "busy: try again in a second");
	}
	j->files = f;
	return STEP_DONE;
}

/* Goes on with what the store has answered. */
static enum step
found(struct job *j, struct files *f, msec now)
{
	struct buf room = buf_over(f->plain, sizeof f->plain);
	enum step s = STEP_DONE;

	if (f->at == AT_LOOK) {
		if (f->op.err || again_open(&j->app->ops, str_of(f->key, sizeof f->key), f->op.val, &room, &f->again))
			return gone(&j->x);
		if (f->again.key.n)
			s = look_key(j, f, now);
		else
			f->op.err = 0;
	}
	if (s == STEP_WAIT)
		return s;
	if (f->op.err == ERR_NONE)
		return gone(&j->x);
	if (f->op.err)
		return reply_error(&j->x, 503, "the key store cannot be read now; ask the tool again");
	return start(j, f, now);
}

enum step
files_get(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	enum step s;

	if (!j->files) {
		if (begin(j, now) != STEP_DONE || !j->files)
			return STEP_DONE;
		s = look(j, j->files, now);
		if (s == STEP_FAIL)
			return gone(x);
		if (s == STEP_WAIT)
			return s;
	}
	if (j->files->at != AT_CALL) {
		if (!j->files->op.done)
			return STEP_WAIT;
		s = found(j, j->files, now);
		if (s != STEP_MORE)
			return s;
	}
	s = answer(j, j->files, now);
	if (s == STEP_WAIT)
		exchange_forget(x);
	return s;
}

void
files_cancel(struct job *j, msec now)
{
	if (j->files && !j->files->op.done && j->files->at != AT_CALL)
		store_cancel(j->app->store, &j->files->op);
	if (j->files && j->files->relay.op) {
		op_leave(j->files->relay.op, false, now); /* what was sent goes on */
		j->files->relay.op = NULL;
	}
	files_end(j, now);
}

void
files_end(struct job *j, msec now)
{
	if (!j->files)
		return;
	relay_end(&j->files->relay, now);
	j->files = NULL;
}
