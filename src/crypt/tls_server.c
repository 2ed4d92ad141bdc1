#include "crypt/tls_priv.h"

struct server {
	struct tls tls;
	br_ssl_server_context ctx;
	u8 in[TLS_IN_N], out[TLS_OUT_N];
};

static_assert(sizeof(struct server) <= TLS_SERVER_N, "TLS_SERVER_N is what it says");

struct cache {
	const br_ssl_session_cache_class *vtable;
	br_ssl_session_cache_lru lru;
};

static_assert(sizeof(struct cache) <= sizeof(struct tls_cache), "room for the cache");

/* Takes n bytes off s: a view of them, with p NULL if there are not so many. */
static struct str
cut(struct str *s, u32 n)
{
	struct str head = STR_NONE;

	if (s->p && n <= s->n) {
		head = str_of(s->p, n);
		*s = str_of(s->p + n, s->n - n);
	} else {
		*s = STR_NONE;
	}
	return head;
}

/* Takes a vector off s whose length stands in the first `size` bytes. */
static struct str
vector(struct str *s, u32 size)
{
	struct str n = cut(s, size);

	if (!n.p)
		return STR_NONE;
	return cut(s, size == 1 ? n.p[0] : (u32)n.p[0] << 8 | n.p[1]);
}

/* Whether an ALPN extension names http/1.1. */
static bool
names_http(struct str extension)
{
	struct str list = vector(&extension, 2);

	while (list.n)
		if (str_is(vector(&list, 1), "http/1.1"))
			return true;
	return false;
}

/* What follows the session id of a ClientHello: whether its extensions are all here, and offer
 * no other protocols than ours. Without extensions the answer is no: they may still be on their
 * way. */
static bool
hello_fits(struct str rest)
{
	struct str list;

	vector(&rest, 2); /* cipher suites */
	vector(&rest, 1); /* compression methods */
	list = vector(&rest, 2);
	while (list.n) {
		struct str type = cut(&list, 2), body = vector(&list, 2);

		if (!body.p)
			return false;
		if (type.p[0] == 0 && type.p[1] == 16 && !names_http(body))
			return false;
	}
	return list.p != NULL;
}

/* BearSSL 0.6 checks ALPN only in full handshakes. A client that resumes with other protocols makes
 * it read its list of names far out of bounds. So such a client gets no resumption, and the full
 * handshake refuses it in order. */
static int
load(const br_ssl_session_cache_class **ctx, br_ssl_server_context *sc,
     br_ssl_session_parameters *params)
{
	struct cache *c = CONTAINER_OF(ctx, struct cache, vtable);

	if (!hello_fits(str_of(sc->eng.hbuf_in, sc->eng.hlen_in)))
		return 0;
	return c->lru.vtable->load(&c->lru.vtable, sc, params);
}

static void
save(const br_ssl_session_cache_class **ctx, br_ssl_server_context *sc,
     const br_ssl_session_parameters *params)
{
	struct cache *c = CONTAINER_OF(ctx, struct cache, vtable);

	CONTAINER_OF(sc, struct server, ctx)->tls.full = true;
	c->lru.vtable->save(&c->lru.vtable, sc, params);
}

static const br_ssl_session_cache_class cache_class = { sizeof(struct cache), save, load };

void
tls_cache_init(struct tls_cache *c, void *mem, size_t n)
{
	struct cache *in = (struct cache *)(void *)c->state;

	in->vtable = &cache_class;
	br_ssl_session_cache_lru_init(&in->lru, mem, n);
}

static void
set_key(br_ssl_server_context *ctx, const struct tls_server *spec)
{
	const br_x509_certificate *list = spec->chain->list;
	const void *key = spec->key->key;

	if (spec->key->kind == BR_KEYTYPE_RSA)
		br_ssl_server_set_single_rsa(ctx, list, spec->chain->n, key, BR_KEYTYPE_SIGN,
		                             br_rsa_private_get_default(),
		                             br_rsa_pkcs1_sign_get_default());
	else
		br_ssl_server_set_single_ec(ctx, list, spec->chain->n, key, BR_KEYTYPE_SIGN,
		                            BR_KEYTYPE_EC, br_ssl_engine_get_ec(&ctx->eng),
		                            br_ecdsa_sign_asn1_get_default());
}

static struct cache *
cache_of(struct tls_cache *c)
{
	return (struct cache *)(void *)c->state;
}

struct tls *
tls_accept(void *mem, const struct tls_server *spec, struct rng *rng)
{
	struct server *s = mem;
	br_ssl_engine_context *eng = &s->ctx.eng;

	ASSERT((uintptr_t)mem % 16 == 0);
	memset(&s->tls, 0, sizeof s->tls);
	s->tls.eng = eng;
	s->tls.size = sizeof *s;
	s->tls.full = spec->cache == NULL;
	br_ssl_server_zero(&s->ctx);
	tls_engine(eng, rng);
	br_ssl_engine_add_flags(eng, BR_OPT_ENFORCE_SERVER_PREFERENCES);
	br_ssl_engine_add_flags(eng, BR_OPT_FAIL_ON_ALPN_MISMATCH);
	br_ssl_engine_set_buffers_bidi(eng, s->in, sizeof s->in, s->out, sizeof s->out);
	set_key(&s->ctx, spec);
	if (spec->cache)
		br_ssl_server_set_cache(&s->ctx, &cache_of(spec->cache)->vtable);
	br_ssl_server_reset(&s->ctx);
	return &s->tls;
}
