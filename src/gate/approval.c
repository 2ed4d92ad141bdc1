#include "gate/approval.h"

#include "base/le.h"
#include "base/utf8.h"
#include "catalog/args.h"

#define VERSION 1
#define ID_MIN 6

/* ---- records ------------------------------------------------------------------------------------- */

static void
put_text(struct buf *b, struct str s)
{
	s = utf8_prefix(s, APPROVAL_TEXT_MAX);
	buf_byte(b, (u8)s.n);
	buf_byte(b, (u8)(s.n >> 8));
	buf_put(b, s);
}

void
approval_encode(struct buf *b, const struct approval *a)
{
	const struct str texts[] = { a->who, a->api, a->environment, a->tool, a->method, a->url, a->body, a->shown,
		a->etag, a->by };

	buf_byte(b, VERSION);
	buf_byte(b, a->level);
	buf_byte(b, a->status);
	buf_byte(b, a->kind);
	buf_byte(b, a->production);
	buf_le(b, (u64)a->created << 32 | a->dies, 8);
	buf_le(b, a->principal, 8);
	buf_le(b, a->user, 8);
	buf_le(b, a->client, 8);
	buf_le(b, a->team, 8);
	buf_put(b, str_of(a->call, HASH_N));
	buf_put(b, str_of(a->state, HASH_N));
	for (u32 i = 0; i < ARRAY_N(texts); i++)
		put_text(b, texts[i]);
}

static int
take_text(struct str *rest, struct str *text)
{
	u32 n;

	if (rest->n < 2)
		return ERR_BAD;
	n = rest->p[0] | (u32)rest->p[1] << 8;
	if (rest->n - 2 < n)
		return ERR_BAD;
	*text = str_cut(*rest, 2, 2 + n);
	*rest = str_cut(*rest, 2 + n, rest->n);
	return 0;
}

int
approval_decode(struct str r, struct approval *a)
{
	struct str *const texts[] = { &a->who, &a->api, &a->environment, &a->tool, &a->method, &a->url, &a->body,
		&a->shown, &a->etag, &a->by };
	const u32 head = 5 + 5 * 8 + 2 * HASH_N;
	const u8 *p = r.p;

	memset(a, 0, sizeof *a);
	if (r.n < head || p[0] != VERSION)
		return ERR_BAD;
	a->level = p[1];
	a->status = p[2];
	a->kind = p[3];
	a->production = p[4] != 0;
	a->created = (wall)(le64(p + 5) >> 32);
	a->dies = (wall)le64(p + 5);
	a->principal = le64(p + 13);
	a->user = le64(p + 21);
	a->client = le64(p + 29);
	a->team = le64(p + 37);
	memcpy(a->call, p + 45, HASH_N);
	memcpy(a->state, p + 45 + HASH_N, HASH_N);
	r = str_cut(r, head, r.n);
	for (u32 i = 0; i < ARRAY_N(texts); i++)
		if (take_text(&r, texts[i]))
			return ERR_BAD;
	return r.n ? ERR_BAD : 0;
}

int
approval_key(struct str handle, char key[APPROVAL_KEY_N])
{
	u8 h[HASH_N], room[APPROVAL_KEY_N];
	struct buf b = buf_over(room, sizeof room);
	u64 half;

	if (handle.n != APPROVAL_HANDLE_N || str_hex(str_cut(handle, 0, 16), &half) ||
	    str_hex(str_cut(handle, 16, 32), &half))
		return ERR_BAD;
	for (u32 i = 0; i < handle.n; i++)
		if (handle.p[i] >= 'A' && handle.p[i] <= 'F')
			return ERR_BAD;
	hash_once(handle, h);
	buf_put(&b, APPROVAL_PREFIX);
	for (u32 i = 0; i < 16; i++)
		buf_hex(&b, h[i], 2);
	memcpy(key, room, sizeof room);
	return 0;
}

/* ---- what it is bound to ------------------------------------------------------------------------- */

static void
add(struct hash *h, char kind, struct str s)
{
	u8 head[5] = { (u8)kind, (u8)s.n, (u8)(s.n >> 8), (u8)(s.n >> 16), (u8)(s.n >> 24) };

	hash_add(h, str_of(head, sizeof head));
	hash_add(h, s);
}

/* The member whose key comes next behind `last` (p NULL: the first), by the bytes of keys as written. */
static struct jcur
next_key(struct jcur object, struct str last, struct str skip, struct str *key)
{
	struct jcur best = json_none(ERR_NONE);

	*key = STR_NONE;
	for (struct jcur v = json_first(object); !v.err; v = json_next(v)) {
		struct str k = json_key(v);

		if ((skip.n && args_skips(skip, v)) || (last.p && str_cmp(k, last) <= 0) ||
		    (key->p && str_cmp(k, *key) >= 0))
			continue;
		best = v;
		*key = k;
	}
	return best;
}

static void
add_value(struct hash *h, struct jcur c, struct str skip, u32 depth)
{
	struct str key = STR_NONE, next;

	switch (json_kind(c)) {
	case JSON_OBJECT:
		add(h, '{', STR(""));
		for (struct jcur v; depth && !(v = next_key(c, key, skip, &next)).err;) {
			key = next;
			add(h, 'k', key);
			add_value(h, v, STR_NONE, depth - 1);
		}
		add(h, '}', STR(""));
		return;
	case JSON_ARRAY:
		add(h, '[', STR(""));
		for (struct jcur v = json_first(c); depth && !v.err; v = json_next(v))
			add_value(h, v, STR_NONE, depth - 1);
		add(h, ']', STR(""));
		return;
	default: add(h, 'v', json_raw(c));
	}
}

void
approval_bind(const struct api *api, u32 environment, const struct catalog_op *op, struct jcur args, struct str skip,
    u8 out[HASH_N])
{
	const struct environment *e = &api->environment[environment];
	struct hash h;

	hash_begin(&h);
	add(&h, 'a', api->name);
	add(&h, 'e', e->name);
	add(&h, 'u', e->base_url);
	add(&h, 't', op->name);
	add(&h, 'm', catalog_verb(op));
	add(&h, 'p', op->path);
	if (json_kind(args) == JSON_OBJECT) {
		add_value(&h, args, skip, JSON_DEPTH_MAX + 1);
	} else { /* none given are none */
		add(&h, '{', STR(""));
		add(&h, '}', STR(""));
	}
	hash_out(&h, out);
}

/* What changes when a resource does, as APIs name it. */
static const char *const marks[] = { "id", "_id", "uuid", "name", "title", "version", "revision", "resource_version",
	"resourceVersion", "etag", "updated_at", "updatedAt", "updated", "updatedOn", "modified", "modified_at",
	"modifiedOn", "last_modified", "lastModified", "last_updated", "lastUpdated" };

void
approval_state(u16 status, struct str etag, struct jcur body, struct str raw, u8 out[HASH_N])
{
	struct jcur inner = json_get(body, "data");
	u8 code[2] = { (u8)status, (u8)(status >> 8) };
	struct hash h;
	u32 found = 0;

	if (json_kind(inner) == JSON_OBJECT) /* an envelope */
		body = inner;
	hash_begin(&h);
	add(&h, 's', str_of(code, 2));
	add(&h, 't', etag);
	for (u32 i = 0; !etag.n && i < ARRAY_N(marks); i++) {
		struct jcur v = json_get(body, marks[i]);

		found += json_kind(v) != JSON_MISSING;
		add(&h, 'm', json_raw(v));
	}
	if (!etag.n && !found)
		add(&h, 'b', raw);
	hash_out(&h, out);
}

bool
approval_theirs(const struct approval *a, const struct principal *who)
{
	return a->kind == who->kind && a->principal == who->id && a->user == who->user && a->client == who->client &&
	       a->team == who->team;
}

/* ---- decisions ----------------------------------------------------------------------------------- */

enum { AT_LIST, AT_GET, AT_SWAP };

static enum step
fail(struct approval_work *w, int err)
{
	w->op.done = true;
	w->op.err = err;
	return STEP_FAIL;
}

static void
list_more(struct store *st, struct approval_work *w)
{
	struct store_op next = { .verb = STORE_LIST, .owner = w->op.owner, .key = APPROVAL_PREFIX, .out = &w->out };

	next.cursor = w->op.cursor;
	w->op = next;
	w->out = buf_over(w->room, sizeof w->room);
	store_start(st, &w->op, 0);
}

static void
take_matches(struct approval_work *w)
{
	struct str rest = buf_str(&w->out);
	struct store_entry e;
	struct approval a;

	while (store_entry(&rest, &e)) {
		if (e.key.n != APPROVAL_KEY_N || !str_starts(str_cut(e.key, 2, e.key.n), w->which) ||
		    approval_decode(e.val, &a) || a.level != LEVEL_APPROVE)
			continue;
		w->found++;
		memcpy(w->key, e.key.p, APPROVAL_KEY_N);
	}
}

static void
get(struct store *st, struct approval_work *w)
{
	w->op = (struct store_op){ .verb = STORE_GET, .owner = w->op.owner, .out = &w->out };
	w->op.key = str_of(w->key, APPROVAL_KEY_N);
	w->out = buf_over(w->room, sizeof w->room);
	w->at = AT_GET;
	store_start(st, &w->op, 0);
}

/* Only what is pending is decided, once; who is faster wins. */
static enum step
swap(struct store *st, struct approval_work *w)
{
	struct buf next = buf_over(w->next, sizeof w->next);
	struct approval *a = &w->approval;
	wall now = store_wall(st);
	u64 version = w->op.version;

	if (w->op.err || approval_decode(w->op.val, a) || a->dies <= now)
		return fail(w, w->op.err ? w->op.err : ERR_NONE);
	if (a->status != APPROVAL_PENDING)
		return fail(w, ERR_LATE);
	a->status = w->yes ? APPROVAL_APPROVED : APPROVAL_DENIED;
	a->by = w->by;
	approval_encode(&next, a);
	if (next.over)
		return fail(w, ERR_FULL);
	w->op = (struct store_op){ .verb = STORE_SWAP, .owner = w->op.owner, .version = version };
	w->op.ttl_s = a->dies - now;
	w->op.key = str_of(w->key, APPROVAL_KEY_N);
	w->op.val = buf_str(&next);
	w->at = AT_SWAP;
	store_start(st, &w->op, 0);
	return STEP_MORE;
}

enum step
approval_step(struct store *st, struct approval_work *w)
{
	while (w->op.done) {
		if (w->at == AT_SWAP)
			return w->op.err ? STEP_FAIL : STEP_DONE;
		if (w->at == AT_GET) {
			if (swap(st, w) == STEP_FAIL)
				return STEP_FAIL;
			continue;
		}
		if (w->op.err)
			return STEP_FAIL;
		take_matches(w);
		if (w->op.cursor)
			list_more(st, w);
		else if (w->found != 1)
			return fail(w, w->found ? ERR_LATE : ERR_NONE);
		else
			get(st, w);
	}
	return STEP_WAIT;
}

enum step
approval_decide(struct store *st, struct approval_work *w, struct str which, bool yes, struct ready *owner)
{
	w->op = (struct store_op){ .owner = owner };
	w->which = which;
	w->yes = yes;
	w->found = 0;
	w->at = AT_LIST;
	if (which.n < ID_MIN || which.n > APPROVAL_KEY_N - 2)
		return fail(w, ERR_NONE);
	list_more(st, w);
	return approval_step(st, w);
}
