/* dial: from a host to a connected wire: resolve, judge every address, connect, TLS if asked for.
 *
 *   name > dns > [address allowed?] > connect; 250 ms later the next address beside it; the first that connects wins
 *
 * Never connected to, whoever asks: link-local addresses, metadata services, special ranges, our own listeners. Private
 * and loopback addresses (and unix sockets) only when the target is written in the config. What is judged is the
 * resolved address, at the moment of connecting, so a name that changes its mind gains nothing.
 *
 * A struct dial comes from a pool of its user and must not move while it is under way. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "crypt/tls.h"
#include "net/dns.h"
#include "net/wire.h"

#define DIAL_TRIES 3      /* connects under way side by side */
#define DIAL_NEXT_MS 250  /* when the next address is tried beside the others */
#define DIAL_WHY_MAX 240  /* bytes of the sentence about a failure */

/* Where to. The strings must live until the dial ends. */
struct dial_to {
	struct str host;            /* name or IP literal, no brackets; for a unix socket only for messages */
	struct str unix_path;       /* not empty: connect there */
	u16 port;
	bool configured;            /* written in the config: private and loopback addresses are allowed */
	const struct tls_trust *tls; /* NULL: plain */
};

/* What all dials of a worker share. own: our listeners, never connected to. */
struct dialer {
	struct net *net;
	struct dns *dns;
	const struct addr *own;
	u32 own_n;
};

struct dial {
	struct dialer *dialer;
	struct dial_to to;
	struct wire *wire;
	struct ready *owner;
	struct timer timer;
	struct watch watch[DIAL_TRIES];
	struct dns_ip at[DIAL_TRIES]; /* whom each of them is for */
	struct dns_query query;
	u8 next;    /* index of the next address in query.list */
	u8 state;
	u8 refused; /* addresses that may not be reached */
	msec next_at;
	int err;    /* ERR_NONE no such host; ERR_DENY not allowed; ERR_LATE; ERR_IO; ERR_FULL */
	int error;  /* errno of the last connect that failed */
	u8 why_n;
	char why[DIAL_WHY_MAX]; /* after FAIL: one sentence, with the host */
};

/* Begins. d is zeroed by the caller. wire: zeroed but for net, and for out, where a request may already wait (it is
 * kept). deadline is the moment by which all must be done. Then call dial_step. */
void dial_start(struct dial *d, struct dialer *dialer, const struct dial_to *to, struct wire *wire,
    struct ready *owner);

/* Goes on. DONE: the wire is connected and belongs to owner; WAIT; FAIL: d->err and d->why. The caller minds the
 * deadline (dial_late gives the sentence for it). */
enum step dial_step(struct dial *d, msec now);

/* The deadline passed: sets d->err and a sentence that says what was being waited for. */
void dial_late(struct dial *d, u32 connect_ms);

/* Lets go of everything but the wire, at any state, after DONE and FAIL as well. */
void dial_end(struct dial *d);

/* Marks another ready from now on. */
void dial_owner(struct dial *d, struct ready *owner);

/* Whether an upstream connection to a may be made. 0, or ERR_DENY with *why a static text ("a link-local address"). */
int dial_allowed(const struct dialer *dialer, const struct addr *a, bool configured, const char **why);

/* Appends the target as messages name it: "api.example.com:443", "unix:/run/api.sock". */
void dial_print(struct buf *b, const struct dial_to *to);

/* Descriptors and timers one dial may hold at once: for planning the loop. */
#define DIAL_WATCHES (DIAL_TRIES + 2)
#define DIAL_TIMERS 2

#endif
