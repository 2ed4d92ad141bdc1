#include "mcp/asked.h"

#define NAMES_MAX 600       /* bytes of the names in fields */
#define ARENA_N (8 * 1024)   /* for a continuation: its record twice, and what is chosen */

/* ---- a continuation ------------------------------------------------------------------------------ */

static enum step
look_up(struct mcp *m, struct jcur handle, msec now, struct buf *why)
{
	struct resume *r = ARENA_NEW(exchange_arena_n(m->x, ARENA_N), struct resume);
	struct str text = json_str(handle, NULL);

	if (!r) {
		BUF_LIT(why, "The gate is busy. Try again in a second.");
		return STEP_FAIL;
	}
	if (!text.p || again_key("l:", text, r->key, &r->op.key)) {
		BUF_LIT(why, "gate_continue takes what an answer that was cut has given for it, as it is.");
		return STEP_FAIL;
	}
	r->out = buf_over(r->record, sizeof r->record);
	r->op.verb = STORE_GET;
	r->op.out = &r->out;
	r->op.owner = exchange_ready(m->x);
	m->resume = r;
	return store_start(m->shared->store, &r->op, now);
}

/* Whether what was found belongs here, and its arguments, read with the worker's tokens: the request's are not needed
 * any more. */
static bool
found(struct mcp *m, const struct catalog_op *op, struct jcur *args, struct buf *why)
{
	struct resume *r = m->resume;
	struct buf room = buf_over(r->plain, sizeof r->plain);

	if (r->op.err || again_open(m->shared->ops, r->op.key, r->op.val, &room, &r->again) ||
	    r->again.who.id != m->who->id || r->again.who.kind != m->who->kind ||
	    !str_same(r->again.api, m->api->name) ||
	    (m->ask.switches && r->again.made <= m->ask.switches->voided)) {
		BUF_LIT(why, "This gate_continue is not valid any more (they live for ten minutes): "
		             "call again without it.");
		return false;
	}
	if (!str_same(r->again.operation, op->name)) {
		buf_fmt(why, "This gate_continue belongs to the tool %S.", r->again.operation);
		return false;
	}
	*args = json_none(ERR_NONE);
	if (r->again.args.n && json_parse(&r->doc, r->again.args, m->shared->tok, RPC_TOKENS_MAX) == 0)
		*args = json_root(&r->doc);
	return true;
}

/* ---- fields -------------------------------------------------------------------------------------- */

/* The names, given as one text or as a list of texts, with commas between them, in the arena. */
static struct str
names_of(struct mcp *m, struct jcur given)
{
	struct buf b = arena_buf(exchange_arena(m->x), NAMES_MAX);

	if (json_kind(given) == JSON_STRING)
		json_str_put(given, &b);
	else if (json_kind(given) != JSON_ARRAY)
		return STR_NONE;
	for (struct jcur e = json_first(given); json_kind(given) == JSON_ARRAY && !e.err; e = json_next(e)) {
		if (json_str_put(e, &b))
			return STR_NONE;
		buf_byte(&b, ',');
	}
	return b.over ? STR_NONE : buf_str(&b);
}

static bool
choose(struct mcp *m, struct jcur fields, struct buf *why)
{
	struct project *p = ARENA_NEW(exchange_arena_n(m->x, sizeof *p + NAMES_MAX + 64), struct project);
	bool given = json_kind(fields) != JSON_MISSING && json_kind(fields) != JSON_NULL;
	struct str names = STR_NONE;

	if (!p) {
		BUF_LIT(why, "The gate is busy. Try again in a second.");
		return false;
	}
	project_init(p);
	if (given)
		names = names_of(m, fields);
	if (given && (!names.p || project_want(p, names))) {
		buf_fmt(why, "The argument '%S' names members of the answer, as in \"id,owner.name\": at most %u names "
		             "and %u characters.", json_key(fields), (u32)(PROJECT_PATHS - 3), (u32)NAMES_MAX);
		return false;
	}
	if (m->resume)
		project_list(p, m->resume->again.path, m->resume->again.from);
	m->project = p;
	return true;
}

/* ---- the call ------------------------------------------------------------------------------------ */

enum step
asked_begin(struct mcp *m, const struct catalog_op *op, struct jcur *args, struct op_spec *spec, msec now,
    struct buf *why)
{
	struct str name = op->flags & CATALOG_OP_FIELDS_ELSE ? STR(CATALOG_FIELDS_ELSE) : STR(CATALOG_FIELDS);
	struct jcur fields, handle;
	enum step s;

	if (!(op->flags & CATALOG_OP_FIELDS))
		return STEP_DONE;
	handle = json_get_str(*args, STR(CATALOG_CONTINUE));
	if (json_kind(handle) != JSON_MISSING && json_kind(handle) != JSON_NULL && op->effect == CATALOG_READ) {
		s = m->resume ? (m->resume->op.done ? STEP_DONE : STEP_WAIT) : look_up(m, handle, now, why);
		if (s != STEP_DONE)
			return s;
		if (!found(m, op, args, why))
			return STEP_FAIL;
	}
	fields = json_get_str(*args, name);
	if (json_kind(fields) != JSON_MISSING)
		spec->drop[0] = name;
	if (json_kind(json_get_str(*args, STR(CATALOG_CONTINUE))) != JSON_MISSING)
		spec->drop[1] = STR(CATALOG_CONTINUE);
	if (!m->resume && (json_kind(fields) == JSON_MISSING || json_kind(fields) == JSON_NULL))
		return STEP_DONE;
	return choose(m, fields, why) ? STEP_DONE : STEP_FAIL;
}

bool
asked_environment(const struct mcp *m, u32 environment)
{
	return !m->resume || str_same(m->resume->again.environment, m->api->environment[environment].name);
}

void
asked_keep(struct mcp *m, const struct catalog_op *op, struct jcur args, u32 environment)
{
	struct str raw = json_raw(args);

	m->asked.kept = false;
	m->asked.overlaid = op->extra.n > 0;
	if (op->effect != CATALOG_READ || raw.n > AGAIN_ARGS_MAX)
		return;
	m->asked.operation = op->at;
	m->asked.environment = environment;
	m->asked.args = raw;
	m->asked.kept = true;
	if (raw.n <= sizeof m->asked_room) {
		if (raw.n)
			memcpy(m->asked_room, raw.p, raw.n);
		m->asked.args.p = m->asked_room;
	} else if (!m->resume) {
		m->asked.args = arena_dup(exchange_arena(m->x), raw);
		m->asked.kept = m->asked.args.p != NULL;
	}
}

int
asked_handle(struct mcp *m, const char *prefix, struct str path, u64 from, msec now, char handle[AGAIN_HANDLE_N + 1])
{
	struct again a = { .view = m->view, .from = from, .path = path, .api = m->api->name, .key = m->key_name };
	struct catalog_op op;

	if (!m->asked.kept || (m->own && prefix[0] == 'x')) /* a link has no credential with it */
		return ERR_NONE;
	catalog_op(m->catalog, m->asked.operation, &op);
	a.who = *m->who;
	a.operation = op.name;
	a.environment = m->api->environment[m->asked.environment].name;
	a.args = m->asked.args;
	return again_keep(m->shared->ops, prefix, &a, now, handle);
}

int
asked_slot(struct mcp *m, const struct op_spec *spec, msec now, char handle[AGAIN_HANDLE_N + 1])
{
	struct again a = { .view = m->view, .who = *m->who, .api = m->api->name, .key = m->key_name };

	a.operation = spec->operation->name;
	a.environment = m->api->environment[spec->environment].name;
	a.args = json_raw(spec->args);
	if (m->own) /* the file would come without the caller's credential */
		return ERR_FULL;
	return a.args.n > AGAIN_ARGS_MAX || !m->files.n ? ERR_FULL : again_keep(m->shared->ops, "x:u", &a, now, handle);
}

void
asked_end(struct mcp *m)
{
	if (m->resume && !m->resume->op.done)
		store_cancel(m->shared->store, &m->resume->op);
	m->resume = NULL;
	m->project = NULL;
	m->asked.kept = false;
}
