#include "auth/browser.h"

#include "auth/tags.h"
#include "base/base64.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

#define RECORD_VERSION 1

enum { AT_SESSION, AT_USER };
enum tag { TAG_HASH = 1, TAG_USER, TAG_EPOCH, TAG_SINCE, TAG_SEEN, TAG_LEVEL };

struct str
browser_find(struct str header, struct str name)
{
	struct str found = STR_NONE;
	u32 n = 0;

	while (header.p) {
		struct str value = str_next(&header, ';'), key = str_trim(str_next(&value, '='));

		if (!value.p || !str_same(key, name))
			continue;
		found = str_trim(value);
		n++;
	}
	return n == 1 ? found : STR_NONE;
}

struct str
browser_cookie(struct str header, struct str name)
{
	struct str found = browser_find(header, name);

	return found.n == BROWSER_SECRET_N ? found : STR_NONE;
}

static void
key_of(char key[BROWSER_KEY_N], const u8 hash[HASH_N])
{
	struct buf b = buf_over(key, BROWSER_KEY_N);

	BUF_LIT(&b, "s:");
	for (u32 i = 0; i < HASH_N / 2; i++)
		buf_hex(&b, hash[i], 2);
}

static enum step
nobody(struct browser *b)
{
	b->level = BROWSER_NOBODY;
	return STEP_DONE;
}

enum step
browser_start(struct browser_check *c, struct store *st, struct str secret, struct browser *b, struct ready *owner)
{
	c->st = st;
	c->at = AT_SESSION;
	c->op = (struct store_op){ .verb = STORE_GET, .owner = owner, .out = &c->out, .done = true };
	memset(b, 0, sizeof *b);
	if (!secret.n)
		return nobody(b);
	hash_once(secret, c->hash);
	key_of(b->key, c->hash);
	c->out = buf_over(c->room, sizeof c->room);
	c->op.key = str_of(b->key, BROWSER_KEY_N);
	c->op.done = false;
	store_start(st, &c->op, 0);
	return browser_step(c, b);
}

static int
read_session(struct browser_check *c, struct browser *b, struct str *name)
{
	struct str rest = str_cut(c->op.val, 1, c->op.val.n), bytes, hash = STR_NONE;
	u64 since = 0, seen = 0, level = 0;
	u8 tag;
	int more;

	if (!c->op.val.n || c->op.val.p[0] != RECORD_VERSION)
		return ERR_BAD;
	while ((more = tags_next(&rest, &tag, &bytes)) > 0) {
		int err = 0;

		switch (tag) {
		case TAG_HASH: hash = bytes; break;
		case TAG_USER: *name = bytes; break;
		case TAG_EPOCH: err = tags_read_num(bytes, &c->epoch); break;
		case TAG_SINCE: err = tags_read_num(bytes, &since); break;
		case TAG_SEEN: err = tags_read_num(bytes, &seen); break;
		case TAG_LEVEL: err = tags_read_num(bytes, &level); break;
		default: err = tag < TAGS_MUST ? 0 : ERR_BAD;
		}
		if (err)
			return err;
	}
	b->since = (wall)since;
	b->seen = (wall)seen;
	c->level = (u8)level;
	return more < 0 || hash.n != HASH_N || !name->n || !ct_same(hash.p, c->hash, HASH_N) ? ERR_BAD : 0;
}

static u32
write_session(struct browser_check *c, const struct browser *b, struct str name, struct buf *out)
{
	wall now = store_wall(c->st);
	u32 ttl = c->limits.idle_s, age = now > b->since ? now - b->since : 0; /* another worker may be ahead */
	u32 left = age < c->limits.max_s ? c->limits.max_s - age : 1;

	buf_byte(out, RECORD_VERSION);
	tags_put(out, TAG_HASH, str_of(c->hash, HASH_N));
	tags_put(out, TAG_USER, name);
	tags_num(out, TAG_EPOCH, c->epoch);
	tags_num(out, TAG_SINCE, b->since);
	tags_num(out, TAG_SEEN, now);
	tags_num(out, TAG_LEVEL, c->level);
	return c->level == BROWSER_HALF ? BROWSER_HALF_S : min_u32(ttl, left);
}

/* Only a session that is still there is prolonged: one that was ended meanwhile does not come back. */
static void
touch(struct browser_check *c, struct browser *b)
{
	u8 room[BROWSER_RECORD_MAX];
	struct buf out = buf_over(room, sizeof room);
	struct store_op op = { .verb = STORE_SWAP, .lazy = true, .key = str_of(b->key, BROWSER_KEY_N),
		.version = c->version };
	wall now = store_wall(c->st);

	if (c->level != BROWSER_IN || now < b->seen || now - b->seen < c->limits.idle_s / 8)
		return;
	op.ttl_s = write_session(c, b, user_name(&b->user), &out);
	op.val = buf_str(&out);
	store_start(c->st, &op, 0);
}

static enum step
judge(struct browser_check *c, struct browser *b)
{
	if (user_decode(c->op.val, &b->user) || b->user.disabled || b->user.epoch != c->epoch)
		return nobody(b);
	b->user.version = c->op.version;
	b->level = c->level;
	touch(c, b);
	return STEP_DONE;
}

/* The session is there: whose it is, is asked next. */
static enum step
ask_user(struct browser_check *c, struct browser *b)
{
	struct str name = STR_NONE;

	if (read_session(c, b, &name) || name.n > USER_NAME_MAX)
		return nobody(b);
	c->at = AT_USER;
	c->version = c->op.version;
	c->op = (struct store_op){ .verb = STORE_GET, .owner = c->op.owner, .out = &c->out };
	c->op.key = user_key(name, c->user_key);
	c->out = buf_over(c->room, sizeof c->room);
	return store_start(c->st, &c->op, 0) == STEP_WAIT ? STEP_WAIT : STEP_MORE;
}

enum step
browser_step(struct browser_check *c, struct browser *b)
{
	enum step s = STEP_MORE;

	while (s == STEP_MORE) {
		if (!c->op.done)
			return STEP_WAIT;
		if (c->op.err)
			return c->op.err == ERR_NONE ? nobody(b) : STEP_FAIL;
		s = c->at == AT_USER ? judge(c, b) : ask_user(c, b);
	}
	return s;
}

enum step
browser_make(struct browser_check *c, const struct user *u, enum browser_level level, const u8 random[32],
    struct buf *out, struct ready *owner)
{
	struct browser b = { .since = store_wall(c->st) };
	u32 from = out->w;

	base64_put_url(out, str_of(random, 32));
	hash_once(str_of(out->p + from, out->w - from), c->hash);
	key_of((char *)c->user_key, c->hash);
	c->level = (u8)level;
	c->epoch = u->epoch;
	c->out = buf_over(c->room, sizeof c->room);
	c->op = (struct store_op){ .verb = STORE_ADD, .owner = owner, .key = str_of(c->user_key, BROWSER_KEY_N) };
	c->op.ttl_s = write_session(c, &b, user_name(u), &c->out);
	c->op.val = buf_str(&c->out);
	store_start(c->st, &c->op, 0);
	return browser_made(c);
}

enum step
browser_made(struct browser_check *c)
{
	if (!c->op.done)
		return STEP_WAIT;
	return c->op.err ? STEP_FAIL : STEP_DONE;
}

enum step
browser_end(struct browser_check *c, const struct browser *b, struct ready *owner)
{
	memcpy(c->user_key, b->key, BROWSER_KEY_N);
	c->op = (struct store_op){ .verb = STORE_DROP, .owner = owner, .key = str_of(c->user_key, BROWSER_KEY_N) };
	store_start(c->st, &c->op, 0);
	return browser_ended(c);
}

enum step
browser_ended(struct browser_check *c)
{
	if (!c->op.done)
		return STEP_WAIT;
	return c->op.err && c->op.err != ERR_NONE ? STEP_FAIL : STEP_DONE;
}

void
browser_cancel(struct browser_check *c)
{
	if (c->st)
		store_cancel(c->st, &c->op);
}
