#include "app/issuer.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "http/hout.h"
#include "op/op.h"

static void issuer_run(struct ready *r, msec now);

void
issuer_init(struct issuer *i, struct calls *calls, struct jsmntok *tok)
{
	i->calls = calls;
	i->tok = tok;
	ready_init(&i->ready, issuer_run);
	list_init(&i->waiting);
}

static u64
id_of(const struct environment *at)
{
	return map_hash(at->path, at->origin) | 1;
}

/* ---- the fetch ----------------------------------------------------------------------------------------- */

static void
finish(struct issuer *i, msec now)
{
	call_end(i->call, now);
	i->call = NULL;
	lease_give(&i->calls->net->lease, &i->document);
	--*i->hold;
	LIST_EACH(&i->waiting, link, tmp) {
		struct issuer_wait *w = CONTAINER_OF(link, struct issuer_wait, link);

		list_out(link);
		loop_ready(i->calls->net->loop, w->owner);
	}
}

static void
fail(struct issuer *i, struct str why, msec now)
{
	log_warn("issuer", "its keys could not be fetched from %S%S: %S%s", i->at->host_field, i->at->path, why,
	    i->set[i->turn].n ? "; the last good ones are kept" : "; none of its tokens is taken");
	if (i->call)
		finish(i, now);
}

static void
start(struct issuer *i, msec now)
{
	const struct environment *at = i->at;
	struct call_spec spec = op_call_spec(at);
	struct buf *out;

	spec.method = METHOD_GET;
	spec.idempotent = true;
	spec.body_max = ISSUER_DOCUMENT_MAX;
	i->tried = now;
	i->call = call_start(i->calls, &spec, &i->ready, now);
	if (!i->call) {
		fail(i, str_c(i->calls->why), now);
		return;
	}
	++*i->hold;
	i->document = lease_take(&i->calls->net->lease, ISSUER_DOCUMENT_MAX);
	out = i->document.p ? call_out(i->call, at->path.n + at->host_field.n + 200) : NULL;
	if (out) {
		hout_request(out, STR("GET"), at->path.n ? at->path : STR("/"));
		hout_field(out, "Host", at->host_field);
		BUF_LIT(out, "Accept: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: mcpgated\r\n");
		hout_end(out);
	}
	if (!out || out->over || call_send(i->call)) {
		fail(i, STR("the gate is out of buffers"), now);
		return;
	}
	loop_ready(i->calls->net->loop, &i->ready);
}

/* All of it is there. */
static void
take(struct issuer *i, msec now)
{
	struct external_keys *next = &i->set[!i->turn];
	struct buf room = lease_take(&i->calls->net->lease, 4096);
	struct arena a = arena_over(room.p, room.p ? room.cap : 0);
	const char *why = external_jwks(buf_str(&i->document), i->tok, RPC_TOKENS_MAX, &a, next);

	lease_give(&i->calls->net->lease, &room);
	if (why) {
		fail(i, str_c(why), now);
		return;
	}
	i->turn = !i->turn;
	i->got = now;
	log_info("issuer", "%u keys from %S%S", next->n, i->at->host_field, i->at->path);
	finish(i, now);
}

static void
issuer_run(struct ready *r, msec now)
{
	struct issuer *i = CONTAINER_OF(r, struct issuer, ready);
	int err = i->call ? call_whole(i->call, &i->document, now) : ERR_MORE;
	u8 room[40];
	struct buf b = buf_over(room, sizeof room);

	if (err == ERR_MORE)
		return;
	buf_fmt(&b, "it answers %u", (u32)i->call->status);
	if (err || i->call->status != 200)
		fail(i, err == ERR_FULL ? STR("the set is too long") : err ? call_why(i->call) : buf_str(&b), now);
	else
		take(i, now);
}

/* ---- for requests -------------------------------------------------------------------------------------- */

void
issuer_begin(struct issuer *i, const struct environment *at, u32 *hold, msec now)
{
	u64 id = at ? id_of(at) : 0;

	if (i->call)
		finish(i, now); /* of another configuration: whoever waits asks again */
	if (i->id != id) {
		i->set[0].n = i->set[1].n = 0;
		i->got = i->tried = 0;
	}
	i->id = id;
	i->at = at;
	i->hold = hold;
	if (at && (!i->got || now - i->got >= ISSUER_FRESH_MS))
		start(i, now);
}

static bool
is_good(const struct issuer *i, msec now)
{
	return i->set[i->turn].n && now - i->got < ISSUER_KEEP_MS;
}

bool
issuer_ready(struct issuer *i, msec now)
{
	if (!i->at || is_good(i, now))
		return true;
	if (!i->call && now - i->tried >= ISSUER_RETRY_MS)
		start(i, now);
	return false;
}

int
issuer_need(struct issuer *i, const struct environment *at, struct issuer_wait *w, bool unknown,
    const struct external_keys **keys, msec now)
{
	bool good = is_good(i, now);
	bool due = !good || unknown || now - i->got >= ISSUER_FRESH_MS;

	if (!i->at || i->id != id_of(at))
		return ERR_LATE;
	*keys = &i->set[i->turn];
	if (due && !i->call && now - i->tried >= (good ? ISSUER_AGAIN_MS : ISSUER_RETRY_MS))
		start(i, now);
	if (i->call && (!good || unknown)) {
		list_out(&w->link);
		list_last(&i->waiting, &w->link);
		return ERR_MORE;
	}
	return good ? 0 : i->got ? ERR_BAD : ERR_LATE;
}
