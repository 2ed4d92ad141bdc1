/* Our own authority and certificate, in <data>/tls: made when option tls_name is there, renewed before they end.
 *
 *   ca.key, ca.pem          once: clients trust it            server.key, server.pem     each year, when names change
 *
 * Only serve makes them (ask->makes); other commands take it that they are there. */
#include "main/conf_priv.h"

#include "crypt/ct.h"
#include "crypt/issue.h"
#include "http/url.h"
#include "main/boot.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/rand.h"

#define PEM_MAX (16 * 1024)
#define RENEW_S (30 * 86400) /* before the end */

struct own {
	struct conf_work *w;
	u32 line;
	int dir;
	struct rng rng;
	struct issue_names names;
	wall now;
};

static void
read_names(struct conf_work *w, const struct conf_section *s, struct issue_names *names)
{
	for (const struct conf_item *i = conf_item(s, "tls_name"); i && names->n < ISSUE_NAMES; i = conf_next(i)) {
		struct issue_name *n = &names->of[names->n++];
		struct str host = STR_NONE;
		struct addr a;
		u32 port = 0;

		n->address = addr_read_ip(&a, i->value) == 0;
		n->text = n->address ? conf_dup(w, str_of(a.ip, a.family == ADDR_V4 ? 4 : 16)) : i->value;
		if (!n->address && (url_authority(i->value, &host, &port) || port || i->value.n > ISSUE_NAME_MAX))
			conf_mistake(w, i->line, "tls_name is a name such as box.lan, or an address such as "
			    "192.168.1.5, not '%S'", i->value);
	}
}

static int
told(struct own *o, const char *file, const char *what)
{
	conf_mistake(o->w, o->line, "tls/%s in the data directory %s", file, what);
	return ERR_BAD;
}

/* A file of ours. ERR_NONE: it is not there yet. */
static int
load(struct own *o, const char *file, struct str *text)
{
	int err = file_load(o->dir, file, FILE_READ, PEM_MAX, o->w->arena, text);

	return err && err != ERR_NONE ? told(o, file, file_why()) : err;
}

static int
save(struct own *o, const char *file, const char *label, struct str der, struct str *text)
{
	struct buf b = buf_over(conf_take(o->w, 1, 2 * ISSUE_CERT_MAX), 2 * ISSUE_CERT_MAX);

	issue_pem(&b, label, der);
	*text = buf_str(&b);
	return b.over || file_replace(o->dir, file, *text) ? told(o, file, file_why()) : 0;
}

static int
key_of(struct own *o, const char *file, struct cert_key *key, struct str *text)
{
	u8 room[ISSUE_KEY_N];
	struct buf der = buf_over(room, sizeof room);
	const char *why = "";
	int err = load(o, file, text);

	if (err == ERR_NONE)
		err = issue_key(&o->rng, &der) ? ERR_BAD : save(o, file, "EC PRIVATE KEY", buf_str(&der), text);
	ct_wipe(room, sizeof room);
	if (!err && cert_key_read(*text, o->w->arena, key, &why))
		err = told(o, file, why);
	return err;
}

/* The authority: made once. A name it may not sign for is a mistake: another one would have to be trusted anew. */
static int
authority(struct own *o, struct cert_key *key, struct cert_chain *ca)
{
	struct buf der = buf_over(conf_take(o->w, 1, ISSUE_CERT_MAX), ISSUE_CERT_MAX);
	struct str text;
	const char *why = "";
	int err = key_of(o, "ca.key", key, &text);

	if (err)
		return err;
	err = load(o, "ca.pem", &text);
	if (err == ERR_NONE)
		err = issue_ca(key, &o->names, o->now, &o->rng, &der) ? told(o, "ca.pem", "takes too many names") :
		    save(o, "ca.pem", "CERTIFICATE", buf_str(&der), &text);
	if (!err && cert_chain_read(text, o->w->arena, ca, &why))
		err = told(o, "ca.pem", why);
	if (!err && !cert_match(ca, key))
		err = told(o, "ca.pem", "does not belong to ca.key");
	if (!err && !issue_covers(ca->leaf, &o->names))
		err = told(o, "ca.pem", "was not made for all of tls_name: move the folder tls away for a new one, "
		    "which clients must trust anew");
	o->w->conf->gen.ca = ca->leaf;
	o->w->conf->gen.ca_pem = text;
	return err;
}

static int
certificate(struct own *o, const struct issue *i, struct str *text)
{
	struct buf der = buf_over(conf_take(o->w, 1, ISSUE_CERT_MAX), ISSUE_CERT_MAX);
	struct cert_chain chain = { .n = 0 };
	const char *why;
	int err = load(o, "server.pem", text);

	if (err == ERR_BAD)
		return err;
	if (!err && cert_chain_read(*text, o->w->arena, &chain, &why) == 0 && cert_match(&chain, i->key) &&
	    issue_fits(chain.leaf, &o->names) && o->now + RENEW_S < chain.until && o->now >= chain.from) {
		o->w->conf->tls_renew = chain.until - RENEW_S;
		return 0;
	}
	o->w->conf->tls_renew = o->now + ISSUE_LEAF_S - RENEW_S;
	return issue_leaf(i, &o->names, o->now, &o->rng, &der) ? told(o, "server.pem", "cannot be made") :
	    save(o, "server.pem", "CERTIFICATE", buf_str(&der), text);
}

static int
make_all(struct own *o)
{
	struct cert_key ca_key, key;
	struct cert_chain ca;
	struct conf *c = o->w->conf;
	u8 seed[RNG_SEED_N];
	int err;

	rand_bytes(seed, sizeof seed);
	rng_init(&o->rng, str_of(seed, sizeof seed));
	err = authority(o, &ca_key, &ca);
	if (!err)
		err = key_of(o, "server.key", &key, &c->tls_key);
	if (!err)
		err = certificate(o, &(struct issue){ &ca_key, ca.leaf, &key }, &c->tls_cert);
	return err;
}

void
conf_own_tls(struct conf_work *w, const struct conf_section *s)
{
	struct own o = { .w = w, .line = conf_line(s, "tls_name"), .now = clock_wall_s() };
	u8 room[300];
	struct buf b = buf_over(room, sizeof room);
	const char *dir;

	read_names(w, s, &o.names);
	if (conf_str(s, "tls_cert").n)
		conf_mistake(w, o.line, "tls_name and tls_cert: one of the two, a certificate of ours or yours");
	w->conf->tls_cert = STR("-");
	if (w->mistakes || !w->ask->makes)
		return;
	if (o.now < boot_built()) {
		conf_mistake(w, o.line, "tls_name: the clock stands before this program was built; set it first");
		return;
	}
	buf_fmt(&b, "%s/tls", w->conf->data);
	dir = conf_c(w, buf_str(&b));
	if (b.over || boot_path(w->conf->data) || boot_path(dir)) {
		conf_mistake(w, o.line, "%s cannot be made: %s", dir, file_why());
		return;
	}
	o.dir = file_open_dir(FILE_HERE, dir);
	if (o.dir < 0)
		conf_mistake(w, o.line, "%s cannot be opened: %s", dir, file_why());
	else
		make_all(&o);
	file_close(o.dir);
	ct_wipe(&o.rng, sizeof o.rng);
}
