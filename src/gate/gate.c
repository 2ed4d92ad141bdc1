#include "gate/gate.h"

#include "base/utf8.h"

#define EFFECT(e) (u8)(1U << (e))

u8
gate_effects(const struct principal *who, const struct api *api, struct gate_view view)
{
	u8 mask = 0;

	if (who->scopes & SCOPE_READ)
		mask |= EFFECT(CATALOG_READ);
	if (view.readonly || str_is(principal_role(who), "viewer"))
		return mask;
	if (who->scopes & SCOPE_WRITE)
		mask |= EFFECT(CATALOG_WRITE);
	/* Where there is a sandbox beside production, destroying needs the scope by name; an api with
	 * one environment has nothing to keep apart: there a writing key may delete what it may create. */
	if ((who->scopes & SCOPE_DESTRUCTIVE) || (api->environments < 2 && (who->scopes & SCOPE_WRITE)))
		mask |= EFFECT(CATALOG_DESTRUCTIVE);
	return mask;
}

bool
gate_offers(const struct principal *who, const struct api *api, struct gate_view view,
    const struct catalog_op *op)
{
	if (op->flags & CATALOG_OP_ELSEWHERE) /* credentials go only to origins written in the config */
		return false;
	return gate_effects(who, api, view) & EFFECT(op->effect);
}

bool
gate_environment_ok(const struct principal *who, const struct api *api, struct gate_view view, u32 i)
{
	const struct environment *e = &api->environment[i];

	if (view.pinned != GATE_ANY_ENVIRONMENT && view.pinned != i)
		return false;
	return principal_environment(who, e->name, e->production, api->environments == 1);
}

u32
gate_environments(const struct principal *who, const struct api *api, struct gate_view view)
{
	u32 n = 0;

	for (u32 i = 0; i < api->environments; i++)
		n += gate_environment_ok(who, api, view, i);
	return n;
}

static void
say_allowed(const struct principal *who, const struct api *api, struct gate_view view, struct buf *why)
{
	bool any = false;

	for (u32 i = 0; i < api->environments; i++) {
		if (!gate_environment_ok(who, api, view, i))
			continue;
		buf_fmt(why, "%s'%S'", any ? ", " : " You may use: ", api->environment[i].name);
		any = true;
	}
	buf_c(why, any ? "." : " No environment of this api is open to you.");
}

/* Without a name: the pinned one, else the default, else the first one that is not production.
 * Production is never chosen for somebody who did not name it, unless there is nothing else to
 * choose between. */
static int
unnamed(const struct principal *who, const struct api *api, struct gate_view view)
{
	u32 i = view.pinned != GATE_ANY_ENVIRONMENT ? view.pinned : api->default_environment;

	if (view.pinned != GATE_ANY_ENVIRONMENT || api->environments == 1)
		return gate_environment_ok(who, api, view, i) ? (int)i : ERR_DENY;
	if (gate_environment_ok(who, api, view, i) && !api->environment[i].production)
		return (int)i;
	for (i = 0; i < api->environments; i++)
		if (gate_environment_ok(who, api, view, i) && !api->environment[i].production)
			return (int)i;
	return ERR_DENY;
}

int
gate_environment(const struct principal *who, const struct api *api, struct gate_view view, struct str name,
    struct buf *why)
{
	int found = ERR_NONE;

	if (name.p == NULL) {
		found = unnamed(who, api, view);
		if (found >= 0)
			return found;
		BUF_LIT(why, "Name the environment: there is no default that this key may use.");
		say_allowed(who, api, view, why);
		return found;
	}
	for (u32 i = 0; i < api->environments; i++)
		if (str_same(api->environment[i].name, name))
			found = gate_environment_ok(who, api, view, i) ? (int)i : ERR_DENY;
	if (found >= 0)
		return found;
	buf_c(why, found == ERR_DENY ? "You may not use environment '" : "There is no environment '");
	buf_put(why, utf8_prefix(name, 64));
	BUF_LIT(why, "'.");
	say_allowed(who, api, view, why);
	return found;
}
