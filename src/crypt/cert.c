#include "crypt/cert.h"

#include "base/base64.h"
#include "base/map.h"
#include "crypt/ct.h"
#include "crypt/pem_priv.h"
#include "crypt/x509_priv.h"

#define CERTIFICATE STR("CERTIFICATE")

#define WHY_DAMAGED "a PEM block is damaged: no END line, or not base64"
#define WHY_KIND "the key is of a kind not supported: use EC (P-256 to P-521) or RSA (2048 to 4096)"
#define WHY_LEAF "the first certificate is damaged or its key is of a kind not supported"
#define WHY_ROOM "there is no room for it: too many or too large"

static int
fail(int err, const char **why, const char *words)
{
	*why = words;
	return err;
}

/* What pem_next could not do, in words. */
static int
fail_pem(int err, const char **why)
{
	return fail(err, why, err == ERR_FULL ? WHY_ROOM : WHY_DAMAGED);
}

/* What the leaf says that a server wants to know. */
static int
read_leaf(struct cert_chain *c)
{
	struct x509 x;

	if (x509_read(c->leaf, &x) || x.kind == 0)
		return ERR_BAD;
	c->from = x.from;
	c->until = x.until;
	hash_once(x.spki, c->pin);
	return 0;
}

int
cert_chain_read(struct str pem, struct arena *a, struct cert_chain *c, const char **why)
{
	br_x509_certificate *list = ARENA_ARRAY(a, br_x509_certificate, CERT_CHAIN_MAX);
	struct pem block;
	int got;

	memset(c, 0, sizeof *c);
	if (!list)
		return fail(ERR_FULL, why, WHY_ROOM);
	while ((got = pem_next(&pem, a, &block)) > 0) {
		if (!str_same(block.label, CERTIFICATE))
			continue;
		if (c->n == CERT_CHAIN_MAX)
			return fail(ERR_BAD, why, "the chain has more than 10 certificates");
		list[c->n].data = (unsigned char *)block.der.p;
		list[c->n++].data_len = block.der.n;
	}
	if (got < 0)
		return fail_pem(got, why);
	if (c->n == 0)
		return fail(ERR_BAD, why, "the file holds no certificate in PEM form");
	c->list = list;
	c->leaf = str_of(list[0].data, list[0].data_len);
	if (read_leaf(c))
		return fail(ERR_BAD, why, WHY_LEAF);
	return 0;
}

/* PKCS#1: version, n, e, d, p, q, dp, dq, iq. */
static int
read_rsa(struct str der, struct arena *a, struct cert_key *k, const char **why)
{
	br_rsa_private_key *key = ARENA_NEW(a, br_rsa_private_key);
	struct der d = der_over(der), in = der_in(&d, DER_SEQ);
	struct str part[8];

	if (!key)
		return fail(ERR_FULL, why, WHY_ROOM);
	if (der_uint(&in).n != 0)
		in.bad = true; /* more than two primes */
	for (u32 i = 0; i < ARRAY_N(part); i++)
		part[i] = der_uint(&in);
	if (in.bad)
		return fail(ERR_BAD, why, "the RSA key is damaged");
	if (part[0].n < 256 || part[0].n > 512 || part[3].n > 256 || part[4].n > 256 ||
	    part[5].n > 256 || part[6].n > 256 || part[7].n > 256)
		return fail(ERR_BAD, why, WHY_KIND);
	k->kind = BR_KEYTYPE_RSA;
	k->key = key;
	k->modulus = part[0];
	key->n_bitlen = part[0].n * 8 - (u32)__builtin_clz(part[0].p[0]) % 8;
	key->p = (unsigned char *)part[3].p, key->plen = part[3].n;
	key->q = (unsigned char *)part[4].p, key->qlen = part[4].n;
	key->dp = (unsigned char *)part[5].p, key->dplen = part[5].n;
	key->dq = (unsigned char *)part[6].p, key->dqlen = part[6].n;
	key->iq = (unsigned char *)part[7].p, key->iqlen = part[7].n;
	return 0;
}

/* SEC1: version 1, private octets, [0] curve. In PKCS#8 the curve stands outside. */
static int
read_ec(struct str der, u8 curve, struct arena *a, struct cert_key *k, const char **why)
{
	br_ec_private_key *key = ARENA_NEW(a, br_ec_private_key);
	struct der d = der_over(der), in = der_in(&d, DER_SEQ), params;
	struct str x;

	if (!key)
		return fail(ERR_FULL, why, WHY_ROOM);
	if (!str_same(der_uint(&in), STR("\1")))
		in.bad = true;
	x = der_take(&in, DER_OCTETS);
	if (curve == 0 && der_is(&in, DER_CTX)) {
		params = der_in(&in, DER_CTX);
		curve = x509_curve(der_take(&params, DER_OID));
	}
	if (in.bad || x.n == 0 || x.n > 66)
		return fail(ERR_BAD, why, "the EC key is damaged");
	if (curve == 0)
		return fail(ERR_BAD, why, WHY_KIND);
	k->kind = BR_KEYTYPE_EC;
	k->key = key;
	key->curve = curve;
	key->x = (unsigned char *)x.p;
	key->xlen = x.n;
	return 0;
}

/* PKCS#8: version, algorithm, octets with one of the above. */
static int
read_pkcs8(struct str der, struct arena *a, struct cert_key *k, const char **why)
{
	struct der d = der_over(der), in = der_in(&d, DER_SEQ), algorithm;
	struct str inner;
	u8 kind, curve = 0;

	der_uint(&in);
	algorithm = der_in(&in, DER_SEQ);
	kind = x509_kind(der_take(&algorithm, DER_OID));
	inner = der_take(&in, DER_OCTETS);
	if (in.bad || algorithm.bad)
		return fail(ERR_BAD, why, "the private key is damaged");
	if (kind == BR_KEYTYPE_RSA)
		return read_rsa(inner, a, k, why);
	if (kind == BR_KEYTYPE_EC && der_is(&algorithm, DER_OID))
		curve = x509_curve(der_take(&algorithm, DER_OID));
	return curve ? read_ec(inner, curve, a, k, why) : fail(ERR_BAD, why, WHY_KIND);
}

int
cert_key_read(struct str pem, struct arena *a, struct cert_key *k, const char **why)
{
	struct pem block;
	int got;

	memset(k, 0, sizeof *k);
	while ((got = pem_next(&pem, a, &block)) > 0) {
		if (block.encrypted || str_is(block.label, "ENCRYPTED PRIVATE KEY"))
			return fail(ERR_BAD, why,
			            "the private key is encrypted: give it without a passphrase");
		if (str_is(block.label, "PRIVATE KEY"))
			return read_pkcs8(block.der, a, k, why);
		if (str_is(block.label, "RSA PRIVATE KEY"))
			return read_rsa(block.der, a, k, why);
		if (str_is(block.label, "EC PRIVATE KEY"))
			return read_ec(block.der, 0, a, k, why);
	}
	if (got < 0)
		return fail_pem(got, why);
	return fail(ERR_BAD, why, "the file holds no private key in PEM form");
}

bool
cert_match(const struct cert_chain *c, const struct cert_key *k)
{
	u8 room[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_public_key pub;
	struct x509 x;

	if (x509_read(c->leaf, &x) || x.kind != k->kind)
		return false;
	if (k->kind == BR_KEYTYPE_RSA)
		return str_same(x.n, k->modulus);
	if (x.curve != ((const br_ec_private_key *)k->key)->curve)
		return false;
	if (!br_ec_compute_pub(br_ec_get_default(), &pub, room, k->key))
		return false;
	return str_same(x.q, str_of(pub.q, pub.qlen));
}

/* Moves v down to the end of what the arena holds: it was decoded there, and only parts of it are
 * to stay. */
static unsigned char *
keep(struct arena *a, struct str v)
{
	u8 *p = arena_bytes(a, v.n);

	return p ? memmove(p, v.p, v.n) : NULL;
}

/* Makes an anchor of the certificate that was just decoded behind mark, keeping its name and key
 * only. Name and key come in this order in a certificate, so each is moved down over bytes no
 * longer needed. */
static int
make_anchor(struct arena *a, size_t mark, struct str der, br_x509_trust_anchor *t)
{
	struct x509 x;

	if (x509_read(der, &x) || x.kind == 0 || x.n.n > 512 || x.e.n > 8 || x.q.n > 133)
		return ERR_BAD;
	arena_rewind(a, mark);
	t->flags = x.ca ? BR_X509_TA_CA : 0;
	t->dn.data = keep(a, x.subject);
	t->dn.len = x.subject.n;
	t->pkey.key_type = x.kind;
	if (x.kind == BR_KEYTYPE_RSA) {
		t->pkey.key.rsa = (br_rsa_public_key){ .nlen = x.n.n, .elen = x.e.n };
		t->pkey.key.rsa.n = keep(a, x.n);
		t->pkey.key.rsa.e = keep(a, x.e);
		return 0;
	}
	t->pkey.key.ec = (br_ec_public_key){ .curve = x.curve, .qlen = x.q.n };
	t->pkey.key.ec.q = keep(a, x.q);
	return 0;
}

int
cert_anchors_read(struct str pem, struct arena *a, struct cert_anchors *t, const char **why)
{
	br_x509_trust_anchor *list =
	    ARENA_ARRAY(a, br_x509_trust_anchor, pem_count(pem, CERTIFICATE));
	struct pem block;

	memset(t, 0, sizeof *t);
	t->mark = map_hash(pem, 0);
	if (!list)
		return fail(ERR_FULL, why, WHY_ROOM);
	t->list = list;
	for (;;) {
		size_t mark = a->used;
		int got = pem_next(&pem, a, &block);

		if (got < 0)
			return fail_pem(got, why);
		if (got == 0)
			break;
		if (str_same(block.label, CERTIFICATE) &&
		    make_anchor(a, mark, block.der, &list[t->n]) == 0) {
			t->n++;
			continue;
		}
		t->skipped += str_same(block.label, CERTIFICATE);
		arena_rewind(a, mark);
	}
	if (t->n == 0)
		return fail(ERR_BAD, why,
		            "the file holds no certificate that can be used as a trust anchor");
	return 0;
}

int
cert_pin_read(struct str text, u8 pin[CERT_PIN_N])
{
	u8 room[CERT_PIN_N + 1];

	text = str_trim(text);
	if (str_starts(text, STR("sha256/")))
		text = str_cut(text, 7, text.n);
	if (text.n == BASE64_N(CERT_PIN_N) + 1 && text.p[0] == '/')
		text = str_cut(text, 1, text.n);
	if (base64_read(text, room, sizeof room) != CERT_PIN_N)
		return ERR_BAD;
	memcpy(pin, room, CERT_PIN_N);
	return 0;
}
