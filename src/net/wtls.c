#include "net/wtls.h"

#include "base/limits.h"
#include "crypt/ct.h"
#include "net/wtls_priv.h"

#define IDENTITY_N (24 * 1024) /* bytes of a chain of certificates and its key */

static u32
size_of(bool client)
{
	return (u32)sizeof(struct wtls) + (client ? TLS_CLIENT_N : TLS_SERVER_N);
}

size_t
wtls_bytes(void)
{
	return sizeof(struct wtls_shared) + pool_bytes(size_of(false), TLS_CONNS_MAX) +
	       pool_bytes(size_of(true), TLS_CALLS_MAX) + WTLS_CIPHER_N + 2 * IDENTITY_N +
	       TLS_SESSIONS_MAX * TLS_CACHED_N + TLS_TRUSTS_MAX * sizeof(struct wtls_known) +
	       6 * 16;
}

int
wtls_init(struct net *n, struct arena *a, struct rng *rng)
{
	struct wtls_shared *s = ARENA_NEW(a, struct wtls_shared);
	u8 *sessions = arena_bytes(a, TLS_SESSIONS_MAX * TLS_CACHED_N);
	u8 *identity = arena_bytes(a, 2 * IDENTITY_N);

	if (!s || !sessions || !identity)
		return ERR_FULL;
	s->known = ARENA_ARRAY(a, struct wtls_known, TLS_TRUSTS_MAX);
	s->cipher = arena_bytes(a, WTLS_CIPHER_N);
	if (!s->known || !s->cipher || pool_init(&s->servers, a, size_of(false), TLS_CONNS_MAX) ||
	    pool_init(&s->clients, a, size_of(true), TLS_CALLS_MAX))
		return ERR_FULL;
	s->rng = rng;
	s->turn = n->loop->turn - 1;
	s->identity[0].arena = arena_over(identity, IDENTITY_N);
	s->identity[1].arena = arena_over(identity + IDENTITY_N, IDENTITY_N);
	tls_cache_init(&s->cache, sessions, TLS_SESSIONS_MAX * TLS_CACHED_N);
	n->tls = s;
	return 0;
}

void
wtls_wall(struct net *n, wall now)
{
	if (n->tls)
		n->tls->now = now;
}

/* Handshakes that still use an identity whose memory is needed: they end. */
static void
end_shakes(struct wtls_shared *s, const struct wtls_identity *gone)
{
	for (u32 i = 0; i < s->servers.count; i++) {
		struct wtls *x = pool_at(&s->servers, i);

		if (x && x->identity == gone && !tls_open(x->tls))
			x->dead = true;
	}
}

static int
read_identity(struct wtls_identity *in, struct str chain, struct str key, const char **why)
{
	int err = cert_chain_read(chain, &in->arena, &in->chain, why);

	if (err == 0)
		err = cert_key_read(key, &in->arena, &in->key, why);
	if (err)
		return ERR_BAD;
	if (!cert_match(&in->chain, &in->key)) {
		*why = "the certificate and the key do not belong together";
		return ERR_BAD;
	}
	in->good = true;
	return 0;
}

int
wtls_identity(struct net *n, struct str chain, struct str key, const char **why)
{
	struct wtls_shared *s = n->tls;
	struct wtls_identity *next = &s->identity[!s->live];

	end_shakes(s, next);
	next->good = false;
	ct_wipe(next->arena.p, IDENTITY_N);
	arena_rewind(&next->arena, 0);
	if (read_identity(next, chain, key, why))
		return ERR_BAD;
	s->live = !s->live;
	return 0;
}

void
wtls_forget(struct net *n)
{
	if (n->tls)
		ct_wipe(n->tls->known, TLS_TRUSTS_MAX * sizeof(struct wtls_known));
}

/* The place of a trust, or (take) the one used longest ago. NULL: it has none. */
static struct wtls_known *
find_known(struct wtls_shared *s, const struct tls_trust *trust, bool take)
{
	struct wtls_known *oldest = s->known;

	for (u32 i = 0; i < TLS_TRUSTS_MAX; i++) {
		if (s->known[i].trust == trust)
			return &s->known[i];
		if (s->shakes - s->known[i].used > s->shakes - oldest->used)
			oldest = &s->known[i];
	}
	return take ? oldest : NULL;
}

void
wtls_keep(struct wire *w, bool good)
{
	struct wtls_shared *s = w->net->tls;
	struct wtls_known *k = find_known(s, w->tls->trust, good);

	if (!k)
		return;
	ct_wipe(k, sizeof *k);
	if (!good)
		return;
	tls_keep(w->tls->tls, &k->session);
	k->trust = w->tls->trust;
	k->used = ++s->shakes;
}

static struct wtls *
take(struct pool *p)
{
	struct wtls *x = pool_take_raw(p);

	if (x)
		*x = (struct wtls){ 0 };
	return x;
}

int
wtls_accept(struct wire *w)
{
	struct wtls_shared *s = w->net->tls;
	struct wtls_identity *show = s ? &s->identity[s->live] : NULL;
	struct tls_server spec;

	if (!show || !show->good)
		return ERR_NONE;
	w->tls = take(&s->servers);
	if (!w->tls)
		return ERR_FULL;
	spec = (struct tls_server){ &show->chain, &show->key, &s->cache };
	w->tls->identity = show;
	w->tls->tls = tls_accept(w->tls->mem, &spec, s->rng);
	return 0;
}

int
wtls_connect(struct wire *w, const struct tls_trust *trust)
{
	struct wtls_shared *s = w->net->tls;
	struct tls_client spec = { .trust = trust };
	struct wtls_known *k;
	struct wtls *x;

	if (!s || tls_trust_wrong(trust))
		return ERR_DENY;
	x = take(&s->clients);
	if (!x)
		return ERR_FULL;
	k = find_known(s, trust, false);
	spec.session = k ? &k->session : NULL;
	spec.now = s->now;
	x->trust = trust;
	x->tls = tls_connect(x->mem, &spec, s->rng);
	w->tls = x;
	return 0;
}

void
wtls_free(struct wire *w)
{
	struct wtls_shared *s = w->net->tls;
	struct wtls *x = w->tls;

	tls_end(x->tls);
	lease_give(&w->net->lease, &x->rest);
	pool_give(x->trust ? &s->clients : &s->servers, x);
	w->tls = NULL;
}

bool
wtls_open(const struct wire *w)
{
	return w->tls && tls_open(w->tls->tls);
}

bool
wtls_peer_pin(const struct wire *w, u8 pin[CERT_PIN_N])
{
	return w->tls && tls_peer_pin(w->tls->tls, pin);
}

const char *
wtls_why(const struct wire *w)
{
	struct wtls *x = w->tls;

	if (!x)
		return "it is not TLS";
	if (tls_error(x->tls))
		return tls_error_text(tls_error(x->tls));
	if (tls_over(x->tls))
		return "the peer ended the connection";
	if (x->cut)
		return "the connection was cut (does the peer speak TLS here?)";
	return x->dead ? "our certificate was replaced meanwhile" : "the connection failed";
}
