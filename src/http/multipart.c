#include "http/multipart.h"

#include "http/field.h"

/* Takes the next parameter, name=value or name="value", off *rest: 1; 0 there is none; ERR_BAD what stands there could
 * be read in more ways than one. */
static int
next_param(struct str *rest, struct str *name, struct str *value)
{
	bool quoted;
	int end;

	*rest = str_trim(*rest);
	while (rest->n && rest->p[0] == ';')
		*rest = str_trim(str_cut(*rest, 1, rest->n));
	if (!rest->n)
		return 0;
	end = str_find(*rest, '=', 0);
	if (end < 0)
		return ERR_BAD;
	*name = str_trim(str_cut(*rest, 0, (u32)end));
	*rest = str_cut(*rest, (u32)end + 1, rest->n);
	quoted = rest->n && rest->p[0] == '"';
	end = str_find(*rest, quoted ? '"' : ';', quoted);
	if (quoted && end < 0)
		return ERR_BAD;
	*value = str_cut(*rest, quoted, end < 0 ? rest->n : (u32)end);
	*rest = str_trim(str_cut(*rest, end < 0 ? rest->n : (u32)end + quoted, rest->n));
	if (!quoted)
		*value = str_trim(*value);
	return field_token(*name) && str_find(*value, '"', 0) < 0 && (!rest->n || rest->p[0] == ';') ? 1 : ERR_BAD;
}

/* RFC 2046 section 5.1.1, without blanks. */
static bool
boundary_ok(struct str s)
{
	for (u32 i = 0; i < s.n; i++)
		if (!field_token(str_of(s.p + i, 1)) && str_find(STR("()/:=?,"), s.p[i], 0) < 0)
			return false;
	return s.n && s.n <= MULTIPART_BOUNDARY_MAX;
}

int
multipart_begin(struct multipart *m, struct str body, struct str params)
{
	struct str name, value;
	int more;

	*m = (struct multipart){ .rest = body, .body = body.p };
	while ((more = next_param(&params, &name, &value)) > 0) {
		if (!str_same_nocase(name, STR("boundary")))
			continue;
		if (m->n || !boundary_ok(value))
			return ERR_BAD;
		memcpy(m->mark, "\r\n--", 4);
		memcpy(m->mark + 4, value.p, value.n);
		m->n = (u8)(4 + value.n);
	}
	return more == 0 && m->n ? 0 : ERR_BAD;
}

void
multipart_type(const struct multipart *m, struct buf *b)
{
	struct str boundary = str_of(m->mark + 4, m->n - 4u);
	const char *quote = field_token(boundary) ? "" : "\"";

	buf_fmt(b, "multipart/form-data; boundary=%s%S%s", quote, boundary, quote);
}

static int
read_disposition(struct str value, struct multipart_part *p)
{
	struct str name, text, rest;
	int more;

	if (!str_same_nocase(str_trim(str_next(&value, ';')), STR("form-data")))
		return ERR_BAD;
	while ((more = next_param(&value, &name, &text)) > 0) {
		rest = name;
		if (str_find(text, '\\', 0) >= 0) /* browsers percent-encode; what an escape means differs */
			return ERR_BAD;
		if (str_same_nocase(name, STR("name")) && !p->name.p)
			p->name = text;
		else if (str_same_nocase(str_next(&rest, '*'), STR("name")))
			return ERR_BAD; /* a second one, name*=, name*0=: which one counts differs */
		else if (str_same_nocase(name, STR("filename")))
			p->file = text;
	}
	return more;
}

/* A text says how it is to be read only where that is how it is read here. */
static int
read_charset(struct str type)
{
	struct str name, value;
	int more;

	str_next(&type, ';');
	while ((more = next_param(&type, &name, &value)) > 0)
		if (str_same_nocase(name, STR("charset")) && !str_same_nocase(value, STR("utf-8")) &&
		    !str_same_nocase(value, STR("us-ascii")))
			return ERR_BAD;
	return more;
}

static int
read_head(struct str head, struct multipart_part *p)
{
	while (head.n) {
		int end = str_find_str(head, STR("\r\n"));
		struct str line = str_cut(head, 0, end < 0 ? head.n : (u32)end), name;

		head = str_cut(head, end < 0 ? head.n : (u32)end + 2, head.n);
		name = str_next(&line, ':');
		if (!line.p || !field_token(name) || !field_value_ok(line))
			return ERR_BAD;
		if (str_same_nocase(name, STR("Content-Type")) && !p->type.p)
			p->type = str_trim(line);
		else if (str_same_nocase(name, STR("Content-Disposition")) && read_disposition(str_trim(line), p))
			return ERR_BAD;
		else if (str_same_nocase(name, STR("Content-Transfer-Encoding")) ||
		         str_same_nocase(name, STR("Content-Type")))
			return ERR_BAD; /* RFC 7578 section 4.7: nobody sends it; to take it as it is would be wrong */
	}
	return p->name.n && (p->file.p || !read_charset(p->type)) ? 0 : ERR_BAD;
}

/* Goes behind the next mark: what stood before it. ERR_BAD: there is none. */
static int
to_mark(struct multipart *m, struct str *before)
{
	struct str mark = str_of(m->mark, m->n);
	int at;

	if (!m->begun && str_starts(m->rest, str_cut(mark, 2, mark.n))) {
		*before = STR_NONE;
		m->rest = str_cut(m->rest, mark.n - 2, m->rest.n);
		return 0;
	}
	at = str_find_str(m->rest, mark);
	if (at < 0)
		return ERR_BAD;
	*before = str_cut(m->rest, 0, (u32)at);
	m->rest = str_cut(m->rest, (u32)at + mark.n, m->rest.n);
	return 0;
}

int
multipart_next(struct multipart *m, struct multipart_part *p)
{
	struct str none;
	int end;

	*p = (struct multipart_part){ .file = STR_NONE };
	if (!m->begun && to_mark(m, &none))
		return ERR_BAD;
	m->begun = true;
	if (str_starts(m->rest, STR("--")))
		return 0;
	if (!str_starts(m->rest, STR("\r\n")))
		return ERR_BAD;
	m->rest = str_cut(m->rest, 2, m->rest.n);
	end = str_find_str(m->rest, STR("\r\n\r\n"));
	if (end < 0 || read_head(str_cut(m->rest, 0, (u32)end), p))
		return ERR_BAD;
	m->rest = str_cut(m->rest, (u32)end + 2, m->rest.n); /* its last CRLF may be that of the mark */
	if (to_mark(m, &p->data)) {
		m->open = m->rest.n >= 2;
		m->at = (u32)(m->rest.p - m->body) + 2;
		return ERR_BAD;
	}
	p->data = str_cut(p->data, 2, p->data.n);
	return 1;
}

/* ---- a form that passes by ----------------------------------------------------------------------- */

u32
multipart_marks(const struct multipart *m, struct str part)
{
	u32 n = 0;
	int at;

	while ((at = str_find_str(part, str_of(m->mark + 2, m->n - 2u))) >= 0) {
		part = str_cut(part, (u32)at + 1, part.n);
		n++;
	}
	return n;
}

int
multipart_watch_begin(struct multipart_watch *w, const struct multipart *m, const struct multipart_part *p)
{
	const u8 *dash = m->mark + 2;
	u32 n = m->n - 2u, k = 0;

	*w = (struct multipart_watch){ .skip = m->at, .n = m->n, .line = 2 };
	if (p->name.n > MULTIPART_NAME_MAX)
		return ERR_FULL;
	memcpy(w->mark, m->mark, m->n);
	memcpy(w->name, p->name.p, p->name.n);
	w->name_n = (u8)p->name.n;
	for (u32 i = 1; i < n; i++) { /* Knuth, Morris, Pratt: the longest beginning that ends there */
		while (k && dash[i] != dash[k])
			k = w->back[k - 1];
		k += dash[i] == dash[k];
		w->back[i] = (u8)k;
	}
	return 0;
}

/* Goes behind the next boundary in a part's data, which may be cut anywhere. line: how much of a CRLF has just passed,
 * or stands before the bytes of the boundary that have. 0, or ERR_BAD: it does not begin a line. */
static int
watch_data(struct multipart_watch *w, struct str *in)
{
	const u8 *dash = w->mark + 2;
	u32 n = w->n - 2u, i = 0;

	while (i < in->n && w->seen < n) {
		u8 c = in->p[i++];

		while (w->seen && c != dash[w->seen]) {
			w->seen = w->back[w->seen - 1];
			w->line = 0; /* what it begins anew with stands behind a dash */
		}
		if (c == dash[w->seen])
			w->seen++;
		else
			w->line = c == '\r' ? 1 : c == '\n' && w->line == 1 ? 2 : 0;
	}
	*in = str_cut(*in, i, in->n);
	if (w->seen < n)
		return 0;
	w->seen = 0;
	w->inside = true;
	return w->line == 2 && !w->ended ? 0 : ERR_BAD;
}

/* What stands behind a mark: two dashes, or the head of another file. 1: it goes on with data. */
static int
watch_head(struct multipart_watch *w)
{
	struct str head = str_of(w->head, w->head_n);
	struct multipart_part p = { .file = STR_NONE };

	if (str_is(head, "--")) {
		w->ended = true;
		return 1;
	}
	if (!str_ends(head, STR("\r\n\r\n")))
		return w->head_n < MULTIPART_HEAD_MAX ? 0 : ERR_BAD;
	if (!str_starts(head, STR("\r\n")) || head.n < 6 || read_head(str_cut(head, 2, head.n - 4), &p))
		return ERR_BAD;
	return p.file.p && str_same(p.name, str_of(w->name, w->name_n)) ? 1 : ERR_BAD;
}

int
multipart_watch(struct multipart_watch *w, struct str part)
{
	u32 skip = w->skip < part.n ? (u32)w->skip : part.n;
	int n = 0;

	w->skip -= skip;
	part = str_cut(part, skip, part.n);
	while (part.n && n >= 0) {
		if (!w->inside) {
			n = watch_data(w, &part);
			w->head_n = 0;
			continue;
		}
		w->head[w->head_n++] = part.p[0];
		part = str_cut(part, 1, part.n);
		n = watch_head(w);
		w->inside = n == 0;
		w->line = w->ended ? 0 : 2; /* the last CRLF of a head may be that of the mark */
	}
	return n < 0 ? n : 0;
}
