/* conf_pass: what the configuration says of credentials that callers bring along. */
#include "main/conf_priv.h"

#include "gate/role.h"
#include "http/field.h"
#include "http/url.h"

/* Header fields that are somebody else's business. */
static bool
may_hold(struct str name)
{
	static const u8 ids[] = { FIELD_OTHER, FIELD_APIKEY, FIELD_AUTHORIZATION, FIELD_X_API_KEY };
	enum field_id id = field_id(name);

	for (u32 i = 0; i < ARRAY_N(ids); i++)
		if (id == ids[i])
			return field_token(name);
	return false;
}

static void
read_fields(struct conf_work *w, const struct conf_section *s, struct passthrough *p)
{
	for (const struct conf_item *i = conf_item(s, "passthrough_header"); i; i = conf_next(i)) {
		if (!may_hold(i->value))
			conf_mistake(w, i->line, "passthrough_header is a header that keys come in, such as apikey or "
			    "Authorization, not '%S'", i->value);
		else if (p->fields == PASSTHROUGH_FIELDS)
			conf_mistake(w, i->line, "more than %d passthrough_header", PASSTHROUGH_FIELDS);
		else
			p->field[p->fields++] = i->value;
	}
	if (!p->fields)
		conf_mistake(w, s->line, "credential_from 'passthrough' needs list passthrough_header 'apikey' or the "
		    "like: the headers that callers send their credential in");
}

static void
read_check(struct conf_work *w, const struct conf_section *s, struct passthrough *p)
{
	struct str rest = conf_str(s, "passthrough_check"), method = str_next(&rest, ' ');
	u32 line = conf_line(s, "passthrough_check"), query = (u32)str_find(rest, '?', 0);

	p->method = str_is(method, "HEAD") ? METHOD_HEAD : METHOD_GET;
	p->target = rest;
	if ((!str_is(method, "GET") && !str_is(method, "HEAD")) ||
	    !url_path_ok(str_cut(rest, 0, min_u32(query, rest.n))))
		conf_mistake(w, line, "credential_from 'passthrough' needs passthrough_check 'GET /me' or the like: a "
		    "path behind base_url that answers 2xx to whoever may come in, and 401 to others");
}

/* Whether every way in is encrypted, or from this machine. */
static bool
is_safe(const struct conf_work *w)
{
	if (str_starts(w->conf->gen.public_url, STR("https://")))
		return true;
	for (u32 i = 0; i < w->conf->listens; i++) {
		const struct conf_listen *l = &w->conf->listen[i];

		if (!l->tls && l->addr.family != ADDR_UNIX && addr_kind(&l->addr) != ADDR_LOOPBACK)
			return false;
	}
	return true;
}

bool
conf_has_role(const struct conf_work *w, struct str name)
{
	struct role built_in[ROLE_BUILT_IN];
	bool found = false;

	role_built_in(built_in);
	for (u32 i = 0; i < ROLE_BUILT_IN; i++)
		found |= str_same(built_in[i].name, name);
	for (const struct conf_section *s = w->first; s; s = s->next)
		found |= s->type == &conf_types[CONF_ROLE] && str_same(s->name, name);
	return found;
}

void
conf_pass(struct conf_work *w, const struct conf_section *s, struct environment *e)
{
	static const char *const options[] = { "passthrough_header", "passthrough_check", "passthrough_role",
		"session_credential" };
	struct passthrough *p;

	if (e->credential.of != CREDENTIAL_CALLERS) {
		for (u32 i = 0; i < ARRAY_N(options); i++)
			if (conf_item(s, options[i]))
				conf_mistake(w, conf_line(s, options[i]), "%s needs credential_from 'passthrough'",
				    options[i]);
		return;
	}
	p = conf_take(w, sizeof *p, 1);
	if (!p)
		return;
	*p = (struct passthrough){ .role = conf_str(s, "passthrough_role"),
		.capture = conf_u32(s, "session_credential") };
	read_fields(w, s, p);
	read_check(w, s, p);
	if (conf_item(s, "login") || conf_item(s, "credential_in") || conf_item(s, "credential_name"))
		conf_mistake(w, s->line, "credential_from 'passthrough' sends what callers sent, where they sent it: "
		    "without login, credential_in and credential_name");
	if (!conf_has_role(w, p->role))
		conf_mistake(w, conf_line(s, "passthrough_role"), "there is no role '%S'", p->role);
	if (p->capture && !is_safe(w))
		conf_mistake(w, conf_line(s, "session_credential"), "session_credential 'capture' makes a session id "
		    "as good as the credential: it needs https (tls_cert, tls_name, or public_url 'https://...' where "
		    "a proxy does that) or listeners on loopback only");
	e->pass = p;
}
