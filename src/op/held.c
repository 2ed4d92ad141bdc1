#include "op/held.h"

#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"
#include "filter/redact.h"

#define READ_ARGS_N 1024
#define READ_TOKENS 40

enum { AT_START, AT_LOOK, AT_TAKE, AT_READ, AT_BODY, AT_ADD, AT_AGAIN, AT_OVER };

static enum step
over(struct held *h, u8 outcome)
{
	h->outcome = outcome;
	h->at = AT_OVER;
	return STEP_DONE;
}

static enum step
refuse(struct held *h, const char *text)
{
	h->text.w = 0;
	h->text.over = false;
	buf_c(&h->text, text);
	h->error = true;
	return over(h, HELD_TEXT);
}

/* ---- words --------------------------------------------------------------------------------------- */

/* The request as people are shown it, kept for later. */
static void
keep_request(struct held *h, const struct held_ask *ask, const struct op_judged *j)
{
	const struct params *p = &j->params;
	const struct environment *e = j->at;
	struct str target = str_cut(buf_str(&p->target), e->path.n, UINT32_MAX);

	h->url = buf_over(h->url_room, sizeof h->url_room);
	h->sent = buf_over(h->sent_room, sizeof h->sent_room);
	buf_put(&h->url, utf8_prefix(e->base_url, APPROVAL_TEXT_MAX / 2));
	while (h->url.w && h->url.p[h->url.w - 1] == '/')
		h->url.w--;
	buf_put(&h->url, utf8_prefix(target, buf_room(&h->url)));
	if (p->has_body)
		veil_put(ask->veil, utf8_prefix(buf_str(&p->body), HELD_SENT_N), &h->sent);
}

static void
say_what(struct held *h, const struct approval *a, const struct api *api)
{
	buf_fmt(&h->text, "\n\n%S %S\n", a->method, a->url);
	if (api->environments > 1 || a->production)
		buf_fmt(&h->text, "environment: %S%s\n", a->environment, a->production ? " (production)" : "");
	if (a->body.n)
		buf_fmt(&h->text, "body: %S\n", a->body);
	if (a->shown.n)
		buf_fmt(&h->text, "current state: %S\n", a->shown);
	else if (h->read)
		buf_fmt(&h->text, "current state: it cannot be read (HTTP %u)\n", (u32)h->status);
	else
		BUF_LIT(&h->text, "current state: this API has no operation that reads it\n");
}

static void
say_next(struct held *h, const struct held_ask *ask, const struct approval *a)
{
	u8 room[24];
	struct buf at = buf_over(room, sizeof room);
	struct str id = str_of(h->key + 2, APPROVAL_KEY_N - 2);

	text_time(&at, a->dies);
	if (a->level == LEVEL_APPROVE)
		buf_fmt(&h->text,
		    "Nothing was done yet. A person must approve this call until %S: at %S/approve/%S or on the "
		    "console with `mcpgated approve %S`. Then call %S again", buf_str(&at), ask->public_url, id,
		    str_cut(id, 0, 12), a->tool);
	else
		buf_fmt(&h->text, "Nothing was done yet. If this is really meant, call %S again until %S", a->tool,
		    buf_str(&at));
	buf_fmt(&h->text, " with exactly the same arguments and \"%S\": \"%S\" added. The handle is good once, for "
	    "this call alone.", ask->argument, str_of(h->handle, sizeof h->handle));
}

/* ---- dry runs ------------------------------------------------------------------------------------ */

static enum step
dry(struct held *h, const struct held_ask *ask, const struct params *p)
{
	static const char *const asks[] = { "It would be sent at once.", "It would have to be confirmed first.",
		"A person would have to approve it first." };
	const struct op_spec *spec = ask->spec;

	buf_fmt(&h->text, "Dry run: nothing was sent. The request would be\n\n%S %S\nenvironment: %S\n",
	    catalog_verb(spec->operation), buf_str(&h->url),
	    spec->api->environment[spec->environment].name);
	buf_put(&h->text, utf8_prefix(buf_str(&p->fields), 512));
	if (buf_len(&h->sent))
		buf_fmt(&h->text, "body: %S\n", buf_str(&h->sent));
	buf_fmt(&h->text, "(credentials are not shown)\n\n%s", asks[h->level]);
	return over(h, HELD_TEXT);
}

/* ---- the state of what it is about ----------------------------------------------------------------- */

/* The operation that reads what this one is about: GET of the same path, which the caller may use. */
static bool
find_reader(const struct op_spec *spec, struct catalog_op *op)
{
	struct gate_call call;

	for (u32 i = 0; i < spec->catalog->op_n; i++) {
		catalog_op(spec->catalog, i, op);
		if (op->method == CATALOG_GET && op->effect == CATALOG_READ &&
		    str_same(op->path, spec->operation->path))
			return gate_admits(spec->ask, op, spec->environment, &call);
	}
	return false;
}

/* Its arguments: those of the path, as they were given. */
static void
reader_args(const struct op_spec *spec, const struct catalog_op *reader, struct jcur args, struct buf *out)
{
	bool some = false;

	buf_byte(out, '{');
	for (u32 i = 0; i < reader->param_n; i++) {
		struct catalog_param p;
		struct jcur v;

		catalog_param(spec->catalog, reader, i, &p);
		v = json_get_str(args, p.arg);
		if (p.in != CATALOG_PATH || json_kind(v) == JSON_MISSING)
			continue;
		buf_fmt(out, "%s\"%S\":%S", some ? "," : "", p.arg, json_raw(v));
		some = true;
	}
	buf_byte(out, '}');
}

static enum step state_known(struct held *h, const struct held_ask *ask, msec now);

/* Begins to read; what cannot be read counts as a state of its own, so that it must stay as it is. */
static enum step
start_read(struct held *h, const struct held_ask *ask, msec now)
{
	struct op_spec spec = *ask->spec;
	struct buf text = buf_over(h->record, READ_ARGS_N), why = buf_over(h->record + READ_ARGS_N, 400);
	struct jsmntok tok[READ_TOKENS];
	struct catalog_op reader;
	struct jdoc d;

	h->status = 0;
	h->etag_n = 0;
	h->body = buf_over(h->body_room, sizeof h->body_room);
	hash_begin(&h->hash);
	h->at = AT_READ;
	h->read = find_reader(ask->spec, &reader);
	if (!h->read)
		return state_known(h, ask, now);
	reader_args(ask->spec, &reader, spec.args, &text);
	if (text.over || json_parse(&d, buf_str(&text), tok, READ_TOKENS))
		return state_known(h, ask, now);
	spec.operation = &reader;
	spec.args = json_root(&d);
	spec.skip = STR_NONE;
	spec.approved = false;
	if (op_start(h->ops, &spec, h->owner, now, &h->reader, &why))
		return state_known(h, ask, now);
	return STEP_MORE;
}

static enum step
read_head(struct held *h, const struct held_ask *ask, msec now)
{
	enum step s = op_step(h->reader, now);

	if (s == STEP_WAIT || s == STEP_MORE)
		return s;
	if (s == STEP_FAIL) {
		op_end(h->reader, now);
		h->reader = NULL;
		return state_known(h, ask, now);
	}
	h->status = h->reader->status;
	h->etag_n = h->reader->call->etag_n;
	memcpy(h->etag, h->reader->call->etag, h->etag_n);
	h->at = AT_BODY;
	return STEP_MORE;
}

static enum step
read_body(struct held *h, const struct held_ask *ask, msec now)
{
	struct str part;
	int n;

	while ((n = op_body(h->reader, &part, now)) > 0) {
		hash_add(&h->hash, part);
		buf_put(&h->body, str_cut(part, 0, min_u32(part.n, buf_room(&h->body))));
		if (part.n > HELD_BODY_N)
			h->body.over = true;
		op_eat(h->reader, (u32)n);
	}
	if (n == ERR_MORE)
		return STEP_WAIT;
	if (n < 0)
		h->status = 0; /* half of it is nothing */
	return state_known(h, ask, now);
}

/* The hash of what was read. */
static void
judge_state(struct held *h)
{
	struct jsmntok tok[64];
	struct jdoc d;
	struct jcur body = json_none(ERR_NONE);
	u8 whole[HASH_N];

	hash_out(&h->hash, whole);
	if (!h->body.over && h->status >= 200 && h->status < 300 && json_parse(&d, buf_str(&h->body), tok, 64) == 0)
		body = json_root(&d);
	approval_state(h->status, str_of(h->etag, h->etag_n), body, str_of(whole, HASH_N), h->state);
}

/* ---- asking -------------------------------------------------------------------------------------- */

static void
make_handle(struct held *h)
{
	u8 random[APPROVAL_HANDLE_N / 2];
	struct buf b = buf_over(h->handle, sizeof h->handle);

	h->random(h->random_of, random, sizeof random);
	for (u32 i = 0; i < sizeof random; i++)
		buf_hex(&b, random[i], 2);
	approval_key(buf_str(&b), h->key);
}

static void
fill_in(struct held *h, const struct held_ask *ask, struct approval *a)
{
	const struct op_spec *spec = ask->spec;
	const struct principal *who = spec->who;
	const struct environment *e = &spec->api->environment[spec->environment];

	*a = (struct approval){ .level = h->level, .kind = who->kind, .production = e->production };
	a->created = store_wall(h->store);
	a->dies = a->created + ask->ttl_s;
	a->principal = who->id;
	a->user = who->user;
	a->client = who->client;
	a->team = who->team;
	memcpy(a->call, h->call, HASH_N);
	memcpy(a->state, h->state, HASH_N);
	a->who = principal_name(who);
	a->api = spec->api->name;
	a->environment = e->name;
	a->tool = spec->operation->name;
	a->method = catalog_verb(spec->operation);
	if (h->etag_n && h->etag[0] == '"') /* a weak one never matches: RFC 9110 section 13.1.1 */
		a->etag = str_of(h->etag, h->etag_n);
}

/* Remembers what was asked for, and says it. */
static enum step
remember(struct held *h, const struct held_ask *ask, msec now)
{
	u8 room[APPROVAL_TEXT_MAX / 2];
	struct buf shown = buf_over(room, sizeof room), record = buf_over(h->record, sizeof h->record);
	struct buf clean = buf_over(h->text_room, sizeof room); /* there is no text yet */
	struct approval a;

	if (h->status >= 200 && h->status < 300)
		redact_put(h->reader->secrets, utf8_prefix(buf_str(&h->body), sizeof room - 60), &clean);
	veil_put(ask->veil, buf_str(&clean), &shown);
	fill_in(h, ask, &a);
	a.url = buf_str(&h->url);
	a.body = buf_str(&h->sent);
	a.shown = buf_str(&shown);
	make_handle(h);
	approval_encode(&record, &a);
	say_next(h, ask, &a);
	say_what(h, &a, ask->spec->api);
	h->dies = a.dies;
	h->waits = a.level == LEVEL_APPROVE;
	h->op = (struct store_op){ .verb = STORE_ADD, .owner = h->owner, .ttl_s = ask->ttl_s };
	h->op.key = str_of(h->key, sizeof h->key);
	h->op.val = buf_str(&record);
	h->at = AT_ADD;
	if (record.over)
		return refuse(h, "The call is too large to be approved. Nothing was done.");
	store_start(h->store, &h->op, now);
	return STEP_MORE;
}

static enum step
remembered(struct held *h)
{
	if (!h->op.done)
		return STEP_WAIT;
	if (h->op.err)
		return refuse(h, "This needs an approval, and the gate cannot keep one now. Nothing was done; try "
		    "again in a minute.");
	return over(h, HELD_TEXT);
}

/* Both ways meet here: what was read is remembered, or compared with what was. */
static enum step
state_known(struct held *h, const struct held_ask *ask, msec now)
{
	enum step s = STEP_DONE;

	judge_state(h);
	if (!h->verifying)
		s = remember(h, ask, now);
	else if (memcmp(h->state, h->wanted, HASH_N) != 0)
		s = refuse(h, "What this is about has changed since it was described, so nothing was done and the "
		    "handle is void. Call again without it to see how it is now.");
	else
		h->at = AT_AGAIN;
	if (h->reader)
		op_end(h->reader, now);
	h->reader = NULL;
	return s == STEP_DONE && h->at == AT_AGAIN ? STEP_MORE : s;
}

/* ---- a handle ------------------------------------------------------------------------------------ */

#define UNKNOWN "This handle is unknown, was used, or has expired. Nothing was done. Call without it to ask anew."

static enum step
look(struct held *h, const struct held_ask *ask, u8 verb, msec now)
{
	h->body = buf_over(h->record, sizeof h->record);
	if (approval_key(ask->handle, h->key))
		return refuse(h, UNKNOWN);
	h->op = (struct store_op){ .verb = verb, .owner = h->owner, .out = &h->body };
	h->op.key = str_of(h->key, sizeof h->key);
	h->at = verb == STORE_GET ? AT_LOOK : AT_TAKE;
	store_start(h->store, &h->op, now);
	return STEP_MORE;
}

static enum step
still_waiting(struct held *h, const struct held_ask *ask, const struct approval *a)
{
	BUF_LIT(&h->text, "Nobody has approved this yet, so nothing was done. ");
	memcpy(h->handle, ask->handle.p, sizeof h->handle);
	h->level = a->level;
	h->dies = a->dies;
	h->error = h->waits = true;
	say_next(h, ask, a);
	return over(h, HELD_TEXT);
}

/* Whether the record is for this caller, this call, this time; the same before it is taken and after. */
static enum step
judge_record(struct held *h, const struct held_ask *ask, struct approval *a)
{
	bool decided;

	if (h->op.err == ERR_NONE)
		return refuse(h, UNKNOWN);
	if (h->op.err)
		return refuse(h, "The approval cannot be looked up now, so nothing was done. Try again in a minute.");
	if (approval_decode(h->op.val, a) || !approval_theirs(a, ask->spec->who) || a->created <= ask->voided ||
	    a->dies <= store_wall(h->store))
		return refuse(h, UNKNOWN);
	if (memcmp(a->call, h->call, HASH_N) != 0)
		return refuse(h, "This handle is for another call: the tool, the environment or an argument is not the "
		    "same. Nothing was done.");
	if (a->status == APPROVAL_DENIED)
		return refuse(h, "A person has refused this call. Nothing was done; do not try it another way.");
	if (a->level < h->level) /* the rules have become stricter since */
		return refuse(h, UNKNOWN);
	decided = a->level == LEVEL_CONFIRM || a->status == APPROVAL_APPROVED ||
	          (ask->in_client && ask->spec->ask->role->approve_in_client &&
	              ask->spec->who->kind == PRINCIPAL_TOKEN);
	return decided ? STEP_DONE : still_waiting(h, ask, a);
}

static enum step
looked(struct held *h, const struct held_ask *ask, msec now)
{
	struct approval a;

	if (!h->op.done)
		return STEP_WAIT;
	judge_record(h, ask, &a);
	return h->at == AT_OVER ? STEP_DONE : look(h, ask, STORE_TAKE, now);
}

/* From here on nobody else has it. */
static enum step
taken(struct held *h, const struct held_ask *ask, msec now)
{
	struct approval a;

	if (!h->op.done)
		return STEP_WAIT;
	judge_record(h, ask, &a);
	if (h->at == AT_OVER)
		return STEP_DONE;
	memcpy(h->wanted, a.state, HASH_N);
	h->verifying = true;
	log_info("approval", "spent=%S tool=%S by=%S", str_of(h->key + 2, 12), a.tool,
	    a.by.n ? a.by : STR("the caller"));
	return start_read(h, ask, now);
}

/* ---- the way ------------------------------------------------------------------------------------- */

static enum step
start(struct held *h, const struct held_ask *ask, msec now)
{
	struct op_judged j;

	h->text = buf_over(h->text_room, sizeof h->text_room);
	if (op_judge(h->ops, ask->spec, &j, &h->text)) {
		h->error = true;
		return over(h, HELD_TEXT);
	}
	h->text.w = 0;
	h->level = j.call.level;
	keep_request(h, ask, &j);
	if (ask->dry_run)
		return dry(h, ask, &j.params);
	if (j.call.level == LEVEL_NONE)
		return over(h, HELD_ACT);
	approval_bind(ask->spec->api, ask->spec->environment, ask->spec->operation, j.args.use, ask->spec->skip,
	    h->call);
	return ask->handle.p ? look(h, ask, STORE_GET, now) : start_read(h, ask, now);
}

static enum step
one(struct held *h, const struct held_ask *ask, msec now)
{
	switch (h->at) {
	case AT_START: return start(h, ask, now);
	case AT_LOOK: return looked(h, ask, now);
	case AT_TAKE: return taken(h, ask, now);
	case AT_READ: return read_head(h, ask, now);
	case AT_BODY: return read_body(h, ask, now);
	case AT_ADD: return remembered(h);
	}
	return STEP_DONE;
}

enum step
held_step(struct held *h, const struct held_ask *ask, msec now)
{
	enum step s = STEP_MORE;
	u8 at = AT_OVER;

	if (h->at == AT_AGAIN)
		over(h, HELD_ACT);
	while (s == STEP_MORE && h->at != AT_OVER && h->at != at) {
		at = h->at;
		if (at == AT_AGAIN)
			return STEP_MORE;
		s = one(h, ask, now);
	}
	return h->at == AT_OVER ? STEP_DONE : s;
}

void
held_end(struct held *h, msec now)
{
	if (h->op.key.p && !h->op.done)
		store_cancel(h->store, &h->op);
	if (h->reader)
		op_end(h->reader, now);
	h->reader = NULL;
}
