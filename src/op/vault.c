#include "op/vault.h"

#include "crypt/ct.h"

static void answered(struct ready *r, msec now);

size_t
vault_bytes(void)
{
	return VAULT_ENTRIES * sizeof(struct vault_entry) + 16;
}

int
vault_init(struct vault *v, struct arena *a, struct store *store, const struct seal_keys *keys, struct loop *loop)
{
	*v = (struct vault){ .store = store, .keys = keys, .loop = loop };
	ready_init(&v->ready, answered);
	list_init(&v->waiting);
	v->entry = ARENA_ARRAY(a, struct vault_entry, VAULT_ENTRIES);
	return v->entry ? 0 : ERR_FULL;
}

bool
vault_name_ok(struct str name)
{
	if (name.n == 0 || name.n > VAULT_NAME_MAX)
		return false;
	for (u32 i = 0; i < name.n; i++) {
		u8 c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		        c == '.' || c == '/' || c == '-'))
			return false;
	}
	return true;
}

struct str
vault_user(u64 born, u64 environment, u8 room[VAULT_USER_N])
{
	struct buf b = buf_over(room, VAULT_USER_N);

	buf_byte(&b, '@');
	buf_hex(&b, born, 16);
	buf_byte(&b, '/');
	buf_hex(&b, environment, 16);
	return buf_str(&b);
}

/* A record opens only under the name it was sealed for: it cannot be moved to another place. */
static struct seal_use
use_of(struct str name)
{
	return (struct seal_use){ .what = STR("credential|1"), .ad = name };
}

int
vault_seal(const struct seal_keys *keys, struct rng *rng, struct str name, struct str secret, struct buf *out)
{
	if (keys->n == 0)
		return ERR_NONE;
	return seal_make(keys, rng, use_of(name), secret, out);
}

/* Of a name: its own, a free one, or that of the one asked for longest ago. NULL: all wait for the store. */
static struct vault_entry *
entry_of(struct vault *v, struct str name)
{
	struct vault_entry *e = NULL;

	for (u32 i = 0; i < v->n; i++) {
		struct vault_entry *k = &v->entry[i];

		if (str_same(str_of(k->name + 2, k->name_n), name))
			return k;
		if (k->err != ERR_MORE && (!e || v->clock - k->last > v->clock - e->last))
			e = k;
	}
	if (v->n < VAULT_ENTRIES)
		e = &v->entry[v->n++];
	if (!e)
		return NULL;
	ct_wipe(e, sizeof *e);
	e->name_n = (u8)name.n;
	memcpy(e->name, "u:", 2);
	memcpy(e->name + 2, name.p, name.n);
	return e;
}

static void
unseal(struct vault *v, struct vault_entry *e)
{
	struct buf out = buf_over(e->room, sizeof e->room);
	u8 sealed[VAULT_SECRET_MAX + SEAL_EXTRA];
	struct str record = e->op.val;

	e->err = e->op.err;
	if (e->err == 0) {
		ASSERT(record.n <= sizeof sealed);
		memcpy(sealed, record.p, record.n);
		e->err = v->keys->n == 0 ? ERR_BAD
		                         : seal_open(v->keys, use_of(str_of(e->name + 2, e->name_n)),
		                               str_of(sealed, record.n), &out);
	}
	ct_wipe(e->secret, sizeof e->secret);
	e->secret_n = e->err ? 0 : (u16)min_u32(buf_len(&out), VAULT_SECRET_MAX);
	if (e->secret_n)
		memcpy(e->secret, out.p, e->secret_n);
	ct_wipe(e->room, sizeof e->room);
}

static void
ask(struct vault *v, struct vault_entry *e, u32 stamp, msec now)
{
	e->out = buf_over(e->room, sizeof e->room);
	memset(&e->op, 0, sizeof e->op);
	e->op.verb = STORE_GET;
	e->op.key = str_of(e->name, 2U + e->name_n);
	e->op.out = &e->out;
	e->op.owner = &v->ready;
	e->stamp = stamp;
	e->asked = true;
	e->err = ERR_MORE;
	store_start(v->store, &e->op, now);
}

int
vault_get(struct vault *v, struct str name, struct str *secret, msec now)
{
	u32 stamp = store_stamp(v->store, 'u');
	bool users = name.n == VAULT_USER_N && name.p[0] == '@';
	struct vault_entry *e = users || vault_name_ok(name) ? entry_of(v, name) : NULL;

	if (!e)
		return ERR_FULL;
	e->last = ++v->clock;
	if (e->err != ERR_MORE && (!e->asked || e->stamp != stamp))
		ask(v, e, stamp, now);
	if (e->err == ERR_MORE) {
		if (!e->op.done)
			return ERR_MORE;
		unseal(v, e);
	}
	*secret = str_of(e->secret, e->secret_n);
	return e->err;
}

void
vault_wait(struct vault *v, struct vault_wait *w)
{
	vault_leave(w);
	list_last(&v->waiting, &w->link);
}

void
vault_leave(struct vault_wait *w)
{
	if (w->link.next)
		list_out(&w->link);
	else
		list_init(&w->link);
}

/* All who wait look again: for which record each waits is not written down. */
static void
answered(struct ready *r, msec now)
{
	struct vault *v = CONTAINER_OF(r, struct vault, ready);

	(void)now;
	for (u32 i = 0; i < v->n; i++)
		if (v->entry[i].err == ERR_MORE && v->entry[i].op.done)
			unseal(v, &v->entry[i]);
	LIST_EACH(&v->waiting, link, tmp) {
		list_out(link);
		loop_ready(v->loop, CONTAINER_OF(link, struct vault_wait, link)->owner);
	}
}
