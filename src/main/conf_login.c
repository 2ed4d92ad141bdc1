/* conf_login: the login of a credential: a call that exchanges it for what is sent. */
#include "main/conf_priv.h"

#include "auth/user.h"
#include "base/base64.h"
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

/* Where to: l->target, a path of the environment's own server, or a URL. */
static void
read_place(struct conf_work *w, const struct conf_section *s, const char *option, struct login *l,
    struct environment *at)
{
	u32 line = conf_line(s, option);
	struct str url = l->target;

	at->credential = (struct credential){ .in = CREDENTIAL_NONE };
	at->mores = 0;
	l->at = at;
	if (!str_starts(url, STR("/"))) {
		conf_url(w, s, url, option, at);
		at->pin = STR_NONE;
		at->trust = NULL;
		conf_trust_at(w, line, at);
		at->origin = conf_origin(at);
		l->target = at->path.n ? at->path : STR("/");
	}
	if (!url_path_ok(l->target))
		conf_mistake(w, line, "%s is like '%s/api/auth' or 'https://id.example.com/token', not '%S'", option,
		    str_is(str_c(option), "login") ? "POST " : "", conf_str(s, option));
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
	l->target = url;
	read_place(w, s, "login", l, at);
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

/* ---- users who connect --------------------------------------------------------------------------- */

static const struct login_send users_send = { .as = { .in = CREDENTIAL_BEARER,
	.value = { .p = (const u8 *)"{secret}", .n = 8 } }, .from = { .p = (const u8 *)"json:access_token", .n = 17 } };

/* RFC 6749 section 2.3.1: what is encoded as a form is sent as Basic. A client without a secret names itself in the
 * body. */
static void
write_client(struct conf_work *w, const struct conf_section *s, struct login *l)
{
	u8 *p = conf_take(w, 1, 4096);
	struct buf plain = buf_over(p, p ? 2048 : 0), out = buf_over(p ? p + 2048 : NULL, p ? 2048 : 0);
	struct str from = conf_str(s, "client_secret_from");

	if (from.n && !w->ask->no_secrets) {
		url_encode(&plain, l->client, URL_COMPONENT);
		buf_byte(&plain, ':');
		url_encode(&plain, conf_secret(w, from, conf_line(s, "client_secret_from")), URL_COMPONENT);
		BUF_LIT(&out, "Basic ");
		base64_put(&out, buf_str(&plain));
		l->authorization = buf_str(&out);
	} else {
		BUF_LIT(&out, "grant_type=refresh_token&refresh_token={secret}&client_id=");
		url_encode(&out, l->client, URL_COMPONENT);
		l->body = buf_str(&out);
	}
	if (plain.over || out.over)
		conf_mistake(w, conf_line(s, "client_id"), "client_id and its secret take more than 1 KB");
}

/* Another server that takes the same code would have to name itself, too. */
static void
read_issuer(struct conf_work *w, const struct conf_section *s, struct login *l)
{
	struct url u;

	l->issuer = conf_str(s, "authorize_issuer");
	if (l->issuer.n && url_parse(l->issuer, &u))
		conf_mistake(w, conf_line(s, "authorize_issuer"), "authorize_issuer is the URL that the API's "
		    "authorization server calls itself (its metadata say issuer), not '%S'", l->issuer);
}

static void
read_sign_in(struct conf_work *w, const struct conf_section *s, struct login *l)
{
	struct str rest = conf_str(s, "sign_in"), method = str_next(&rest, ' ');
	struct sign_in *sign = conf_take(w, sizeof *sign, 1);
	u32 line = conf_line(s, "sign_in"), query = (u32)str_find(rest, '?', 0);

	if (!sign)
		return;
	*sign = (struct sign_in){ .target = rest, .id = conf_str(s, "sign_in_id"), .name = conf_str(s, "sign_in_name"),
		.role = conf_str(s, "sign_in_role"), .team = conf_str(s, "sign_in_team") };
	l->sign = sign;
	if (!str_is(method, "GET") || !url_path_ok(str_cut(rest, 0, min_u32(query, rest.n))))
		conf_mistake(w, line, "sign_in is like 'GET /users/me': a path behind base_url whose answer says whose "
		    "a token is");
	line = conf_line(s, "sign_in_role");
	if (str_is(sign->role, "admin"))
		conf_mistake(w, line, "sign_in_role cannot be admin: whoever has an account there would run this box");
	else if (sign->role.n && !conf_has_role(w, sign->role))
		conf_mistake(w, line, "there is no role '%S'", sign->role);
	if (!team_name_ok(sign->team))
		conf_mistake(w, conf_line(s, "sign_in_team"), "'%S' is no name of a team", sign->team);
}

void
conf_connect(struct conf_work *w, const struct conf_section *s, const struct environment *e, struct credential *c)
{
	struct environment *at = conf_take(w, sizeof *at, 1), *place = conf_take(w, sizeof *place, 1);
	struct login *l = conf_take(w, sizeof *l, 1);
	struct str from = conf_str(s, "client_secret_from");

	if (!at || !place || !l)
		return;
	*l = (struct login){ .method = METHOD_POST, .lifetime = STR("json:expires_in"), .send = &users_send };
	l->sends = 1;
	l->authorize = conf_str(s, "authorize_url");
	l->client = conf_str(s, "client_id");
	l->scopes = conf_str(s, "scopes");
	l->target = conf_str(s, "token_url");
	l->body = STR("grant_type=refresh_token&refresh_token={secret}");
	*at = *e;
	*place = *e;
	conf_url(w, s, l->authorize, "authorize_url", place);
	if (!l->target.n || !l->client.n)
		conf_mistake(w, conf_line(s, "authorize_url"), "authorize_url needs token_url and client_id");
	else
		read_place(w, s, "token_url", l, at);
	if (from.n && !str_starts(from, STR("env:")) && !str_starts(from, STR("file:")))
		conf_mistake(w, conf_line(s, "client_secret_from"), "client_secret_from is env:NAME or file:/PATH");
	else
		write_client(w, s, l);
	read_issuer(w, s, l);
	if (conf_str(s, "sign_in").n)
		read_sign_in(w, s, l);
	l->id = map_hash(l->target, map_hash(l->client, e->id ^ at->origin)) | 1;
	c->in = CREDENTIAL_NONE; /* what is exchanged stands in the body */
	c->login = l;
}
