#include "crypt/pem_priv.h"

#include "base/base64.h"

/* The line at the start of *text, without its end; *text moves behind it. */
static struct str
line(struct str *text)
{
	struct str l = str_next(text, '\n');

	while (l.n && (l.p[l.n - 1] == '\r' || l.p[l.n - 1] == ' ' || l.p[l.n - 1] == '\t'))
		l.n--;
	return l;
}

/* The X of "-----BEGIN X-----", or p NULL. */
static struct str
label_of(struct str l, struct str head)
{
	struct str tail = STR("-----");

	if (l.n < head.n + tail.n || !str_starts(l, head) || !str_ends(l, tail))
		return STR_NONE;
	return str_cut(l, head.n, l.n - tail.n);
}

/* The body: what stands before the END line. Its bytes of base64 in *n; ERR_BAD without such a
 * line. */
static int
measure(struct str text, struct pem *out, u32 *n)
{
	*n = 0;
	while (text.p) {
		struct str l = line(&text), end = label_of(l, STR("-----END "));

		if (end.p)
			return str_same(end, out->label) ? 0 : ERR_BAD;
		if (str_starts(l, STR("Proc-Type:")) && str_find_str(l, STR("ENCRYPTED")) >= 0)
			out->encrypted = true;
		*n += l.n;
	}
	return ERR_BAD;
}

/* Joins the lines up to the END line in the arena and decodes them there: base64 is longer than its
 * bytes. */
static int
body(struct str *text, struct arena *a, struct pem *out)
{
	size_t mark = a->used;
	u32 n, at = 0;
	u8 *p;
	int got;

	if (measure(*text, out, &n))
		return ERR_BAD;
	p = arena_bytes(a, n);
	if (!p)
		return ERR_FULL;
	for (struct str l = line(text); !label_of(l, STR("-----END ")).p; l = line(text)) {
		if (l.n)
			memcpy(p + at, l.p, l.n);
		at += l.n;
	}
	got = out->encrypted ? 0 : base64_read(str_of(p, n), p, n);
	if (got < 0)
		return ERR_BAD;
	out->der = str_of(p, (u32)got);
	arena_rewind(a, mark + (u32)got);
	return 1;
}

int
pem_next(struct str *text, struct arena *a, struct pem *out)
{
	size_t mark = a->used;

	memset(out, 0, sizeof *out);
	while (text->p) {
		int got;

		out->label = label_of(line(text), STR("-----BEGIN "));
		if (!out->label.p)
			continue;
		got = body(text, a, out);
		if (got < 0)
			arena_rewind(a, mark);
		return got;
	}
	return 0;
}

u32
pem_count(struct str text, struct str label)
{
	u32 n = 0;

	while (text.p)
		n += str_same(label_of(line(&text), STR("-----BEGIN ")), label);
	return n;
}
