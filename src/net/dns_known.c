#include "net/dns_priv.h"

#include "base/map.h"

int
dns_init(struct dns *d, struct arena *a, struct net *net, struct rng *rng)
{
	memset(d, 0, sizeof *d);
	d->net = net;
	d->rng = rng;
	list_init(&d->asking);
	d->cache = ARENA_ARRAY(a, struct dns_entry, DNS_CACHE_N);
	return d->cache ? 0 : ERR_FULL;
}

size_t
dns_bytes(void)
{
	return DNS_CACHE_N * sizeof(struct dns_entry) + 16;
}

bool
dns_name_ok(struct str text)
{
	struct str rest = text;

	if (text.n == 0 || text.n > DNS_NAME_MAX)
		return false;
	while (rest.p) {
		struct str label = str_next(&rest, '.');

		if (label.n == 0 || label.n > 63)
			return false;
		for (u32 i = 0; i < label.n; i++) {
			u8 c = label.p[i];

			if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
				return false;
		}
	}
	return true;
}

/* The next word of a line, or an empty one. */
static struct str
word(struct str *rest)
{
	u32 from = 0, to;

	while (from < rest->n && (rest->p[from] == ' ' || rest->p[from] == '\t' || rest->p[from] == '\r'))
		from++;
	for (to = from; to < rest->n; to++)
		if (rest->p[to] == ' ' || rest->p[to] == '\t' || rest->p[to] == '\r')
			break;
	struct str w = str_cut(*rest, from, to);
	*rest = str_cut(*rest, to, rest->n);
	return w;
}

/* The next line without its comment. */
static struct str
line(struct str *text)
{
	struct str l = str_next(text, '\n');
	int hash = str_find(l, '#', 0), semicolon = str_find(l, ';', 0);

	if (hash >= 0)
		l = str_cut(l, 0, (u32)hash);
	return semicolon == 0 ? str_cut(l, 0, 0) : l;
}

static void
conf_line(struct dns *d, struct str l)
{
	struct str key = word(&l), value;

	if (str_is(key, "nameserver") && d->servers < DNS_SERVERS_MAX) {
		struct addr *a = &d->server[d->servers];

		value = word(&l);
		if (addr_read_ip(a, value) == 0)
			a->port = 53;
		else if (addr_read(a, value, 53) || a->family == ADDR_UNIX)
			return;
		d->servers++;
	} else if (str_is(key, "search") || str_is(key, "domain")) {
		d->searches = 0; /* the last line counts */
		while ((value = word(&l)).n && d->searches < DNS_SEARCH_MAX) {
			if (value.n > 1 && value.p[value.n - 1] == '.')
				value.n--;
			if (dns_name_ok(value))
				d->search[d->searches++] = value;
		}
	}
}

void
dns_conf(struct dns *d, struct str resolv, struct str hosts)
{
	d->servers = d->searches = 0;
	d->hosts = hosts;
	while (resolv.p)
		conf_line(d, line(&resolv));
	for (u32 i = 0; i < DNS_CACHE_N; i++)
		d->cache[i].name_n = 0;
}

void
dns_add(struct dns_list *list, u8 family, const u8 *ip)
{
	u32 n = family == ADDR_V4 ? 4 : 16;

	for (u32 i = 0; i < list->n; i++)
		if (list->at[i].family == family && memcmp(list->at[i].ip, ip, n) == 0)
			return;
	if (list->n == DNS_ADDRS_MAX)
		return;
	list->at[list->n].family = family;
	memcpy(list->at[list->n++].ip, ip, n);
}

static void
from_hosts(struct str hosts, struct str name, struct dns_list *list)
{
	while (hosts.p) {
		struct str l = line(&hosts), ip = word(&l), w;
		struct addr a;

		while ((w = word(&l)).n)
			if (str_same_nocase(w, name) && addr_read_ip(&a, ip) == 0)
				dns_add(list, a.family, a.ip);
	}
}

bool
dns_known(const struct dns *d, struct str name, struct dns_list *list)
{
	static const u8 v4[4] = { 127, 0, 0, 1 }, v6[16] = { [15] = 1 };
	struct addr a;

	list->n = 0;
	if (addr_read_ip(&a, name) == 0) {
		dns_add(list, a.family, a.ip);
		return true;
	}
	if (str_is(name, "localhost") || str_ends(name, STR(".localhost"))) {
		dns_add(list, ADDR_V4, v4);
		dns_add(list, ADDR_V6, v6);
		return true;
	}
	from_hosts(d->hosts, name, list);
	return list->n > 0;
}

static struct str
entry_name(const struct dns_entry *e)
{
	return str_of(e->name, e->name_n);
}

const struct dns_list *
dns_cached(const struct dns *d, struct str name, msec now)
{
	for (u32 i = 0; i < DNS_CACHE_N; i++)
		if (d->cache[i].name_n && now < d->cache[i].until && str_same(entry_name(&d->cache[i]), name))
			return &d->cache[i].list;
	return NULL;
}

void
dns_keep(struct dns *d, struct str name, const struct dns_list *list, u32 ttl_s, msec now)
{
	struct dns_entry *e = &d->cache[0];

	for (u32 i = 0; i < DNS_CACHE_N; i++) {
		struct dns_entry *other = &d->cache[i];

		if (other->name_n && str_same(entry_name(other), name)) {
			e = other;
			break;
		}
		if (!other->name_n || (e->name_n && other->until < e->until))
			e = other; /* a free one, else what expires first */
	}
	ttl_s = max_u32(min_u32(ttl_s, DNS_TTL_MAX_S), DNS_TTL_MIN_S);
	if (list->n == 0)
		ttl_s = min_u32(ttl_s, DNS_NEGATIVE_S);
	e->until = now + (msec)ttl_s * 1000;
	e->name_n = (u16)name.n;
	memcpy(e->name, name.p, name.n);
	e->list = *list;
}
