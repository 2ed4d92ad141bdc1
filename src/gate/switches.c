#include "gate/switches.h"

#include "crypt/hash.h"

#define TRIES 1000 /* looks at a table that is being changed; then everything counts as off */

static const char *const kinds[SWITCH_KINDS] = { "server", "team:", "api:", "tool:", "client:", "key:", "user:" };
static const char *const words[] = { "enabled", "production", "write" };

/* ---- names --------------------------------------------------------------------------------------- */

static u64
first_of(struct str s)
{
	u8 h[HASH_N];
	u64 v = 0;

	hash_once(s, h);
	for (u32 i = 0; i < 8; i++)
		v = v << 8 | h[i];
	return v;
}

u64
switches_id(enum switch_kind kind, struct str name)
{
	u64 id;

	if (kind == SWITCH_SERVER)
		return 1;
	if (kind == SWITCH_KEY)
		return name.n >= 16 && str_hex(str_cut(name, 0, 16), &id) == 0 ? id : 0;
	return first_of(name);
}

int
switches_target(struct str target, struct str *name)
{
	if (target.n > SWITCHES_TARGET_MAX)
		return ERR_BAD;
	for (u32 i = 0; i < SWITCH_KINDS; i++) {
		struct str kind = str_c(kinds[i]);

		if (!str_starts(target, kind))
			continue;
		*name = str_cut(target, kind.n, target.n);
		if (i == SWITCH_SERVER ? name->n == 0 : name->n > 0 && switches_id((enum switch_kind)i, *name))
			return (int)i;
	}
	return ERR_BAD;
}

u8
switches_bits(struct str list)
{
	u8 bits = 0;

	while (list.p) {
		struct str word = str_next(&list, ',');
		u32 i = 0;

		while (i < ARRAY_N(words) && !str_is(word, words[i]))
			i++;
		if (i == ARRAY_N(words))
			return 0;
		bits |= (u8)(1U << i);
	}
	return bits;
}

void
switches_print(struct buf *b, u8 bits)
{
	for (u32 i = 0, any = 0; i < ARRAY_N(words); i++)
		if (bits >> i & 1)
			buf_fmt(b, "%s%s", any++ ? "," : "", words[i]);
}

/* ---- looking ------------------------------------------------------------------------------------- */

static u8
look(const struct switches *s, const struct principal *who, const struct api *api)
{
	const u64 id[SWITCH_KINDS] = { 1, who->team, api->id, 0, who->client,
		who->kind == PRINCIPAL_KEY ? who->id : 0, who->user };
	u8 off = 0;

	for (u32 i = 0; i < s->n && i < SWITCHES_MAX; i++)
		if (id[s->row[i].kind % SWITCH_KINDS] == s->row[i].id)
			off |= s->row[i].off;
	return off;
}

bool
switches_stopped(const struct switches *s)
{
	return !s->loaded || s->stopped || s->file;
}

u8
switches_off(const struct switches *s, const struct principal *who, const struct api *api)
{
	if (switches_stopped(s))
		return SWITCH_ALL;
	if (!s->n)
		return 0;
	for (u32 i = 0; i < TRIES; i++) {
		u32 epoch = __atomic_load_n(&s->epoch, __ATOMIC_ACQUIRE);
		u8 off = look(s, who, api);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(epoch & 1) && epoch == __atomic_load_n(&s->epoch, __ATOMIC_RELAXED))
			return off & SWITCH_ENABLED ? SWITCH_ALL : off;
	}
	return SWITCH_ALL;
}

bool
switches_tool_off(const struct switches *s, const struct api *api, struct str tool)
{
	u8 room[SWITCHES_TARGET_MAX];
	struct buf name = buf_over(room, sizeof room);
	u64 id;

	buf_fmt(&name, "%S/%S", api->name, tool);
	id = first_of(buf_str(&name));
	for (u32 i = 0; i < s->n && i < SWITCHES_MAX; i++)
		if (s->row[i].kind == SWITCH_TOOL && s->row[i].id == id)
			return true;
	return false;
}

/* ---- changing ------------------------------------------------------------------------------------ */

static void
begin(struct switches *s)
{
	__atomic_or_fetch(&s->epoch, 1, __ATOMIC_RELAXED); /* the supervisor counts, too: switches_file */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void
end(struct switches *s)
{
	__atomic_add_fetch(&s->epoch, 1, __ATOMIC_RELEASE);
}

/* Puts bits of a target's row; a row with nothing off goes. */
static int
put_row(struct switches *s, enum switch_kind kind, u64 id, u8 bits, bool on)
{
	u32 i = 0;

	while (i < s->n && (s->row[i].kind != kind || s->row[i].id != id))
		i++;
	if (i == s->n && on)
		return 0;
	if (i == SWITCHES_MAX)
		return ERR_FULL;
	if (i == s->n) {
		s->row[s->n++] = (struct switch_row){ id, (u8)kind, 0 };
		s->tools += kind == SWITCH_TOOL;
	}
	s->row[i].off = on ? s->row[i].off & (u8)~bits : s->row[i].off | bits;
	if (!s->row[i].off) {
		s->tools -= kind == SWITCH_TOOL;
		s->row[i] = s->row[--s->n];
	}
	return 0;
}

/* What the store has is in force. */
static enum step
changed(struct switches *s, struct store *st, struct switches_work *w)
{
	if (s->follows)
		return STEP_DONE;
	begin(s);
	if (w->kind == SWITCH_KINDS) {
		s->stopped = !w->on;
		s->voided = max_u32(s->voided, store_wall(st)); /* resuming revives nothing */
	} else {
		w->op.err = put_row(s, (enum switch_kind)w->kind, w->id, w->bits, w->on);
	}
	end(s);
	return w->op.err ? STEP_FAIL : STEP_DONE;
}

enum step
switches_step(struct switches *s, struct store *st, struct switches_work *w)
{
	if (!w->op.done)
		return STEP_WAIT;
	if (w->op.err == ERR_NONE && w->op.verb == STORE_DROP)
		w->op.err = 0; /* it was on */
	return w->op.err ? STEP_FAIL : changed(s, st, w);
}

enum step
switches_change(struct switches *s, struct store *st, struct switches_work *w, struct str target, u8 bit, bool on,
    struct ready *owner)
{
	bool stop = str_is(target, "stop");
	struct buf key = buf_over(w->key, sizeof w->key), val = buf_over(w->val, sizeof w->val);
	struct str name = STR_NONE;
	int kind = stop ? SWITCH_KINDS : switches_target(target, &name);

	w->op = (struct store_op){ .verb = STORE_PUT, .ttl_s = STORE_FOREVER, .owner = owner };
	if (on && !stop)
		w->op.verb = STORE_DROP;
	w->op.err = kind < 0 || (!stop && (!bit || bit & (bit - 1))) ||
	        (kind >= SWITCH_TOOL && kind < SWITCH_KINDS && bit != SWITCH_ENABLED) ? ERR_BAD : 0;
	if (!w->op.err && !on && !stop && s->n == SWITCHES_MAX)
		w->op.err = ERR_FULL;
	if (w->op.err)
		return STEP_FAIL;
	buf_fmt(&key, "w:%S#", target);
	switches_print(&key, stop ? 0 : bit);
	buf_fmt(&val, "%d %u", on ? 0 : 1, store_wall(st));
	w->kind = (u8)kind;
	w->id = stop ? 0 : switches_id((enum switch_kind)kind, name);
	w->bits = bit;
	w->on = on;
	w->op.key = buf_str(&key);
	w->op.val = buf_str(&val);
	store_start(st, &w->op, 0);
	return switches_step(s, st, w);
}

void
switches_file(struct switches *s, bool there, wall now)
{
	if (there == (s->file != 0))
		return;
	if (there)
		s->voided = now;
	__atomic_store_n(&s->file, (u32)there, __ATOMIC_RELEASE);
	__atomic_add_fetch(&s->epoch, 2, __ATOMIC_RELEASE);
}

/* ---- loading ------------------------------------------------------------------------------------- */

u8
switches_entry(const struct store_entry *e, struct str *target)
{
	struct str rest = str_cut(e->key, 2, e->key.n);

	*target = str_next(&rest, '#');
	return str_starts(e->val, STR("1 ")) ? str_is(*target, "stop") ? SWITCH_ALL : switches_bits(rest) : 0;
}

/* Of "w:stop#" the time counts as well: what was approved before then is void. */
static int
take(struct switches *s, const struct store_entry *e)
{
	struct str target, name;
	u8 bits = switches_entry(e, &target);
	u64 at = 0;
	int kind;

	if (str_is(target, "stop")) {
		str_u64(str_cut(e->val, 2, e->val.n), &at);
		s->stopped = bits != 0;
		s->voided = max_u32(s->voided, (wall)at);
		return 0;
	}
	kind = switches_target(target, &name);
	return kind < 0 || !bits ? ERR_BAD : put_row(s, (enum switch_kind)kind,
	    switches_id((enum switch_kind)kind, name), bits, false);
}

/* All that the store has. */
static int
read_all(struct switches *s, struct store *st, struct buf *out)
{
	struct store_op op = { .verb = STORE_LIST, .key = STR("w:"), .out = out };
	int err;

	do {
		struct store_entry e;
		struct str rest;

		out->r = out->w = 0;
		err = store_do(st, &op);
		for (rest = buf_str(out); !err && store_entry(&rest, &e);)
			err = take(s, &e);
	} while (!err && op.cursor);
	return err;
}

/* Where a keeper has died, the others go on by the table meanwhile: it changes at once, or not. */
static void
put_in_force(struct switches *s, const struct switches *new)
{
	begin(s);
	s->n = new->n;
	s->tools = new->tools;
	memcpy(s->row, new->row, sizeof s->row);
	s->stopped = new->stopped;
	s->voided = max_u32(s->voided, new->voided); /* by the file, too, which the store knows nothing of */
	s->loaded = true;
	end(s);
}

int
switches_load(struct switches *s, struct store *st, struct arena *a)
{
	size_t mark = a->used;
	struct buf out = arena_buf(a, SWITCHES_LIST_N);
	struct switches *new = ARENA_NEW(a, struct switches);
	int err = out.p && new ? 0 : ERR_FULL;

	if (!err)
		err = read_all(new, st, &out);
	if (!err)
		put_in_force(s, new);
	arena_rewind(a, mark);
	return err;
}

int
switches_follow(struct switches *s, struct store *st, struct arena *a)
{
	int err = switches_load(s, st, a);

	if (err)
		__atomic_store_n(&s->loaded, 0, __ATOMIC_RELEASE);
	return err;
}
