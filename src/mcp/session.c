#include "mcp/session.h"

#include "auth/handle.h"
#include "base/base64.h"
#include "base/le.h"
#include "op/own.h"

#define RANDOM_N 16
#define PAYLOAD_N (4 + 1 + RANDOM_N) /* born, version, random */
#define ENDED "x:"
#define OPENS_PAGES 0x80 /* beside the version */

/* What an id is good for beyond what it says: this principal at this api. */
static struct str
bind_of(const struct mcp *m, u8 room[80])
{
	struct buf b = buf_over(room, 80);

	buf_hex(&b, m->who->id, 16);
	buf_put(&b, str_cut(m->api->name, 0, 60));
	return buf_str(&b);
}

/* What is known of a session stands in the store under its random part. */
static struct str
key_of(struct buf b, const char *prefix, const u8 *payload)
{
	buf_c(&b, prefix);
	for (u32 i = 0; b.p && i < RANDOM_N; i++)
		buf_hex(&b, payload[5 + i], 2);
	return buf_str(&b);
}

int
session_own(struct str id, u8 room[SESSION_OWN_N], struct str *key)
{
	u8 whole[HANDLE_PAYLOAD_MAX];

	if (base64_read_url(id, whole, sizeof whole) <= PAYLOAD_N)
		return ERR_BAD;
	*key = key_of(buf_over(room, SESSION_OWN_N), OWN_PREFIX, whole);
	return 0;
}

/* Whether one more thing may be remembered: who makes and ends sessions all day, as nobody needs leave for, must not
 * fill the store that keys go into. */
static bool
has_room(const struct mcp *m)
{
	struct store_figures f;

	store_figures(m->shared->store, &f);
	return f.keys < f.keys_max / 2;
}

void
session_make(struct mcp *m, struct buf *out)
{
	u8 payload[PAYLOAD_N], bind[80];

	put_le32(payload, m->shared->now_s);
	payload[4] = (u8)(m->version | (m->opens_pages ? OPENS_PAGES : 0));
	m->shared->random(m->shared->random_of, payload + 5, RANDOM_N);
	handle_make(out, m->shared->handle_key, "session", bind_of(m, bind), str_of(payload, PAYLOAD_N));
	if (m->capture && m->own && has_room(m)) {
		u8 room[SESSION_OWN_N];
		struct own_session s = { .api = m->api, .environment = m->capture };

		s.key = key_of(buf_over(room, sizeof room), OWN_PREFIX, payload);
		own_keep(m->shared->ops, m->own, &s, SESSION_TTL_S);
	}
}

/* Opens the id of the header into payload. 0; ERR_NONE no header; ERR_BAD not ours, or too old. */
static int
open_id(struct mcp *m, u8 payload[HANDLE_PAYLOAD_MAX])
{
	struct str id = field_get(&m->x->req.fields, FIELD_MCP_SESSION_ID);
	u8 bind[80];
	u32 born;

	if (!id.p)
		return ERR_NONE;
	if (handle_open(m->shared->handle_key, "session", bind_of(m, bind), id, payload) != PAYLOAD_N)
		return ERR_BAD;
	born = le32(payload);
	if (m->shared->now_s > born && m->shared->now_s - born > SESSION_TTL_S)
		return ERR_BAD;
	m->opens_pages = payload[4] & OPENS_PAGES;
	payload[4] &= (u8)~OPENS_PAGES;
	return payload[4] <= MCP_NEWEST_LEGACY ? 0 : ERR_BAD;
}

/* The store key of an ended session, in the exchange's arena since the op may wait. */
static struct str
ended_key(struct mcp *m, const u8 *payload)
{
	return key_of(arena_buf(exchange_arena(m->x), SESSION_OWN_N), ENDED, payload);
}

/* What it has kept goes with it. */
static void
drop_own(struct mcp *m, const u8 *payload, msec now)
{
	u8 room[SESSION_OWN_N];
	struct store_op op = { .verb = STORE_DROP, .lazy = true };

	if (!m->capture)
		return;
	op.key = key_of(buf_over(room, sizeof room), OWN_PREFIX, payload);
	if (store_start(m->shared->store, &op, now) == STEP_WAIT)
		store_cancel(m->shared->store, &op);
}

enum step
session_check(struct mcp *m, msec now)
{
	u8 payload[HANDLE_PAYLOAD_MAX];
	int err;

	if (!m->store.key.p) {
		err = open_id(m, payload);
		if (err)
			return err == ERR_NONE ? STEP_DONE : STEP_FAIL;
		m->version = payload[4];
		m->store.verb = STORE_GET;
		m->store.key = ended_key(m, payload);
		m->store.owner = exchange_ready(m->x);
		if (!m->store.key.p)
			return STEP_FAIL;
		if (store_start(m->shared->store, &m->store, now) == STEP_WAIT)
			return STEP_WAIT;
	}
	if (!m->store.done)
		return STEP_WAIT;
	m->store.key = STR_NONE;
	return m->store.err == ERR_NONE ? STEP_DONE : STEP_FAIL;
}

enum step
session_end(struct mcp *m, msec now)
{
	u8 payload[HANDLE_PAYLOAD_MAX];

	if (!m->store.key.p) {
		m->store.err = 0;
		if (open_id(m, payload))
			return STEP_FAIL;
		m->store.err = ERR_FULL;
		if (!has_room(m))
			return STEP_FAIL;
		drop_own(m, payload, now);
		m->store.verb = STORE_ADD;
		m->store.key = ended_key(m, payload);
		m->store.val = STR("1");
		m->store.ttl_s = SESSION_TTL_S;
		m->store.owner = exchange_ready(m->x);
		if (!m->store.key.p)
			return STEP_FAIL;
		if (store_start(m->shared->store, &m->store, now) == STEP_WAIT)
			return STEP_WAIT;
	}
	if (!m->store.done)
		return STEP_WAIT;
	return m->store.err ? STEP_FAIL : STEP_DONE;
}
