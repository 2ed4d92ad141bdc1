#include "crypt/hash.h"

#include "crypt/ct.h"

#include <bearssl.h>

static_assert(sizeof(((struct hash *)0)->state) >= sizeof(br_sha256_context), "room for SHA-256");
static_assert(sizeof(((struct hash_key *)0)->state) >= sizeof(br_hmac_key_context),
              "room for an HMAC key");
static_assert(sizeof(((struct hash_mac *)0)->state) >= sizeof(br_hmac_context), "room for HMAC");
static_assert(_Alignof(struct hash_mac) >= _Alignof(br_hmac_context), "aligned");

static br_sha256_context *
sha(const struct hash *h)
{
	return (br_sha256_context *)(void *)h->state;
}

static br_hmac_key_context *
key_of(const struct hash_key *k)
{
	return (br_hmac_key_context *)(void *)k->state;
}

static br_hmac_context *
mac_of(const struct hash_mac *m)
{
	return (br_hmac_context *)(void *)m->state;
}

void
hash_begin(struct hash *h)
{
	br_sha256_init(sha(h));
}

void
hash_add(struct hash *h, struct str s)
{
	br_sha256_update(sha(h), s.p, s.n);
}

void
hash_out(const struct hash *h, u8 out[HASH_N])
{
	br_sha256_out(sha(h), out);
}

void
hash_once(struct str s, u8 out[HASH_N])
{
	struct hash h;

	hash_begin(&h);
	hash_add(&h, s);
	hash_out(&h, out);
}

void
hash_key(struct hash_key *k, struct str key)
{
	br_hmac_key_init(key_of(k), &br_sha256_vtable, key.p, key.n);
}

void
hash_mac_begin(struct hash_mac *m, const struct hash_key *k)
{
	br_hmac_init(mac_of(m), key_of(k), 0);
}

void
hash_mac_add(struct hash_mac *m, struct str s)
{
	br_hmac_update(mac_of(m), s.p, s.n);
}

void
hash_mac_out(const struct hash_mac *m, u8 out[HASH_N])
{
	br_hmac_out(mac_of(m), out);
}

void
hash_mac(const struct hash_key *k, struct str s, u8 out[HASH_N])
{
	struct hash_mac m;

	hash_mac_begin(&m, k);
	hash_mac_add(&m, s);
	hash_mac_out(&m, out);
	ct_wipe(&m, sizeof m);
}

void
hash_hkdf(struct str secret, struct str salt, struct str info, u8 *out, size_t n)
{
	br_hkdf_context hc;

	ASSERT(n <= 255 * HASH_N);
	br_hkdf_init(&hc, &br_sha256_vtable, salt.p, salt.n);
	br_hkdf_inject(&hc, secret.p, secret.n);
	br_hkdf_flip(&hc);
	br_hkdf_produce(&hc, info.p, info.n, out, n);
	ct_wipe(&hc, sizeof hc);
}
