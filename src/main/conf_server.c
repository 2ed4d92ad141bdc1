#include "main/conf_priv.h"

#include "base/log.h"
#include "crypt/ct.h"
#include "http/url.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/page.h"

#define PEM_MAX (256 * 1024)
#define PASSWD_MAX (1024 * 1024)
#define EXPIRES_SOON_S (14 * 86400)
#define NAMES_MAX (1024 * 1024)

/* "localhost" and "*" are what people write; names are not looked up, so that starting needs no network. */
static int
read_addr(struct addr *a, struct str text)
{
	u8 room[128];
	struct buf b = buf_over(room, sizeof room);
	int colon = str_find(text, ':', 0);
	struct str host = colon < 0 ? text : str_cut(text, 0, (u32)colon);

	if (!str_is(host, "localhost") && !str_is(host, "*"))
		return addr_read(a, text, 8080);
	buf_fmt(&b, "%s%S", host.n == 1 ? "0.0.0.0" : "127.0.0.1", str_cut(text, host.n, text.n));
	return b.over ? ERR_BAD : addr_read(a, buf_str(&b), 8080);
}

static void
one_listen(struct conf_work *w, struct conf_listen *l, struct str text, u32 line)
{
	bool https = str_starts(text, STR("https://")), http = str_starts(text, STR("http://"));

	l->line = line;
	if (https || http)
		text = str_cut(text, https ? 8 : 7, text.n);
	if (read_addr(&l->addr, text)) {
		conf_mistake(w, line, "listen is ADDR:PORT such as 127.0.0.1:8080, [::1]:8080 or "
		    "unix:/run/gate.sock, not '%S'",
		    text);
		return;
	}
	l->tls = https || (!http && w->conf->tls_cert.n && l->addr.family != ADDR_UNIX);
	if (l->tls && !w->conf->tls_cert.n)
		conf_mistake(w, line, "listen '%S' is to speak https: set tls_cert and tls_key, too", text);
	if (!l->tls && l->addr.family != ADDR_UNIX && addr_kind(&l->addr) != ADDR_LOOPBACK &&
	    !str_starts(w->conf->gen.public_url, STR("https://")))
		conf_warn(w, line, "%S is reachable from the network without encryption, keys included: set "
		    "tls_cert and "
		    "tls_key, or public_url 'https://...' where a proxy does that", text);
}

static void
read_listens(struct conf_work *w, const struct conf_section *s)
{
	struct conf_listen *l = conf_take(w, sizeof *l, CONF_LISTENS);
	u32 n = 0;

	if (!l)
		return;
	for (const struct conf_item *i = conf_item(s, "listen"); i && n < CONF_LISTENS; i = conf_next(i)) {
		one_listen(w, &l[n], i->value, i->line);
		for (u32 k = 0; k < n; k++)
			if (l[n].addr.family != ADDR_UNIX && l[n].addr.family && addr_same(&l[k].addr, &l[n].addr))
				conf_mistake(w, i->line, "listen '%S' stands in line %u already", i->value, l[k].line);
		n++;
	}
	if (n == 0)
		one_listen(w, &l[n++], conf_str(s, "listen"), s->line);
	w->conf->listen = l;
	w->conf->listens = n;
}

/* Whether clients can be shown this: judged here, with a line, rather than by a worker that cannot serve. */
static void
check_tls(struct conf_work *w, u32 cert_line, u32 key_line)
{
	struct arena scratch = page_arena(2 * PEM_MAX);
	struct cert_chain chain;
	struct cert_key key;
	const char *why = "";
	wall now = clock_wall_s();

	if (cert_chain_read(w->conf->tls_cert, &scratch, &chain, &why))
		conf_mistake(w, cert_line, "tls_cert cannot be used: %s", why);
	else if (cert_key_read(w->conf->tls_key, &scratch, &key, &why))
		conf_mistake(w, key_line, "tls_key cannot be used: %s", why);
	else if (!cert_match(&chain, &key))
		conf_mistake(w, key_line, "tls_key is not the key of the first certificate in tls_cert");
	else if (now > chain.until || now < chain.from)
		conf_warn(w, cert_line, "the certificate in tls_cert is %s", now < chain.from ?
		    "not valid yet" : "expired");
	else if (now + EXPIRES_SOON_S > chain.until)
		conf_warn(w, cert_line, "the certificate in tls_cert expires in %u days", (chain.until - now) / 86400);
	ct_wipe(scratch.p, scratch.used);
	page_give(&scratch);
}

static void
read_tls(struct conf_work *w, const struct conf_section *s)
{
	struct str cert = conf_str(s, "tls_cert"), key = conf_str(s, "tls_key");
	u32 mistakes = w->mistakes;

	if (conf_item(s, "tls_name")) {
		conf_own_tls(w, s);
		return;
	}
	if (!cert.n != !key.n) {
		conf_mistake(w, conf_line(s, cert.n ? "tls_cert" : "tls_key"), "%s needs %s beside it",
		    cert.n ? "tls_cert" : "tls_key", cert.n ? "tls_key" : "tls_cert");
		return;
	}
	if (!cert.n || w->ask->no_secrets) {
		w->conf->tls_cert = cert.n ? STR("-") : STR("");
		return;
	}
	w->conf->tls_cert = conf_file(w, cert, conf_line(s, "tls_cert"), PEM_MAX);
	w->conf->tls_key = conf_file(w, key, conf_line(s, "tls_key"), PEM_MAX);
	if (w->mistakes == mistakes)
		check_tls(w, conf_line(s, "tls_cert"), conf_line(s, "tls_key"));
}

static struct str
without_slash(struct str s)
{
	return s.n && s.p[s.n - 1] == '/' ? str_cut(s, 0, s.n - 1) : s;
}

static void
read_public_url(struct conf_work *w, const struct conf_section *s)
{
	struct str text = conf_str(s, "public_url");
	struct url u;

	if (!text.n)
		return;
	if (url_parse(text, &u) || u.scheme == URL_UNIX || u.query.p || url_dots(u.path))
		conf_mistake(w, conf_line(s, "public_url"),
		    "public_url is http://HOST[:PORT] or https://HOST[:PORT], perhaps with a path, not '%S'", text);
	w->conf->gen.public_url = without_slash(text);
}

static void
put_name(struct buf *b, struct str name, u16 port)
{
	bool v6 = str_find(name, ':', 0) >= 0;

	buf_fmt(b, v6 ? "[%S]" : "%S", name);
	if (port != 443)
		buf_fmt(b, ":%u", port);
}

/* The address of the first listener, as a client on this machine would write it, or by the first of our own names. */
static void
default_public_url(struct conf_work *w, const struct conf_section *s)
{
	u8 room[SOCK_UNIX_MAX + 64];
	struct buf b = buf_over(room, sizeof room);
	const struct conf_listen *l = w->conf->listen;

	if (!l || w->conf->gen.public_url.n)
		return;
	for (u32 i = 0; i < w->conf->listens; i++)
		if (w->conf->listen[i].addr.family != ADDR_UNIX) {
			l = &w->conf->listen[i];
			break;
		}
	buf_c(&b, l->tls ? "https://" : "http://");
	if (conf_item(s, "tls_name") && l->tls)
		put_name(&b, conf_item(s, "tls_name")->value, l->addr.port);
	else if (l->addr.family == ADDR_UNIX)
		BUF_LIT(&b, "localhost");
	else if (addr_kind(&l->addr) == ADDR_SPECIAL) /* 0.0.0.0 and :: */
		buf_fmt(&b, "localhost:%u", l->addr.port);
	else
		addr_print(&b, &l->addr);
	w->conf->gen.public_url = conf_dup(w, buf_str(&b));
}

/* Looks a user up in /etc/passwd: NAME:x:UID:GID:... Reading it ourselves keeps the allocator of libc out. */
static bool
find_user(struct conf_work *w, struct str name, u32 *uid, u32 *gid)
{
	size_t mark = w->arena->used;
	struct str text, line;
	u64 u = 0, g = 0;
	bool found = false;

	if (file_load(FILE_HERE, "/etc/passwd", FILE_READ | FILE_FOLLOW, PASSWD_MAX, w->arena, &text))
		return false;
	while (text.p && !found) {
		line = str_next(&text, '\n');
		if (!str_same(str_next(&line, ':'), name))
			continue;
		str_next(&line, ':');
		found = str_u64(str_next(&line, ':'), &u) == 0 && str_u64(str_next(&line, ':'), &g) == 0 &&
		    u < UINT32_MAX && g < UINT32_MAX;
	}
	arena_rewind(w->arena, mark);
	*uid = (u32)u;
	*gid = (u32)g;
	return found;
}

static void
read_user(struct conf_work *w, const struct conf_section *s)
{
	struct str user = conf_str(s, "user");
	u32 line = conf_line(s, "user");

	if (!user.n)
		return;
	w->conf->drops = true;
	if (!find_user(w, user, &w->conf->uid, &w->conf->gid))
		conf_mistake(w, line, "there is no user '%S' in /etc/passwd", user);
	else if (w->conf->uid == 0)
		conf_mistake(w, line, "user '%S' is root: name one without rights, or leave the option out", user);
}

/* Workers cannot read these files; none, or one that is too large, means that no names are known that way. */
static struct str
system_file(struct conf_work *w, const char *path)
{
	size_t mark = w->arena->used;
	struct str text;

	if (w->ask->no_secrets)
		return STR("");
	if (file_load(FILE_HERE, path, FILE_READ | FILE_FOLLOW, NAMES_MAX, w->arena, &text) == 0)
		return text;
	arena_rewind(w->arena, mark);
	return STR("");
}

static void
read_syslog(struct conf_work *w, const struct conf_section *s)
{
	struct str to = conf_str(s, "syslog");
	bool udp = str_starts(to, STR("udp:"));

	if (to.n && ((!udp && !str_starts(to, STR("unix:"))) ||
	    addr_read(&w->conf->syslog, udp ? str_cut(to, 4, to.n) : to, 514)))
		conf_mistake(w, conf_line(s, "syslog"), "syslog is udp:ADDR:514 or unix:/dev/log, not '%S'", to);
}

void
conf_server(struct conf_work *w, const struct conf_section *s)
{
	struct conf *c = w->conf;

	c->data = w->ask->data ? w->ask->data : conf_c(w, conf_path(w, without_slash(conf_str(s, "data"))));
	read_tls(w, s);
	read_public_url(w, s);
	read_listens(w, s);
	default_public_url(w, s);
	conf_oauth(w, s);
	read_user(w, s);
	c->resolv = system_file(w, "/etc/resolv.conf");
	c->hosts = system_file(w, "/etc/hosts");
	c->workers = conf_u32(s, "workers");
	c->drain_ms = conf_u32(s, "drain_timeout");
	c->gen.approval_s = conf_u32(s, "approval_time") / 1000;
	c->gen.session_idle_s = conf_u32(s, "session_idle") / 1000;
	c->gen.session_max_s = conf_u32(s, "session_max") / 1000;
	c->jail = (u8)conf_u32(s, "jail");
	c->log_level = (u8)conf_u32(s, "log_level");
	c->audit = (u8)conf_u32(s, "audit");
	c->audit_n = conf_u32(s, "audit_size");
	read_syslog(w, s);
	c->serve.idle_ms = conf_u32(s, "idle_timeout");
	c->serve.head_ms = conf_u32(s, "head_timeout");
	c->serve.body_ms = conf_u32(s, "body_timeout");
	c->serve.write_ms = conf_u32(s, "write_timeout");
	c->serve.answer_ms = conf_u32(s, "answer_timeout");
}

static struct str
lower(struct conf_work *w, struct str s)
{
	u8 *p = conf_take(w, 1, s.n);

	for (u32 i = 0; p && i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (u8)(s.p[i] + 32) : s.p[i];
	return p ? str_of(p, s.n) : STR("");
}

static u32
count(const struct conf_section *s, const char *name)
{
	u32 n = 0;

	for (const struct conf_item *i = conf_item(s, name); i; i = conf_next(i))
		n++;
	return n;
}

static void
read_hosts(struct conf_work *w, const struct conf_section *s, const struct url *us)
{
	struct str *host = conf_take(w, sizeof *host, count(s, "allow_host") + count(s, "tls_name") + 3);
	struct url issuer;
	u32 n = 0;

	if (!host)
		return;
	host[n++] = STR("localhost");
	if (us->host.n)
		host[n++] = lower(w, us->host);
	for (const struct conf_item *i = conf_item(s, "tls_name"); i; i = conf_next(i))
		host[n++] = lower(w, i->value);
	if (!str_same(w->conf->gen.oauth.issuer, w->conf->gen.public_url) &&
	    url_parse(w->conf->gen.oauth.issuer, &issuer) == 0)
		host[n++] = lower(w, issuer.host);
	for (const struct conf_item *i = conf_item(s, "allow_host"); i; i = conf_next(i)) {
		struct str name;
		u32 port;

		if (url_authority(i->value, &name, &port))
			conf_mistake(w, i->line, "allow_host is a name such as box.lan, or name:port, not '%S'",
			    i->value);
		host[n++] = lower(w, i->value);
	}
	w->conf->serve.hosts = host;
	w->conf->serve.hosts_n = n;
}

static void
read_origins(struct conf_work *w, const struct conf_section *s, const struct url *us)
{
	struct str *origin = conf_take(w, sizeof *origin, count(s, "allow_origin") + 2);
	struct str url = w->conf->gen.public_url, issuer = w->conf->gen.oauth.issuer;
	u32 n = 0;

	if (!origin)
		return;
	if (us->host.n)
		origin[n++] = lower(w, str_cut(url, 0, url.n - us->path.n));
	if (issuer.n && !str_same(issuer, url))
		origin[n++] = lower(w, str_cut(issuer, 0, issuer.n - w->conf->gen.oauth.issuer_path.n));
	for (const struct conf_item *i = conf_item(s, "allow_origin"); i; i = conf_next(i)) {
		struct url u;

		if (url_parse(i->value, &u) || u.scheme == URL_UNIX || u.path.n || u.query.p)
			conf_mistake(w, i->line,
			    "allow_origin is scheme://host[:port] as browsers send it, without a path, not '%S'",
			    i->value);
		origin[n++] = lower(w, i->value);
	}
	w->conf->serve.origins = origin;
	w->conf->serve.origins_n = n;
}

static void
read_proxies(struct conf_work *w, const struct conf_section *s)
{
	struct addr_net *net = conf_take(w, sizeof *net, count(s, "trusted_proxy") + 1);

	if (!net)
		return;
	w->conf->serve.proxies = net;
	for (const struct conf_item *i = conf_item(s, "trusted_proxy"); i; i = conf_next(i))
		if (addr_net_read(&net[w->conf->serve.proxies_n++], i->value))
			conf_mistake(w, i->line,
			    "trusted_proxy is an address or a network such as 10.0.0.0/8, not '%S'", i->value);
}

void
conf_hosts(struct conf_work *w, const struct conf_section *s)
{
	struct url us = { 0 };

	if (w->conf->gen.public_url.n && url_parse(w->conf->gen.public_url, &us))
		us = (struct url){ 0 };
	read_hosts(w, s, &us);
	read_origins(w, s, &us);
	read_proxies(w, s);
}
