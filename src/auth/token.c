#include "auth/token.h"

#include "auth/known.h"
#include "base/base64.h"
#include "base/le.h"
#include "base/limits.h"
#include "base/map.h"
#include "crypt/ct.h"

static_assert((TOKEN_CACHE & (TOKEN_CACHE - 1)) == 0, "a power of two");

#define PLAIN_N (GRANT_FAMILY_N + 1 + 4 + 4 + 8)
#define SEALED_N (PLAIN_N + SEAL_EXTRA)

static_assert(TOKEN_PREFIX_MAX + BASE64_URL_N(SEALED_N) <= TOKEN_MAX, "a token fits");

static const struct seal_use use = { { (const u8 *)"access token|1", 14 }, { NULL, 0 } };

struct tokens {
	struct store *st;
	const struct seal_keys *seal;
	struct known known;
};

size_t
tokens_bytes(void)
{
	return sizeof(struct tokens) + 16 + known_bytes(TOKEN_CACHE);
}

struct tokens *
tokens_init(struct arena *a, struct store *st, const struct seal_keys *seal, struct rng *rng)
{
	struct tokens *ts = ARENA_NEW(a, struct tokens);

	if (!ts)
		return NULL;
	ts->st = st;
	ts->seal = seal;
	return known_init(&ts->known, a, TOKEN_CACHE, rng) ? NULL : ts;
}

u64
token_audience(struct str audience)
{
	return map_hash(audience, 0);
}

int
token_put(struct buf *out, const struct seal_keys *seal, struct rng *rng, struct str prefix, const struct token *t)
{
	u8 room[PLAIN_N];
	struct buf b = buf_over(room, sizeof room);

	buf_put(&b, str_of(t->family, GRANT_FAMILY_N));
	buf_le(&b, t->scopes, 1);
	buf_le(&b, t->seq, 4);
	buf_le(&b, t->dies, 4);
	buf_le(&b, t->audience, 8);
	buf_put(out, prefix);
	return out->over ? ERR_FULL : seal_make_text(seal, rng, use, buf_str(&b), out);
}

int
token_open(const struct seal_keys *seal, struct str prefix, struct str text, struct token *t)
{
	u8 room[SEALED_N + 8];
	struct buf b = buf_over(room, sizeof room);
	const u8 *p = room;

	if (!str_starts(text, prefix) || text.n != prefix.n + BASE64_URL_N(SEALED_N))
		return ERR_BAD;
	if (seal_open_text(seal, use, str_cut(text, prefix.n, text.n), &b) || buf_len(&b) != PLAIN_N)
		return ERR_BAD;
	memcpy(t->family, p, GRANT_FAMILY_N);
	p += GRANT_FAMILY_N;
	t->scopes = p[0];
	t->seq = le32(p + 1);
	t->dies = le32(p + 5);
	t->audience = le64(p + 9);
	return 0;
}

/* ---- verification ------------------------------------------------------------------------------------ */

static enum step
refuse(struct token_check *c, int err)
{
	c->op.done = true;
	c->op.err = err;
	return STEP_FAIL;
}

/* Sessions and limits go by user and client: a token that was refreshed, or got more scopes, is still the same one. */
static u64
id_of(const struct principal *who)
{
	u64 both[2] = { who->user, who->client };
	u64 id = map_hash(str_of(both, sizeof both), 0);

	return id ? id : 1;
}

/* What the grant says of who asks. */
static int
take_grant(const struct grant *g, struct principal *who)
{
	struct str rest = g->audience, api = str_next(&rest, ':'), name = str_next(&api, '/');

	*who = (struct principal){ .kind = PRINCIPAL_TOKEN, .scopes = g->scopes };
	for (u32 i = 0; i < 8; i++)
		who->client = who->client << 8 | g->client[i];
	return principal_set_apis(who, name) || principal_set_environments(who, g->environments) ? ERR_BAD : 0;
}

/* What its user is now: disabled, or of another password, ends it. */
static int
take_user(struct str record, u64 epoch, u8 scopes, struct principal *who)
{
	struct user u;
	u8 most;

	if (user_decode(record, &u) || u.disabled || u.epoch != epoch)
		return ERR_DENY;
	user_principal(&u, who);
	most = grant_role_scopes(user_role(&u));
	who->scopes &= scopes & most;
	who->grantable = most & (u8)~who->scopes;
	who->id = id_of(who);
	return 0;
}

static enum step
judge(struct tokens *ts, struct token_check *c, const struct token_ask *ask, const struct known_entry *e,
    struct principal *who)
{
	if (e->who.dies <= store_wall(ts->st) || (e->audience != ask->audience && e->audience != ask->wider))
		return refuse(c, ERR_DENY);
	*who = e->who;
	c->op.err = 0;
	return STEP_DONE;
}

static u32
stamp_of(const struct tokens *ts)
{
	return store_stamp(ts->st, 'g') + store_stamp(ts->st, 'p');
}

/* The refresh token that came with this one has arrived: its predecessor's grace is over. Nobody waits for it. */
static void
note_seen(struct tokens *ts, struct token_check *c, struct grant *g)
{
	u8 room[GRANT_RECORD_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct store_op op = { .verb = STORE_SWAP, .lazy = true, .version = c->version };
	wall now = store_wall(ts->st);

	if (g->seen || c->token.seq != g->seq || g->dies <= now)
		return;
	g->seen = true;
	grant_encode(&b, g);
	op.key = str_of(c->name, sizeof c->name);
	op.val = buf_str(&b);
	op.ttl_s = g->dies - now;
	if (!b.over)
		store_start(ts->st, &op, 0);
}

enum step
token_start(struct tokens *ts, struct token_check *c, const struct token_ask *ask, struct principal *who,
    struct ready *owner)
{
	struct known_entry *known;

	c->op = (struct store_op){ .verb = STORE_GET, .owner = owner, .out = &c->out };
	c->asked_user = false;
	memset(c->name, 0, sizeof c->name);
	if (ask->text.n > TOKEN_MAX)
		return refuse(c, ERR_DENY);
	known_mark(&ts->known, ask->text, c->mark);
	c->stamp = stamp_of(ts);
	known = known_find(&ts->known, c->mark, c->stamp, store_wall(ts->st));
	if (known) {
		c->op.done = true;
		memcpy(c->name, known->name, sizeof c->name);
		return judge(ts, c, ask, known, who);
	}
	if (token_open(ts->seal, ask->prefix, ask->text, &c->token))
		return refuse(c, ERR_DENY);
	grant_key(c->name, c->token.family);
	c->out = buf_over(c->room, sizeof c->room);
	c->op.key = str_of(c->name, sizeof c->name);
	store_start(ts->st, &c->op, 0);
	return token_step(ts, c, ask, who);
}

/* The grant came: who is its user now? */
static enum step
ask_user(struct tokens *ts, struct token_check *c, struct principal *who)
{
	struct grant g;

	if (c->op.err)
		return refuse(c, c->op.err == ERR_NONE ? ERR_DENY : ERR_IO);
	if (grant_decode(c->op.val, &g) || g.state != GRANT_LIVE || take_grant(&g, who))
		return refuse(c, ERR_DENY);
	c->version = c->op.version;
	c->epoch = g.epoch;
	note_seen(ts, c, &g);
	c->op = (struct store_op){ .verb = STORE_GET, .owner = c->op.owner, .out = &c->out };
	c->op.key = user_key(g.user, c->user_key);
	c->out = buf_over(c->room, sizeof c->room); /* g is gone */
	c->asked_user = true;
	store_start(ts->st, &c->op, 0);
	return STEP_MORE;
}

enum step
token_step(struct tokens *ts, struct token_check *c, const struct token_ask *ask, struct principal *who)
{
	struct known_entry *e;

	if (c->op.done && !c->asked_user && ask_user(ts, c, who) == STEP_FAIL)
		return STEP_FAIL;
	if (!c->op.done)
		return STEP_WAIT;
	if (c->op.err)
		return refuse(c, c->op.err == ERR_NONE ? ERR_DENY : ERR_IO);
	if (take_user(c->op.val, c->epoch, c->token.scopes, who))
		return refuse(c, ERR_DENY);
	who->dies = c->token.dies;
	who->stamp = c->version;
	e = known_place(&ts->known, c->mark, c->stamp, store_wall(ts->st));
	e->who = *who;
	e->audience = c->token.audience;
	memcpy(e->name, c->name, sizeof e->name);
	return judge(ts, c, ask, e, who);
}

bool
token_recall(struct tokens *ts, u32 number, const struct token_ask *ask, struct principal *who)
{
	u8 mark[MARK_N];
	const struct known_entry *e;
	wall now = store_wall(ts->st);

	known_mark(&ts->known, ask->text, mark);
	e = known_find(&ts->known, mark, number, now);
	if (!e || e->who.dies <= now || e->audience != ask->audience)
		return false;
	*who = e->who;
	return true;
}

void
token_keep(struct tokens *ts, u32 number, const struct token_ask *ask, const struct principal *who, u32 seconds)
{
	u8 mark[MARK_N];
	struct known_entry *e;

	known_mark(&ts->known, ask->text, mark);
	e = known_place(&ts->known, mark, number, store_wall(ts->st) + seconds);
	e->who = *who;
	e->audience = ask->audience;
	memset(e->name, 0, sizeof e->name);
}

void
token_cancel(struct tokens *ts, struct token_check *c)
{
	store_cancel(ts->st, &c->op);
}
