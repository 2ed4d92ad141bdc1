#include "app/demo_priv.h"

#include "base/text.h"

static const char *const roles[] = { "developer", "designer", "manager", "customer", NULL };
static const char *const phases[] = { "planned", "active", "on_hold", "archived", NULL };
static const char *const states[] = { "todo", "in_progress", "done", NULL };
static const char *const priorities[] = { "low", "normal", "high", "urgent", NULL };

/* name, type, slot, required, ref, most, initial, choice */
static const struct demo_field person[] = {
	{ "name", DEMO_TEXT, 0, true, 0, 80, 0, NULL },
	{ "email", DEMO_TEXT, 1, true, 0, 120, 0, NULL },
	{ "role", DEMO_CHOICE, 0, false, 0, 0, 0, roles },
	{ "active", DEMO_BOOL, 1, false, 0, 0, 1, NULL },
};

static const struct demo_field project[] = {
	{ "name", DEMO_TEXT, 0, true, 0, 120, 0, NULL },
	{ "description", DEMO_TEXT, 1, false, 0, 480, 0, NULL },
	{ "status", DEMO_CHOICE, 0, false, 0, 0, 0, phases },
	{ "owner_id", DEMO_REF, 1, false, DEMO_PEOPLE, 0, DEMO_NULL, NULL },
	{ "due_on", DEMO_DATE, 2, false, 0, 0, DEMO_NULL, NULL },
	{ "budget_hours", DEMO_HOURS, 3, false, 0, 60000, DEMO_NULL, NULL },
};

static const struct demo_field task[] = {
	{ "project_id", DEMO_REF, 0, true, DEMO_PROJECTS, 0, DEMO_NULL, NULL },
	{ "title", DEMO_TEXT, 0, true, 0, 160, 0, NULL },
	{ "description", DEMO_TEXT, 1, false, 0, 480, 0, NULL },
	{ "status", DEMO_CHOICE, 1, false, 0, 0, 0, states },
	{ "priority", DEMO_CHOICE, 2, false, 0, 0, 1, priorities },
	{ "assignee_id", DEMO_REF, 3, false, DEMO_PEOPLE, 0, DEMO_NULL, NULL },
	{ "due_on", DEMO_DATE, 4, false, 0, 0, DEMO_NULL, NULL },
	{ "estimate_hours", DEMO_HOURS, 5, false, 0, 10000, DEMO_NULL, NULL },
};

static const struct demo_field time_entry[] = {
	{ "task_id", DEMO_REF, 0, true, DEMO_TASKS, 0, DEMO_NULL, NULL },
	{ "person_id", DEMO_REF, 1, true, DEMO_PEOPLE, 0, DEMO_NULL, NULL },
	{ "worked_on", DEMO_DATE, 2, true, 0, 0, DEMO_NULL, NULL },
	{ "hours", DEMO_HOURS, 3, true, 0, 24, DEMO_NULL, NULL },
	{ "billable", DEMO_BOOL, 4, false, 0, 0, 1, NULL },
	{ "note", DEMO_TEXT, 0, false, 0, 240, 0, NULL },
};

const struct demo_kind demo_kinds[DEMO_KINDS] = {
	[DEMO_PEOPLE] = { "person", "people", person, ARRAY_N(person), 100 },
	[DEMO_PROJECTS] = { "project", "projects", project, ARRAY_N(project), 100 },
	[DEMO_TASKS] = { "task", "tasks", task, ARRAY_N(task), 500 },
	[DEMO_TIMES] = { "time entry", "time entries", time_entry, ARRAY_N(time_entry), 1000 },
};

const struct demo_field *
demo_field(u32 kind, struct str name)
{
	const struct demo_kind *k = &demo_kinds[kind];

	for (u32 i = 0; i < k->fields; i++)
		if (str_is(name, k->field[i].name))
			return &k->field[i];
	return NULL;
}

struct demo_row *
demo_find(const struct demo_table *set, u32 kind, u32 id)
{
	for (u32 i = 0; id && i < demo_kinds[kind].max; i++)
		if (set[kind].row[i].id == id)
			return &set[kind].row[i];
	return NULL;
}

struct demo_row *
demo_new(struct demo *d, struct demo_table *set, u32 kind)
{
	const struct demo_kind *k = &demo_kinds[kind];
	struct demo_row *row = NULL;

	for (u32 i = 0; i < k->max && !row; i++)
		if (set[kind].row[i].id == 0)
			row = &set[kind].row[i];
	if (!row)
		return NULL;
	memset(row, 0, sizeof *row);
	row->id = ++set[kind].next_id;
	row->created = row->updated = d->now_s;
	for (u32 i = 0; i < k->fields; i++)
		if (k->field[i].type != DEMO_TEXT)
			row->number[k->field[i].slot] = k->field[i].initial;
	return row;
}

/* What a record owns goes with it: tasks of a project, time entries of a task. */
void
demo_remove(struct demo_table *set, u32 kind, u32 id)
{
	struct demo_row *row = demo_find(set, kind, id);
	u32 owned = kind == DEMO_PROJECTS ? DEMO_TASKS : kind == DEMO_TASKS ? DEMO_TIMES : DEMO_KINDS;

	if (!row)
		return;
	row->id = 0;
	for (u32 i = 0; owned < DEMO_KINDS && i < demo_kinds[owned].max; i++) {
		struct demo_row *o = &set[owned].row[i];

		if (o->id && o->number[0] == (int64_t)id) /* project_id, task_id: their first number */
			demo_remove(set, owned, o->id);   /* two levels deep, by the line above */
	}
}

u32
demo_pointing(const struct demo_table *set, u32 kind, const char *field, u32 id)
{
	const struct demo_field *f = demo_field(kind, str_c(field));
	u32 n = 0;

	for (u32 i = 0; f && i < demo_kinds[kind].max; i++)
		n += set[kind].row[i].id && set[kind].row[i].number[f->slot] == (int64_t)id;
	return n;
}

/* "2026-11-21" as 20261121. */
static int
read_date(struct str s, int64_t *v)
{
	static const u8 days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	u64 y, m, d;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || str_u64(str_cut(s, 0, 4), &y) || str_u64(str_cut(s, 5, 7),
	    &m) ||
	    str_u64(str_cut(s, 8, 10), &d) || m < 1 || m > 12 || d < 1 || d > days[m - 1])
		return ERR_BAD;
	if (m == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400)))
		return ERR_BAD;
	*v = (int64_t)(y * 10000 + m * 100 + d);
	return 0;
}

/* "1.5" as 150: at most two decimals. */
static int
read_hours(struct str s, int64_t *v)
{
	int dot = str_find(s, '.', 0);
	struct str whole = dot < 0 ? s : str_cut(s, 0, (u32)dot), part = dot < 0 ? STR("0") : str_cut(s, (u32)dot + 1,
	    s.n);
	u64 w, p;

	if (part.n > 2 || str_u64(whole, &w) || str_u64(part, &p) || w > 1000000)
		return ERR_BAD;
	*v = (int64_t)(w * 100 + (part.n == 1 ? p * 10 : p));
	return 0;
}

static int
read_choice(const struct demo_field *f, struct str text, int64_t *number)
{
	for (int i = 0; f->choice[i]; i++)
		if (str_is(text, f->choice[i])) {
			*number = i;
			return 0;
		}
	return ERR_BAD;
}

static const char *
must_be_choice(const struct demo_field *f)
{
	return f->choice == roles ? "must be developer, designer, manager or customer" :
	       f->choice == phases ? "must be planned, active, on_hold or archived" :
	       f->choice == states ? "must be todo, in_progress or done" : "must be low, normal, high or urgent";
}

int
demo_read(const struct demo_field *f, struct str text, int64_t *number, const char **must)
{
	u64 v = 0;

	switch (f->type) {
	case DEMO_BOOL:
		*must = "must be true or false";
		*number = str_is(text, "true");
		return str_is(text, "true") || str_is(text, "false") ? 0 : ERR_BAD;
	case DEMO_CHOICE:
		*must = must_be_choice(f);
		return read_choice(f, text, number);
	case DEMO_DATE:
		*must = "must be a date such as 2026-11-21";
		return read_date(text, number);
	case DEMO_HOURS:
		*must = f->most == 24 ? "must be a number of hours above 0, at most 24, with at most two decimals" :
		                        "must be a number of hours with at most two decimals";
		return read_hours(text, number) || *number > f->most * 100 || (f->most == 24 && *number == 0) ?
		    ERR_BAD : 0;
	default:
		*must = "must be a whole number";
		if (str_u64(text, &v) || v > UINT32_MAX)
			return ERR_BAD;
		*number = (int64_t)v;
		return 0;
	}
}

static void
print_number(struct jout *o, const struct demo_field *f, int64_t v)
{
	u8 room[32];
	struct buf b = buf_over(room, sizeof room);

	switch (f->type) {
	case DEMO_BOOL: jout_bool(o, f->name, v != 0); return;
	case DEMO_CHOICE: jout_c(o, f->name, f->choice[v]); return;
	case DEMO_DATE:
		buf_fmt(&b, "%D-%D%D-%D%D", v / 10000, v / 1000 % 10, v / 100 % 10, v / 10 % 10, v % 10);
		jout_str(o, f->name, buf_str(&b));
		return;
	case DEMO_HOURS:
		buf_i64(&b, v / 100);
		if (v % 100)
			buf_fmt(&b, v % 10 ? ".%D%D" : ".%D", v / 10 % 10, v % 10);
		jout_raw(o, f->name, buf_str(&b));
		return;
	default: jout_num(o, f->name, v);
	}
}

void
demo_print_field(struct jout *o, const struct demo_field *f, const struct demo_row *row)
{
	if (f->type == DEMO_TEXT)
		jout_str(o, f->name, str_of(row->text[f->slot], row->text_n[f->slot]));
	else if (row->number[f->slot] == DEMO_NULL)
		jout_null(o, f->name);
	else
		print_number(o, f, row->number[f->slot]);
}

static void
print_time(struct jout *o, const char *name, wall at)
{
	u8 room[24];
	struct buf b = buf_over(room, sizeof room);

	text_time(&b, at);
	jout_str(o, name, buf_str(&b));
}

void
demo_print(struct jout *o, u32 kind, const struct demo_row *row)
{
	jout_open(o, '{');
	jout_u64(o, "id", row->id);
	for (u32 i = 0; i < demo_kinds[kind].fields; i++)
		demo_print_field(o, &demo_kinds[kind].field[i], row);
	print_time(o, "created_at", row->created);
	print_time(o, "updated_at", row->updated);
	jout_close(o, '}');
}
