#include "main/local.h"

#include "app/admin.h"
#include "app/clients.h"
#include "app/credentials.h"
#include "app/people.h"
#include "app/approving.h"
#include "app/switching.h"
#include "crypt/ct.h"
#include "crypt/pass.h"
#include "op/vault.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/page.h"
#include "sys/proc.h"
#include "sys/rand.h"

#define ROOM_N (1u << 20) /* beside the store's index */
#define TOKENS 128
#define LIST_N 8192

/* Files that root would make could not be read by the user that workers run as. */
static int
become_owner(struct local *l, struct buf *why)
{
	struct jail j = { .files_max = 256, .file_n_max = 1ULL << 31, .dir = -1, .drops = true };
	struct file_info info;

	if (proc_user() != 0 || file_look(l->boot.dir, "store", &info) || info.owner == 0)
		return 0;
	j.uid = j.gid = info.owner;
	return jail_drop(&j, why) < 0 ? ERR_DENY : 0;
}

int
local_open(struct local *l, const char *data, struct buf *why)
{
	u8 key[STORE_MAC_N];
	struct store_conf conf = { .mac_key = key };
	int err;

	memset(l, 0, sizeof *l);
	conf.wall = clock_both(&conf.now);
	err = boot_data(&l->boot, data, why);
	if (err)
		return err;
	if (l->boot.made)
		boot_give_back(&l->boot);
	conf.dir = l->boot.store;
	boot_key(&l->boot, "store", key);
	l->arena = page_arena(store_bytes(0) + ROOM_N);
	err = become_owner(l, why);
	if (!err)
		err = store_open(&l->store, &conf, &l->arena, why);
	ct_wipe(key, sizeof key);
	if (!err && !(l->keys = keys_init(&l->arena, l->store, NULL))) {
		BUF_LIT(why, "not enough memory");
		err = ERR_FULL;
	}
	if (err)
		local_close(l);
	return err;
}

void
local_close(struct local *l)
{
	store_close(l->store);
	l->store = NULL;
	boot_done(&l->boot);
	page_give(&l->arena);
}

static void
commit(struct store *st)
{
	msec now;
	wall system = clock_both(&now);

	store_commit(st, now, system);
}

enum step
local_wait(struct local *l, enum step s, enum step (*step)(struct local *l, void *arg), void *arg)
{
	while (s == STEP_WAIT || s == STEP_MORE) {
		commit(l->store);
		s = step(l, arg);
	}
	return s;
}

static enum step
go_on(struct local *l, void *arg)
{
	return key_work_step(l->keys, arg);
}

static int
say(struct buf *why, int err, const char *text)
{
	buf_c(why, text);
	return err;
}

static int
add_error(int err, struct buf *why)
{
	switch (err) {
	case ERR_LATE: return say(why, err, "this secret is already a key");
	case ERR_BAD: return say(why, err, "a secret needs 16 to 256 visible ASCII characters");
	case ERR_FULL: return say(why, err, "the store is full: nothing was changed");
	}
	return say(why, err, "the store cannot be written: nothing was changed");
}

int
local_key_add(struct local *l, struct str json, struct buf *out, struct buf *why)
{
	struct key_work *w = ARENA_NEW(&l->arena, struct key_work);
	struct jsmntok *tok = ARENA_ARRAY(&l->arena, struct jsmntok, TOKENS);
	struct jdoc d;
	struct str secret;
	u8 random[32], made[KEY_SECRET_N];
	struct buf text = buf_over(made, sizeof made);

	if (!w || !tok || json_parse(&d, json, tok, TOKENS))
		return say(why, ERR_BAD, "not a description of a key");
	if (admin_key_read(json_root(&d), store_wall(l->store), &w->key, &secret, why))
		return ERR_BAD;
	if (!secret.p) {
		rand_bytes(random, sizeof random);
		key_secret(&text, random);
		ct_wipe(random, sizeof random);
		secret = buf_str(&text);
	}
	if (local_wait(l, key_add(l->keys, w, secret, NULL), go_on, w) == STEP_FAIL)
		return add_error(w->op.err, why);
	admin_key_print(out, &w->key, secret);
	return 0;
}

int
local_key_list(struct local *l, struct buf *out, struct buf *why)
{
	u8 *room = arena_take(&l->arena, LIST_N);
	struct buf entries = buf_over(room, LIST_N);
	struct store_op op = { .verb = STORE_LIST, .key = KEY_PREFIX, .out = &entries };
	bool any = false;

	if (!room)
		return say(why, ERR_FULL, "not enough memory");
	buf_byte(out, '[');
	do {
		struct store_entry e;
		struct str rest;
		struct key k;

		entries.r = entries.w = 0;
		if (store_do(l->store, &op))
			return say(why, op.err, "the store cannot be read");
		for (rest = buf_str(&entries); store_entry(&rest, &e);)
			if (key_decode(e.val, &k) == 0) {
				if (any)
					buf_byte(out, ',');
				any = true;
				admin_key_print(out, &k, STR_NONE);
			}
	} while (op.cursor);
	buf_byte(out, ']');
	return 0;
}

int
local_key_revoke(struct local *l, struct str which, struct buf *out, struct buf *why)
{
	struct key_work *w = ARENA_NEW(&l->arena, struct key_work);

	if (!w)
		return say(why, ERR_FULL, "not enough memory");
	if (local_wait(l, key_revoke(l->keys, w, which, NULL), go_on, w) != STEP_FAIL) {
		admin_key_print(out, &w->key, STR_NONE);
		return 0;
	}
	if (w->op.err == ERR_NONE)
		return say(why, ERR_NONE, "there is no such key");
	if (w->op.err == ERR_LATE)
		return say(why, ERR_LATE, "several keys match: use the id");
	return say(why, w->op.err, "the store cannot be written: nothing was changed");
}

static int
record_key(struct str name, struct buf *key, struct buf *why)
{
	if (!vault_name_ok(name))
		return say(why, ERR_BAD, "a name has 1 to 64 characters of letters, digits, _ . / and -");
	buf_put(key, VAULT_PREFIX);
	buf_put(key, name);
	return 0;
}

int
local_credential_add(struct local *l, struct str name, struct str secret, struct buf *why)
{
	u8 key_room[2 + VAULT_NAME_MAX], sealed_room[VAULT_SECRET_MAX + SEAL_EXTRA], seed[RNG_SEED_N];
	struct buf key = buf_over(key_room, sizeof key_room), sealed = buf_over(sealed_room, sizeof sealed_room);
	struct store_op op = { .verb = STORE_PUT, .ttl_s = STORE_FOREVER };
	struct seal_keys seals = { .n = 0 };
	struct rng rng;

	if (record_key(name, &key, why))
		return ERR_BAD;
	if (secret.n == 0 || secret.n > VAULT_SECRET_MAX)
		return say(why, ERR_BAD, "a secret has 1 to 1024 bytes");
	rand_bytes(seed, sizeof seed);
	rng_init(&rng, str_of(seed, sizeof seed));
	boot_seal(&l->boot, &seals);
	if (vault_seal(&seals, &rng, name, secret, &sealed))
		return say(why, ERR_FULL, "the secret cannot be sealed");
	ct_wipe(&seals, sizeof seals);
	op.key = buf_str(&key);
	op.val = buf_str(&sealed);
	if (store_do(l->store, &op))
		return say(why, op.err, "the store cannot be written: nothing was changed");
	credentials_note(l->store, name, true);
	return 0;
}

int
local_credential_list(struct local *l, struct buf *out, struct buf *why)
{
	u8 *room = arena_take(&l->arena, LIST_N);
	struct buf entries = buf_over(room, LIST_N);
	struct store_op op = { .verb = STORE_LIST, .key = VAULT_PREFIX, .out = &entries };
	struct jout o = jout_into(out);

	if (!room)
		return say(why, ERR_FULL, "not enough memory");
	jout_open(&o, '[');
	do {
		struct store_entry e;
		struct str rest;

		entries.r = entries.w = 0;
		if (store_do(l->store, &op))
			return say(why, op.err, "the store cannot be read");
		for (rest = buf_str(&entries); store_entry(&rest, &e);)
			if (e.key.p[VAULT_PREFIX.n] != '@') /* of a user */
				jout_str(&o, NULL, str_cut(e.key, VAULT_PREFIX.n, e.key.n));
	} while (op.cursor);
	jout_close(&o, ']');
	return 0;
}

int
local_credential_remove(struct local *l, struct str name, struct buf *why)
{
	u8 key_room[2 + VAULT_NAME_MAX];
	struct buf key = buf_over(key_room, sizeof key_room);
	struct store_op op = { .verb = STORE_DROP };

	if (record_key(name, &key, why))
		return ERR_BAD;
	op.key = buf_str(&key);
	if (store_do(l->store, &op) == 0)
		return 0;
	return op.err == ERR_NONE ? say(why, ERR_NONE, "there is no such credential")
	                          : say(why, op.err, "the store cannot be written: nothing was changed");
}

/* As the server judges it: 0, or ERR_DENY. */
static int
may_resume(struct local *l, struct jcur body, struct buf *why)
{
	struct user *u = ARENA_NEW(&l->arena, struct user);
	struct buf record = arena_buf(&l->arena, USER_RECORD_MAX);
	u8 key[USER_KEY_MAX];
	struct store_op op = { .verb = STORE_GET, .out = &record };
	struct str password = json_str(json_get(body, "password"), &l->arena);
	struct pass_record rec;
	struct pass p;
	const char *text = SWITCHING_NOBODY;
	bool same;

	if (u && !user_set_name(u, json_str(json_get(body, "user"), NULL))) {
		op.key = user_key(user_name(u), key);
		if (!store_do(l->store, &op) && !user_decode(op.val, u))
			text = switching_resumer(u, &rec);
	}
	if (text)
		return say(why, ERR_DENY, text);
	pass_begin(&p, password, str_of(rec.salt, sizeof rec.salt), rec.rounds);
	while (pass_step(&p, PASS_SLICE) == STEP_MORE)
		;
	same = pass_same(&p, &rec);
	pass_done(&p);
	return same ? 0 : say(why, ERR_DENY, SWITCHING_WRONG);
}

/* The table is of no use without a server; the store is what counts. */
static int
change_switch(struct local *l, struct str json, struct buf *why)
{
	struct switches_work *w = ARENA_NEW(&l->arena, struct switches_work);
	struct switches *table = ARENA_NEW(&l->arena, struct switches);
	struct jsmntok *tok = ARENA_ARRAY(&l->arena, struct jsmntok, TOKENS);
	struct jdoc d;
	struct str word, target;
	bool on = true;
	enum step s;

	if (!w || !table || !tok || json_parse(&d, json, tok, TOKENS))
		return say(why, ERR_BAD, "not a switch");
	json_bool(json_get(json_root(&d), "on"), &on);
	word = json_str(json_get(json_root(&d), "switch"), NULL);
	target = json_str(json_get(json_root(&d), "target"), NULL);
	if (on && str_is(target, "stop") && may_resume(l, json_root(&d), why))
		return ERR_DENY;
	s = switches_change(table, l->store, w, target, word.n ? switches_bits(word) : SWITCH_ENABLED,
	    on, NULL);
	while (s == STEP_WAIT) {
		commit(l->store);
		s = switches_step(table, l->store, w);
	}
	return s == STEP_FAIL ? say(why, w->op.err, switching_why(w->op.err)) : 0;
}

int
local_switch(struct local *l, struct str json, struct buf *out, struct buf *why)
{
	struct buf room = arena_buf(&l->arena, LIST_N);

	if (json.n && change_switch(l, json, why))
		return ERR_BAD;
	return switching_print(l->store, &room, out) ? say(why, ERR_IO, "the store cannot be read") : 0;
}

static enum step
people_on(struct local *l, void *arg)
{
	return people_step(arg);
}

int
local_people(struct local *l, struct str json, struct buf *out, struct buf *why)
{
	struct people *p = ARENA_NEW(&l->arena, struct people);
	struct jsmntok *tok = ARENA_ARRAY(&l->arena, struct jsmntok, TOKENS);
	struct jdoc d;
	int err = 0;

	if (!p || !tok || json_parse(&d, json, tok, TOKENS))
		return say(why, ERR_BAD, "not a question about people");
	p->st = l->store;
	p->base = str_c(l->base);
	p->rounds = local_rounds(l->store, true);
	boot_key(&l->boot, "handles", p->handle_key);
	rand_bytes(p->random, sizeof p->random);
	if (local_wait(l, people_start(p, json_root(&d)), people_on, p) == STEP_FAIL)
		err = say(why, ERR_BAD, p->why);
	else
		people_print(p, out);
	ct_wipe(p, sizeof *p);
	return err;
}

static enum step
clients_on(struct local *l, void *arg)
{
	return clients_step(arg);
}

int
local_clients(struct local *l, struct str json, struct buf *out, struct buf *why)
{
	struct clients *c = ARENA_NEW(&l->arena, struct clients);
	struct jsmntok *tok = ARENA_ARRAY(&l->arena, struct jsmntok, TOKENS);
	struct jdoc d;

	if (!c || !tok || json_parse(&d, json, tok, TOKENS))
		return say(why, ERR_BAD, "not a question about clients");
	c->st = l->store;
	c->out = out;
	boot_key(&l->boot, "handles", c->handle_key);
	rand_bytes(c->random, sizeof c->random);
	if (local_wait(l, clients_start(c, json_root(&d), tok, TOKENS), clients_on, c) == STEP_FAIL)
		return say(why, ERR_BAD, c->why);
	return 0;
}

/* Rounds of a second, from what a few milliseconds are enough for. */
static u32
measure_rounds(void)
{
	struct pass p;
	u64 from = clock_mono_ns(), took;
	u32 done = 0, rounds;

	pass_begin(&p, STR("measure"), STR("measure"), PASS_ROUNDS_MAX);
	do {
		pass_step(&p, 1000);
		done += 1000;
		took = clock_mono_ns() - from;
	} while (took < 20 * 1000 * 1000);
	pass_done(&p);
	rounds = (u32)((u64)done * 1000 * 1000 * 1000 / took);
	return max_u32(PASS_ROUNDS_MIN, min_u32(rounds / 50000 * 50000, 10 * PASS_ROUNDS_MIN));
}

u32
local_rounds(struct store *st, bool measure)
{
	u8 room[24];
	struct buf b = buf_over(room, sizeof room);
	struct store_op op = { .verb = STORE_GET, .key = STR("b:rounds"), .out = &b, .ttl_s = STORE_FOREVER };
	u64 rounds = 0;

	store_do(st, &op);
	if (op.err == 0 && str_u64(op.val, &rounds) == 0 && rounds >= PASS_ROUNDS_MIN && rounds <= PASS_ROUNDS_MAX)
		return (u32)rounds;
	rounds = measure ? measure_rounds() : PASS_ROUNDS_MIN;
	b = buf_over(room, sizeof room);
	buf_u64(&b, rounds);
	op = (struct store_op){ .verb = STORE_PUT, .key = STR("b:rounds"), .val = buf_str(&b), .ttl_s = STORE_FOREVER };
	return store_do(st, &op) ? PASS_ROUNDS_MIN : (u32)rounds;
}

void
local_password(struct str password, u32 rounds, struct buf *record)
{
	struct pass_record rec = { .rounds = rounds };
	struct pass p;

	rand_bytes(rec.salt, sizeof rec.salt);
	pass_begin(&p, password, str_of(rec.salt, sizeof rec.salt), rounds);
	while (pass_step(&p, PASS_SLICE) == STEP_MORE)
		;
	memcpy(rec.hash, p.sum, sizeof rec.hash);
	pass_print(record, &rec);
	pass_done(&p);
}

int
local_pending(struct local *l, struct str unused, struct buf *out, struct buf *why)
{
	struct buf room = arena_buf(&l->arena, LIST_N);

	return approving_print(l->store, 0, &room, out) ? say(why, ERR_IO, "the store cannot be read") : 0;
}

static int
decide(struct local *l, struct str which, bool yes, struct buf *out, struct buf *why)
{
	struct approval_work *w = ARENA_NEW(&l->arena, struct approval_work);
	struct jout o = jout_into(out);
	enum step s;

	if (!w)
		return say(why, ERR_FULL, "not enough memory");
	w->by = STR("the console");
	s = approval_decide(l->store, w, which, yes, NULL);
	while (s == STEP_WAIT) {
		commit(l->store);
		s = approval_step(l->store, w);
	}
	if (s == STEP_FAIL)
		return say(why, w->op.err, approving_why(w->op.err));
	approving_put(&o, str_of(w->key + 2, APPROVAL_KEY_N - 2), &w->approval);
	return 0;
}

int
local_approve(struct local *l, struct str which, struct buf *out, struct buf *why)
{
	return decide(l, which, true, out, why);
}

int
local_deny(struct local *l, struct str which, struct buf *out, struct buf *why)
{
	return decide(l, which, false, out, why);
}
