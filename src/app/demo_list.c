#include "app/demo_priv.h"

#include "http/form.h"

#define VALUE_MAX 200
#define LIST_N 60000 /* bytes of a page as JSON */
#define ROWS_MAX 1000
#define SEARCH_N 8000

/* How two dates of a range are asked for, beside the fields themselves. */
static const struct {
	const char *name, *field;
	int sign; /* -1: the field must be before it; 1: on or after; 2: on or before */
} ranges[] = {
	{ "due_before", "due_on", -1 },
	{ "from", "worked_on", 1 },
	{ "to", "worked_on", 2 },
};

/* One condition of a list. */
struct filter {
	const struct demo_field *field; /* NULL: words in any text */
	int sign;                       /* 0: equal; else as in ranges */
	int64_t number;
	u8 text_n;
	u8 text[VALUE_MAX];
};

struct query {
	struct filter filter[10];
	u32 filters;
	const struct demo_field *sort; /* NULL: by id */
	bool down;
	u32 page, per_page;
	const char *wrong; /* what a parameter must be */
};

static u8
small(u8 c)
{
	return c >= 'A' && c <= 'Z' ? (u8)(c + 32) : c;
}

bool
demo_holds(struct str text, struct str part)
{
	for (u32 i = 0; i + part.n <= text.n; i++) {
		u32 k = 0;

		while (k < part.n && small(text.p[i + k]) == small(part.p[k]))
			k++;
		if (k == part.n)
			return true;
	}
	return false;
}

static bool
fits(const struct filter *f, const struct demo_row *row)
{
	int64_t v;

	if (!f->field)
		return demo_holds(str_of(row->text[0], row->text_n[0]), str_of(f->text, f->text_n)) ||
		       demo_holds(str_of(row->text[1], row->text_n[1]), str_of(f->text, f->text_n));
	if (f->field->type == DEMO_TEXT)
		return str_same(str_of(row->text[f->field->slot], row->text_n[f->field->slot]), str_of(f->text,
		    f->text_n));
	v = row->number[f->field->slot];
	switch (f->sign) {
	case -1: return v != DEMO_NULL && v < f->number;
	case 1: return v != DEMO_NULL && v >= f->number;
	case 2: return v != DEMO_NULL && v <= f->number;
	}
	return v == f->number;
}

static int
add_filter(struct query *q, const struct demo_field *field, int sign, struct str value)
{
	struct filter *f = &q->filter[q->filters];

	if (q->filters == ARRAY_N(q->filter)) {
		q->wrong = "is one condition too many";
		return ERR_BAD;
	}
	*f = (struct filter){ .field = field, .sign = sign };
	if (!field || field->type == DEMO_TEXT) {
		memcpy(f->text, value.p, value.n);
		f->text_n = (u8)value.n;
	} else if (demo_read(field, value, &f->number, &q->wrong)) {
		return ERR_BAD;
	}
	q->filters++;
	return 0;
}

static int
read_count(struct query *q, struct str value, u32 most, u32 *out)
{
	u64 v;

	q->wrong = most == DEMO_PAGE_MAX ? "must be 1 to 50" : "must be 1 or more";
	if (str_u64(value, &v) || v < 1 || v > most)
		return ERR_BAD;
	*out = (u32)v;
	return 0;
}

static int
read_sort(struct query *q, u32 kind, struct str value)
{
	q->down = value.n && value.p[0] == '-';
	value = str_cut(value, q->down, value.n);
	q->sort = demo_field(kind, value);
	q->wrong = "must be id or a field, with - before it for the other way";
	return q->sort || str_is(value, "id") ? 0 : ERR_BAD;
}

static int
one_parameter(struct query *q, u32 kind, struct str name, struct str value)
{
	const struct demo_field *f = demo_field(kind, name);

	if (str_is(name, "page"))
		return read_count(q, value, 100000, &q->page);
	if (str_is(name, "per_page"))
		return read_count(q, value, DEMO_PAGE_MAX, &q->per_page);
	if (str_is(name, "sort"))
		return read_sort(q, kind, value);
	if (str_is(name, "q"))
		return add_filter(q, NULL, 0, value);
	if (f)
		return add_filter(q, f, 0, value);
	for (u32 i = 0; i < ARRAY_N(ranges); i++)
		if (str_is(name, ranges[i].name) && demo_field(kind, str_c(ranges[i].field)))
			return add_filter(q, demo_field(kind, str_c(ranges[i].field)), ranges[i].sign, value);
	q->wrong = "is no parameter of this list";
	return ERR_BAD;
}

/* STEP_DONE: the answer, an error, is set. STEP_MORE: go on. */
static enum step
read_query(const struct demo_request *r, struct query *q)
{
	struct str rest = r->x->req.query, raw_name, raw_value;

	while (form_next(&rest, &raw_name, &raw_value)) {
		u8 names[40], values[VALUE_MAX];
		struct buf name = buf_over(names, sizeof names), value = buf_over(values, sizeof values);

		if (form_decode(&name, raw_name) || form_decode(&value, raw_value) || name.over || value.over)
			return demo_error(r->x, 400, "validation", "a parameter is too long or badly encoded");
		if (one_parameter(q, r->kind, buf_str(&name), buf_str(&value)))
			return demo_wrong(r->x, buf_str(&name), q->wrong);
	}
	return STEP_MORE;
}

static int
compare(const struct query *q, const struct demo_row *a, const struct demo_row *b)
{
	const struct demo_field *f = q->sort;
	int d = 0;

	if (f && f->type == DEMO_TEXT)
		d = str_cmp(str_of(a->text[f->slot], a->text_n[f->slot]), str_of(b->text[f->slot], b->text_n[f->slot]));
	else if (f && a->number[f->slot] != b->number[f->slot])
		d = a->number[f->slot] < b->number[f->slot] ? -1 : 1;
	if (d == 0)
		d = a->id < b->id ? -1 : 1;
	return q->down ? -d : d;
}

/* Insertion: a thousand rows at most, and mostly in order already. */
static u32
pick(const struct demo_request *r, const struct query *q, u16 *place)
{
	const struct demo_row *row = r->set[r->kind].row;
	u32 n = 0;

	for (u32 i = 0; i < demo_kinds[r->kind].max; i++) {
		bool ok = row[i].id != 0;
		u32 at = n;

		for (u32 k = 0; ok && k < q->filters; k++)
			ok = fits(&q->filter[k], &row[i]);
		if (!ok)
			continue;
		while (at && compare(q, &row[place[at - 1]], &row[i]) > 0) {
			place[at] = place[at - 1];
			at--;
		}
		place[at] = (u16)i;
		n++;
	}
	return n;
}

static enum step
answer(const struct demo_request *r, const struct query *q, struct arena *a)
{
	u16 *place = ARENA_ARRAY(a, u16, ROWS_MAX);
	u32 from = (q->page - 1) * q->per_page, room = LIST_N - ROWS_MAX * 2 - 64, n;
	struct buf b = arena_buf(a, room);
	struct jout o = jout_into(&b);

	if (!place || !b.p)
		return reply_error(r->x, 503, "busy: try again");
	n = pick(r, q, place);
	jout_open(&o, '{');
	jout_key_open(&o, "items", '[');
	for (u32 i = from; i < n && i < from + q->per_page; i++)
		demo_print(&o, r->kind, &r->set[r->kind].row[place[i]]);
	jout_close(&o, ']');
	jout_u64(&o, "page", q->page);
	jout_u64(&o, "per_page", q->per_page);
	jout_u64(&o, "total", n);
	jout_close(&o, '}');
	if (b.over)
		return demo_error(r->x, 400, "too_large", "this page is too large: ask for fewer per_page");
	return reply_bytes(r->x, 200, "application/json", buf_str(&b));
}

enum step
demo_list(const struct demo_request *r, const char *only, u32 only_id)
{
	struct arena *a = exchange_arena_n(r->x, LIST_N + (u32)sizeof(struct query) + 64);
	struct query *q = ARENA_NEW(a, struct query);
	enum step s;

	if (!q)
		return reply_error(r->x, 503, "busy: try again");
	q->page = 1;
	q->per_page = 20;
	s = read_query(r, q);
	if (s != STEP_MORE)
		return s;
	if (only && q->filters < ARRAY_N(q->filter))
		q->filter[q->filters++] = (struct filter){ .field = demo_field(r->kind, str_c(only)),
		    .number = only_id };
	return answer(r, q, a);
}

static void
print_hit(struct jout *o, u32 kind, const struct demo_row *row)
{
	jout_open(o, '{');
	jout_c(o, "type", demo_kinds[kind].one);
	jout_u64(o, "id", row->id);
	jout_str(o, "title", str_of(row->text[0], row->text_n[0]));
	jout_close(o, '}');
}

enum step
demo_search(const struct demo_request *r, struct str word, u32 most)
{
	static const u8 kinds[] = { DEMO_PROJECTS, DEMO_TASKS, DEMO_PEOPLE };
	struct buf b = arena_buf(exchange_arena_n(r->x, SEARCH_N + 64), SEARCH_N);
	struct jout o = jout_into(&b);
	u32 n = 0;

	if (!b.p)
		return reply_error(r->x, 503, "busy: try again");
	jout_open(&o, '{');
	jout_key_open(&o, "items", '[');
	for (u32 k = 0; k < ARRAY_N(kinds); k++)
		for (u32 i = 0; i < demo_kinds[kinds[k]].max && n < most; i++) {
			const struct demo_row *row = &r->set[kinds[k]].row[i];

			if (!row->id || (!demo_holds(str_of(row->text[0], row->text_n[0]), word) &&
			                 !demo_holds(str_of(row->text[1], row->text_n[1]), word)))
				continue;
			print_hit(&o, kinds[k], row);
			n++;
		}
	jout_close(&o, ']');
	jout_u64(&o, "found", n);
	jout_close(&o, '}');
	return reply_bytes(r->x, 200, "application/json", buf_str(&b));
}
