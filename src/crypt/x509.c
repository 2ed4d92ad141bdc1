#include "crypt/x509_priv.h"

static const u8 oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const u8 oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const u8 oid_p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const u8 oid_p384[] = { 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const u8 oid_p521[] = { 0x2b, 0x81, 0x04, 0x00, 0x23 };
static const u8 oid_basic[] = { 0x55, 0x1d, 0x13 };

#define OID(name) str_of(name, sizeof name)

u8
x509_curve(struct str oid)
{
	if (str_same(oid, OID(oid_p256)))
		return BR_EC_secp256r1;
	if (str_same(oid, OID(oid_p384)))
		return BR_EC_secp384r1;
	return str_same(oid, OID(oid_p521)) ? BR_EC_secp521r1 : 0;
}

u8
x509_kind(struct str oid)
{
	if (str_same(oid, OID(oid_ec)))
		return BR_KEYTYPE_EC;
	return str_same(oid, OID(oid_rsa)) ? BR_KEYTYPE_RSA : 0;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar: years are counted from March, so that
 * leap days come last. */
static int64_t
days(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	m = (m + 9) % 12;
	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + d - 1 - 719468;
}

/* Two digits at p, or a number so large that every check on it fails. */
static u32
two(const u8 *p)
{
	u32 a = (u32)p[0] - '0', b = (u32)p[1] - '0';

	return a > 9 || b > 9 ? 10000 : a * 10 + b;
}

/* A UTCTime or GeneralizedTime in the form RFC 5280 asks for. */
static wall
read_time(struct der *d)
{
	bool utc = der_is(d, DER_UTC_TIME);
	struct str s = der_take(d, utc ? DER_UTC_TIME : DER_TIME);
	u32 y, skip = utc ? 2 : 4;
	int64_t t;

	if (d->bad || s.n != skip + 11 || s.p[s.n - 1] != 'Z') {
		d->bad = true;
		return 0;
	}
	y = utc ? two(s.p) + (two(s.p) < 50 ? 2000 : 1900) : two(s.p) * 100 + two(s.p + 2);
	s = str_cut(s, skip, s.n);
	if (y > 9999 || two(s.p) - 1 > 11 || two(s.p + 2) - 1 > 30 || two(s.p + 4) > 23 ||
	    two(s.p + 6) > 59 || two(s.p + 8) > 60)
		d->bad = true;
	t = days(y, two(s.p), two(s.p + 2)) * 86400 + two(s.p + 4) * 3600 + two(s.p + 6) * 60 +
	    two(s.p + 8);
	if (t < 0)
		return 0;
	return t > UINT32_MAX ? UINT32_MAX : (wall)t;
}

/* SubjectPublicKeyInfo. A key of another kind is not bad: kind stays 0. */
static void
read_key(struct der *d, struct x509 *x)
{
	struct der info, algorithm, rsa;
	struct str bits;

	info = der_over(x->spki = der_whole(d, DER_SEQ));
	info = der_in(&info, DER_SEQ);
	algorithm = der_in(&info, DER_SEQ);
	x->kind = x509_kind(der_take(&algorithm, DER_OID));
	bits = der_bits(&info);
	d->bad |= info.bad || algorithm.bad;
	if (d->bad)
		return;
	if (x->kind == BR_KEYTYPE_EC) {
		x->curve =
		    der_is(&algorithm, DER_OID) ? x509_curve(der_take(&algorithm, DER_OID)) : 0;
		x->q = bits;
		x->kind = x->curve ? BR_KEYTYPE_EC : 0;
	} else if (x->kind == BR_KEYTYPE_RSA) {
		rsa = der_over(bits);
		rsa = der_in(&rsa, DER_SEQ);
		x->n = der_uint(&rsa);
		x->e = der_uint(&rsa);
		d->bad |= rsa.bad;
	}
}

/* Looks for basicConstraints among the extensions. */
static void
read_extensions(struct der *d, struct x509 *x)
{
	struct der outer = der_in(d, DER_CTX + 3), list = der_in(&outer, DER_SEQ);

	while (!list.bad && list.rest.n) {
		struct der ext = der_in(&list, DER_SEQ);
		struct str oid = der_take(&ext, DER_OID);

		if (der_is(&ext, DER_BOOL))
			der_take(&ext, DER_BOOL);
		ext = der_over(der_take(&ext, DER_OCTETS));
		if (!str_same(oid, OID(oid_basic)))
			continue;
		ext = der_in(&ext, DER_SEQ);
		if (der_is(&ext, DER_BOOL))
			x->ca = str_same(der_take(&ext, DER_BOOL), STR("\xff"));
		d->bad |= ext.bad;
	}
	d->bad |= list.bad;
}

int
x509_read(struct str der, struct x509 *x)
{
	struct der d = der_over(der), cert, tbs, validity;

	memset(x, 0, sizeof *x);
	cert = der_in(&d, DER_SEQ);
	tbs = der_in(&cert, DER_SEQ);
	if (der_is(&tbs, DER_CTX))
		der_take(&tbs, DER_CTX); /* version */
	der_take(&tbs, DER_INT);         /* serial number */
	der_take(&tbs, DER_SEQ);         /* signature algorithm */
	x->issuer = der_whole(&tbs, DER_SEQ);
	validity = der_in(&tbs, DER_SEQ);
	x->from = read_time(&validity);
	x->until = read_time(&validity);
	x->subject = der_whole(&tbs, DER_SEQ);
	read_key(&tbs, x);
	while (!tbs.bad && tbs.rest.n && !der_is(&tbs, DER_CTX + 3))
		der_any(&tbs); /* unique identifiers */
	if (tbs.rest.n)
		read_extensions(&tbs, x);
	return validity.bad || tbs.bad || cert.bad || !der_done(&d) ? ERR_BAD : 0;
}

/* Hashes a head: tag and minimal length. */
static void
add_head(struct hash *h, u8 tag, u32 n)
{
	u8 head[4] = { tag, (u8)n };
	u32 size = 2;

	if (n >= 0x100) {
		head[1] = 0x82;
		head[2] = (u8)(n >> 8);
		head[3] = (u8)n;
		size = 4;
	} else if (n >= 0x80) {
		head[1] = 0x81;
		head[2] = (u8)n;
		size = 3;
	}
	hash_add(h, str_of(head, size));
}

/* Bytes an element of n bytes of contents takes. */
static u32
element(u32 n)
{
	return n + (n >= 0x100 ? 4 : n >= 0x80 ? 3 : 2);
}

/* An unsigned number without its leading zeros, and the contents length of its INTEGER. */
static u32
uint_n(struct str *v)
{
	while (v->n > 1 && v->p[0] == 0)
		*v = str_of(v->p + 1, v->n - 1);
	return v->n + (v->n && (v->p[0] & 0x80) ? 1 : 0);
}

static void
add_uint(struct hash *h, struct str v, u32 n)
{
	add_head(h, DER_INT, n);
	if (n > v.n)
		hash_add(h, STR("\0"));
	hash_add(h, v);
}

static void
pin_rsa(struct hash *h, const br_rsa_public_key *k)
{
	static const u8 algorithm[] = { 0x30, 13,   0x06, 9,    0x2a, 0x86, 0x48, 0x86,
		                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0 };
	struct str n = str_of(k->n, k->nlen), e = str_of(k->e, k->elen);
	u32 n_n = uint_n(&n), e_n = uint_n(&e), body = element(n_n) + element(e_n);

	add_head(h, DER_SEQ, sizeof algorithm + element(element(body) + 1));
	hash_add(h, str_of(algorithm, sizeof algorithm));
	add_head(h, DER_BITS, element(body) + 1);
	hash_add(h, STR("\0"));
	add_head(h, DER_SEQ, body);
	add_uint(h, n, n_n);
	add_uint(h, e, e_n);
}

static int
pin_ec(struct hash *h, const br_ec_public_key *k)
{
	struct str curve;

	switch (k->curve) {
	case BR_EC_secp256r1: curve = OID(oid_p256); break;
	case BR_EC_secp384r1: curve = OID(oid_p384); break;
	case BR_EC_secp521r1: curve = OID(oid_p521); break;
	default: return ERR_BAD;
	}
	add_head(h, DER_SEQ,
	         element(element(sizeof oid_ec) + element(curve.n)) + element((u32)k->qlen + 1));
	add_head(h, DER_SEQ, element(sizeof oid_ec) + element(curve.n));
	add_head(h, DER_OID, sizeof oid_ec);
	hash_add(h, OID(oid_ec));
	add_head(h, DER_OID, curve.n);
	hash_add(h, curve);
	add_head(h, DER_BITS, (u32)k->qlen + 1);
	hash_add(h, STR("\0"));
	hash_add(h, str_of(k->q, k->qlen));
	return 0;
}

int
x509_pin(const br_x509_pkey *key, u8 pin[HASH_N])
{
	struct hash h;

	hash_begin(&h);
	if (key->key_type == BR_KEYTYPE_RSA)
		pin_rsa(&h, &key->key.rsa);
	else if (key->key_type != BR_KEYTYPE_EC || pin_ec(&h, &key->key.ec))
		return ERR_BAD;
	hash_out(&h, pin);
	return 0;
}
