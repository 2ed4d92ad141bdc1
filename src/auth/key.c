#include "auth/key.h"

#include "auth/known.h"
#include "auth/tags.h"
#include "base/base64.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

static_assert((KEY_CACHE & (KEY_CACHE - 1)) == 0, "a power of two");
static_assert(2 + KEY_ID_N <= sizeof(((struct known_entry *)0)->name), "a name is remembered whole");

#define ID_MIN 6 /* hex characters that name a key */
#define RECORD_VERSION 1

/* Fields of a record. */
enum tag {
	TAG_HASH = 1,
	TAG_NAME,
	TAG_ROLE,
	TAG_APIS,
	TAG_ENVIRONMENTS,
	TAG_SCOPES,
	TAG_CREATED,
	TAG_DIES,
	TAG_HINT,
	TAG_USER,
	TAG_TEAM,
	TAG_OWNER,
	TAG_BORN,
};

struct keys {
	struct store *st;
	struct known known;
};

size_t
keys_bytes(void)
{
	return sizeof(struct keys) + 16 + known_bytes(KEY_CACHE);
}

struct keys *
keys_init(struct arena *a, struct store *st, struct rng *rng)
{
	struct keys *ks = ARENA_NEW(a, struct keys);

	if (!ks)
		return NULL;
	ks->st = st;
	return known_init(&ks->known, a, KEY_CACHE, rng) ? NULL : ks;
}

static u64
first_of(const u8 hash[HASH_N])
{
	u64 v = 0;

	for (u32 i = 0; i < 8; i++)
		v = v << 8 | hash[i];
	return v;
}

static void
name_of(char name[2 + KEY_ID_N], const u8 hash[HASH_N])
{
	static const char hex[] = "0123456789abcdef";

	name[0] = 'k';
	name[1] = ':';
	for (u32 i = 0; i < KEY_ID_N / 2; i++) {
		name[2 + 2 * i] = hex[hash[i] >> 4];
		name[3 + 2 * i] = hex[hash[i] & 15];
	}
}

/* Records. */

void
key_encode(struct buf *b, const struct key *k)
{
	const struct principal *p = &k->who;

	buf_byte(b, RECORD_VERSION);
	tags_put(b, TAG_HASH, str_of(k->hash, HASH_N));
	tags_put(b, TAG_NAME, principal_name(p));
	tags_put(b, TAG_ROLE, principal_role(p));
	tags_put(b, TAG_APIS, str_of(p->apis, p->apis_n));
	tags_put(b, TAG_ENVIRONMENTS, str_of(p->environments, p->environments_n));
	tags_put(b, TAG_SCOPES, str_of(&p->scopes, 1));
	tags_num(b, TAG_CREATED, k->created);
	tags_num(b, TAG_DIES, p->dies);
	tags_put(b, TAG_HINT, str_of(k->hint, k->hint_n));
	tags_num(b, TAG_USER, p->user);
	tags_num(b, TAG_TEAM, p->team);
	tags_put(b, TAG_OWNER, str_of(k->owner, k->owner_n));
	tags_num(b, TAG_BORN, k->born);
}

static int
read_wall(struct str bytes, wall *at)
{
	u64 v;

	if (tags_read_num(bytes, &v) || v > UINT32_MAX)
		return ERR_BAD;
	*at = (wall)v;
	return 0;
}

static int
decode_field(struct key *k, u8 tag, struct str bytes)
{
	struct principal *p = &k->who;

	switch (tag) {
	case TAG_HASH:
		if (bytes.n != HASH_N)
			return ERR_BAD;
		memcpy(k->hash, bytes.p, HASH_N);
		p->id = first_of(k->hash);
		return 0;
	case TAG_NAME: return principal_set_name(p, bytes);
	case TAG_ROLE: return principal_set_role(p, bytes);
	case TAG_APIS: return principal_set_apis(p, bytes);
	case TAG_ENVIRONMENTS: return principal_set_environments(p, bytes);
	case TAG_SCOPES:
		if (bytes.n != 1 || bytes.p[0] & ~SCOPE_ALL)
			return ERR_BAD;
		p->scopes = bytes.p[0];
		return 0;
	case TAG_CREATED: return read_wall(bytes, &k->created);
	case TAG_DIES: return read_wall(bytes, &p->dies);
	case TAG_USER: return tags_read_num(bytes, &p->user);
	case TAG_TEAM: return tags_read_num(bytes, &p->team);
	case TAG_OWNER: return tags_read_text(bytes, k->owner, &k->owner_n, sizeof k->owner);
	case TAG_BORN: return tags_read_num(bytes, &k->born);
	case TAG_HINT:
		if (bytes.n > sizeof k->hint)
			return ERR_BAD;
		memcpy(k->hint, bytes.p, bytes.n);
		k->hint_n = (u8)bytes.n;
		return 0;
	}
	return tag < TAGS_MUST ? 0 : ERR_BAD;
}

int
key_decode(struct str record, struct key *k)
{
	struct str rest = str_cut(record, 1, record.n), bytes;
	u8 tag;
	int more;

	*k = (struct key){ .who.kind = PRINCIPAL_KEY };
	if (!record.n || record.p[0] != RECORD_VERSION)
		return ERR_BAD;
	while ((more = tags_next(&rest, &tag, &bytes)) > 0)
		if (decode_field(k, tag, bytes))
			return ERR_BAD;
	return more == 0 && k->who.id ? 0 : ERR_BAD; /* without a hash it is no key */
}

/* Verification. */

static bool
is_possible(struct str secret)
{
	if (secret.n < KEY_SECRET_MIN || secret.n > KEY_SECRET_MAX)
		return false;
	for (u32 i = 0; i < secret.n; i++) {
		if (secret.p[i] <= ' ' || secret.p[i] > '~')
			return false;
	}
	return true;
}

static enum step
judge(struct keys *ks, struct key_check *c, struct principal *who, const struct principal *p)
{
	if (p->dies && p->dies <= store_wall(ks->st)) {
		c->op.err = ERR_DENY;
		return STEP_FAIL;
	}
	*who = *p;
	c->op.err = 0;
	return STEP_DONE;
}

/* A change of any key or user makes what is remembered doubtful. */
static u32
stamp_of(const struct keys *ks)
{
	return store_stamp(ks->st, 'k') + store_stamp(ks->st, 'p');
}

enum step
key_start(struct keys *ks, struct key_check *c, struct str secret, struct principal *who,
          struct ready *owner)
{
	struct known_entry *known;

	c->op = (struct store_op){ .verb = STORE_GET, .owner = owner, .out = &c->out };
	c->owned = c->absent = false;
	if (!is_possible(secret)) {
		memset(c->name, 0, sizeof c->name);
		c->op.done = c->absent = true;
		c->op.err = ERR_DENY;
		return STEP_FAIL;
	}
	known_mark(&ks->known, secret, c->mark);
	c->stamp = stamp_of(ks);
	known = known_find(&ks->known, c->mark, c->stamp, store_wall(ks->st));
	if (known) {
		c->op.done = true;
		memcpy(c->name, known->name, sizeof c->name);
		return judge(ks, c, who, &known->who);
	}
	hash_once(secret, c->hash);
	name_of(c->name, c->hash);
	c->out = buf_over(c->room, sizeof c->room);
	c->op.key = str_of(c->name, sizeof c->name);
	store_start(ks->st, &c->op, 0);
	return key_step(ks, c, who);
}

static enum step
denied(struct key_check *c)
{
	c->op.err = ERR_DENY;
	return STEP_FAIL;
}

/* The record is there: DONE, or MORE while its owner is asked for. */
static enum step
take_record(struct keys *ks, struct key_check *c)
{
	struct key k;

	if (key_decode(c->op.val, &k) || !ct_same(k.hash, c->hash, HASH_N))
		return denied(c);
	k.who.stamp = c->op.version;
	c->found = k.who;
	if (!k.owner_n)
		return STEP_DONE;
	c->owned = true;
	c->born = k.born;
	c->op = (struct store_op){ .verb = STORE_GET, .owner = c->op.owner, .out = &c->out };
	c->op.key = user_key(str_of(k.owner, k.owner_n), c->owner);
	c->out = buf_over(c->room, sizeof c->room);
	store_start(ks->st, &c->op, 0);
	return STEP_MORE;
}

static enum step
take_owner(struct key_check *c)
{
	struct principal *p = &c->found;
	struct user u;

	if (user_decode(c->op.val, &u) || u.disabled || u.born != c->born)
		return denied(c);
	p->user = u.id;
	p->born = u.born;
	p->team = u.team_id;
	if (!p->role_n)
		principal_set_role(p, user_role(&u));
	return STEP_DONE;
}

enum step
key_step(struct keys *ks, struct key_check *c, struct principal *who)
{
	struct known_entry *known;
	enum step s;

	do {
		if (!c->op.done)
			return STEP_WAIT;
		if (c->op.err) {
			c->absent = c->op.err == ERR_NONE && !c->owned;
			c->op.err = c->op.err == ERR_NONE ? ERR_DENY : ERR_IO;
			return STEP_FAIL;
		}
		s = c->owned ? take_owner(c) : take_record(ks, c);
	} while (s == STEP_MORE);
	if (s == STEP_FAIL)
		return s;
	known = known_place(&ks->known, c->mark, c->stamp, store_wall(ks->st));
	known->who = c->found;
	memcpy(known->name, c->name, sizeof c->name);
	return judge(ks, c, who, &c->found);
}

void
key_cancel(struct keys *ks, struct key_check *c)
{
	store_cancel(ks->st, &c->op);
}

/* Making, naming. */

void
key_id_print(struct buf *b, const struct key *k)
{
	char name[2 + KEY_ID_N];

	name_of(name, k->hash);
	buf_put(b, str_of(name + 2, KEY_ID_N));
}

int
key_form(struct str secret)
{
	static const u32 tail_min = 32;

	if (!is_possible(secret))
		return ERR_BAD;
	if (!str_starts(secret, STR("sk-")) || secret.n < 3 + tail_min)
		return KEY_FOREIGN;
	for (u32 i = 3; i < secret.n; i++) {
		u8 c = secret.p[i], letter = c | 0x20;

		if (!((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return KEY_FOREIGN;
	}
	return KEY_OURS;
}

void
key_secret(struct buf *out, const u8 random[32])
{
	BUF_LIT(out, "sk-");
	base64_put_url(out, str_of(random, 32));
}

/* The control plane. */

enum { AT_ADD = 1, AT_LIST, AT_DROP };

static enum step
add_done(struct key_work *w)
{
	if (!w->op.done)
		return STEP_WAIT;
	return w->op.err ? STEP_FAIL : STEP_DONE;
}

static enum step
fail(struct key_work *w, int err)
{
	w->op.done = true;
	w->op.err = err;
	return STEP_FAIL;
}

enum step
key_add(struct keys *ks, struct key_work *w, struct str secret, struct ready *owner)
{
	struct key *k = &w->key;
	wall now = store_wall(ks->st);
	int form = key_form(secret);

	w->op = (struct store_op){ .verb = STORE_ADD, .owner = owner };
	w->at = AT_ADD;
	if (form < 0 || (k->who.dies && k->who.dies <= now))
		return fail(w, ERR_BAD);
	hash_once(secret, k->hash);
	k->who.kind = PRINCIPAL_KEY;
	k->who.id = first_of(k->hash);
	k->hint_n = form == KEY_OURS ? KEY_HINT_MAX : 0;
	memcpy(k->hint, secret.p, k->hint_n);
	name_of(w->name, k->hash);
	w->out = buf_over(w->room, sizeof w->room);
	key_encode(&w->out, k);
	ASSERT(!w->out.over && w->out.w <= KEY_RECORD_MAX);
	w->op.key = str_of(w->name, sizeof w->name);
	w->op.val = buf_str(&w->out);
	w->op.ttl_s = k->who.dies ? k->who.dies - now : STORE_FOREVER;
	store_start(ks->st, &w->op, 0);
	return add_done(w);
}

static bool
is_meant(const struct key *k, struct str which)
{
	char name[2 + KEY_ID_N];
	struct str id = str_of(name + 2, KEY_ID_N);

	name_of(name, k->hash);
	if (which.n >= ID_MIN && str_starts(id, which))
		return true;
	if (k->hint_n && str_same(which, str_of(k->hint, k->hint_n)))
		return true;
	return which.n && str_same(which, principal_name(&k->who));
}

static void
list_more(struct keys *ks, struct key_work *w)
{
	u32 cursor = w->op.cursor;

	w->out = buf_over(w->room, sizeof w->room);
	w->op = (struct store_op){ .verb = STORE_LIST, .owner = w->op.owner, .key = KEY_PREFIX };
	w->op.cursor = cursor;
	w->op.out = &w->out;
	store_start(ks->st, &w->op, 0);
}

static void
take_matches(struct key_work *w)
{
	struct str rest = buf_str(&w->out);
	struct store_entry e;
	struct key k;

	while (store_entry(&rest, &e)) {
		if (key_decode(e.val, &k) || !is_meant(&k, w->which))
			continue;
		w->found++;
		w->key = k;
	}
}

static enum step
list_step(struct keys *ks, struct key_work *w)
{
	for (;;) {
		if (!w->op.done)
			return STEP_WAIT;
		if (w->op.err)
			return STEP_FAIL;
		take_matches(w);
		if (!w->op.cursor)
			break;
		list_more(ks, w);
	}
	if (w->found != 1)
		return fail(w, w->found ? ERR_LATE : ERR_NONE);
	name_of(w->name, w->key.hash);
	w->op = (struct store_op){ .verb = STORE_DROP, .owner = w->op.owner };
	w->op.key = str_of(w->name, sizeof w->name);
	w->at = AT_DROP;
	store_start(ks->st, &w->op, 0);
	return add_done(w);
}

enum step
key_revoke(struct keys *ks, struct key_work *w, struct str which, struct ready *owner)
{
	w->op = (struct store_op){ .owner = owner };
	w->which = which;
	w->found = 0;
	w->at = AT_LIST;
	list_more(ks, w);
	return list_step(ks, w);
}

enum step
key_work_step(struct keys *ks, struct key_work *w)
{
	return w->at == AT_LIST ? list_step(ks, w) : add_done(w);
}
