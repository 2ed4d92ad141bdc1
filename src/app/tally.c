#include "app/tally.h"

#include "app/html.h"
#include "crypt/ct.h"
#include "crypt/hash.h"

#define COUNT_N 24 /* bytes of a count as text */

struct str
tally_key(const u8 *handle_key, enum tally kind, struct str of, char room[TALLY_KEY_N])
{
	struct hash_key k;
	u8 mac[HASH_N];
	struct buf b = buf_over(room, TALLY_KEY_N);

	hash_key(&k, str_of(handle_key, HANDLE_KEY_N));
	hash_mac(&k, of, mac);
	ct_wipe(&k, sizeof k);
	buf_fmt(&b, "h:%c:", kind);
	buf_hex(&b, (u64)mac[0] << 4 | mac[1] >> 4, 3);
	return buf_str(&b);
}

void
tally_ask(struct job *j, enum tally kind, struct str of, char room[TALLY_KEY_N], msec now)
{
	j->out = arena_buf(exchange_arena(&j->x), COUNT_N);
	j->op = (struct store_op){ .verb = STORE_GET, .out = &j->out, .owner = exchange_ready(&j->x) };
	j->op.key = tally_key(j->app->handle_key, kind, of, room);
	store_start(j->app->store, &j->op, now);
}

static bool
refuse(struct job *j)
{
	reply_field(&j->x, "Retry-After", STR("900"));
	html_error(&j->x, 429, "error_throttle");
	return true;
}

/* What cannot be counted is not tried: whoever could fill the disk would guess as often as he likes. */
static bool
uncounted(struct job *j)
{
	html_error(&j->x, 503, "error_store");
	return true;
}

bool
tally_full(struct job *j, u32 most)
{
	u64 n = 0;

	if (j->op.err)
		return j->op.err != ERR_NONE && uncounted(j);
	return !str_u64(j->op.val, &n) && n >= most && refuse(j);
}

void
tally_try(struct job *j, enum tally kind, struct str of, char room[TALLY_KEY_N], msec now)
{
	j->op = (struct store_op){ .verb = STORE_INCR, .by = 1, .ttl_s = TALLY_WINDOW_S,
		.owner = exchange_ready(&j->x) };
	j->op.key = tally_key(j->app->handle_key, kind, of, room);
	store_start(j->app->store, &j->op, now);
}

bool
tally_over(struct job *j, u32 most)
{
	return j->op.err ? uncounted(j) : j->op.total > most && refuse(j);
}

void
tally_add(struct job *j, enum tally kind, struct str of)
{
	char room[TALLY_KEY_N];
	struct store_op op = { .verb = STORE_INCR, .lazy = true, .by = 1, .ttl_s = TALLY_WINDOW_S };

	op.key = tally_key(j->app->handle_key, kind, of, room);
	store_start(j->app->store, &op, 0);
}

void
tally_clear(struct store *st, const u8 *handle_key, enum tally kind, struct str of)
{
	char room[TALLY_KEY_N];
	struct store_op op = { .verb = STORE_DROP, .lazy = true };

	op.key = tally_key(handle_key, kind, of, room);
	store_start(st, &op, 0);
}
