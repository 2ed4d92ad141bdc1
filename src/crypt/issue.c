#include "crypt/issue.h"

#include "base/base64.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "crypt/x509_priv.h"

#define SIGNATURE_MAX 128 /* bytes of a certificate beside what is signed */
#define PART_MAX 1024       /* bytes of all names */
#define CN_MAX 60

static const u8 oid_p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
static const u8 oid_ec_key[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1 };
static const u8 oid_signature[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2 }; /* ecdsa-with-SHA256 */
static const u8 oid_server[] = { 0x2b, 6, 1, 5, 5, 7, 3, 1 };

enum extension { EXT_SUBJECT_KEY = 14, EXT_USAGE, EXT_NAMES = 17, EXT_BASIC = 19, EXT_LIMITS = 30, EXT_ISSUER_KEY = 35,
	EXT_PURPOSE = 37 };

#define OID(name) str_of(name, sizeof name)

/* ---- parts --------------------------------------------------------------------------------------- */

/* What was written up to end becomes the contents of extension 2.5.29.id. */
static void
extension(struct derw *w, enum extension id, bool critical, u32 end)
{
	u8 oid[] = { 0x55, 0x1d, (u8)id };

	der_wrap(w, DER_OCTETS, end);
	if (critical)
		der_put(w, DER_BOOL, STR("\xff"));
	der_put(w, DER_OID, OID(oid));
	der_wrap(w, DER_SEQ, end);
}

/* A GeneralName: dNSName [2] or iPAddress [7], in limits with its mask. */
static void
general_name(struct derw *w, const struct issue_name *n, bool mask)
{
	u32 end = w->at;

	for (u32 i = 0; mask && n->address && i < n->text.n; i++)
		der_raw(w, STR("\xff"));
	der_raw(w, n->text);
	der_wrap(w, n->address ? DER_TAG + 7 : DER_TAG + 2, end);
	if (mask)
		der_wrap(w, DER_SEQ, end);
}

static bool
any(const struct issue_names *names, bool address)
{
	for (u32 i = 0; i < names->n; i++)
		if (names->of[i].address == address)
			return true;
	return false;
}

/* nameConstraints: a form without names of its own is excluded as a whole, or it would be free. */
static void
put_limits(struct derw *w, const struct issue_names *names)
{
	static const u8 all_v6[2 + 32] = { DER_TAG + 7, 32 }, all_v4[2 + 8] = { DER_TAG + 7, 8 };
	u32 end = w->at, permitted;

	if (!any(names, true)) {
		der_put(w, DER_SEQ, OID(all_v6));
		der_put(w, DER_SEQ, OID(all_v4));
	}
	if (!any(names, false))
		der_put(w, DER_SEQ, STR("\x82\0"));
	if (w->at != end)
		der_wrap(w, DER_CTX + 1, end);
	permitted = w->at;
	for (u32 i = 0; i < names->n; i++)
		general_name(w, &names->of[i], true);
	der_wrap(w, DER_CTX, permitted);
	der_wrap(w, DER_SEQ, end);
	extension(w, EXT_LIMITS, true, end);
}

static void
put_names(struct derw *w, const struct issue_names *names)
{
	u32 end = w->at;

	for (u32 i = names->n; i > 0; i--)
		general_name(w, &names->of[i - 1], false);
	der_wrap(w, DER_SEQ, end);
	extension(w, EXT_NAMES, false, end);
}

/* SubjectPublicKeyInfo. */
static int
put_key(struct derw *w, const struct cert_key *key, u8 id[HASH_N])
{
	u8 room[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_public_key pub;
	u32 end = w->at, inner;

	if (key->kind != BR_KEYTYPE_EC || !br_ec_compute_pub(br_ec_get_default(), &pub, room, key->key) ||
	    pub.curve != BR_EC_secp256r1)
		return ERR_BAD;
	hash_once(str_of(pub.q, pub.qlen), id);
	der_raw(w, str_of(pub.q, pub.qlen));
	der_raw(w, STR("\0"));
	der_wrap(w, DER_BITS, end);
	inner = w->at;
	der_put(w, DER_OID, OID(oid_p256));
	der_put(w, DER_OID, OID(oid_ec_key));
	der_wrap(w, DER_SEQ, inner);
	der_wrap(w, DER_SEQ, end);
	return 0;
}

static void
put_time(struct derw *w, wall at)
{
	u8 room[24], digits[16];
	struct buf iso = buf_over(room, sizeof room), b = buf_over(digits, sizeof digits);

	text_time(&iso, at);
	for (u32 i = 0; i < iso.w; i++)
		if ((room[i] >= '0' && room[i] <= '9') || room[i] == 'Z')
			buf_byte(&b, room[i]);
	if (memcmp(digits, "2050", 4) < 0) /* RFC 5280 section 4.1.2.5 */
		der_put(w, DER_UTC_TIME, str_cut(buf_str(&b), 2, b.w));
	else
		der_put(w, DER_TIME, buf_str(&b));
}

static void
put_algorithm(struct derw *w)
{
	u32 end = w->at;

	der_put(w, DER_OID, OID(oid_signature));
	der_wrap(w, DER_SEQ, end);
}

/* A Name of one common name. */
static void
put_subject(struct derw *w, const struct issue_names *names, bool ca)
{
	static const u8 oid[] = { 0x55, 4, 3 };
	const struct issue_name *n = &names->of[0];
	u32 end = w->at;

	if (ca)
		der_raw(w, STR(" authority"));
	if (n->address || n->text.n > CN_MAX - 20)
		der_raw(w, STR("mcpgated"));
	else
		der_raw(w, n->text);
	der_wrap(w, DER_TEXT, end);
	der_put(w, DER_OID, OID(oid));
	der_wrap(w, DER_SEQ, end);
	der_wrap(w, DER_SET, end);
	der_wrap(w, DER_SEQ, end);
}

/* ---- certificates -------------------------------------------------------------------------------- */

struct body {
	const struct issue *i;
	const struct issue_names *names;
	bool ca;
	u8 own[HASH_N], by[HASH_N]; /* names of the keys: hashes of their points */
};

static void
put_extensions(struct derw *w, const struct body *b)
{
	u32 end = w->at, part = end;

	if (!b->ca) {
		der_put(w, DER_OID, OID(oid_server));
		der_wrap(w, DER_SEQ, part);
		extension(w, EXT_PURPOSE, false, part);
	}
	part = w->at;
	der_put(w, DER_TAG, str_of(b->by, 20));
	der_wrap(w, DER_SEQ, part);
	extension(w, EXT_ISSUER_KEY, false, part);
	part = w->at;
	der_put(w, DER_OCTETS, str_of(b->own, 20));
	extension(w, EXT_SUBJECT_KEY, false, part);
	if (b->ca)
		put_limits(w, b->names);
	else
		put_names(w, b->names);
	part = w->at;
	der_put(w, DER_BITS, b->ca ? STR("\1\6") : STR("\7\x80")); /* keyCertSign, cRLSign; digitalSignature */
	extension(w, EXT_USAGE, true, part);
	part = w->at;
	if (b->ca) {
		der_put(w, DER_INT, STR("\0")); /* pathlen */
		der_put(w, DER_BOOL, STR("\xff"));
	}
	der_wrap(w, DER_SEQ, part);
	extension(w, EXT_BASIC, true, part);
	der_wrap(w, DER_SEQ, end);
	der_wrap(w, DER_CTX + 3, end);
}

/* What is signed, last part first. */
static int
put_body(struct derw *w, struct body *b, wall now, const u8 serial[16])
{
	u8 room[128], scratch[128];
	struct derw key = derw_over(room, sizeof room), other = derw_over(scratch, sizeof scratch);
	struct x509 issuer = { .n = STR_NONE };
	u32 end = w->at, part;

	if (put_key(&key, b->i->key, b->own) || put_key(&other, b->i->ca_key, b->by))
		return ERR_BAD;
	if (!b->ca && (x509_read(b->i->ca, &issuer) || !str_same(derw_str(&other, other.cap), issuer.spki)))
		return ERR_BAD;
	put_extensions(w, b);
	der_raw(w, derw_str(&key, key.cap));
	put_subject(w, b->names, b->ca);
	part = w->at;
	put_time(w, now + (b->ca ? ISSUE_CA_S : ISSUE_LEAF_S));
	put_time(w, now - ISSUE_EARLY_S);
	der_wrap(w, DER_SEQ, part);
	if (b->ca)
		put_subject(w, b->names, true);
	else
		der_raw(w, issuer.subject);
	put_algorithm(w);
	der_put(w, DER_INT, str_of(serial, 16));
	der_raw(w, STR("\xa0\3\2\1\2")); /* version 3 */
	der_wrap(w, DER_SEQ, end);
	return w->over ? ERR_FULL : 0;
}

/* Signs what was written up to end and puts algorithm and signature around it. */
static int
sign(const struct cert_key *key, struct str body, struct buf *out)
{
	u8 hash[HASH_N], signature[80], room[128];
	struct derw tail = derw_over(room, sizeof room);
	u8 head[4] = { DER_SEQ, 0x82 };
	u32 end = tail.at, n;

	hash_once(body, hash);
	n = (u32)br_ecdsa_sign_asn1_get_default()(br_ec_get_default(), &br_sha256_vtable, hash, key->key, signature);
	if (!n)
		return ERR_BAD;
	der_raw(&tail, str_of(signature, n));
	der_raw(&tail, STR("\0"));
	der_wrap(&tail, DER_BITS, end);
	put_algorithm(&tail);
	n = body.n + tail.cap - tail.at;
	head[2] = (u8)(n >> 8);
	head[3] = (u8)n;
	buf_put(out, OID(head)); /* always more than 255 bytes */
	buf_put(out, body);
	buf_put(out, derw_str(&tail, tail.cap));
	return out->over ? ERR_FULL : 0;
}

int
issue_leaf(const struct issue *i, const struct issue_names *names, wall now, struct rng *rng, struct buf *out)
{
	u8 serial[16];
	struct derw w = derw_over(out->p + out->w, buf_room(out)); /* at its end; then copied to the front */
	struct body b = { .i = i, .names = names, .ca = !i->ca.n };
	int err;

	rng_bytes(rng, serial, sizeof serial);
	serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and without leading zeros */
	err = put_body(&w, &b, now, serial);
	if (!err && w.at < w.cap - w.at + SIGNATURE_MAX)
		err = ERR_FULL;
	return err ? err : sign(i->ca_key, derw_str(&w, w.cap), out);
}

int
issue_ca(const struct cert_key *key, const struct issue_names *names, wall now, struct rng *rng, struct buf *out)
{
	struct issue i = { .ca_key = key, .key = key };

	return issue_leaf(&i, names, now, rng, out);
}

/* ---- what certificates say ----------------------------------------------------------------------- */

bool
issue_covers(struct str ca, const struct issue_names *names)
{
	for (u32 i = 0; i < names->n; i++) {
		u8 room[ISSUE_NAME_MAX + 16];
		struct derw w = derw_over(room, sizeof room);

		general_name(&w, &names->of[i], true);
		if (w.over || str_find_str(ca, derw_str(&w, w.cap)) < 0)
			return false;
	}
	return true;
}

bool
issue_fits(struct str leaf, const struct issue_names *names)
{
	u8 room[PART_MAX];
	struct derw w = derw_over(room, sizeof room);

	put_names(&w, names);
	return !w.over && str_find_str(leaf, derw_str(&w, w.cap)) >= 0;
}

/* ---- keys and PEM -------------------------------------------------------------------------------- */

int
issue_key(struct rng *rng, struct buf *out)
{
	u8 x[BR_EC_KBUF_PRIV_MAX_SIZE], room[ISSUE_KEY_N];
	struct derw w = derw_over(room, sizeof room);
	br_ec_private_key key;
	u32 end = w.at;

	if (!br_ec_keygen((const br_prng_class **)(void *)rng->state, br_ec_get_default(), &key, x, BR_EC_secp256r1))
		return ERR_BAD;
	der_put(&w, DER_OID, OID(oid_p256));
	der_wrap(&w, DER_CTX, end);
	der_put(&w, DER_OCTETS, str_of(key.x, key.xlen));
	der_put(&w, DER_INT, STR("\1"));
	der_wrap(&w, DER_SEQ, end);
	buf_put(out, derw_str(&w, w.cap));
	ct_wipe(x, sizeof x);
	ct_wipe(room, sizeof room);
	return out->over ? ERR_FULL : 0;
}

void
issue_pem(struct buf *out, const char *label, struct str der)
{
	buf_fmt(out, "-----BEGIN %s-----\n", label);
	for (u32 i = 0; i < der.n; i += 48) {
		base64_put(out, str_cut(der, i, min_u32(i + 48, der.n)));
		buf_byte(out, '\n');
	}
	buf_fmt(out, "-----END %s-----\n", label);
}

void
issue_fingerprint(struct buf *out, struct str cert)
{
	static const char digits[] = "0123456789ABCDEF";
	u8 hash[HASH_N];

	hash_once(cert, hash);
	for (u32 i = 0; i < HASH_N; i++) {
		if (i)
			buf_byte(out, ':');
		buf_byte(out, (u8)digits[hash[i] >> 4]);
		buf_byte(out, (u8)digits[hash[i] & 15]);
	}
}
