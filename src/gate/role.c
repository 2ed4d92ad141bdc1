#include "gate/role.h"

#include "gate/elsewhere.h"

static const struct rule everything = { .methods = 0 };
static const struct rule reading = { .effects = 1 << CATALOG_READ };

void
role_built_in(struct role at[ROLE_BUILT_IN])
{
	static const char *const names[ROLE_BUILT_IN] = { "viewer", "member", "admin" };

	for (u32 i = 0; i < ROLE_BUILT_IN; i++) {
		at[i] = (struct role){ .name = str_c(names[i]), .destructive = LEVEL_CONFIRM };
		at[i].rules[ROLE_ALLOW].at = i ? &everything : &reading;
		at[i].rules[ROLE_ALLOW].n = 1;
	}
}

int
role_find(const struct gen *gen, struct str name)
{
	if (!name.n)
		name = STR("member");
	for (u32 i = 0; i < gen->roles; i++)
		if (str_same(gen->role[i].name, name))
			return (int)i;
	return ERR_NONE;
}

/* ---- without arguments --------------------------------------------------------------------------- */

enum { NO, ONLY_IF, YES };

/* Whether any of n rules meets: YES one that asks for no arguments, ONLY_IF others. */
static u8
meets(const struct rule *rule, u32 n, const struct api *api, const struct environment *e, const struct catalog *c,
    const struct catalog_op *op)
{
	u8 found = NO;

	for (u32 i = 0; i < n && found != YES; i++)
		if (rule_meets(&rule[i], api, e, c, op))
			found = rule[i].wheres ? ONLY_IF : YES;
	return found;
}

static u8
verdict(const struct role *role, const struct api *api, const struct environment *e, const struct catalog *c,
    const struct catalog_op *op)
{
	u8 found[ROLE_KINDS], never = meets(api->deny, api->denies, api, e, c, op), v = op->effect, level;

	for (u32 k = 0; k < ROLE_KINDS; k++)
		found[k] = meets(role->rules[k].at, role->rules[k].n, api, e, c, op);
	if (api->onlys && meets(api->only, api->onlys, api, e, c, op) == NO)
		return v;
	if (!elsewhere(e, c, op) || never == YES || found[ROLE_DENY] == YES || found[ROLE_ALLOW] == NO)
		return v;
	v |= VERDICT_OFFERED;
	if (found[ROLE_ALLOW] == ONLY_IF)
		v |= VERDICT_ALLOW_IF;
	if (never == ONLY_IF || found[ROLE_DENY] == ONLY_IF)
		v |= VERDICT_DENY_IF;
	if (found[ROLE_CONFIRM] == ONLY_IF || found[ROLE_APPROVE] == ONLY_IF)
		v |= VERDICT_LEVEL_IF;
	level = op->effect == CATALOG_DESTRUCTIVE ? role->destructive : LEVEL_NONE;
	if (found[ROLE_CONFIRM] == YES && level < LEVEL_CONFIRM)
		level = LEVEL_CONFIRM;
	if (found[ROLE_APPROVE] == YES)
		level = LEVEL_APPROVE;
	return (u8)(v | level << 6);
}

int
role_compile(const struct gen *gen, struct api *api, const struct catalog *c, struct arena *a)
{
	u8 *to = arena_bytes(a, (size_t)gen->roles * api->environments * c->op_n);
	struct catalog_op op;

	if (!to)
		return ERR_FULL;
	api->verdict = to;
	api->ops = c->op_n;
	for (u32 r = 0; r < gen->roles; r++)
		for (u32 e = 0; e < api->environments; e++)
			for (u32 i = 0; i < c->op_n; i++) {
				catalog_op(c, i, &op);
				*to++ = verdict(&gen->role[r], api, &api->environment[e], c, &op);
			}
	return 0;
}

/* ---- with arguments ------------------------------------------------------------------------------ */

/* Everything that any rule of one kind has to do with. */
struct about {
	const struct api *api;
	const struct environment *e;
	const struct catalog *c;
	const struct catalog_op *op;
	struct jcur args;
};

/* The first rule that meets and whose arguments hold. */
static const struct rule *
held(const struct about *a, const struct rule *rule, u32 n, bool every)
{
	for (u32 i = 0; i < n; i++)
		if (rule_meets(&rule[i], a->api, a->e, a->c, a->op) && rule_holds(&rule[i], a->args, every))
			return &rule[i];
	return NULL;
}

static void
say_allowed(const struct about *a, const struct role *role, struct buf *why)
{
	buf_fmt(why, "Your role '%S' allows %S only with certain arguments:", role->name, a->op->name);
	for (u32 i = 0; i < role->rules[ROLE_ALLOW].n; i++) {
		const struct rule *r = &role->rules[ROLE_ALLOW].at[i];

		for (u32 k = 0; rule_meets(r, a->api, a->e, a->c, a->op) && k < r->wheres; k++)
			buf_fmt(why, " %s%S one of %S", k ? "and " : "", r->where[k].argument, r->where[k].values);
	}
	BUF_LIT(why, ". Nothing was done.");
}

static void
say_denied(const struct about *a, const struct rule *r, struct buf *why)
{
	buf_fmt(why, "%S is not allowed with these arguments (", a->op->name);
	for (u32 k = 0; k < r->wheres; k++)
		buf_fmt(why, "%s%S", k ? ", " : "", r->where[k].argument);
	BUF_LIT(why, "). Nothing was done.");
}

int
role_arguments(const struct role *role, const struct api *api, u32 environment, const struct catalog *c,
    const struct catalog_op *op, struct jcur args, u8 *level, struct buf *why)
{
	const struct about a = { api, &api->environment[environment], c, op, args };
	const struct rule *r = held(&a, api->deny, api->denies, false);

	if (!r)
		r = held(&a, role->rules[ROLE_DENY].at, role->rules[ROLE_DENY].n, false);
	if (r) {
		say_denied(&a, r, why);
		return ERR_DENY;
	}
	if (!held(&a, role->rules[ROLE_ALLOW].at, role->rules[ROLE_ALLOW].n, true)) {
		say_allowed(&a, role, why);
		return ERR_DENY;
	}
	if (*level < LEVEL_CONFIRM && held(&a, role->rules[ROLE_CONFIRM].at, role->rules[ROLE_CONFIRM].n, false))
		*level = LEVEL_CONFIRM;
	if (held(&a, role->rules[ROLE_APPROVE].at, role->rules[ROLE_APPROVE].n, false))
		*level = LEVEL_APPROVE;
	return 0;
}

static bool
looks(const struct rule *rule, u32 n, struct str argument)
{
	for (u32 i = 0; i < n; i++)
		for (u32 k = 0; k < rule[i].wheres; k++) {
			struct str of = rule[i].where[k].argument;

			if (str_starts(of, STR("*")) || (str_starts(of, argument) &&
			        (of.n == argument.n || of.p[argument.n] == '.')))
				return true;
		}
	return false;
}

bool
role_looks(const struct role *role, const struct api *api, struct str argument)
{
	bool any = looks(api->deny, api->denies, argument);

	for (u32 kind = 0; kind < ROLE_KINDS && !any; kind++)
		any = looks(role->rules[kind].at, role->rules[kind].n, argument);
	return any;
}
