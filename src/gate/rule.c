#include "gate/rule.h"

#include "base/text.h"

#define NUMBER_MAX 40 /* characters of a number that is compared as one */

/* ---- reading ------------------------------------------------------------------------------------- */

static struct str
next_word(struct str *rest)
{
	struct str word;

	*rest = str_trim(*rest);
	word = str_next(rest, ' ');
	return str_trim(word);
}

/* The mask of a comma-separated list whose words all are names of name(i), i below n; 0 when one is not. */
static u16
mask_of(struct str list, const char *(*name)(u32), u32 n)
{
	u16 mask = 0;

	while (list.p) {
		struct str one = str_next(&list, ',');
		u32 i = 0;

		while (i < n && !str_is(one, name(i)))
			i++;
		if (i == n)
			return 0;
		mask |= (u16)(1U << i);
	}
	return mask;
}

static int
read_wheres(struct rule *r, struct str rest, const char **why)
{
	struct str word;

	do {
		struct rule_where *w = &r->where[r->wheres];

		if (r->wheres++ == RULE_WHERES) {
			*why = "at most 4 arguments fit behind where";
			return ERR_BAD;
		}
		w->argument = next_word(&rest);
		word = next_word(&rest);
		w->values = next_word(&rest);
		if (!str_is(word, "in") || !w->values.n) {
			*why = "behind where stands ARGUMENT in VALUE,VALUE (no blanks between values)";
			return ERR_BAD;
		}
		word = next_word(&rest);
	} while (str_is(word, "and"));
	if (word.n)
		*why = "behind the values stands 'and ARGUMENT in ...' or nothing";
	return word.n ? ERR_BAD : 0;
}

static bool
read_named(struct rule *r, struct str word)
{
	const struct {
		const char *name;
		struct str *to;
	} kinds[] = { { "tag:", &r->tag }, { "op:", &r->operation }, { "api:", &r->api }, { "env:", &r->environment } };

	for (u32 i = 0; i < ARRAY_N(kinds); i++)
		if (str_starts(word, str_c(kinds[i].name))) {
			*kinds[i].to = str_cut(word, (u32)strlen(kinds[i].name), word.n);
			return kinds[i].to->n > 0;
		}
	return false;
}

int
rule_read(struct rule *r, struct str text, const char **why)
{
	struct str rest = str_trim(text), word;
	u16 mask;

	memset(r, 0, sizeof *r);
	r->text = rest;
	*why = "is empty; '*' is everything";
	if (!rest.n)
		return ERR_BAD;
	while ((word = next_word(&rest)).n) {
		if (str_is(word, "where"))
			return read_wheres(r, rest, why);
		if (str_is(word, "*") || read_named(r, word))
			continue;
		if (word.p[0] == '/' || str_starts(word, STR("*/"))) {
			r->path = word;
		} else if ((mask = mask_of(word, catalog_method_text, CATALOG_METHODS)) != 0) {
			r->methods = mask;
		} else if ((mask = mask_of(word, catalog_effect_text, CATALOG_EFFECTS)) != 0) {
			r->effects = (u8)mask;
		} else {
			*why = "holds a word that is none of: GET,POST ... read,write,destructive /path tag: op: "
			       "api: env: where *";
			return ERR_BAD;
		}
	}
	return 0;
}

/* ---- operations ---------------------------------------------------------------------------------- */

static bool
any_tag(const struct rule *r, const struct catalog *c, const struct catalog_op *op)
{
	for (u32 i = 0; i < op->tag_n; i++)
		if (text_glob(r->tag, catalog_tag(c, op, i)))
			return true;
	return false;
}

bool
rule_meets(const struct rule *r, const struct api *api, const struct environment *e, const struct catalog *c,
    const struct catalog_op *op)
{
	const char *kind = e->production ? "production" : "sandbox";

	if ((r->methods && !(r->methods >> op->method & 1)) || (r->effects && !(r->effects >> op->effect & 1)))
		return false;
	if ((r->api.n && !text_glob(r->api, api->name)) || (r->path.n && !text_glob(r->path, op->path)))
		return false;
	if (r->environment.n && !text_glob(r->environment, e->name) && !str_is(r->environment, kind))
		return false;
	if (r->operation.n && !text_glob(r->operation, op->name) && !text_glob(r->operation, op->id))
		return false;
	return !r->tag.n || any_tag(r, c, op);
}

/* ---- arguments ----------------------------------------------------------------------------------- */

/* A decimal number as a sign, digits before and behind the point without needless zeros. Numbers are compared by
 * their digits: nothing is rounded. */
struct number {
	bool minus;
	struct str whole, part;
};

static bool
read_number(struct str s, struct number *n)
{
	u32 at, digits = 0;
	int point = str_find(s, '.', 0);

	if (s.n == 0 || s.n > NUMBER_MAX)
		return false;
	n->minus = s.p[0] == '-';
	at = n->minus;
	for (u32 i = at; i < s.n; i++) {
		if ((int)i == point)
			continue;
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		digits++;
	}
	n->whole = str_cut(s, at, point < 0 ? s.n : (u32)point);
	n->part = point < 0 ? STR("") : str_cut(s, (u32)point + 1, s.n);
	while (n->whole.n && n->whole.p[0] == '0')
		n->whole = str_cut(n->whole, 1, n->whole.n);
	while (n->part.n && n->part.p[n->part.n - 1] == '0')
		n->part.n--;
	if (!n->whole.n && !n->part.n)
		n->minus = false;
	return digits > 0;
}

/* Digits behind the point: as texts, the shorter one first. */
static int
compare_part(struct str a, struct str b)
{
	int d = a.n && b.n ? memcmp(a.p, b.p, min_u32(a.n, b.n)) : 0;

	return d ? d : (int)a.n - (int)b.n;
}

static int
compare(const struct number *a, const struct number *b)
{
	int d;

	if (a->minus != b->minus)
		return a->minus ? -1 : 1;
	d = a->whole.n != b->whole.n ? (int)a->whole.n - (int)b->whole.n : str_cmp(a->whole, b->whole);
	if (!d)
		d = compare_part(a->part, b->part);
	return a->minus ? -d : d;
}

static bool
among_range(struct str value, struct str from, struct str to)
{
	struct number v, low, high;

	return read_number(value, &v) && read_number(from, &low) && read_number(to, &high) &&
	       compare(&low, &v) <= 0 && compare(&v, &high) <= 0;
}

static bool
is_value(struct str value, struct str wanted)
{
	int dots = str_find_str(wanted, STR(".."));
	struct number a, b;

	if (dots > 0)
		return among_range(value, str_cut(wanted, 0, (u32)dots), str_cut(wanted, (u32)dots + 2, wanted.n));
	if (wanted.n && wanted.p[wanted.n - 1] == '*')
		return str_starts(value, str_cut(wanted, 0, wanted.n - 1));
	return str_same(value, wanted) || (read_number(value, &a) && read_number(wanted, &b) && !compare(&a, &b));
}

/* What cannot be compared (a number with an exponent, a long text with escapes) is refused either way: it meets what
 * denies, and never what allows. */
static bool
among(struct jcur c, struct str list, bool every)
{
	u8 room[512];
	struct buf text = buf_over(room, sizeof room);
	struct str value = json_kind(c) == JSON_STRING ? json_str(c, NULL) : json_raw(c);
	struct number n;

	if (!value.p && json_str_put(c, &text) == 0)
		value = buf_str(&text);
	if (text.over || json_kind(c) == JSON_OBJECT || json_kind(c) == JSON_ARRAY ||
	    (json_kind(c) == JSON_NUMBER && !read_number(value, &n)))
		return !every;
	while (list.p)
		if (is_value(value, str_next(&list, ',')))
			return true;
	return false;
}

static bool
holds(const struct rule_where *w, struct jcur args, bool every)
{
	struct str rest = w->argument;
	struct jcur c = json_get_str(args, rest);
	bool all = false; /* of an object, whatever they are called */
	u32 met = 0, n;

	if (json_kind(c) == JSON_MISSING)
		for (c = args; rest.p && !(all = str_is(rest, "*"));)
			c = json_get_str(c, str_next(&rest, '.'));
	if (json_kind(c) != JSON_ARRAY && !(all && json_kind(c) == JSON_OBJECT))
		return json_kind(c) != JSON_MISSING && among(c, w->values, every);
	n = json_len(c);
	for (struct jcur e = json_first(c); !e.err; e = json_next(e))
		met += among(e, w->values, every);
	return every ? n && met == n : met > 0;
}

bool
rule_holds(const struct rule *r, struct jcur args, bool every)
{
	for (u32 i = 0; i < r->wheres; i++)
		if (!holds(&r->where[i], args, every))
			return false;
	return true;
}
