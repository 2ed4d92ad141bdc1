#include "app/html.h"

#include "app/person.h"
#include "base/pack.h"
#include "base/text.h"
#include "base/utf8.h"
#include "http/form.h"
#include "http/url.h"

#define DEPTH_MAX 6   /* blocks inside blocks */
#define NAME_N 64     /* bytes of a file's name */
#define OUT_SPARE 600 /* of the arena, left for header fields */

enum { ITEM_VALUE, ITEM_TEXT, ITEM_ROW };

struct html_item {
	const char *name;
	struct str value; /* ITEM_TEXT: the key */
	u32 row;          /* the row it stands in: its index + 1; 0: the page */
	u8 kind;
};

/* ---- texts and languages ------------------------------------------------------------------------- */

static struct str
file_of(struct str row, const char *name, const char *end)
{
	char path[NAME_N];

	return text_c(path, sizeof path, "%s.%s", name, end) ? pack_file(row, path) : STR_NONE;
}

/* Weight of a language range: its q in thousandths, 1000 without one. */
static u32
weight_of(struct str range)
{
	struct str rest = range, q;
	u32 w = 0, unit = 1000;

	str_next(&rest, ';');
	q = str_trim(rest);
	if (q.n < 3 || (q.p[0] | 32) != 'q' || q.p[1] != '=')
		return 1000;
	for (u32 i = 2; i < q.n && unit; i++) {
		if (q.p[i] == '.')
			continue;
		if (q.p[i] < '0' || q.p[i] > '9')
			break;
		w += (u32)(q.p[i] - '0') * unit;
		unit /= 10;
	}
	return min_u32(w, 1000);
}

/* The language that is wanted most of those we have; English when none is. */
static const char *
language_of(const struct exchange *x)
{
	static const char *const have[] = { "en", "ru" };
	const struct field *f = field_find(&x->req.fields, STR("Accept-Language"));
	struct str rest = f ? f->value : STR_NONE;
	const char *best = have[0];
	u32 most = 0;

	while (rest.p) {
		struct str range = str_trim(str_next(&rest, ','));
		u32 w = weight_of(range);

		for (u32 i = 0; i < ARRAY_N(have); i++)
			if (w > most && range.n >= 2 && str_same_nocase(str_cut(range, 0, 2), str_c(have[i])) &&
			    (range.n == 2 || range.p[2] == '-' || range.p[2] == ';')) {
				best = have[i];
				most = w;
			}
	}
	return best;
}

/* A line "key text" of a language file. */
static struct str
line_of(struct str file, struct str key)
{
	while (file.p) {
		struct str line = str_next(&file, '\n');

		if (line.n > key.n && line.p[key.n] == ' ' && memcmp(line.p, key.p, key.n) == 0)
			return str_cut(line, key.n + 1, line.n);
	}
	return STR_NONE;
}

static struct str
text_of(const struct html *h, struct str key)
{
	struct str t = line_of(h->text, key);

	if (!t.p)
		t = line_of(h->fallback, key);
	return t.p ? t : key;
}

/* ---- items --------------------------------------------------------------------------------------- */

void
html_items(struct html *h, u32 n)
{
	struct html_item *item = ARENA_ARRAY(exchange_arena(&h->j->x), struct html_item, n);

	if (!item || n < h->n) {
		h->over = true;
		return;
	}
	if (h->n)
		memcpy(item, h->item, h->n * sizeof *item);
	h->item = item;
	h->max = n;
}

static void
add(struct html *h, const char *name, struct str value, u8 kind, u32 row)
{
	if (h->n == h->max) {
		h->over = true;
		return;
	}
	h->item[h->n++] = (struct html_item){ name, value, row, kind };
}

void
html_put(struct html *h, const char *name, struct str value)
{
	if (value.n)
		add(h, name, value, ITEM_VALUE, h->row);
}

void
html_text(struct html *h, const char *name, const char *key)
{
	add(h, name, str_c(key), ITEM_TEXT, h->row);
}

void
html_num(struct html *h, const char *name, u64 value)
{
	struct buf b = arena_buf(exchange_arena(&h->j->x), 20);

	buf_u64(&b, value);
	html_put(h, name, buf_str(&b));
}

void
html_flag(struct html *h, const char *name, bool set)
{
	if (set)
		html_put(h, name, STR("1"));
}

void
html_time(struct html *h, const char *name, wall at)
{
	u8 room[24];
	struct buf iso = buf_over(room, sizeof room), b = arena_buf(exchange_arena(&h->j->x), 20);

	if (!at || !b.p)
		return;
	text_time(&iso, at);
	buf_fmt(&b, "%S %S UTC", str_of(room, 10), str_of(room + 11, 5));
	html_put(h, name, buf_str(&b));
}

void
html_row(struct html *h, const char *block)
{
	add(h, block, STR_NONE, ITEM_ROW, 0);
	h->row = h->n;
}

void
html_top(struct html *h)
{
	h->row = 0;
}

static bool
holds(struct str s, struct str part)
{
	for (u32 i = 0; i + part.n <= s.n; i++)
		if (str_same_nocase(str_cut(s, i, i + part.n), part))
			return true;
	return false;
}

bool
html_row_has(const struct html *h, struct str part)
{
	for (u32 i = h->row; i < h->n; i++)
		if (h->item[i].kind == ITEM_VALUE && holds(h->item[i].value, part))
			return true;
	return false;
}

void
html_row_drop(struct html *h)
{
	h->n = h->row - 1;
	h->row = 0;
}

/* The item of a name in the row, else in the page. */
static const struct html_item *
find(const struct html *h, struct str name, u32 row)
{
	const struct html_item *outside = NULL;

	for (u32 i = 0; i < h->n; i++) {
		const struct html_item *it = &h->item[i];

		if (it->kind == ITEM_ROW || !str_is(name, it->name))
			continue;
		if (it->row == row)
			return it;
		if (!it->row)
			outside = it;
	}
	return outside;
}

/* ---- rendering ----------------------------------------------------------------------------------- */

static void
escape(struct buf *b, struct str s)
{
	for (u32 i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': BUF_LIT(b, "&amp;"); break;
		case '<': BUF_LIT(b, "&lt;"); break;
		case '>': BUF_LIT(b, "&gt;"); break;
		case '"': BUF_LIT(b, "&quot;"); break;
		case '\'': BUF_LIT(b, "&#39;"); break;
		default: buf_byte(b, s.p[i]);
		}
	}
}

/* A text of the language file, with the values its {marks} name. */
static void
put_text(struct html *h, struct str key, u32 row)
{
	struct str t = text_of(h, key);

	while (t.n) {
		int open = str_find(t, '{', 0), close = open < 0 ? -1 : str_find(t, '}', (u32)open);
		const struct html_item *it;

		if (close < 0) {
			buf_put(&h->out, t);
			return;
		}
		buf_put(&h->out, str_cut(t, 0, (u32)open));
		it = find(h, str_cut(t, (u32)open + 1, (u32)close), row);
		if (it && it->kind == ITEM_VALUE)
			escape(&h->out, it->value);
		t = str_cut(t, (u32)close + 1, t.n);
	}
}

static void render(struct html *h, struct str t, u32 row, u32 depth);

/* {{#name}}: for each row, or once for a value. {{^name}}: if there is neither. */
static void
put_block(struct html *h, struct str name, struct str inner, u32 row, u32 depth)
{
	bool want = name.p[0] == '#', any = false;

	name = str_cut(name, 1, name.n);
	for (u32 i = 0; i < h->n; i++)
		if (h->item[i].kind == ITEM_ROW && str_is(name, h->item[i].name)) {
			any = true;
			if (want)
				render(h, inner, i + 1, depth + 1);
		}
	if (any)
		return;
	if ((find(h, name, row) != NULL) == want)
		render(h, inner, row, depth + 1);
}

/* Where the block that begins with t ends: *inner is what stands in it; what follows its end mark is returned. */
static struct str
split_block(struct str t, struct str name, struct str *inner)
{
	char mark[NAME_N];
	int at;

	if (!text_c(mark, sizeof mark, "{{/%S}}", str_cut(name, 1, name.n)) ||
	    (at = str_find_str(t, str_c(mark))) < 0) {
		*inner = STR_NONE;
		return STR_NONE;
	}
	*inner = str_cut(t, 0, (u32)at);
	return str_cut(t, (u32)at + (u32)strlen(mark), t.n);
}

static void
put_value(struct html *h, struct str name, u32 row)
{
	const struct html_item *it = find(h, name, row);

	if (it && it->kind == ITEM_TEXT)
		put_text(h, it->value, row);
	else if (it)
		escape(&h->out, it->value);
}

/* {{>}}: the page itself, inside the frame; {{>name}}: what pages have in common. */
static void
put_file(struct html *h, struct str name, u32 row, u32 depth)
{
	char of[NAME_N];

	if (text_c(of, sizeof of, "%S", name.n ? name : str_c(h->page)))
		render(h, file_of(h->j->app->pages, of, "html"), row, depth + 1);
}

static void
render(struct html *h, struct str t, u32 row, u32 depth)
{
	while (t.n && depth < DEPTH_MAX) {
		int open = str_find_str(t, STR("{{")), close = open < 0 ? -1 : str_find_str(t, STR("}}"));
		struct str name, inner;

		if (close < open + 3) {
			buf_put(&h->out, t);
			return;
		}
		buf_put(&h->out, str_cut(t, 0, (u32)open));
		name = str_cut(t, (u32)open + 2, (u32)close);
		t = str_cut(t, (u32)close + 2, t.n);
		switch (name.p[0]) {
		case '\'': put_text(h, str_cut(name, 1, name.n), row); break;
		case '>': put_file(h, str_cut(name, 1, name.n), row, depth); break;
		case '#':
		case '^':
			t = split_block(t, name, &inner);
			put_block(h, name, inner, row, depth);
			break;
		default: put_value(h, name, row);
		}
	}
}

/* ---- pages --------------------------------------------------------------------------------------- */

static struct str
base_of(const struct job *j)
{
	struct url u;

	return j->gen->gen && url_parse(j->gen->gen->public_url, &u) == 0 ? u.path : STR("");
}

void
html_begin(struct html *h, struct exchange *x, const char *page)
{
	struct job *j = job_of(x);
	const char *lang = language_of(x);
	struct arena *a = exchange_arena_n(x, HTML_ARENA_N);
	struct buf title = arena_buf(a, NAME_N);
	struct str text = file_of(j->app->texts, lang, "txt");

	if (!text.p) /* a board may leave a language out */
		lang = "en";
	*h = (struct html){ .j = j, .page = page, .text = text,
		.fallback = file_of(j->app->texts, "en", "txt") };
	html_items(h, HTML_ITEMS);
	buf_fmt(&title, "%s_title", page);
	add(h, "title", buf_str(&title), ITEM_TEXT, 0);
	html_put(h, "lang", str_c(lang));
	html_put(h, "base", base_of(j));
	html_put(h, "page", str_c(page));
	if (j->person && j->person->who.level == BROWSER_IN) {
		html_put(h, "me", user_name(&j->person->who.user));
		html_put(h, "called", user_called(&j->person->who.user));
		html_flag(h, "connects", j->gen->gen && j->gen->gen->connects);
		html_flag(h, "admin", j->person->who.user.admin);
		html_flag(h, "box", person_runs_box(&j->person->who.user));
		html_flag(h, "console", str_starts(str_c(page), STR("admin")));
		html_flag(h, "coded", j->person->who.user.totp_n != 0);
		html_flag(h, "passless", j->person->who.user.pass_n == 0);
	}
	if (j->person && j->person->who.level != BROWSER_NOBODY)
		html_put(h, "csrf", person_csrf(j));
}

static void
put_fields(struct html *h)
{
	u8 room[400];
	struct buf b = buf_over(room, sizeof room);

	buf_fmt(&b, "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'%s%S; base-uri "
	    "'none'; frame-ancestors 'none'", h->form_to.n ? " " : "", h->form_to);
	if (b.over) {
		h->over = true;
		return;
	}
	reply_field(&h->j->x, "Content-Security-Policy", buf_str(&b));
	reply_field(&h->j->x, "X-Frame-Options", STR("DENY"));
	reply_field(&h->j->x, "Cache-Control", STR("no-store"));
	reply_field(&h->j->x, "X-Content-Type-Options", STR("nosniff"));
	reply_field(&h->j->x, "Referrer-Policy", STR("same-origin"));
	reply_field(&h->j->x, "Vary", STR("Accept-Language"));
}

enum step
html_reply(struct html *h, u16 status)
{
	struct arena *a = exchange_arena(&h->j->x);
	u32 n;

	put_fields(h);
	n = a->cap - a->used > OUT_SPARE ? (u32)(a->cap - a->used - OUT_SPARE) : 0;
	h->out = arena_buf(a, n);
	if (h->out.p)
		render(h, file_of(h->j->app->pages, "frame", "html"), 0, 0);
	if (!h->out.w || h->out.over || h->over)
		return reply_error(&h->j->x, 503, "busy: try again");
	return reply_bytes(&h->j->x, status, "text/html; charset=utf-8", buf_str(&h->out));
}

enum step
html_error(struct exchange *x, u16 status, const char *key)
{
	struct html h;

	html_begin(&h, x, "error");
	html_text(&h, "why", key);
	return html_reply(&h, status);
}

enum step
html_go(struct exchange *x, struct str where)
{
	struct str base = where.n && where.p[0] == '/' ? base_of(job_of(x)) : STR_NONE;
	struct buf b = arena_buf(exchange_arena_n(x, HTML_ARENA_N), base.n + where.n);

	buf_put(&b, base);
	buf_put(&b, where);
	if (!b.p || b.over || !field_value_ok(buf_str(&b)))
		return reply_error(x, 503, "busy: try again");
	reply_field(x, "Location", buf_str(&b));
	reply_field(x, "Cache-Control", STR("no-store"));
	reply_field(x, "Referrer-Policy", STR("same-origin"));
	return reply_empty(x, 303);
}

enum step
html_leave(struct exchange *x, struct str where, struct str host)
{
	struct html h;

	html_begin(&h, x, "leave");
	html_put(&h, "leave", where);
	html_put(&h, "host", host);
	return html_reply(&h, 200);
}

enum step
html_style(struct exchange *x, msec now)
{
	reply_field(x, "Cache-Control", STR("max-age=600"));
	reply_field(x, "X-Content-Type-Options", STR("nosniff"));
	return reply_bytes(x, 200, "text/css; charset=utf-8", pack_file(job_of(x)->app->pages, "style.css"));
}

/* ---- forms --------------------------------------------------------------------------------------- */

static bool
text_ok(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return utf8_valid(s);
}

static bool
is_form(const struct fields *f)
{
	struct str rest = field_get(f, FIELD_CONTENT_TYPE);

	return str_same_nocase(str_trim(str_next(&rest, ';')), STR("application/x-www-form-urlencoded")) &&
	       !field_get(f, FIELD_CONTENT_ENCODING).n;
}

int
html_form(struct exchange *x, const struct html_field *field, u32 n)
{
	struct arena *a = exchange_arena_n(x, HTML_ARENA_N);

	if (!is_form(&x->req.fields)) {
		html_error(x, 415, "error_form");
		return ERR_BAD;
	}
	for (u32 i = 0; i < n; i++) {
		struct buf b = arena_buf(a, field[i].max);
		int err = form_get(x->body, str_c(field[i].name), &b, field[i].value);

		if (err == ERR_NONE) {
			*field[i].value = STR_NONE;
			continue;
		}
		if (err || !text_ok(*field[i].value)) {
			html_error(x, 400, b.p ? "error_form" : "error_busy");
			return ERR_BAD;
		}
	}
	return 0;
}

bool
html_next_ok(struct str s)
{
	if (s.n == 0 || s.n > HTML_NEXT_MAX || s.p[0] != '/' || (s.n > 1 && s.p[1] == '/'))
		return false;
	for (u32 i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '\\')
			return false;
	return true;
}
