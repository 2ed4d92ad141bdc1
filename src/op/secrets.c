#include "op/secrets.h"

#include "base/log.h"
#include "base/map.h"
#include "crypt/ct.h"

#define EACH (1 + LOGIN_SENDS_MAX) /* secrets of one credential */

size_t
secrets_bytes(void)
{
	return SECRETS_MAX * (sizeof(struct secrets_key) + sizeof(struct needles)) + 2 * sizeof(struct windows) + 64;
}

int
secrets_init(struct secrets *s, struct arena *a)
{
	u8 *p = arena_bytes(a, SECRETS_MAX * sizeof(struct needles) + 15);

	*s = (struct secrets){ .key = ARENA_ARRAY(a, struct secrets_key, SECRETS_MAX) };
	s->others = ARENA_ARRAY(a, struct windows, 2);
	if (!p || !s->key || !s->others)
		return ERR_FULL;
	s->set = (struct needles *)(void *)(p + (-(uintptr_t)p & 15)); /* touched only as they are used */
	return 0;
}

struct str
secrets_part(u8 in, struct str whole)
{
	int colon = str_find(whole, ':', 0);
	struct str rest = whole;

	if (in == CREDENTIAL_BASIC && colon >= 0) {
		if (whole.n - (u32)colon > NEEDLE_MIN)
			return str_cut(whole, (u32)colon + 1, whole.n);
		return str_cut(whole, 0, (u32)colon);
	}
	while (str_find(rest, ' ', 0) >= 0)
		str_next(&rest, ' ');
	return in == CREDENTIAL_HEADER && rest.n >= NEEDLE_MIN ? rest : whole;
}

/* It was sent a moment ago, so the vault has it. */
struct str
secrets_of(const struct credential *c, struct vault *vault, msec now)
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
	return whole ? secrets_part(c->in, secret) : secret;
}

/* Secret i of an environment: of its own credential, then of those for single schemes; with each what its login has
 * given. One that the store has not given yet was not sent, either. */
static struct str
secret_at(const struct secrets *s, const struct environment *e, u32 i, struct vault *vault, msec now)
{
	u32 of = i / EACH;
	const struct credential *c = of ? &e->more[of - 1] : &e->credential;

	if (i % EACH)
		return c->login && s->logins ? login_value(s->logins, c, 0, i % EACH - 1) : STR_NONE;
	return c->of || (c->in == CREDENTIAL_NONE && !c->login) ? STR_NONE : secrets_of(c, vault, now);
}

/* ---- all others ---------------------------------------------------------------------------------- */

static void
mac_of(const void *of, struct str chars, u8 out[WINDOWS_MAC_N])
{
	u8 whole[HASH_N];

	hash_mac((const struct hash_key *)of, chars, whole);
	memcpy(out, whole, WINDOWS_MAC_N);
}

static bool
in_use(const struct secrets *s, const struct windows *w)
{
	for (u32 i = 0; i < SECRETS_MAX; i++)
		if (s->key[i].users && s->set[i].others == w)
			return true;
	return false;
}

static bool
add_all(struct secrets *s, const struct environment *e, struct windows *w, struct vault *vault, msec now)
{
	bool fits = true;

	for (u32 i = 0; i < (1 + e->mores) * EACH; i++) {
		const struct credential *c = i < EACH ? &e->credential : &e->more[i / EACH - 1];
		struct str secret;

		s->partial |= i % EACH == 0 && c->store.n && vault_get(vault, c->store, &secret, now) == ERR_MORE;
		fits &= windows_add(w, secret_at(s, e, i, vault, now)) != ERR_FULL;
	}
	return fits;
}

/* Makes the others anew when they may have changed and nobody uses the older ones any more. */
static void
renew(struct secrets *s, struct vault *vault, msec now)
{
	u32 stamp = store_stamp(vault->store, 'u'), changes = s->logins ? s->logins->changes : 0;
	struct windows *w = &s->others[!s->live];
	u8 key[32];
	bool fits = true;

	if (s->version && !s->partial && s->number == s->gen->number && s->stamp == stamp && s->changes == changes)
		return;
	if (in_use(s, w))
		return;
	rng_bytes(s->rng, w->key, sizeof w->key);
	rng_bytes(s->rng, key, sizeof key);
	if (!s->version)
		hash_key(&s->mac_key, str_of(key, sizeof key));
	ct_wipe(key, sizeof key);
	windows_init(w, mac_of, &s->mac_key);
	s->partial = false;
	for (u32 i = 0; i < s->gen->apis; i++)
		for (u32 k = 0; k < s->gen->api[i].environments; k++)
			fits &= add_all(s, &s->gen->api[i].environment[k], w, vault, now);
	if (!fits)
		log_warn("secrets", "more than %u credentials: only these are looked for in the answers of others",
		    (u32)WINDOWS_VALUES);
	s->number = s->gen->number;
	s->stamp = stamp;
	s->changes = changes;
	s->live = !s->live;
	s->version++;
}

/* The others, where there are more of them than a set has itself. */
static const struct windows *
others(const struct secrets *s, const struct needles *set)
{
	const struct windows *w = &s->others[s->live];

	return s->version && w->n > set->n ? w : NULL;
}

/* ---- sets ---------------------------------------------------------------------------------------- */

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
secrets_take(struct secrets *s, const struct secrets_ask *ask, msec now, const struct needles **set)
{
	const struct environment *e = ask->environment;
	struct secrets_key *k;
	u64 mark = map_hash(ask->own, ask->own.n);
	u32 n = (1 + e->mores) * EACH;

	*set = NULL;
	if (s->gen && s->rng)
		renew(s, ask->vault, now);
	if (e->credential.in == CREDENTIAL_NONE && !e->mores && !e->logs_in && !(s->version && s->others[s->live].n))
		return 0;
	for (u32 i = 0; i < n; i++) {
		struct str secret = secret_at(s, e, i, ask->vault, now);

		mark = map_hash(secret, mark ^ secret.n);
	}
	mark ^= (u64)s->version << 32;
	k = place_of(s, e, mark);
	if (!k)
		return ERR_FULL;
	if (k->environment != e || k->mark != mark) {
		struct needles *needles = &s->set[k - s->key];

		if (k->environment)
			ct_wipe(needles, sizeof *needles);
		needles_init(needles);
		needles_add(needles, ask->own);
		for (u32 i = 0; i < n; i++) /* one that is too short is not looked for */
			needles_add(needles, secret_at(s, e, i, ask->vault, now));
		needles->others = others(s, needles);
		k->environment = e;
		k->mark = mark;
		k->brief = ask->brief;
	}
	k->users++;
	k->last = ++s->clock;
	*set = &s->set[k - s->key];
	return 0;
}

void
secrets_give(struct secrets *s, const struct needles *set)
{
	struct secrets_key *k;

	if (!set)
		return;
	k = &s->key[set - s->set];
	ASSERT(set >= s->set && set < s->set + SECRETS_MAX && k->users > 0);
	if (--k->users || !k->brief)
		return;
	ct_wipe(&s->set[set - s->set], sizeof *set);
	k->environment = NULL;
}
