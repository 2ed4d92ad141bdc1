/* dns: a small stub resolver that never blocks: the servers of resolv.conf over UDP (TCP when cut), the names of
 * /etc/hosts, a cache. The caller reads those files and hands their text over.
 *
 *   dns_ask > A and AAAA side by side, 2 s a try, each try another server > dns_step DONE: up to 16 addresses
 *
 * "localhost" and IP literals are answered at once, without asking anybody. A reply counts only if it comes from the
 * server that was asked, to the port the kernel chose at random for this try, with our random id and our question.
 * A struct dns_query is the caller's (it lies in a struct dial) and must not move between dns_ask and dns_end. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "net/net.h"
#include "sys/sock.h"

#define DNS_SERVERS_MAX 3
#define DNS_SEARCH_MAX 4   /* suffixes for names without a dot */
#define DNS_ADDRS_MAX 16   /* addresses of one name */
#define DNS_NAME_MAX 253   /* characters */
#define DNS_CNAMES_MAX 8   /* links of an alias chain */
#define DNS_CACHE_N 32     /* names */
#define DNS_TRY_MS 2000    /* one try */
#define DNS_TRIES 3        /* tries of each question, going round the servers */
#define DNS_GRACE_MS 50    /* what one family waits for the other */
#define DNS_TTL_MIN_S 5
#define DNS_TTL_MAX_S 1800
#define DNS_NEGATIVE_S 30  /* at most: "no such name" is asked again after it */
#define DNS_TCP_MAX 4096   /* bytes of a reply over TCP; a longer one is refused */

struct rng;

/* An address without a port. */
struct dns_ip {
	u8 family; /* ADDR_V4, ADDR_V6 */
	u8 ip[16];
};

struct dns_list {
	u8 n;
	struct dns_ip at[DNS_ADDRS_MAX];
};

struct dns_entry {
	msec until;
	u16 name_n; /* 0: free */
	u8 name[DNS_NAME_MAX];
	struct dns_list list; /* empty: there is no such name, or it has no address */
};

struct dns {
	struct net *net;
	struct rng *rng;
	struct addr server[DNS_SERVERS_MAX];
	struct str search[DNS_SEARCH_MAX]; /* views into the text given to dns_conf */
	u32 servers, searches;
	struct str hosts;
	struct dns_entry *cache; /* DNS_CACHE_N */
	struct link asking;      /* struct dns_query under way */
	u64 asked, hits;         /* counters */
};

/* One of the two questions of a query. */
struct dns_part {
	struct watch watch; /* UDP, or TCP when tcp is set */
	struct dns_list list;
	struct buf tcp_in;  /* leased while a reply comes over TCP */
	u16 type, id;
	u8 tries, state;
	bool tcp;
	msec due;
};

struct dns_query {
	struct link link;
	struct dns *dns;
	struct ready *owner;
	struct timer timer;
	struct dns_part part[2];
	struct dns_list list;    /* the answer; IPv6 and IPv4 alternate, IPv6 first */
	u16 name_n;
	u8 name[DNS_NAME_MAX + 1]; /* as asked now, lower case, no dot at the end */
	u8 plain_n;              /* of which the caller's own */
	u8 search;               /* suffix being tried; dns->searches: none */
	u8 state;
	u32 ttl_s;
	msec grace;              /* when one family stops waiting for the other */
	int err; /* ERR_NONE no such name; ERR_LATE nobody answered; ERR_BAD not a name; ERR_FULL; ERR_IO */
};

/* Begins empty: no server, no hosts. Carves the cache from a. ERR_FULL. */
int dns_init(struct dns *d, struct arena *a, struct net *net, struct rng *rng);

/* Bytes dns_init takes from its arena. */
size_t dns_bytes(void);

/* Sets the text of /etc/resolv.conf and /etc/hosts, which must stay until the next dns_conf; drops the cache. Lines
 * that make no sense are skipped. Queries under way go on with the new servers. */
void dns_conf(struct dns *d, struct str resolv, struct str hosts);

/* Whether text is a host name that may be asked for: labels of 1 to 63 letters, digits, '-' and '_', 253 in all. */
bool dns_name_ok(struct str text);

/* Begins. q is zeroed by the caller; the name is copied. Then call dns_step. */
void dns_ask(struct dns_query *q, struct dns *d, struct str name, struct ready *owner);

/* Goes on. DONE: q->list holds at least one address; WAIT: owner is marked when there is more to do; FAIL: q->err. */
enum step dns_step(struct dns_query *q, msec now);

/* Lets go of everything, at any state; after DONE and FAIL as well. Harmless on a zeroed query. */
void dns_end(struct dns_query *q);

/* Marks another ready from now on. */
void dns_owner(struct dns_query *q, struct ready *owner);

/* Reads one reply to (id, type, name). 0: out and *ttl_s are filled, maybe with no address (the name exists); ERR_NONE
 * no such name; ERR_MORE not our reply, wait on; ERR_FULL cut, ask over TCP; ERR_IO the server is of no use (refused,
 * failed); ERR_BAD ours but broken. Touches nothing but its arguments. */
int dns_reply(struct str reply, u16 id, u16 type, struct str name, struct dns_list *out, u32 *ttl_s);

#endif
