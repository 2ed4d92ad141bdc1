#include "crypt/verify.h"

#include <bearssl.h>

#include "crypt/ct.h"
#include "crypt/hash.h"

static br_ec_public_key
point_of(const struct verify_key *k)
{
	return (br_ec_public_key){ BR_EC_secp256r1, (unsigned char *)k->at, k->n };
}

bool
verify_key_ok(const struct verify_key *k)
{
	u8 point[VERIFY_POINT_N], one = 1;

	if (k->kind == VERIFY_RS256)
		return k->n >= VERIFY_RSA_MIN && k->n <= VERIFY_RSA_MAX && k->at[0] && k->e >= 65537 && k->e & 1;
	if (k->kind != VERIFY_ES256 || k->n != VERIFY_POINT_N || k->at[0] != 4)
		return false;
	memcpy(point, k->at, sizeof point);
	return br_ec_get_default()->mul(point, sizeof point, &one, 1, BR_EC_secp256r1) == 1;
}

static bool
verify_rsa(const struct verify_key *k, const u8 hash[HASH_N], struct str sig)
{
	u8 e[4] = { (u8)(k->e >> 24), (u8)(k->e >> 16), (u8)(k->e >> 8), (u8)k->e }, found[HASH_N];
	br_rsa_public_key key = { (unsigned char *)k->at, k->n, e, sizeof e };

	return sig.n == k->n &&
	    br_rsa_pkcs1_vrfy_get_default()(sig.p, sig.n, BR_HASH_OID_SHA256, HASH_N, &key, found) &&
	    ct_same(found, hash, HASH_N);
}

bool
verify_sig(const struct verify_key *k, struct str data, struct str sig)
{
	br_ec_public_key key = point_of(k);
	u8 hash[HASH_N];

	hash_once(data, hash);
	if (k->kind == VERIFY_RS256)
		return verify_rsa(k, hash, sig);
	return k->kind == VERIFY_ES256 && sig.n == 64 &&
	    br_ecdsa_i31_vrfy_raw(br_ec_get_default(), hash, HASH_N, &key, sig.p, sig.n) == 1;
}
