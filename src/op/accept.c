#include "op/accept.h"

#include "http/field.h"

#define KINDS_MAX 4
#define KIND_N_MAX 100

enum wish { WISH_JSON, WISH_LIKE_JSON, WISH_ANY };

static struct str
without_parameters(struct str kind)
{
	struct str rest = kind;

	return str_trim(str_next(&rest, ';'));
}

static bool
fits(struct str kind, enum wish wish)
{
	switch (wish) {
	case WISH_JSON: return str_same_nocase(kind, STR("application/json"));
	case WISH_LIKE_JSON: return str_ends(kind, STR("+json"));
	case WISH_ANY: return true;
	}
	return false;
}

/* Whether it names one kind and can stand in a list: a type, a slash, a subtype. */
static bool
is_kind(struct str kind)
{
	struct str rest = kind;

	return kind.n <= KIND_N_MAX && str_find(kind, '*', 0) < 0 && field_token(str_next(&rest, '/')) &&
	       field_token(rest);
}

/* Appends the kinds of successful answers that a wish fits, each once. How many. */
static u32
put_kinds(struct buf *out, const struct catalog *c, const struct catalog_op *op, enum wish wish)
{
	struct str had[KINDS_MAX];
	struct catalog_answer answer;
	u32 n = 0;

	for (u32 i = 0; i < op->answer_n && n < KINDS_MAX; i++) {
		struct str kind;
		bool new = true;

		catalog_answer(c, op, i, &answer);
		kind = without_parameters(answer.kind);
		if (!is_kind(kind) || !fits(kind, wish))
			continue;
		for (u32 k = 0; k < n; k++)
			new = new && !str_same_nocase(had[k], kind);
		if (!new)
			continue;
		buf_fmt(out, "%s%S", n ? ", " : "", kind);
		had[n++] = kind;
	}
	return n;
}

/* What nearly every answer is, as nearly everybody writes it: asked for at each call. */
static bool
is_plain_json(const struct catalog *c, const struct catalog_op *op)
{
	struct catalog_answer answer;

	if (op->answer_n == 0)
		return false;
	catalog_answer(c, op, 0, &answer);
	return str_is(answer.kind, "application/json");
}

void
accept_put(struct buf *out, const struct catalog *c, const struct catalog_op *op)
{
	u32 n = 0;

	if (is_plain_json(c, op)) {
		BUF_LIT(out, "Accept: application/json, */*;q=0.5\r\n");
		return;
	}
	BUF_LIT(out, "Accept: ");
	for (int wish = WISH_JSON; wish <= WISH_ANY && !n; wish++)
		n = put_kinds(out, c, op, (enum wish)wish);
	if (!n)
		BUF_LIT(out, "application/json");
	BUF_LIT(out, ", */*;q=0.5\r\n");
}
