#include "op/credential.h"

#include "base/base64.h"
#include "crypt/ct.h"
#include "http/hout.h"
#include "http/url.h"

static void
put_query(struct params *p, const struct credential *c, struct str value)
{
	buf_byte(&p->target, str_find(buf_str(&p->target), '?', 0) < 0 ? '?' : '&');
	url_encode(&p->target, c->name, URL_COMPONENT);
	buf_byte(&p->target, '=');
	url_encode(&p->target, value, URL_COMPONENT);
}

/* Behind the cookies that parameters have set, if any: one Cookie field (RFC 6265 section 5.4). */
static void
put_cookie(struct params *p, const struct credential *c, struct str value)
{
	int at = str_find_str(buf_str(&p->fields), STR("Cookie: "));

	if (at == 0 || (at > 0 && p->fields.p[p->fields.r + (u32)at - 1] == '\n')) {
		u32 end = p->fields.r + (u32)str_find(buf_str(&p->fields), '\r', (u32)at);
		u32 n = c->name.n + value.n + 3;

		if (buf_room(&p->fields) < n) {
			p->fields.over = true;
			return;
		}
		memmove(p->fields.p + end + n, p->fields.p + end, p->fields.w - end);
		memcpy(p->fields.p + end, "; ", 2);
		memcpy(p->fields.p + end + 2, c->name.p, c->name.n);
		p->fields.p[end + 2 + c->name.n] = '=';
		memcpy(p->fields.p + end + 3 + c->name.n, value.p, value.n);
		p->fields.w += n;
		return;
	}
	BUF_LIT(&p->fields, "Cookie: ");
	buf_put(&p->fields, c->name);
	buf_byte(&p->fields, '=');
	buf_put(&p->fields, value);
	BUF_LIT(&p->fields, "\r\n");
}

int
credential_secret(const struct credential *c, struct vault *vault, struct str *secret, msec now, struct buf *why)
{
	int err = 0;

	if (c->store.n)
		err = vault_get(vault, c->store, secret, now);
	else
		*secret = c->secret;
	if (err == ERR_MORE) {
		BUF_LIT(why, "The credential of this environment is being read. Try again in a second.");
		return ERR_MORE;
	}
	if (err) {
		buf_c(why, err == ERR_BAD ? "The credential of this environment was sealed with another master key: "
		                            "the person who runs the gate must set it again."
		                          : "The gate has no credential for this environment: the person who runs it "
		                            "must set one (mcpgated credential add).");
		return ERR_NONE;
	}
	return 0;
}

static void
put(const struct credential *c, struct params *p, struct str value)
{
	switch (c->in) {
	case CREDENTIAL_HEADER: hout_pair(&p->fields, c->name, value); break;
	case CREDENTIAL_QUERY: put_query(p, c, value); break;
	case CREDENTIAL_COOKIE: put_cookie(p, c, value); break;
	case CREDENTIAL_BASIC:
		BUF_LIT(&p->fields, "Authorization: Basic ");
		base64_put(&p->fields, value);
		BUF_LIT(&p->fields, "\r\n");
		break;
	case CREDENTIAL_BEARER:
		BUF_LIT(&p->fields, "Authorization: Bearer ");
		buf_put(&p->fields, value);
		BUF_LIT(&p->fields, "\r\n");
		break;
	}
}

static int
put_checked(const struct credential *c, struct params *p, struct str value, struct buf *why)
{
	if (value.n == 0) {
		BUF_LIT(why, "The gate has no credential for this environment: the person who runs it must set one.");
		return ERR_NONE;
	}
	if (!field_value_ok(value)) {
		BUF_LIT(why, "The credential of this environment cannot be sent: it holds control characters.");
		return ERR_BAD;
	}
	put(c, p, value);
	return 0;
}

int
credential_put_text(const struct credential *c, struct str secret, struct buf *room, struct params *p, struct buf *why)
{
	int at = str_find_str(c->value, STR("{secret}"));

	if (at >= 0)
		buf_put(room, str_cut(c->value, 0, (u32)at));
	buf_put(room, secret);
	if (at >= 0)
		buf_put(room, str_cut(c->value, (u32)at + 8, c->value.n));
	return put_checked(c, p, buf_str(room), why);
}

int
credential_put(const struct credential *c, struct vault *vault, struct params *p, msec now, struct buf *why)
{
	u8 text[VAULT_SECRET_MAX + 256];
	struct buf room = buf_over(text, sizeof text);
	struct str secret;
	int err;

	if (c->in == CREDENTIAL_NONE)
		return 0;
	if (c->store.n == 0)
		return put_checked(c, p, c->value, why);
	err = credential_secret(c, vault, &secret, now, why);
	if (!err)
		err = credential_put_text(c, secret, &room, p, why);
	ct_wipe(text, sizeof text);
	return err;
}

static const struct credential *
of_scheme(const struct environment *e, struct str scheme)
{
	for (u32 i = 0; i < e->mores; i++)
		if (str_same(e->more[i].scheme, scheme))
			return &e->more[i];
	return NULL;
}

/* The credentials of the alternative that begins with use `at`, or ERR_NONE. */
static int
satisfy(const struct environment *e, const struct catalog *c, const struct catalog_op *op, u32 at,
    const struct credential *chosen[CREDENTIALS_MAX])
{
	struct catalog_use first, use;
	u32 n = 0;

	catalog_use(c, op, at, &first);
	for (u32 i = at; i < op->use_n; i++) {
		struct catalog_scheme scheme;

		catalog_use(c, op, i, &use);
		if (use.alternative != first.alternative)
			break;
		catalog_scheme(c, use.scheme, &scheme);
		if (n == CREDENTIALS_MAX || !(chosen[n] = of_scheme(e, scheme.name)))
			return ERR_NONE;
		n++;
	}
	return (int)n;
}

static void
tell_missing(const struct catalog *c, const struct catalog_op *op, struct buf *why)
{
	u32 before = CATALOG_NONE;

	BUF_LIT(why, "The gate has no credential for this operation: the person who runs it must configure one for the "
	    "security scheme");
	for (u32 i = 0; i < op->use_n && i < 8; i++) {
		struct catalog_use use;
		struct catalog_scheme scheme;

		catalog_use(c, op, i, &use);
		catalog_scheme(c, use.scheme, &scheme);
		buf_fmt(why, "%s '%S'", !i ? "" : use.alternative == before ? " and" : " or",
		    str_cut(scheme.name, 0, 64));
		before = use.alternative;
	}
	buf_byte(why, '.');
}

int
credential_choose(const struct environment *e, const struct catalog *c, const struct catalog_op *op,
    const struct credential *chosen[CREDENTIALS_MAX], struct buf *why)
{
	u32 last = CATALOG_NONE;

	chosen[0] = &e->credential;
	if (!e->mores)
		return 1;
	for (u32 i = 0; i < op->use_n; i++) {
		struct catalog_use use;
		int n;

		catalog_use(c, op, i, &use);
		n = use.alternative == last ? ERR_NONE : satisfy(e, c, op, i, chosen);
		last = use.alternative;
		if (n > 0)
			return n;
	}
	chosen[0] = &e->credential;
	if (e->credential.in != CREDENTIAL_NONE || !op->use_n || op->flags & CATALOG_OP_PUBLIC)
		return 1;
	tell_missing(c, op, why);
	return ERR_NONE;
}
