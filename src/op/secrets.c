#include "op/secrets.h"

#include "base/map.h"
#include "crypt/ct.h"

#define EACH (1 + LOGIN_SENDS_MAX) /* secrets of one credential */

size_t
secrets_bytes(void)
{
	return SECRETS_MAX * (sizeof(struct secrets_key) + sizeof(struct needles)) + 48;
}

int
secrets_init(struct secrets *s, struct arena *a)
{
	u8 *p = arena_bytes(a, SECRETS_MAX * sizeof(struct needles) + 15);

	*s = (struct secrets){ .key = ARENA_ARRAY(a, struct secrets_key, SECRETS_MAX) };
	if (!p || !s->key)
		return ERR_FULL;
	s->set = (struct needles *)(void *)(p + (-(uintptr_t)p & 15)); /* touched only as they are used */
	return 0;
}

/* The part that is secret of a text that was given as one. */
static struct str
secret_part(const struct credential *c, struct str whole)
{
	int colon = str_find(whole, ':', 0);
	struct str rest = whole;

	if (c->in == CREDENTIAL_BASIC && colon >= 0) {
		if (whole.n - (u32)colon > NEEDLE_MIN)
			return str_cut(whole, (u32)colon + 1, whole.n);
		return str_cut(whole, 0, (u32)colon);
	}
	while (str_find(rest, ' ', 0) >= 0)
		str_next(&rest, ' ');
	return c->in == CREDENTIAL_HEADER && rest.n >= NEEDLE_MIN ? rest : whole;
}

/* The secret of an environment. It was sent a moment ago, so the vault has it. */
static struct str
secret_of(const struct credential *c, struct vault *vault, msec now)
{
	struct str secret = c->secret;
	bool whole = c->value.n == secret.n;

	if (c->store.n) {
		if (vault_get(vault, c->store, &secret, now))
			return STR_NONE;
		whole = str_is(c->value, "{secret}") || str_find_str(c->value, STR("{secret}")) < 0;
	} else if (secret.n == 0) {
		secret = c->value;
		whole = true;
	}
	return whole ? secret_part(c, secret) : secret;
}

/* Secret i of an environment: of its own credential, then of those for single schemes; with each what its login has
 * given. One that the store has not given yet was not sent, either. */
static struct str
secret_at(const struct secrets *s, const struct environment *e, u32 i, struct vault *vault, msec now)
{
	u32 of = i / EACH;
	const struct credential *c = of ? &e->more[of - 1] : &e->credential;

	if (i % EACH)
		return c->login && s->logins ? login_value(s->logins, c, i % EACH - 1) : STR_NONE;
	return c->in == CREDENTIAL_NONE && !c->login ? STR_NONE : secret_of(c, vault, now);
}

/* The place of this set, or of one that nobody uses, the longest unused first. NULL: all are in
 * use. */
static struct secrets_key *
place_of(struct secrets *s, const struct environment *e, u64 mark)
{
	struct secrets_key *place = NULL;

	for (u32 i = 0; i < SECRETS_MAX; i++) {
		struct secrets_key *k = &s->key[i];

		if (k->environment == e && k->mark == mark)
			return k;
		if (k->users == 0 && (!place || s->clock - k->last > s->clock - place->last))
			place = k;
	}
	return place;
}

int
secrets_take(struct secrets *s, const struct environment *e, struct vault *vault, msec now,
    const struct needles **set)
{
	struct secrets_key *k;
	u64 mark = 0;
	u32 n = (1 + e->mores) * EACH;

	*set = NULL;
	if (e->credential.in == CREDENTIAL_NONE && !e->mores && !e->logs_in)
		return 0;
	for (u32 i = 0; i < n; i++) {
		struct str secret = secret_at(s, e, i, vault, now);

		mark = map_hash(secret, mark ^ secret.n);
	}
	k = place_of(s, e, mark);
	if (!k)
		return ERR_FULL;
	if (k->environment != e || k->mark != mark) {
		struct needles *needles = &s->set[k - s->key];

		if (k->environment)
			ct_wipe(needles, sizeof *needles);
		needles_init(needles);
		for (u32 i = 0; i < n; i++) /* one that is too short is not looked for */
			needles_add(needles, secret_at(s, e, i, vault, now));
		k->environment = e;
		k->mark = mark;
	}
	k->users++;
	k->last = ++s->clock;
	*set = &s->set[k - s->key];
	return 0;
}

void
secrets_give(struct secrets *s, const struct needles *set)
{
	if (!set)
		return;
	ASSERT(set >= s->set && set < s->set + SECRETS_MAX && s->key[set - s->set].users > 0);
	s->key[set - s->set].users--;
}
