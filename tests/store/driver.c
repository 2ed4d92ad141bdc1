/* driver: a fixed life of a store, told step by step, and the judge of what is left of it after a crash.
 *
 *   store-driver run DIR N [threaded]    N operations, some per turn, compacting often; prints per operation
 *                                         ACK <i> done | refused | unknown     (refused: certainly not carried out)
 *   store-driver check DIR N              what DIR holds must be the result of operations 0..j-1 without the refused
 *                                         ones, for some j from the first not acknowledged on; else prints LOST
 *
 * Every operation follows from its number, so the judge needs only the acknowledgements (environment variable ACKS). */
#include "base/log.h"
#include "store/store.h"
#include "sys/clock.h"
#include "sys/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS 6
#define VAL_N 900
#define TURN_OPS 3
#define OPS_MAX 4096

struct model_entry {
	bool there;
	u32 n;
	u64 version;
	u8 val[VAL_N];
};

struct model {
	struct model_entry key[KEYS];
	int64_t hits;
};

enum fate { FATE_NONE, FATE_DONE, FATE_REFUSED, FATE_UNKNOWN };

static u8 memory[4 << 20];

/* What operation i is. */
struct plan {
	u8 verb, key;
	u32 n;
	u8 val[VAL_N];
};

static void
plan_op(u32 i, struct plan *p)
{
	static const u8 verbs[] = {
		STORE_PUT, STORE_ADD, STORE_INCR, STORE_PUT, STORE_DROP, STORE_SWAP, STORE_TAKE, STORE_ADD, STORE_PUT,
	};

	p->verb = verbs[(i * 5 + i / 9) % sizeof verbs];
	p->key = (u8)((i * 7 + i / 4) % KEYS);
	p->n = i % 5 == 0 ? VAL_N - i % 300 : 10 + i * 13 % 120;
	for (u32 k = 0; k < p->n; k++)
		p->val[k] = (u8)('a' + (i * 31 + k * 7) % 26);
}

/* What it must answer, and what it changes. */
static int
model_run(struct model *m, const struct plan *p, u64 version)
{
	struct model_entry *e = &m->key[p->key];

	if (p->verb == STORE_INCR) {
		m->hits++;
		return 0;
	}
	if (p->verb == STORE_ADD && e->there)
		return ERR_LATE;
	if ((p->verb == STORE_DROP || p->verb == STORE_TAKE || p->verb == STORE_SWAP) && !e->there)
		return ERR_NONE;
	e->there = p->verb != STORE_DROP && p->verb != STORE_TAKE;
	e->n = p->n;
	e->version = version;
	memcpy(e->val, p->val, p->n);
	return 0;
}

struct run {
	struct store_op op;
	struct plan plan;
	struct buf out;
	u8 room[VAL_N];
	char key[16];
};

static void
prepare(struct run *r, const struct model *m, u32 i)
{
	memset(r, 0, sizeof *r);
	plan_op(i, &r->plan);
	snprintf(r->key, sizeof r->key, r->plan.verb == STORE_INCR ? "n:hits" : "k:%u", r->plan.key);
	r->out = buf_over(r->room, sizeof r->room);
	r->op.verb = r->plan.verb;
	r->op.key = str_c(r->key);
	r->op.ttl_s = i % 3 ? STORE_FOREVER : 30 * 86400;
	r->op.by = 1;
	if (r->plan.verb == STORE_TAKE)
		r->op.out = &r->out;
	else
		r->op.val = str_of(r->plan.val, r->plan.n);
	r->op.version = m->key[r->plan.key].version;
}

static void
tell(u32 i, const char *what)
{
	char line[64];
	int n = snprintf(line, sizeof line, "ACK %u %s\n", i, what);

	if (write(1, line, (size_t)n) != n)
		exit(4);
}

static struct store *
open_store(const char *dir, u32 compact_min, struct buf *why)
{
	static u8 key[STORE_MAC_N] = "the driver's fixed key, 32 bytes";
	struct arena a = arena_over(memory, sizeof memory);
	struct store_conf conf = {
		.dir = dir, .mac_key = key, .keys_max = 64, .compact_min = compact_min,
		.now = clock_mono_ms(), .wall = clock_wall_s(),
	};
	struct store *st = NULL;

	if (store_open(&st, &conf, &a, why) < 0)
		return NULL;
	return st;
}

/* One turn: some operations at once, one group. Returns whether the store still takes writes. */
static bool
run_turn(struct store *st, struct loop *loop, struct model *m, u32 i, u32 n)
{
	static struct run run[TURN_OPS];
	struct model before[TURN_OPS];
	int want[TURN_OPS];
	bool all = false, failed = false;
	wall system;
	msec now;

	for (u32 k = 0; k < n; k++) {
		before[k] = *m;
		prepare(&run[k], m, i + k);
		store_start(st, &run[k].op, clock_mono_ms());
		want[k] = model_run(m, &run[k].plan, run[k].op.version);
	}
	while (!all) {
		system = clock_both(&now);
		store_commit(st, now, system);
		all = true;
		for (u32 k = 0; k < n; k++)
			all &= run[k].op.done;
		if (loop && !all) {
			loop_wait(loop, clock_mono_ms(), clock_mono_ms() + 20);
			loop_io(loop, clock_mono_ms());
			loop_timers(loop, clock_mono_ms());
			loop_steps(loop, clock_mono_ms());
		}
	}
	for (u32 k = 0; k < n; k++) {
		int err = run[k].op.err;
		bool no = err == ERR_FULL, unknown = err == ERR_IO || err == ERR_DENY;

		if (!no && !unknown && err != want[k] && !failed) {
			printf("LOST: operation %u answered %d, not %d\n", i + k, err, want[k]);
			exit(5);
		}
		if ((no || unknown) && !failed)
			*m = before[k]; /* a group goes as a whole */
		failed |= no || unknown;
		tell(i + k, no ? "refused" : unknown ? "unknown" : "done");
		if (unknown)
			return false;
	}
	return true;
}

static int
run_life(const char *dir, u32 count, bool threaded)
{
	u8 text[300];
	struct buf why = buf_over(text, sizeof text);
	struct store *st = open_store(dir, 2000, &why);
	static u8 room[16384];
	struct arena a = arena_over(room, sizeof room);
	struct loop loop;
	struct model m = { 0 };
	struct store_figures f;

	if (!st) {
		fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&why)));
		return 1;
	}
	if (threaded && (loop_init(&loop, &a, 8, 8) < 0 || store_attach(st, &loop) < 0))
		return 1;
	for (u32 i = 0, n; i < count; i += n) {
		n = min_u32(1 + i % TURN_OPS, count - i);
		if (!run_turn(st, threaded ? &loop : NULL, &m, i, n))
			break;
	}
	store_figures(st, &f);
	store_close(st);
	fprintf(stderr, "%u groups, %u compactions, %u keys\n", f.groups, f.compactions, f.keys);
	return 0;
}

static u32
read_acks(u8 *fate)
{
	struct str rest = str_c(getenv("ACKS"));
	u32 n = 0;

	while (rest.p && rest.n) {
		struct str line = str_next(&rest, '\n'), word = line;
		u64 i = 0;

		str_next(&word, ' ');
		if (str_u64(str_next(&word, ' '), &i) < 0 || i >= OPS_MAX)
			continue;
		fate[i] = str_is(word, "done") ? FATE_DONE : str_is(word, "refused") ? FATE_REFUSED : FATE_UNKNOWN;
		if (fate[i] != FATE_UNKNOWN)
			n = (u32)i + 1;
	}
	return n;
}

static bool
same_entry(struct store *st, u32 key, const struct model_entry *want)
{
	char name[16];
	u8 room[VAL_N];
	struct buf out = buf_over(room, sizeof room);
	struct store_op op = { .verb = STORE_GET, .out = &out };
	int err;

	snprintf(name, sizeof name, "k:%u", key);
	op.key = str_c(name);
	err = store_do(st, &op);
	if (!want->there)
		return err == ERR_NONE;
	return !err && str_same(op.val, str_of(want->val, want->n));
}

static bool
same_state(struct store *st, const struct model *m)
{
	u8 room[32];
	struct buf out = buf_over(room, sizeof room);
	struct store_op op = { .verb = STORE_GET, .key = STR("n:hits"), .out = &out };
	u64 hits = 0;
	int err = store_do(st, &op);

	if (err && (err != ERR_NONE || m->hits))
		return false;
	if (!err && (str_u64(op.val, &hits) < 0 || (int64_t)hits != m->hits))
		return false;
	for (u32 k = 0; k < KEYS; k++) {
		if (!same_entry(st, k, &m->key[k]))
			return false;
	}
	return true;
}

/* Which prefix of the life the store holds, or -1. */
static int
find_state(struct store *st, const u8 *fate, u32 acked, u32 count)
{
	struct model m = { 0 };

	for (u32 j = 0; j <= count && j <= acked + TURN_OPS; j++) {
		struct plan p;

		if (j >= acked && same_state(st, &m))
			return (int)j;
		plan_op(j, &p);
		if (fate[j] != FATE_REFUSED)
			model_run(&m, &p, 0);
	}
	return -1;
}

static int
check_life(const char *dir, u32 count)
{
	static u8 fate[OPS_MAX + TURN_OPS + 1];
	u8 text[300];
	struct buf why = buf_over(text, sizeof text);
	u32 acked = read_acks(fate);
	struct store *st = open_store(dir, 0, &why);
	struct store_op probe = { .verb = STORE_PUT, .key = STR("p:probe"), .val = STR("x"), .ttl_s = 60 };
	int at, again;

	if (!st) {
		printf("LOST: does not open: %.*s\n", STR_ARG(buf_str(&why)));
		return 1;
	}
	at = find_state(st, fate, acked, count);
	if (at < 0) {
		printf("LOST: no state from %u on fits\n", acked);
		return 1;
	}
	/* It must also go on from there. */
	if (store_do(st, &probe)) {
		printf("LOST: takes no writes\n");
		return 1;
	}
	store_close(st);
	st = open_store(dir, 0, &why);
	again = st ? find_state(st, fate, acked, count) : -1;
	if (again != at)
		printf("LOST: opened again, %d became %d: %.*s\n", at, again, STR_ARG(buf_str(&why)));
	store_close(st);
	return again != at;
}

int
main(int argc, char **argv)
{
	u64 count = 0;

	log_init(2, LOG_WARN, "driver");
	if (argc < 4 || str_u64(str_c(argv[3]), &count) < 0 || count > OPS_MAX) {
		fprintf(stderr, "usage: store-driver run|check DIR N [threaded]\n");
		return 2;
	}
	if (strcmp(argv[1], "run") == 0)
		return run_life(argv[2], (u32)count, argc > 4);
	return check_life(argv[2], (u32)count);
}
