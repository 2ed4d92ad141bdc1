/* get_result: the answer of a call that was taken over by later.c. */
#include "mcp/later_priv.h"

#include "mcp/modern.h"
#include "mcp/slow.h"
#include "mcp/tools.h"

#define LOOK_MS 500     /* how often it is looked again, */
#define LOOK_MOST 15000 /* and for how long */

struct fetch {
	struct store_op op;
	struct mcp *m;
	struct buf out;
	struct pull pull;
	struct later_note note;
	msec until, look_at;
	u32 part;        /* that was looked up last; 0: the note */
	struct str left; /* of it */
	bool looking, wants, begun, lost;
	u8 key[LATER_KEY_N + LATER_SUFFIX_N];
	u8 record[LATER_RECORD_N]; /* as it came, then opened */
};

static_assert(sizeof(struct fetch) <= 16384, "fits a leased block of 16 KB");

/* ---- the tool -------------------------------------------------------------------------------------- */

struct str
later_fetcher(const struct mcp *m)
{
	if (!m->api->late_ms)
		return STR_NONE;
	return catalog_find(m->catalog, STR("get_result"), NULL) < 0 ? STR("get_result") : STR("gate_get_result");
}

void
later_tool(const struct mcp *m, struct buf *b)
{
	buf_fmt(b, "{\"name\":\"%S\",\"title\":\"Get a result\",\"description\":\"The result of a call that took "
	    "longer than could be waited for: its answer gave a handle.\","
	    "\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{\"handle\":{\"type\":\"string\",\"description\":\"As the answer gave it.\"}},"
	    "\"required\":[\"handle\"],\"additionalProperties\":false},\"annotations\":{\"readOnlyHint\":true,"
	    "\"destructiveHint\":false,\"idempotentHint\":true,\"openWorldHint\":false}}", later_fetcher(m));
}

/* ---- records --------------------------------------------------------------------------------------- */

/* Looks up part n of the answer, or the note (0). */
static void
get(struct fetch *f, u32 n, msec now)
{
	struct mcp *m = f->m;
	struct buf key = buf_over(f->key, sizeof f->key);

	key.w = LATER_KEY_N;
	if (n)
		buf_u64(&key, n);
	f->out = buf_over(f->record, sizeof f->record);
	f->part = n;
	f->looking = true;
	f->op = (struct store_op){ .verb = STORE_GET, .out = &f->out, .key = buf_str(&key) };
	f->op.owner = m->runner.run ? &m->runner : exchange_ready(m->x);
	store_start(m->shared->store, &f->op, now);
}

/* Opens what was found; it lies in f->left then. Whether there was something. */
static bool
opened(struct fetch *f)
{
	struct ops *o = f->m->shared->ops;
	struct buf b = buf_over(o->body, RPC_BODY_MAX); /* requests are built and sent at once: free between that */

	f->looking = false;
	if (f->op.err || again_unseal(o, f->op.key, f->op.val, &b))
		return false;
	memcpy(f->record, b.p, b.w);
	f->left = str_of(f->record, b.w);
	return true;
}

/* Whether the note is about a call of this caller, here, that he may know of. */
static bool
theirs(const struct mcp *m, const struct later_note *n)
{
	const struct principal *who = m->who;
	struct catalog_op op;

	return n->kind == who->kind && n->principal == who->id && n->user == who->user && n->client == who->client &&
	       n->team == who->team && n->api == m->api->tag &&
	       !(m->ask.switches && n->made <= m->ask.switches->voided) &&
	       catalog_find(m->catalog, str_of(n->tool, n->tool_n), &op) >= 0 && gate_offers(&m->ask, &op);
}

static bool
take_note(struct fetch *f)
{
	if (!opened(f) || f->left.n != sizeof f->note)
		return false;
	memcpy(&f->note, f->left.p, sizeof f->note);
	return f->note.size == sizeof f->note && theirs(f->m, &f->note);
}

/* ---- what is answered ------------------------------------------------------------------------------ */

static enum step
answer(struct mcp *m, const char *text, bool error, u32 wait_s)
{
	tools_answer(m, str_c(text), error, wait_s);
	return STEP_DONE;
}

static void
put_end(const struct mcp *m, struct buf *out)
{
	modern_result_close(m, out, false);
	buf_byte(out, '}');
}

static int
fill(struct pull *p, struct buf *out, msec now)
{
	struct fetch *f = CONTAINER_OF(p, struct fetch, pull);
	u32 had = out->w, n = min_u32(f->left.n, buf_room(out));

	if (f->lost)
		return ERR_IO;
	if (!f->begun) {
		rpc_result_open(out, f->m->id);
		f->begun = true;
		n = min_u32(n, buf_room(out));
	}
	buf_put(out, str_cut(f->left, 0, n));
	f->left = str_cut(f->left, n, f->left.n);
	if (f->left.n == 0 && f->part < f->note.parts && !f->wants) {
		f->wants = true;
		loop_ready(f->m->shared->ops->loop, &f->m->runner);
	}
	if (f->wants || f->looking)
		return out->w > had ? (int)(out->w - had) : ERR_MORE;
	if (f->left.n || buf_room(out) < f->m->text->end.n + 2)
		return out->w > had ? (int)(out->w - had) : ERR_FULL;
	put_end(f->m, out);
	return 0;
}

void
later_more(struct mcp *m, msec now)
{
	struct fetch *f = m->fetch;

	if (f->wants && !f->looking)
		get(f, f->part + 1, now);
	f->wants = false;
	if (f->looking && f->op.done)
		f->lost = !opened(f);
	if (!f->looking)
		loop_ready(m->shared->ops->loop, exchange_ready(m->x));
}

/* The first part is here. */
static enum step
begin(struct fetch *f)
{
	struct mcp *m = f->m;

	if (!opened(f))
		return answer(m, "The answer could not be read back: it is lost. Look how things are before repeating "
		    "the call.", true, 0);
	if (!m->runner.run)
		ready_init(&m->runner, slow_run);
	f->pull.fill = fill;
	m->answer.status = 200;
	m->answer.pull = &f->pull;
	return STEP_DONE;
}

#define LOST_READ "The call was lost: the process that carried it out has ended. Call the tool again."
#define LOST "The call was lost: the process that carried it out has ended, and nobody knows whether it was done. It " \
	"was not repeated and will not be: look first how things are."
#define UNKEPT_READ "The call has ended, but its answer could not be kept. Call the tool again."
#define UNKEPT "The call was sent and has ended, but its answer could not be kept. Look first how things are."

/* No answer yet, or none ever. */
static enum step
none(struct fetch *f, msec now)
{
	struct mcp *m = f->m;
	bool read = f->note.effect == CATALOG_READ;

	if (f->note.status == LATER_LOST)
		return answer(m, read ? UNKEPT_READ : UNKEPT, true, 0);
	if (!later_lives(m->shared, &f->note) || store_wall(m->shared->store) > f->note.late)
		return answer(m, read ? LOST_READ : LOST, true, 0);
	if (now >= f->until)
		return answer(m, "Still under way: call again with the same handle.", false, 1);
	f->look_at = now + LOOK_MS;
	exchange_wake(m->x, f->look_at);
	return STEP_WAIT;
}

/* ---- the way --------------------------------------------------------------------------------------- */

static enum step
start(struct mcp *m, struct jcur args, msec now)
{
	struct str handle = json_str(json_get(args, "handle"), NULL);
	struct str key;
	struct fetch *f;
	u8 room[AGAIN_KEY_N];

	if (!handle.p || again_key("l:", handle, room, &key))
		return answer(m, "handle must be what the answer to the call gave, as it is.", true, 0);
	m->fetching = lease_take(m->shared->lease, sizeof *f);
	f = (struct fetch *)(void *)m->fetching.p;
	if (!f)
		return answer(m, "The gate is busy. Try again in a second.", true, 1);
	memset(f, 0, offsetof(struct fetch, record));
	m->fetch = f;
	f->m = m;
	f->until = m->batch.p ? now : now + LOOK_MOST;
	memcpy(f->key, key.p, key.n);
	get(f, 0, now);
	return STEP_MORE;
}

enum step
later_fetch(struct mcp *m, struct jcur args, msec now)
{
	enum step s = m->fetch ? STEP_MORE : start(m, args, now);
	struct fetch *f = m->fetch;

	while (s == STEP_MORE) {
		if (!f->looking && now < f->look_at)
			return STEP_WAIT;
		if (!f->looking)
			get(f, 0, now);
		if (!f->op.done)
			return STEP_WAIT;
		if (f->part)
			return begin(f);
		if (!take_note(f))
			return answer(m, "This handle is unknown or has expired: they are good until ten minutes after "
			    "the call has ended.", true, 0);
		if (f->note.status != LATER_DONE)
			return none(f, now);
		get(f, 1, now);
	}
	return s;
}

void
later_end(struct mcp *m)
{
	if (m->fetch && !m->fetch->op.done)
		store_cancel(m->shared->store, &m->fetch->op);
	m->fetch = NULL;
	lease_give(m->shared->lease, &m->fetching);
}
