#include "gate/gate.h"

#include "base/utf8.h"

#define EFFECT(e) (u8)(1U << (e))

/* ---- once per request ---------------------------------------------------------------------------- */

static u8
effects_of(const struct gate_ask *g, u8 scopes, u8 off)
{
	u8 mask = 0;

	if (off & SWITCH_ENABLED || !g->role)
		return 0;
	if (scopes & SCOPE_READ)
		mask |= EFFECT(CATALOG_READ);
	if (g->view.readonly || off & SWITCH_WRITE)
		return mask;
	if (scopes & SCOPE_WRITE)
		mask |= EFFECT(CATALOG_WRITE);
	/* Where there is a sandbox beside production, destroying needs the scope by name; an api with one environment
	 * has nothing to keep apart: there a writing key may delete what it may create. */
	if ((scopes & SCOPE_DESTRUCTIVE) ||
	    (g->api->environments < 2 && g->who->kind != PRINCIPAL_TOKEN && (scopes & SCOPE_WRITE)))
		mask |= EFFECT(CATALOG_DESTRUCTIVE);
	return mask;
}

static u8
environments_of(const struct gate_ask *g, u8 scopes, u8 off)
{
	const struct api *api = g->api;
	u8 mask = 0;

	for (u32 i = 0; i < api->environments; i++) {
		const struct environment *e = &api->environment[i];

		if ((g->view.pinned != GATE_ANY_ENVIRONMENT && g->view.pinned != i) ||
		    (e->production && (off & SWITCH_PRODUCTION)))
			continue;
		if (principal_environment(g->who, e->name, e->production && !(scopes & SCOPE_PRODUCTION),
		        api->environments == 1))
			mask |= (u8)(1U << i);
	}
	return mask;
}

void
gate_begin(struct gate_ask *g, const struct gen *gen, const struct api *api, struct gate_view view,
    const struct principal *who, const struct switches *switches)
{
	u8 off = switches ? switches_off(switches, who, api) : 0;
	int role = role_find(gen, principal_role(who));

	*g = (struct gate_ask){ .who = who, .api = api, .view = view, .switches = switches };
	if (role >= 0 && api->verdict && principal_api(who, api->name)) {
		g->role_at = (u32)role;
		g->role = &gen->role[role];
	}
	g->effects = effects_of(g, who->scopes, off);
	g->environments = environments_of(g, who->scopes, off);
	g->could = g->effects;
	g->environments_could = g->environments;
	if (who->grantable) {
		g->could = effects_of(g, who->scopes | who->grantable, off);
		g->environments_could = environments_of(g, who->scopes | who->grantable, off);
	}
}

/* ---- operations ---------------------------------------------------------------------------------- */

static u8
verdict_of(const struct gate_ask *g, u32 environment, u32 op)
{
	const struct api *api = g->api;

	if (!g->role || op >= api->ops)
		return 0;
	return api->verdict[((size_t)g->role_at * api->environments + environment) * api->ops + op];
}

static bool
tool_off(const struct gate_ask *g, const struct catalog_op *op)
{
	return g->switches && g->switches->tools && switches_tool_off(g->switches, g->api, op->name);
}

bool
gate_offers(const struct gate_ask *g, const struct catalog_op *op)
{
	for (u32 i = 0; i < g->api->environments; i++) {
		u8 v = g->environments_could >> i & 1 ? verdict_of(g, i, op->at) : 0;

		if ((v & VERDICT_OFFERED) && (g->could >> (v & VERDICT_EFFECT) & 1))
			return !tool_off(g, op);
	}
	return false;
}

u8
gate_level(const struct gate_ask *g, const struct catalog_op *op)
{
	u8 level = LEVEL_NONE;

	for (u32 i = 0; i < g->api->environments; i++) {
		u8 v = g->environments_could >> i & 1 ? verdict_of(g, i, op->at) : 0, l = (u8)VERDICT_LEVEL(v);

		if (!l && (v & VERDICT_LEVEL_IF))
			l = LEVEL_CONFIRM;
		if ((v & VERDICT_OFFERED) && l > level)
			level = l;
	}
	return level;
}

/* All scopes that an operation of this effect needs in an environment. */
static u8
scopes_of(const struct gate_ask *g, u8 effect, u32 environment)
{
	static const u8 scopes[] = {
		[CATALOG_READ] = SCOPE_READ, [CATALOG_WRITE] = SCOPE_READ | SCOPE_WRITE,
		[CATALOG_DESTRUCTIVE] = SCOPE_READ | SCOPE_WRITE | SCOPE_DESTRUCTIVE,
	};
	const struct api *api = g->api;

	return scopes[effect] |
	       (u8)(api->environments > 1 && api->environment[environment].production ? SCOPE_PRODUCTION : 0);
}

static u8
answer_of(const struct gate_ask *g, const struct catalog_op *op, u32 i, struct gate_call *out)
{
	u8 v = verdict_of(g, i, op->at), effect = v & VERDICT_EFFECT;

	out->environment = i;
	out->verdict = v;
	out->level = (u8)VERDICT_LEVEL(v);
	if (!(v & VERDICT_OFFERED) || !(g->could >> effect & 1) || !(g->environments_could >> i & 1) || tool_off(g, op))
		return GATE_REFUSED;
	if ((g->effects >> effect & 1) && (g->environments >> i & 1))
		return GATE_OK;
	out->scopes = scopes_of(g, effect, i);
	return GATE_STEP_UP;
}

bool
gate_admits(const struct gate_ask *g, const struct catalog_op *op, u32 environment, struct gate_call *out)
{
	memset(out, 0, sizeof *out);
	out->answer = environment < g->api->environments ? answer_of(g, op, environment, out) : GATE_REFUSED;
	return out->answer == GATE_OK;
}

void
gate_call(const struct gate_ask *g, const struct catalog_op *op, struct str environment, struct gate_call *out,
    struct buf *why)
{
	int i;

	memset(out, 0, sizeof *out);
	out->answer = GATE_HIDDEN;
	if (!gate_offers(g, op))
		return;
	out->answer = GATE_REFUSED;
	i = gate_environment(g, environment, why);
	if (i < 0)
		return;
	out->answer = answer_of(g, op, (u32)i, out);
	if (out->answer == GATE_REFUSED)
		buf_fmt(why, "You may not use %S in environment '%S'. Nothing was done.", op->name,
		    g->api->environment[i].name);
}

int
gate_arguments(const struct gate_ask *g, const struct catalog *c, const struct catalog_op *op, struct jcur args,
    struct gate_call *call, struct buf *why)
{
	if (!(call->verdict & VERDICT_ARGUMENTS))
		return 0;
	return role_arguments(g->role, g->api, call->environment, c, op, args, &call->level, why);
}

/* ---- environments -------------------------------------------------------------------------------- */

bool
gate_environment_ok(const struct gate_ask *g, u32 i)
{
	return g->environments_could >> i & 1;
}

u32
gate_environments(const struct gate_ask *g)
{
	return (u32)__builtin_popcount(g->environments_could);
}

static void
say_allowed(const struct gate_ask *g, struct buf *why)
{
	bool any = false;

	for (u32 i = 0; i < g->api->environments; i++) {
		if (!gate_environment_ok(g, i))
			continue;
		buf_fmt(why, "%s'%S'", any ? ", " : " You may use: ", g->api->environment[i].name);
		any = true;
	}
	buf_c(why, any ? "." : " No environment of this api is open to you.");
}

/* Without a name: the pinned one, else the default, else the first one that is not production.
 * Production is never chosen for somebody who did not name it, unless there is nothing else to
 * choose between. */
static int
unnamed(const struct gate_ask *g)
{
	const struct api *api = g->api;
	u32 i = g->view.pinned != GATE_ANY_ENVIRONMENT ? g->view.pinned : api->default_environment;

	if (g->view.pinned != GATE_ANY_ENVIRONMENT || api->environments == 1)
		return gate_environment_ok(g, i) ? (int)i : ERR_DENY;
	if (gate_environment_ok(g, i) && !api->environment[i].production)
		return (int)i;
	for (i = 0; i < api->environments; i++)
		if (gate_environment_ok(g, i) && !api->environment[i].production)
			return (int)i;
	return ERR_DENY;
}

int
gate_environment(const struct gate_ask *g, struct str name, struct buf *why)
{
	int found = ERR_NONE;

	if (name.p == NULL) {
		found = unnamed(g);
		if (found >= 0)
			return found;
		BUF_LIT(why, "Name the environment: there is no default that you may use.");
		say_allowed(g, why);
		return found;
	}
	for (u32 i = 0; i < g->api->environments; i++)
		if (str_same(g->api->environment[i].name, name))
			found = gate_environment_ok(g, i) ? (int)i : ERR_DENY;
	if (found >= 0)
		return found;
	buf_c(why, found == ERR_DENY ? "You may not use environment '" : "There is no environment '");
	buf_put(why, utf8_prefix(name, 64));
	BUF_LIT(why, "'.");
	say_allowed(g, why);
	return found;
}
