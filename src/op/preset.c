#include "op/preset.h"

#include "json/jout.h"

struct jcur
preset_get(const struct catalog_op *op, const char *key, struct jdoc *doc, struct jsmntok *tok)
{
	if (!op->extra.n || json_parse(doc, op->extra, tok, PRESET_TOKENS))
		return json_none(ERR_NONE);
	return json_get(json_root(doc), key);
}

bool
preset_drops(const struct op_spec *spec)
{
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_N(spec->drop); i++)
		n += spec->drop[i].n;
	return n;
}

static bool
is_ours(const struct op_spec *spec, struct jcur member)
{
	for (u32 i = 0; i < ARRAY_N(spec->drop); i++)
		if (spec->drop[i].n && json_key_same(member, spec->drop[i]))
			return true;
	return false;
}

static bool
has_key(struct jcur object, struct jcur member)
{
	for (struct jcur v = json_first(object); !v.err; v = json_next(v))
		if (json_key_same(member, json_key(v)))
			return true;
	return false;
}

/* Appends the members of from that are not in but, as they are written. */
static void
put_members(struct buf *out, const struct op_spec *spec, struct jcur from, struct jcur but)
{
	for (struct jcur v = json_first(from); !v.err; v = json_next(v)) {
		if (is_ours(spec, v) || has_key(but, v))
			continue;
		if (out->p[out->w - 1] != '{')
			buf_byte(out, ',');
		buf_byte(out, '"');
		buf_put(out, json_key(v));
		BUF_LIT(out, "\":");
		buf_put(out, json_raw(v));
	}
}

int
preset_args(const struct op_spec *spec, struct args *a, struct jsmntok *tok, struct jdoc *doc, u32 *used,
    struct buf *why)
{
	struct jdoc extra;
	struct jcur root = json_none(ERR_NONE), pin, initial;
	u32 from = a->canon.w;
	int err;

	if (spec->operation->extra.n && json_parse(&extra, spec->operation->extra, tok, PRESET_TOKENS) == 0)
		root = json_root(&extra);
	pin = json_get(root, "pin");
	initial = json_get(root, "default");
	if (!pin.err || !initial.err || preset_drops(spec)) {
		buf_byte(&a->canon, '{');
		put_members(&a->canon, spec, pin, json_none(ERR_NONE));
		put_members(&a->canon, spec, spec->args, pin);
		put_members(&a->canon, spec, initial, spec->args);
		buf_byte(&a->canon, '}');
	}
	if (a->canon.w == from && !a->canon.over)
		return 0;
	err = a->canon.over ? ERR_FULL : json_parse(doc, str_of(a->canon.p + from, a->canon.w - from), tok,
	        RPC_TOKENS_MAX / 2);
	if (err) {
		BUF_LIT(why, "The arguments are too large.");
		return ERR_FULL;
	}
	*used = (u32)doc->n;
	a->given = json_root(doc);
	return 0;
}

/* Whether an argument is what args_check may have refused: missing where it is required, or not fit for its node by
 * itself. */
static bool
at_fault(const struct args *a, struct str name)
{
	for (u32 i = 0; i < a->wrong_n; i++)
		if (str_same(a->wrong[i], name))
			return true;
	return false;
}

/* Appends text with {name} replaced. */
static void
put_words(struct buf *out, struct str text, struct str name)
{
	int at;

	while ((at = str_find_str(text, STR("{name}"))) >= 0) {
		buf_put(out, str_cut(text, 0, (u32)at));
		buf_put(out, name);
		text = str_cut(text, (u32)at + 6, text.n);
	}
	buf_put(out, text);
}

void
preset_wrong(const struct op_spec *spec, const struct args *a, struct buf *why)
{
	struct jsmntok tok[PRESET_TOKENS / 2];
	struct jdoc doc;
	struct jcur words = json_none(ERR_NONE);

	if (spec->operation->extra.n && json_parse(&doc, spec->operation->extra, tok, ARRAY_N(tok)) == 0)
		words = json_get(json_root(&doc), "wrong");
	for (struct jcur v = json_first(words); !v.err; v = json_next(v)) {
		struct str text = json_str(v, NULL);

		if (!text.p || !at_fault(a, json_key(v)))
			continue;
		why->w = why->r;
		why->over = false;
		put_words(why, text, json_key(v));
		return;
	}
}
