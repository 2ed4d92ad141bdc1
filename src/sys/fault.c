#include "sys/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define RULES_MAX 16
#define CALLS_SEEN 32
#define PLAN_MAX 400
#define NO_LIMIT UINT32_MAX

enum what { WHAT_ERRNO, WHAT_SHORT, WHAT_DELAY, WHAT_KILL, WHAT_SKIP };

struct rule {
	struct str call;
	enum what what;
	u32 value; /* errno, bytes, milliseconds */
	u32 from, to, hits;
};

/* Test builds only: system calls have no owner that this could hang on. */
static struct {
	bool ready;
	struct rule rule[RULES_MAX];
	u32 rules;
	char plan[PLAN_MAX]; /* a copy: workers wipe their environment */
	struct {
		const char *call;
		u32 n;
	} seen[CALLS_SEEN];
	void (*watch)(void *arg, const struct fault_event *e);
	void *watch_arg;
} fault;

static const struct {
	const char *name;
	int value;
} errors[] = {
	{ "EIO", EIO },       { "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT }, { "EROFS", EROFS },
	{ "EINTR", EINTR },   { "EAGAIN", EAGAIN }, { "EMFILE", EMFILE }, { "ENFILE", ENFILE },
	{ "EACCES", EACCES }, { "ENOENT", ENOENT }, { "EFBIG", EFBIG },   { "ENOMEM", ENOMEM },
	{ "ECONNRESET", ECONNRESET },
};

static int
read_what(struct rule *r, struct str text)
{
	u64 value = 0;

	for (u32 i = 0; i < ARRAY_N(errors); i++) {
		if (str_is(text, errors[i].name)) {
			r->what = WHAT_ERRNO;
			r->value = (u32)errors[i].value;
			return 0;
		}
	}
	if (str_is(text, "KILL") || str_is(text, "SKIP")) {
		r->what = text.p[0] == 'K' ? WHAT_KILL : WHAT_SKIP;
		return 0;
	}
	r->what = str_starts(text, STR("SHORT")) ? WHAT_SHORT : WHAT_DELAY;
	if (r->what == WHAT_DELAY && !str_starts(text, STR("DELAY")))
		return ERR_BAD;
	if (str_u64(str_cut(text, 5, text.n), &value) < 0)
		return ERR_BAD;
	r->value = (u32)value;
	return 0;
}

static int
read_when(struct rule *r, struct str text)
{
	struct str rest = text, from = str_next(&rest, '-');
	u64 a = 0, b = 0;

	if (str_u64(from, &a) < 0 || a == 0)
		return ERR_BAD;
	b = rest.p ? NO_LIMIT : a;
	if (rest.p && rest.n && str_u64(rest, &b) < 0)
		return ERR_BAD;
	r->from = (u32)a;
	r->to = (u32)b;
	return 0;
}

static int
read_rule(struct rule *r, struct str text)
{
	struct str rest = text;

	r->call = str_next(&rest, ':');
	if (!rest.p || read_what(r, str_next(&rest, ':')) < 0)
		return ERR_BAD;
	if (!rest.p)
		rest = STR("1-");
	return read_when(r, rest);
}

static void
set_plan(const char *plan)
{
	struct str rest = str_of(fault.plan, str_c(plan).n);

	ASSERT(rest.n <= PLAN_MAX);
	if (rest.n)
		memcpy(fault.plan, plan, rest.n);
	fault.ready = true;
	fault.rules = 0;
	memset(fault.seen, 0, sizeof fault.seen);
	while (rest.p && rest.n) {
		struct rule r = { 0 };

		ASSERT(fault.rules < RULES_MAX);
		ASSERT(read_rule(&r, str_next(&rest, ',')) == 0);
		fault.rule[fault.rules++] = r;
	}
}

void
fault_plan(const char *plan)
{
	set_plan(plan);
}

/* The helper thread counts, too. */
static void
count(const char *call)
{
	for (u32 i = 0; i < CALLS_SEEN; i++) {
		const char *none = NULL;

		__atomic_compare_exchange_n(&fault.seen[i].call, &none, call, false, __ATOMIC_RELAXED,
		                            __ATOMIC_RELAXED);
		if (none && strcmp(none, call) != 0)
			continue;
		__atomic_add_fetch(&fault.seen[i].n, 1, __ATOMIC_RELAXED);
		return;
	}
}

u32
fault_count(const char *call)
{
	for (u32 i = 0; i < CALLS_SEEN; i++) {
		const char *seen = __atomic_load_n(&fault.seen[i].call, __ATOMIC_RELAXED);

		if (seen && strcmp(seen, call) == 0)
			return __atomic_load_n(&fault.seen[i].n, __ATOMIC_RELAXED);
	}
	return 0;
}

static int
strike(const struct rule *r, u32 *n)
{
	struct timespec pause = { r->value / 1000, (long)(r->value % 1000) * 1000000 };

	switch (r->what) {
	case WHAT_ERRNO: return (int)r->value;
	case WHAT_SHORT:
		if (n && *n > r->value)
			*n = r->value;
		return 0;
	case WHAT_DELAY: nanosleep(&pause, NULL); return 0;
	case WHAT_KILL: raise(SIGKILL); return 0;
	case WHAT_SKIP: return FAULT_SKIP;
	}
	return 0;
}

int
fault_hit(const char *call, u32 *n)
{
	if (!fault.ready)
		set_plan(getenv("MCPGATED_TEST_FAULT"));
	count(call);
	for (u32 i = 0; i < fault.rules; i++) {
		struct rule *r = &fault.rule[i];
		u32 hit;
		int error;

		if (!str_is(r->call, call) && !str_is(r->call, "*"))
			continue;
		hit = __atomic_add_fetch(&r->hits, 1, __ATOMIC_RELAXED);
		if (hit < r->from || hit > r->to)
			continue;
		error = strike(r, n);
		if (error)
			return error;
	}
	return 0;
}

void
fault_watch(void (*seen)(void *arg, const struct fault_event *e), void *arg)
{
	fault.watch = seen;
	fault.watch_arg = arg;
}

void
fault_done(const struct fault_event *e)
{
	if (fault.watch)
		fault.watch(fault.watch_arg, e);
}
