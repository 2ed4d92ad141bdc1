#include "mcp/session.h"

#include "auth/handle.h"

#define RANDOM_N 16
#define PAYLOAD_N (4 + 1 + RANDOM_N) /* born, version, random */
#define ENDED "x:"

/* What an id is good for beyond what it says: this principal at this api. */
static struct str
bind_of(const struct mcp *m, u8 room[80])
{
	struct buf b = buf_over(room, 80);

	buf_hex(&b, m->who->id, 16);
	buf_put(&b, str_cut(m->api->name, 0, 60));
	return buf_str(&b);
}

void
session_make(struct mcp *m, struct buf *out)
{
	u8 payload[PAYLOAD_N], bind[80];

	for (u32 i = 0; i < 4; i++)
		payload[i] = (u8)(m->shared->now_s >> (8 * i));
	payload[4] = m->version;
	m->shared->random(m->shared->random_of, payload + 5, RANDOM_N);
	handle_make(out, m->shared->handle_key, "session", bind_of(m, bind), str_of(payload, PAYLOAD_N));
}

/* Opens the id of the header into payload. 0; ERR_NONE no header; ERR_BAD not ours, or too old. */
static int
open_id(struct mcp *m, u8 payload[HANDLE_PAYLOAD_MAX])
{
	struct str id = field_get(&m->x->req.fields, FIELD_MCP_SESSION_ID);
	u8 bind[80];
	u32 born = 0;

	if (!id.p)
		return ERR_NONE;
	if (handle_open(m->shared->handle_key, "session", bind_of(m, bind), id, payload) != PAYLOAD_N)
		return ERR_BAD;
	for (u32 i = 0; i < 4; i++)
		born |= (u32)payload[i] << (8 * i);
	if (m->shared->now_s > born && m->shared->now_s - born > SESSION_TTL_S)
		return ERR_BAD;
	return payload[4] <= MCP_NEWEST_LEGACY ? 0 : ERR_BAD;
}

/* The store key of an ended session, in the exchange's arena since the op may wait. */
static struct str
ended_key(struct mcp *m, const u8 *payload)
{
	struct buf key = arena_buf(exchange_arena(m->x), 40);

	if (!key.p)
		return STR_NONE;
	BUF_LIT(&key, ENDED);
	for (u32 i = 0; i < RANDOM_N; i++)
		buf_hex(&key, payload[5 + i], 2);
	return buf_str(&key);
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

/* Whether one more ended session may be remembered: who makes and ends sessions all day, as nobody needs leave for,
 * must not fill the store that keys go into. */
static bool
has_room(const struct mcp *m)
{
	struct store_figures f;

	store_figures(m->shared->store, &f);
	return f.keys < f.keys_max / 2;
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
