#include "http/multipart.h"

/* Takes the next parameter, name=value or name="value", off *rest. */
static bool
next_param(struct str *rest, struct str *name, struct str *value)
{
	int end;

	*rest = str_trim(*rest);
	while (rest->n && rest->p[0] == ';')
		*rest = str_trim(str_cut(*rest, 1, rest->n));
	end = str_find(*rest, '=', 0);
	if (end < 0)
		return false;
	*name = str_trim(str_cut(*rest, 0, (u32)end));
	*rest = str_cut(*rest, (u32)end + 1, rest->n);
	if (rest->n && rest->p[0] == '"') {
		end = str_find(*rest, '"', 1);
		if (end < 0)
			return false;
		*value = str_cut(*rest, 1, (u32)end);
		*rest = str_cut(*rest, (u32)end + 1, rest->n);
		return true;
	}
	end = str_find(*rest, ';', 0);
	*value = str_trim(str_cut(*rest, 0, end < 0 ? rest->n : (u32)end));
	*rest = str_cut(*rest, end < 0 ? rest->n : (u32)end, rest->n);
	return true;
}

int
multipart_begin(struct multipart *m, struct str body, struct str params)
{
	struct str name, value;

	*m = (struct multipart){ .rest = body };
	while (next_param(&params, &name, &value)) {
		if (!str_same_nocase(name, STR("boundary")))
			continue;
		if (value.n == 0 || value.n > MULTIPART_BOUNDARY_MAX)
			return ERR_BAD;
		memcpy(m->mark, "\r\n--", 4);
		memcpy(m->mark + 4, value.p, value.n);
		m->n = (u8)(4 + value.n);
		return 0;
	}
	return ERR_BAD;
}

static int
read_disposition(struct str value, struct multipart_part *p)
{
	struct str name, text;

	if (!str_same_nocase(str_trim(str_next(&value, ';')), STR("form-data")))
		return ERR_BAD;
	while (value.p && next_param(&value, &name, &text)) {
		if (str_find(text, '\\', 0) >= 0) /* browsers percent-encode; what an escape means differs */
			return ERR_BAD;
		if (str_same_nocase(name, STR("name")))
			p->name = text;
		else if (str_same_nocase(name, STR("filename")))
			p->file = text;
	}
	return 0;
}

static int
read_head(struct str head, struct multipart_part *p)
{
	while (head.n) {
		int end = str_find_str(head, STR("\r\n"));
		struct str line = str_cut(head, 0, end < 0 ? head.n : (u32)end), name;

		head = str_cut(head, end < 0 ? head.n : (u32)end + 2, head.n);
		name = str_next(&line, ':');
		if (!line.p || !name.n)
			return ERR_BAD;
		if (str_same_nocase(name, STR("Content-Type")))
			p->type = str_trim(line);
		else if (str_same_nocase(name, STR("Content-Disposition")) && read_disposition(str_trim(line), p))
			return ERR_BAD;
		else if (str_same_nocase(name, STR("Content-Transfer-Encoding")))
			return ERR_BAD; /* RFC 7578 section 4.7: nobody sends it; to take it as it is would be wrong */
	}
	return p->name.n ? 0 : ERR_BAD;
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
	if (to_mark(m, &p->data))
		return ERR_BAD;
	p->data = str_cut(p->data, 2, p->data.n);
	return 1;
}
