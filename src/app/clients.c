#include "app/clients.h"

#include "app/act.h"
#include "app/guard.h"
#include "base/base64.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

enum { AT_CLIENTS, AT_DOCUMENTS, AT_GRANTS, AT_WRITE };
enum { VERB_ADD, VERB_LIST, VERB_REMOVE, VERB_RESET, VERB_PIN, VERBS };

#define KEY_SHOWN 12 /* hex characters of a key that lists show */

static const char *const verbs[VERBS] = { "add", "list", "remove", "reset", "pin" };
static const char *const methods[] = { "none", "client_secret_basic", "client_secret_post" };
static const char *const kinds[] = { "registered", "added", "document" };

static enum step
fail(struct clients *c, u16 status, const char *why)
{
	c->status = status;
	c->why = why;
	return STEP_FAIL;
}

static void
print(struct buf *b, const struct client *c, struct str key, struct str secret)
{
	struct jout o = jout_into(b);
	u8 room[24];
	struct buf at = buf_over(room, sizeof room);

	jout_open(&o, '{');
	jout_str(&o, "key", str_cut(key, 2, 2 + KEY_SHOWN));
	if (c->id.n)
		jout_str(&o, "id", c->id);
	if (secret.n)
		jout_str(&o, "secret", secret);
	jout_str(&o, "name", c->name);
	jout_c(&o, "kind", c->pinned ? "pinned" : kinds[c->kind]);
	jout_c(&o, "token_endpoint_auth_method", methods[c->auth]);
	jout_key_open(&o, "redirect_uris", '[');
	for (u32 i = 0; i < c->uris; i++)
		jout_str(&o, NULL, c->uri[i]);
	jout_close(&o, ']');
	text_time(&at, c->made);
	jout_str(&o, "since", buf_str(&at));
	jout_close(&o, '}');
}

/* ---- store operations -------------------------------------------------------------------------------- */

static enum step
write_record(struct clients *c, u8 verb, struct str key, struct str val)
{
	c->at = AT_WRITE;
	c->op = (struct store_op){ .verb = verb, .key = key, .val = val, .owner = c->owner };
	c->op.ttl_s = STORE_FOREVER;
	store_start(c->st, &c->op, 0);
	return clients_step(c);
}

static void
list(struct clients *c, u8 at, const char *prefix, u32 cursor)
{
	c->at = at;
	c->page = buf_over(c->room, sizeof c->room);
	c->op = (struct store_op){ .verb = STORE_LIST, .key = str_c(prefix), .cursor = cursor, .out = &c->page };
	c->op.owner = c->owner;
	store_start(c->st, &c->op, 0);
}

/* ---- what is begun ----------------------------------------------------------------------------------- */

static enum step
start_add(struct clients *c, struct jcur q)
{
	struct arena a = arena_over(c->room, sizeof c->room);
	struct client made;
	struct buf record = buf_over(c->record, sizeof c->record), id = buf_over(c->text, sizeof c->text);
	struct str given = json_str(json_get(q, "id"), &a);
	u8 room[64];
	struct buf secret = buf_over(room, sizeof room);
	const char *why = client_read(q, c->schemes, &a, &made);

	if (json_kind(json_get(q, "name")) == JSON_STRING && !why)
		made.name = json_str(json_get(q, "name"), &a);
	if (why || !made.name.n || made.name.n > CLIENT_NAME_MAX)
		return fail(c, 400, why ? why : "a client needs a name of 1 to 64 bytes");
	for (u32 i = 0; i < given.n; i++)
		if (given.p[i] <= ' ' || given.p[i] > '~' || given.p[i] == ':')
			return fail(c, 400, "an id is visible ASCII without colons");
	if (given.n > 100 || str_starts(given, STR(CLIENT_PREFIX)))
		return fail(c, 400, "an id has at most 100 characters, and is none that registration makes");
	buf_put(&id, given);
	if (!given.n) {
		BUF_LIT(&id, "mcpg-p.");
		base64_put_url(&id, str_of(c->random, 12));
	}
	made.kind = CLIENT_PRE;
	made.id = buf_str(&id);
	made.made = store_wall(c->st);
	if (made.auth != CLIENT_PUBLIC) {
		BUF_LIT(&secret, "mcpg-s.");
		base64_put_url(&secret, str_of(c->random + 16, 32));
		hash_once(buf_str(&secret), made.secret);
	}
	client_encode(&record, &made);
	client_key(c->key, 'c', made.id);
	print(c->out, &made, str_of(c->key, sizeof c->key), buf_str(&secret));
	ct_wipe(room, sizeof room);
	if (record.over)
		return fail(c, 400, "too many redirect URIs");
	return write_record(c, STORE_ADD, str_of(c->key, sizeof c->key), buf_str(&record));
}

static enum step
start_pin(struct clients *c, struct jcur q, struct jsmntok *tok, u32 toks)
{
	struct arena a = arena_over(c->room, sizeof c->room);
	struct str url = json_str(json_get(q, "url"), &a), text = json_str(json_get(q, "document"), &a);
	struct buf record = buf_over(c->record, sizeof c->record);
	struct client made;
	struct jdoc d;
	const char *why;

	url = arena_dup(&a, url);
	text = arena_dup(&a, text); /* the tokens are about to be another document's */
	if (!url.p || !client_document_url(url))
		return fail(c, 400, "the URL is https://HOST/PATH, without query, fragment and dot segments");
	if (!text.p || json_parse_request(&d, text, tok, toks, &a))
		return fail(c, 400, "the document is no JSON object, or larger than 5 KB");
	why = client_document(url, json_root(&d), &a, &made);
	if (why)
		return fail(c, 400, why);
	made.pinned = true;
	made.made = store_wall(c->st);
	client_encode(&record, &made);
	client_key(c->key, 'm', url);
	print(c->out, &made, str_of(c->key, sizeof c->key), STR_NONE);
	return record.over ? fail(c, 400, "too many redirect URIs")
	                   : write_record(c, STORE_PUT, str_of(c->key, sizeof c->key), buf_str(&record));
}

enum step
clients_start(struct clients *c, struct jcur q, struct jsmntok *tok, u32 toks)
{
	struct str which = json_str(json_get(q, "which"), NULL);

	while (c->verb < VERBS && !json_is(json_get(q, "verb"), verbs[c->verb]))
		c->verb++;
	switch (c->verb) {
	case VERB_ADD: return start_add(c, q);
	case VERB_PIN: return start_pin(c, q, tok, toks);
	case VERB_REMOVE:
		if (!which.n || which.n > sizeof c->text)
			return fail(c, 404, "no client has this id, name or key");
		memcpy(c->text, which.p, which.n);
		c->which = str_of(c->text, which.n);
		list(c, AT_CLIENTS, "c:", 0);
		break;
	case VERB_LIST:
		BUF_LIT(c->out, "{\"clients\":[");
		list(c, AT_CLIENTS, "c:", 0);
		break;
	case VERB_RESET: list(c, AT_GRANTS, "g:", 0); break;
	default: return fail(c, 400, "verb is add, list, remove, reset or pin");
	}
	return clients_step(c);
}

/* ---- going through what there is --------------------------------------------------------------------------- */

static bool
is_meant(const struct clients *c, const struct client *one, struct str key)
{
	return str_same(one->id, c->which) || str_same(one->name, c->which) ||
	    (c->which.n >= 6 && str_starts(str_cut(key, 2, key.n), c->which));
}

static void
take_clients(struct clients *c)
{
	struct str rest = buf_str(&c->page);
	struct store_entry e;
	struct client one;

	while (store_entry(&rest, &e)) {
		if (e.key.n != CLIENT_KEY_N || client_decode(e.val, &one) || one.removed)
			continue;
		if (c->verb == VERB_LIST) {
			if (c->any)
				buf_byte(c->out, ',');
			c->any = true;
			print(c->out, &one, e.key, STR_NONE);
		} else if (is_meant(c, &one, e.key)) {
			c->found++;
			c->kind = one.kind;
			memcpy(c->key, e.key.p, sizeof c->key);
			c->out->w = 0;
			print(c->out, &one, e.key, STR_NONE);
		}
	}
}

/* Drops the grants of the client that goes, or of all that registered themselves. The write that follows them is
 * waited for, and is on disk only after them. */
static void
drop_grants(struct clients *c)
{
	struct str rest = buf_str(&c->page);
	struct store_entry e;
	struct grant g;
	char hex[33];

	while (store_entry(&rest, &e)) {
		struct store_op drop = { .verb = STORE_DROP, .key = e.key, .lazy = true };
		struct buf b = buf_over(hex, sizeof hex);

		if (grant_decode(e.val, &g))
			continue;
		for (u32 i = 0; i < 16; i++)
			buf_hex(&b, g.client[i], 2);
		if (c->verb == VERB_RESET ? g.dynamic : memcmp(hex, c->key + 2, 32) == 0)
			store_start(c->st, &drop, 0);
	}
}

static enum step
last_write(struct clients *c)
{
	struct buf b = buf_over(c->record, sizeof c->record);
	struct client tomb = { .kind = CLIENT_DYNAMIC, .removed = true, .made = store_wall(c->st) };

	if (c->verb == VERB_RESET) {
		client_epoch_put(&b, store_wall(c->st) + 1); /* what is made this very second is void, too */
		BUF_LIT(c->out, "{}");
		return write_record(c, STORE_PUT, STR(CLIENT_EPOCH_KEY), buf_str(&b));
	}
	if (c->kind != CLIENT_DYNAMIC)
		return write_record(c, STORE_DROP, str_of(c->key, sizeof c->key), STR_NONE);
	client_encode(&b, &tomb); /* its id is signed: that it does not hold any more has to be remembered */
	return write_record(c, STORE_PUT, str_of(c->key, sizeof c->key), buf_str(&b));
}

/* All clients and documents were looked at. */
static enum step
looked(struct clients *c)
{
	u8 room[CLIENT_PAYLOAD_MAX + 16];
	struct client one;

	if (c->verb == VERB_LIST) {
		BUF_LIT(c->out, "]}");
		return c->out->over ? fail(c, 507, "too many clients to list") : STEP_DONE;
	}
	if (c->found == 0 && client_id_open(c->handle_key, c->which, room, &one) == 0) {
		c->found = 1; /* registered, but never used: the store knows nothing of it */
		client_key(c->key, 'c', c->which);
		print(c->out, &one, str_of(c->key, sizeof c->key), STR_NONE);
	}
	if (c->found != 1)
		return c->found ? fail(c, 409, "several clients match: give the id or more of the key")
		                : fail(c, 404, "no client has this id, name or key");
	list(c, AT_GRANTS, "g:", 0);
	return STEP_MORE;
}

static enum step
listed(struct clients *c)
{
	static const char *const prefix[] = { "c:", "m:", "g:" };

	if (c->op.err)
		return fail(c, 507, "the store cannot be read");
	if (c->at == AT_GRANTS)
		drop_grants(c);
	else
		take_clients(c);
	if (c->op.cursor) {
		list(c, c->at, prefix[c->at], c->op.cursor);
		return STEP_MORE;
	}
	if (c->at == AT_GRANTS)
		return last_write(c);
	if (c->at == AT_DOCUMENTS)
		return looked(c);
	list(c, AT_DOCUMENTS, "m:", 0);
	return STEP_MORE;
}

enum step
clients_step(struct clients *c)
{
	enum step s = STEP_MORE;

	while (s == STEP_MORE) {
		if (!c->op.done)
			return STEP_WAIT;
		if (c->at != AT_WRITE)
			s = listed(c);
		else if (c->op.err == ERR_LATE)
			s = fail(c, 409, "a client with this id exists");
		else
			s = c->op.err ? fail(c, 507, "the store cannot be written: nothing was changed") : STEP_DONE;
	}
	return s;
}

enum step
clients_control(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct clients *c = j->own;
	struct arena *a;
	struct jdoc d;
	enum step s;

	if (!guard_control(j))
		return STEP_DONE;
	if (!c) {
		a = exchange_arena_n(x, CLIENTS_OUT_N + sizeof *c + 4096);
		c = ARENA_NEW(a, struct clients);
		j->own = c;
		if (c && (c->out = ARENA_NEW(a, struct buf)))
			*c->out = arena_buf(a, CLIENTS_OUT_N);
		if (!c || !c->out || !c->out->p)
			return reply_error(x, 503, "busy: try again");
		if (json_parse_request(&d, x->body, j->app->mcp.tok, RPC_TOKENS_MAX, a))
			return reply_error(x, 400, "the body must be a JSON object");
		c->st = j->app->store;
		c->owner = exchange_ready(x);
		c->schemes = j->gen->gen->oauth.schemes;
		rng_bytes(j->app->rng, c->random, sizeof c->random);
		memcpy(c->handle_key, j->app->handle_key, sizeof c->handle_key);
		j->own_op = &c->op;
		s = clients_start(c, json_root(&d), j->app->mcp.tok, RPC_TOKENS_MAX);
	} else {
		s = clients_step(c);
	}
	if (s == STEP_WAIT)
		return s;
	if (s == STEP_FAIL)
		return reply_error(x, c->status, c->why);
	if (c->verb != VERB_LIST) {
		u8 room[24];
		struct buf verb = buf_over(room, sizeof room);

		buf_fmt(&verb, "client %s", verbs[c->verb]);
		act_change(j, "admin", buf_str(&verb), str_of(c->key, c->key[0] ? CLIENT_KEY_N : 0));
	}
	return reply_bytes(x, 200, "application/json", buf_str(c->out));
}
