/* conf_login: the login of a credential: a call that exchanges it for what is sent. */
#include "main/conf_priv.h"

#include "base/map.h"
#include "http/field.h"
#include "http/head.h"
#include "http/url.h"

static const struct conf_item oauth_send = { .value = { .p = (const u8 *)"bearer json:access_token", .n = 24 } };

static bool
known_place(struct str from)
{
	static const char *const kinds[] = { "json:", "cookie:", "header:" };

	for (u32 i = 0; i < ARRAY_N(kinds); i++)
		if (str_starts(from, str_c(kinds[i])) && from.n > strlen(kinds[i]))
			return true;
	return false;
}

/* 'PLACE [NAME] FROM [TEXT]' */
static void
read_send(struct conf_work *w, const struct conf_item *i, struct login_send *to)
{
	struct str rest = i->value;
	int in = conf_place(str_next(&rest, ' '));
	bool named = in == CREDENTIAL_HEADER || in == CREDENTIAL_QUERY || in == CREDENTIAL_COOKIE;

	if (named)
		to->as.name = str_next(&rest, ' ');
	to->as.in = (u8)(in < 0 ? 0 : in);
	to->from = str_next(&rest, ' ');
	to->as.value = rest.n ? rest : STR("{secret}");
	if (in <= CREDENTIAL_NONE || !known_place(to->from) || (named && !field_token(to->as.name)) ||
	    !field_value_ok(to->as.value))
		conf_mistake(w, i->line, "login_send is like 'header X-FTL-SID json:session.sid' or 'cookie SID "
		    "cookie:SID', not '%S'", i->value);
}

static void
read_sends(struct conf_work *w, const struct conf_section *s, struct login *l)
{
	struct login_send *send = conf_take(w, sizeof *send, LOGIN_SENDS_MAX);
	const struct conf_item *i = conf_item(s, "login_send");

	i = i ? i : &oauth_send;
	while (i && send && l->sends < LOGIN_SENDS_MAX) {
		read_send(w, i, &send[l->sends++]);
		l->id = map_hash(i->value, l->id);
		i = i == &oauth_send ? NULL : conf_next(i);
	}
	l->send = send;
}

/* Where to: a path of the environment's own server, or a URL. */
static void
read_place(struct conf_work *w, const struct conf_section *s, struct str url, struct login *l, struct environment *at)
{
	u32 line = conf_line(s, "login");

	at->credential = (struct credential){ .in = CREDENTIAL_NONE };
	at->mores = 0;
	l->at = at;
	l->target = url;
	if (!str_starts(url, STR("/"))) {
		conf_url(w, s, url, "login", at);
		at->pin = STR_NONE;
		at->trust = NULL;
		conf_trust_at(w, line, at);
		at->origin = conf_origin(at);
		l->target = at->path.n ? at->path : STR("/");
	}
	if (!url_path_ok(l->target))
		conf_mistake(w, line, "login is like 'POST /api/auth' or 'https://id.example.com/token', not '%S'",
		    conf_str(s, "login"));
}

void
conf_login(struct conf_work *w, const struct conf_section *s, const struct environment *e, struct credential *c)
{
	static const u8 usual[] = { METHOD_POST, METHOD_GET, METHOD_PUT };
	struct str url = conf_str(s, "login"), lifetime = conf_str(s, "login_lifetime");
	struct environment *at = url.n ? conf_take(w, sizeof *at, 1) : NULL;
	struct login *l = url.n ? conf_take(w, sizeof *l, 1) : NULL;
	u64 n;

	if (!at || !l)
		return;
	*l = (struct login){ .method = METHOD_POST, .body = conf_str(s, "login_body"), .lifetime = lifetime };
	for (u32 i = 0; i < ARRAY_N(usual); i++) {
		struct str name = head_method_name((enum method)usual[i]);

		if (str_starts(url, name) && url.n > name.n && url.p[name.n] == ' ') {
			l->method = usual[i];
			url = str_cut(url, name.n + 1, url.n);
		}
	}
	*at = *e;
	read_place(w, s, url, l, at);
	read_sends(w, s, l);
	if (l->method == METHOD_GET)
		l->body = STR("");
	if (lifetime.n && str_u64(lifetime, &n) && !str_starts(lifetime, STR("json:")))
		conf_mistake(w, conf_line(s, "login_lifetime"), "login_lifetime is a number of seconds or like "
		    "json:expires_in, not '%S'", lifetime);
	l->id = map_hash(l->body, map_hash(l->target, l->id ^ at->origin));
	l->id = map_hash(conf_str(s, "credential_value"), map_hash(conf_str(s, "credential_from"), l->id ^ c->in));
	l->id = map_hash(e->name, l->id);
	c->login = l;
}
