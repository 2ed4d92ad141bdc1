#include "crypt/tls_priv.h"

struct client {
	struct tls tls;
	br_ssl_client_context ctx;
	struct tls_peer peer;
	u8 in[TLS_IN_N], out[TLS_OUT_N];
};

static_assert(sizeof(struct client) <= TLS_CLIENT_N, "TLS_CLIENT_N is what it says");
static_assert(sizeof(((struct tls_session *)0)->state) >= sizeof(br_ssl_session_parameters),
              "room for a session");

/* Digits and dots, or a colon: not a name. */
static bool
is_address(struct str s)
{
	if (str_find(s, ':', 0) >= 0)
		return true;
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return true;
}

/* The name as the protocol wants it: a C string without the root's dot. False if it cannot be
 * one. */
static bool
host_name(struct str s, char out[TLS_NAME_MAX + 1])
{
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	if (s.n == 0 || s.n > TLS_NAME_MAX || is_address(s))
		return false;
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return true;
}

static void
setup(struct client *c, struct rng *rng)
{
	br_ssl_engine_context *eng = &c->ctx.eng;

	c->tls.eng = eng;
	c->tls.size = sizeof *c;
	br_ssl_client_zero(&c->ctx);
	tls_engine(eng, rng);
	br_ssl_engine_set_default_rsavrfy(eng);
	br_ssl_engine_set_default_ecdsa(eng);
	br_ssl_engine_set_buffers_bidi(eng, c->in, sizeof c->in, c->out, sizeof c->out);
	/* Our small output buffer is our own affair: else we would ask the server for small records
	 * too. */
	eng->log_max_frag_len = 14;
}

const char *
tls_trust_wrong(const struct tls_trust *trust)
{
	char name[TLS_NAME_MAX + 1];

	if (!trust->anchors)
		return trust->pin ? NULL : "neither trust anchors nor a pin";
	if (host_name(trust->name, name))
		return NULL;
	return is_address(trust->name) ? "an address instead of a name needs a pin"
	                               : "not a host name";
}

struct tls *
tls_connect(void *mem, const struct tls_client *spec, struct rng *rng)
{
	char name[TLS_NAME_MAX + 1];
	bool named = host_name(spec->trust->name, name);
	bool resume = spec->session && spec->session->there;
	struct client *c = mem;

	ASSERT((uintptr_t)mem % 16 == 0);
	if (tls_trust_wrong(spec->trust))
		return NULL;
	memset(&c->tls, 0, sizeof c->tls);
	setup(c, rng);
	tls_peer_init(&c->peer, &c->tls, spec);
	if (resume)
		br_ssl_engine_set_session_parameters(&c->ctx.eng,
		                                     (const void *)spec->session->state);
	br_ssl_client_reset(&c->ctx, named ? name : NULL, resume);
	return &c->tls;
}

void
tls_keep(struct tls *t, struct tls_session *s)
{
	br_ssl_session_parameters *p = (void *)s->state;

	memset(s, 0, sizeof *s);
	if (!tls_open(t))
		return;
	br_ssl_engine_get_session_parameters(t->eng, p);
	s->there = p->session_id_len > 0;
}
