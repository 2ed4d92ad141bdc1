/* host: which Host and Origin a request may carry (DNS rebinding). Judged for every request before any route is looked
 * at; a name nobody configured is refused, whatever address it came in by. */
#ifndef SERVE_HOST_H
#define SERVE_HOST_H

#include "http/head.h"
#include "sys/sock.h"

struct serve_conf;

/* Where requests come in: the listeners' addresses, whose IP literals need no configuration. */
struct host_place {
	const struct serve_conf *conf;
	const struct addr *const *listen;
	u32 listens;
	bool tls; /* the connection speaks TLS: its own origin is https */
};

/* Whether an authority (Host, or that of an absolute target) may be served: "localhost", an IP literal of a listener
 * (any for a listener on all addresses), or one of conf->hosts. A trailing dot and case do not matter. */
bool host_allowed(const struct host_place *place, struct str authority);

/* Whether the request's Origin may be served: none at all, one of conf->origins, or that of a page which localhost or
 * an IP literal served itself, which no foreign name can forge. */
bool host_origin_allowed(const struct host_place *place, const struct req *req);

#endif
