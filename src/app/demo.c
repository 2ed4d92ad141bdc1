#include "app/demo_priv.h"

#include "base/limits.h"
#include "crypt/ct.h"
#include "http/form.h"

#define BODY_MAX 8192
#define SEARCH_HITS 20
#define JOBS 256

/* Finds out what a request is about; an answer that is already clear is given. STEP_MORE: go on. */
static enum step
understand(struct exchange *x, struct demo_request *r)
{
	struct demo_job *j = CONTAINER_OF(x, struct demo_job, x);
	struct str set = route_param(x->route, x->req.path, 0), id = route_param(x->route, x->req.path, 1);
	const struct field *token = field_find(&x->req.fields, STR("X-Demo-Token"));
	u32 which = str_is(set, "production") ? DEMO_PRODUCTION : DEMO_SANDBOX;
	u64 v = 0;

	*r = (struct demo_request){ .x = x, .demo = j->demo, .kind = x->route->guard, .set = j->demo->table[which] };
	if (which == DEMO_SANDBOX && !str_is(set, "sandbox"))
		return demo_error(x, 404, "not_found", "there are /sandbox/v1 and /production/v1");
	if (!token || token->value.n != DEMO_TOKEN_N || !ct_same(token->value.p, j->demo->token[which], DEMO_TOKEN_N))
		return demo_error(x, 401, "unauthorized", "the header X-Demo-Token must hold the token of this set");
	if (id.p && (str_u64(id, &v) || v == 0 || v > UINT32_MAX))
		return demo_error(x, 404, "not_found", "an id is a whole number");
	r->id = (u32)v;
	return STEP_MORE;
}

static enum step
not_found(const struct demo_request *r)
{
	u8 room[80];
	struct buf b = buf_over(room, sizeof room - 1);

	buf_fmt(&b, "there is no %s %u", demo_kinds[r->kind].one, r->id);
	room[b.w] = 0;
	return demo_error(r->x, 404, "not_found", (const char *)room);
}

static enum step
h_list(struct exchange *x, msec now)
{
	struct demo_request r;
	enum step s = understand(x, &r);

	return s == STEP_MORE ? demo_list(&r, NULL, 0) : s;
}

static enum step
h_create(struct exchange *x, msec now)
{
	struct demo_request r;
	enum step s = understand(x, &r);

	return s == STEP_MORE ? demo_write(&r, NULL) : s;
}

static enum step
h_get(struct exchange *x, msec now)
{
	struct demo_request r;
	enum step s = understand(x, &r);
	const struct demo_row *row;

	if (s != STEP_MORE)
		return s;
	row = demo_find(r.set, r.kind, r.id);
	return row ? demo_answer(&r, 200, r.kind, row) : not_found(&r);
}

static enum step
h_update(struct exchange *x, msec now)
{
	struct demo_request r;
	enum step s = understand(x, &r);
	struct demo_row *row;

	if (s != STEP_MORE)
		return s;
	row = demo_find(r.set, r.kind, r.id);
	return row ? demo_write(&r, row) : not_found(&r);
}

static enum step
h_delete(struct exchange *x, msec now)
{
	struct demo_request r;
	enum step s = understand(x, &r);

	if (s != STEP_MORE)
		return s;
	if (!demo_find(r.set, r.kind, r.id))
		return not_found(&r);
	if (r.kind == DEMO_PEOPLE && (demo_pointing(r.set, DEMO_TASKS, "assignee_id", r.id) ||
	                              demo_pointing(r.set, DEMO_TIMES, "person_id", r.id) ||
	                              demo_pointing(r.set, DEMO_PROJECTS, "owner_id", r.id)))
		return demo_error(x, 409, "in_use", "this person still owns projects, has tasks or time entries: "
		    "hand them "
		                                    "over first, or set active to false");
	demo_remove(r.set, r.kind, r.id);
	return reply_empty(x, 204);
}

/* Sets one choice or reference of a record and answers with it: archive, complete. */
static enum step
change(struct exchange *x, const char *field, int64_t value)
{
	struct demo_request r;
	enum step s = understand(x, &r);
	struct demo_row *row;

	if (s != STEP_MORE)
		return s;
	row = demo_find(r.set, r.kind, r.id);
	if (!row)
		return not_found(&r);
	row->number[demo_field(r.kind, str_c(field))->slot] = value;
	row->updated = r.demo->now_s;
	return demo_answer(&r, 200, r.kind, row);
}

static enum step
h_archive(struct exchange *x, msec now)
{
	return change(x, "status", 3);
}

static enum step
h_complete(struct exchange *x, msec now)
{
	return change(x, "status", 2);
}

static enum step
h_entries(struct exchange *x, msec now)
{
	struct demo_request r;
	enum step s = understand(x, &r);

	if (s != STEP_MORE)
		return s;
	if (!demo_find(r.set, DEMO_TASKS, r.id))
		return not_found(&r);
	r.kind = DEMO_TIMES;
	return demo_list(&r, "task_id", r.id);
}

struct sums {
	u32 state[3];
	int64_t hours, billable;
};

static void
add_up(const struct demo_request *r, struct sums *sums)
{
	const struct demo_row *task = r->set[DEMO_TASKS].row, *entry = r->set[DEMO_TIMES].row;

	for (u32 i = 0; i < demo_kinds[DEMO_TASKS].max; i++) {
		if (!task[i].id || task[i].number[0] != (int64_t)r->id)
			continue;
		sums->state[task[i].number[1]]++;
		for (u32 k = 0; k < demo_kinds[DEMO_TIMES].max; k++)
			if (entry[k].id && entry[k].number[0] == (int64_t)task[i].id) {
				sums->hours += entry[k].number[3];
				sums->billable += entry[k].number[4] ? entry[k].number[3] : 0;
			}
	}
}

static enum step
h_report(struct exchange *x, msec now)
{
	struct demo_row sum = { .id = 0 };
	struct demo_request r;
	struct sums sums = { .hours = 0 };
	struct buf b;
	struct jout o;
	enum step s = understand(x, &r);
	const struct demo_row *project = s == STEP_MORE ? demo_find(r.set, DEMO_PROJECTS, r.id) : NULL;

	if (!project)
		return s == STEP_MORE ? not_found(&r) : s;
	add_up(&r, &sums);
	b = arena_buf(exchange_arena(x), 600);
	o = jout_into(&b);
	jout_open(&o, '{');
	jout_u64(&o, "project_id", r.id);
	jout_key_open(&o, "tasks", '{');
	jout_u64(&o, "todo", sums.state[0]);
	jout_u64(&o, "in_progress", sums.state[1]);
	jout_u64(&o, "done", sums.state[2]);
	jout_close(&o, '}');
	sum.number[3] = sums.hours;
	demo_print_field(&o, demo_field(DEMO_TIMES, STR("hours")), &sum);
	jout_key(&o, STR("billable_hours"));
	buf_i64(&b, sums.billable / 100);
	buf_fmt(&b, ".%D%D", sums.billable / 10 % 10, sums.billable % 10);
	o.more = true;
	demo_print_field(&o, demo_field(DEMO_PROJECTS, STR("budget_hours")), project);
	jout_close(&o, '}');
	return b.p && !b.over ? reply_bytes(x, 200, "application/json", buf_str(&b)) : reply_error(x, 503,
	    "busy: try again");
}

static enum step
h_search(struct exchange *x, msec now)
{
	struct demo_request r;
	u8 room[100];
	struct buf text = buf_over(room, sizeof room);
	struct str word;
	enum step s = understand(x, &r);

	if (s != STEP_MORE)
		return s;
	if (form_get(x->req.query, STR("q"), &text, &word) || str_trim(word).n == 0)
		return demo_wrong(x, STR("q"), "is required: the words to look for, up to 100 characters");
	return demo_search(&r, str_trim(word), SEARCH_HITS);
}

static enum step
h_status(struct exchange *x, msec now)
{
	struct demo_request r;
	enum step s = understand(x, &r);
	struct buf b;
	struct jout o;

	if (s != STEP_MORE)
		return s;
	b = arena_buf(exchange_arena(x), 300);
	o = jout_into(&b);
	jout_open(&o, '{');
	jout_c(&o, "service", "demo project management");
	jout_c(&o, "data", r.set == r.demo->table[DEMO_SANDBOX] ? "sandbox" : "production");
	for (u32 k = 0; k < DEMO_KINDS; k++) {
		u32 n = 0;

		for (u32 i = 0; i < demo_kinds[k].max; i++)
			n += r.set[k].row[i].id != 0;
		jout_u64(&o, k == DEMO_TIMES ? "time_entries" : demo_kinds[k].many, n);
	}
	jout_close(&o, '}');
	return b.p ? reply_bytes(x, 200, "application/json", buf_str(&b)) : reply_error(x, 503, "busy: try again");
}

#define CRUD(kind, path) \
	{ ROUTE_GET, kind, 0, "/:set/v1/" path, h_list }, \
	{ ROUTE_POST, kind, BODY_MAX, "/:set/v1/" path, h_create }, \
	{ ROUTE_GET, kind, 0, "/:set/v1/" path "/:id", h_get }, \
	{ ROUTE_PATCH, kind, BODY_MAX, "/:set/v1/" path "/:id", h_update }, \
	{ ROUTE_DELETE, kind, 0, "/:set/v1/" path "/:id", h_delete }

static const struct route routes[] = {
	CRUD(DEMO_PEOPLE, "people"),
	CRUD(DEMO_PROJECTS, "projects"),
	CRUD(DEMO_TASKS, "tasks"),
	CRUD(DEMO_TIMES, "time-entries"),
	{ ROUTE_POST, DEMO_PROJECTS, BODY_MAX, "/:set/v1/projects/:id/archive", h_archive },
	{ ROUTE_GET, DEMO_PROJECTS, 0, "/:set/v1/projects/:id/report", h_report },
	{ ROUTE_POST, DEMO_TASKS, BODY_MAX, "/:set/v1/tasks/:id/complete", h_complete },
	{ ROUTE_GET, DEMO_TASKS, 0, "/:set/v1/tasks/:id/time-entries", h_entries },
	{ ROUTE_GET, 0, 0, "/:set/v1/search", h_search },
	{ ROUTE_GET, 0, 0, "/:set/v1/status", h_status },
};

static struct exchange *
begin(void *of, struct conn *c)
{
	struct demo *d = of;
	struct demo_job *j = pool_take(&d->jobs);

	if (!j)
		return NULL;
	j->demo = d;
	return &j->x;
}

static enum step
step(struct exchange *x, msec now)
{
	return x->route->run(x, now);
}

static void
cancel(struct exchange *x)
{
	/* no handler waits for anything */
}

static void
end(struct exchange *x)
{
	struct demo_job *j = CONTAINER_OF(x, struct demo_job, x);

	pool_give(&j->demo->jobs, j);
}

static const struct serve_ops demo_ops = { begin, step, cancel, end };

size_t
demo_bytes(void)
{
	size_t n = sizeof(struct demo) + serve_bytes() + pool_bytes(sizeof(struct demo_job), JOBS) +
	    RPC_TOKENS_MAX * sizeof(struct jsmntok) + 4096;

	for (u32 k = 0; k < DEMO_KINDS; k++)
		n += DEMO_SETS * (demo_kinds[k].max * sizeof(struct demo_row) + 16);
	return n;
}

u32
demo_watches(void)
{
	return serve_watches();
}

u32
demo_timers(void)
{
	return serve_timers();
}

/* Not zeroed: fresh pages are, and those that no record needs stay untouched. */
static struct demo_row *
rows(struct arena *a, u32 n)
{
	a->used = (a->used + 15) & ~(size_t)15;
	return (struct demo_row *)(void *)arena_bytes(a, n * sizeof(struct demo_row));
}

struct demo *
demo_init(struct arena *a, struct net *net, const char token[2][DEMO_TOKEN_N], wall now_s)
{
	struct demo *d = ARENA_NEW(a, struct demo);

	if (!d || pool_init(&d->jobs, a, sizeof(struct demo_job), JOBS) || serve_init(&d->serve, a, net, &demo_ops, d))
		return NULL;
	d->tok = ARENA_ARRAY(a, struct jsmntok, RPC_TOKENS_MAX);
	for (u32 s = 0; s < DEMO_SETS; s++) {
		memcpy(d->token[s], token[s], DEMO_TOKEN_N);
		for (u32 k = 0; k < DEMO_KINDS; k++)
			if (!(d->table[s][k].row = rows(a, demo_kinds[k].max)))
				return NULL;
	}
	d->host = STR("localhost");
	d->conf = (struct serve_conf){ .hosts = &d->host, .hosts_n = 1, .idle_ms = 600000, .head_ms = 10000,
	    .body_ms = 10000,
		.write_ms = 10000, .routes = routes, .routes_n = ARRAY_N(routes) };
	d->now_s = now_s;
	demo_seed(d);
	serve_conf(&d->serve, &d->conf);
	return d->tok ? d : NULL;
}

int
demo_listen(struct demo *d, int fd, const struct addr *addr)
{
	return serve_listen(&d->serve, fd, addr, false, false);
}

void
demo_turn(struct demo *d, wall now_s)
{
	d->now_s = now_s;
}
