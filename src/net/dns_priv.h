/* dns_priv: the two halves of the resolver that know no sockets: messages (dns_msg.c), and what is known without asking
 * (dns_known.c: literals, localhost, hosts, cache). */
#ifndef NET_DNS_PRIV_H
#define NET_DNS_PRIV_H

#include "net/dns.h"

#define DNS_TYPE_A 1
#define DNS_TYPE_CNAME 5
#define DNS_TYPE_SOA 6
#define DNS_TYPE_AAAA 28
#define DNS_QUESTION_MAX 272 /* header, name, type and class */

/* Appends the question for name (dns_name_ok) with our id, recursion desired. */
void dns_question(struct buf *out, u16 id, u16 type, struct str name);

/* Whether name needs no server: an IP literal, localhost, a name of the hosts file. Then *list is filled. */
bool dns_known(const struct dns *d, struct str name, struct dns_list *list);

/* The cached answer for name, or NULL; an empty list says that there is none. */
const struct dns_list *dns_cached(const struct dns *d, struct str name, msec now);

/* Keeps an answer; ttl_s is clamped here. */
void dns_keep(struct dns *d, struct str name, const struct dns_list *list, u32 ttl_s, msec now);

/* Appends an address if there is room and it is not there yet. */
void dns_add(struct dns_list *list, u8 family, const u8 *ip);

#endif
