#include "main/conf_priv.h"

#include "auth/principal.h"
#include "gate/role.h"

#define DENIES_MAX 128 /* rules of an api's deny list, shipped ones included */

/* What the APIs of DESIGN.md section 2 can do to the gate's own footing: keys and secrets made or taken away, accounts
 * deleted, others impersonated. One rule a line. */
static const struct {
	const char *name, *rules;
} lists[] = {
	{ "awork",
	    "POST,PUT,PATCH,DELETE /clientapplications*\n" "PUT /accounts/*\n"
	    "write,destructive /apiusers*\n" "write,destructive */permissions\n" "POST /roles/*/users/*activate\n"
	    "DELETE /users/{userId}" },
	{ "worken", "op:update_bot_settings where ai.tools.* in auto" }, /* keys are not a matter of its API */
	{ "proworkflow", "POST /auth\n" "POST /settings/webhooks\n" "POST,PUT /contacts* where allowlogin in true,1" },
	{ "workos",
	    "write,destructive /api_keys*\n" "write,destructive */api_keys*\n" "/connect/*client_secrets*\n"
	    "*/api-key\n" "*/token\n" "/user_management/authenticate*\n" "/user_management/magic_auth*\n"
	    "write,destructive /user_management/password_reset*\n" "/portal/generate_link\n"
	    "/vault/v1/keys/data-key\n" "/vault/v1/keys/decrypt\n" "/vault/v1/keys/rekey\n"
	    "DELETE /user_management/users/{id}\n" "DELETE /organizations/{id}" },
};

/* Adds a rule at `at`, or tells the mistake. */
static bool
one_rule(struct conf_work *w, struct rule *at, struct str text, const char *option, u32 line)
{
	const char *why = "";

	if (rule_read(at, text, &why) == 0)
		return true;
	conf_mistake(w, line, "%s '%S' %s", option, text, why);
	return false;
}

/* All rules of one option, n of them told; more: room to leave behind them. */
static struct rule *
read_rules(struct conf_work *w, const struct conf_section *s, const char *option, u32 more, u32 *n)
{
	struct rule *rule;
	u32 k = more;

	for (const struct conf_item *i = conf_item(s, option); i; i = conf_next(i))
		k++;
	rule = conf_take(w, sizeof *rule, k);
	*n = 0;
	for (const struct conf_item *i = rule ? conf_item(s, option) : NULL; i; i = conf_next(i))
		*n += one_rule(w, &rule[*n], i->value, option, i->line);
	return rule;
}

void
conf_deny(struct conf_work *w, const struct conf_section *s, struct api *a)
{
	struct str list = conf_str(s, "deny_list"), rest = STR_NONE;
	struct rule *rule = read_rules(w, s, "deny", DENIES_MAX - 64, &a->denies);

	a->deny = rule;
	a->only = read_rules(w, s, "only", 0, &a->onlys);
	for (u32 i = 0; i < a->onlys; i++)
		if (a->only[i].wheres)
			conf_mistake(w, conf_line(s, "only"), "only '%S': what is offered does not depend on "
			    "arguments; `where` belongs into a role or list deny", a->only[i].text);
	for (u32 i = 0; i < ARRAY_N(lists); i++)
		if (str_is(list, lists[i].name))
			rest = str_c(lists[i].rules);
	if (list.n && !rest.p)
		conf_mistake(w, conf_line(s, "deny_list"), "there is no deny_list '%S': awork, worken, proworkflow and "
		    "workos come with the program; list deny takes rules of your own", list);
	while (rule && rest.p)
		a->denies += one_rule(w, &rule[a->denies], str_next(&rest, '\n'), "deny_list", 0);
}

static void
one_role(struct conf_work *w, const struct conf_section *s, struct role *r)
{
	static const char *const options[ROLE_KINDS] = { "allow", "deny", "confirm", "approve" };

	*r = (struct role){ .name = s->name, .destructive = (u8)conf_u32(s, "destructive") };
	r->approve_in_client = conf_u32(s, "approve_in_client") != 0;
	for (u32 k = 0; k < ROLE_KINDS; k++)
		r->rules[k].at = read_rules(w, s, options[k], 0, &r->rules[k].n);
	if (!r->rules[ROLE_ALLOW].n)
		conf_warn(w, s->line, "config role '%S' allows nothing: list allow '*' allows everything that is not "
		    "denied", s->name);
}

/* Whether a role's name can be one of a principal. */
static bool
good_name(struct str s)
{
	for (u32 i = 0; i < s.n; i++) {
		u8 c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		        c == '-' || c == '.'))
			return false;
	}
	return s.n > 0 && s.n <= PRINCIPAL_ROLE_MAX;
}

void
conf_roles(struct conf_work *w)
{
	struct gen *gen = &w->conf->gen;
	struct role *role = conf_take(w, sizeof *role, ROLES_MAX), built_in[ROLE_BUILT_IN];

	if (!role)
		return;
	gen->role = role;
	for (const struct conf_section *s = w->first; s; s = s->next) {
		if (s->type != &conf_types[CONF_ROLE])
			continue;
		if (!good_name(s->name))
			conf_mistake(w, s->line, "a role's name has 1 to %d characters of letters, digits, _ . and -",
			    PRINCIPAL_ROLE_MAX);
		if (gen->roles == ROLES_MAX - ROLE_BUILT_IN)
			conf_mistake(w, s->line, "more than %d roles", ROLES_MAX - ROLE_BUILT_IN);
		else if (role_find(gen, s->name) >= 0)
			conf_mistake(w, s->line, "there is a role '%S' already", s->name);
		else
			one_role(w, s, &role[gen->roles++]);
	}
	role_built_in(built_in);
	for (u32 i = 0; i < ROLE_BUILT_IN; i++)
		if (role_find(gen, built_in[i].name) < 0)
			role[gen->roles++] = built_in[i];
}
