#include "main/conf_priv.h"

#include "auth/user.h"
#include "gate/switches.h"
#include "base/map.h"
#include "http/url.h"

#define TELL_MS 5000 /* how often a client is told that its call goes on */

/* What stands first in a path and is no api: routes that exist, and those the design keeps for later. */
static const char *const reserved[] = {
	"mcp", "rest", "oauth", "login", "logout", "account", "invite", "apps", "keys", "connections", "connect",
	"admin", "approve", "ca", "files", "healthz", "readyz", "metrics", "control", "static", "help",
	"readonly", "tools", "code", "sse",
};

static bool
is_reserved(struct str s)
{
	for (u32 i = 0; i < ARRAY_N(reserved); i++)
		if (str_is(s, reserved[i]))
			return true;
	return false;
}

const char *
conf_name_wrong(struct str s)
{
	if (s.n == 0)
		return "is empty";
	if (s.n > 32)
		return "is longer than 32 characters";
	for (u32 i = 0; i < s.n; i++) {
		u8 c = s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!word && (i == 0 || (c != '-' && c != '_')))
			return "may hold only a-z, 0-9, - and _, and begins with a letter or digit";
	}
	return is_reserved(s) ? "is a path of the server itself; take another name" : NULL;
}

struct str
conf_name(struct conf_work *w, const struct conf_section *s)
{
	const struct conf_item *i = conf_item(s, "name");
	struct str name = i ? i->value : s->name;
	const char *wrong = conf_name_wrong(name);

	if (!name.n)
		conf_mistake(w, s->line, "config %s needs a name: config %s 'NAME'", s->type->name, s->type->name);
	else if (wrong)
		conf_mistake(w, i ? i->line : s->line, "the name '%S' %s", name, wrong);
	return name;
}

static u32
count(const struct conf_work *w, u32 type)
{
	u32 n = 0;

	for (const struct conf_section *s = w->first; s; s = s->next)
		n += s->type == &conf_types[type];
	return n;
}

static void
read_path(struct conf_work *w, const struct conf_section *s, struct api *a)
{
	u32 line = conf_line(s, "path");
	struct str path = conf_str(s, "path"), first;

	if (!path.n)
		return;
	first = str_cut(path, 1, path.n);
	first = str_next(&first, '/');
	if (!url_path_ok(path) || path.n < 2 || path.p[path.n - 1] == '/' || str_find(path, '%', 0) >= 0)
		conf_mistake(w, line, "path is like /api/v4/mcp: begins with /, does not end with one; not '%S'", path);
	else if (is_reserved(first) && !str_is(path, "/mcp"))
		conf_mistake(w, line, "path '%S': what begins with /%S/ belongs to the server itself", path, first);
	a->path = path;
}

static struct str
catalog_path(struct conf_work *w, struct str name)
{
	u8 room[320];
	struct buf b = buf_over(room, sizeof room);

	buf_fmt(&b, "%s/catalogs/%S.cat", w->conf->data, name);
	if (b.over)
		conf_mistake(w, 0, "the data directory's path is too long");
	return str_c(conf_c(w, buf_str(&b)));
}

/* In the order of enum rate_of. */
static void
read_limits(struct conf_work *w, const struct conf_section *s, struct api *a)
{
	static const char *const names[RATES] = { "rate_principal", "rate_key", "rate_client", "rate_team", "rate",
		"rate_tool" };

	for (u32 i = 0; i < RATES; i++) {
		struct str text = conf_str(s, names[i]);

		if (tempo_read(text, &a->rate[i]))
			conf_mistake(w, conf_line(s, names[i]), "%s is like '600/m', '10/s burst 50', not '%S'",
			    names[i], text);
		a->limited |= a->rate[i].calls != 0;
	}
	a->budget = conf_u32(s, "budget");
	a->team_budget = conf_u32(s, "budget_team");
	a->limited |= a->budget || a->team_budget;
}

static void
one_api(struct conf_work *w, const struct conf_section *s, struct api *a, const char **document, const char **within)
{
	struct str dir = conf_str(s, "document_within");

	a->name = conf_name(w, s);
	a->title = conf_str(s, "title");
	*document = conf_c(w, conf_path(w, conf_str(s, "document")));
	a->document = str_c(*document);
	*within = dir.n ? conf_c(w, conf_path(w, dir)) : NULL;
	a->catalog_path = catalog_path(w, a->name);
	a->auth = (u8)conf_u32(s, "auth");
	a->mode = (u8)conf_u32(s, "mode");
	if (a->mode > API_MODE_TOOLS)
		conf_mistake(w, conf_line(s, "mode"), "mode '%S' is not built yet: use tools", conf_str(s, "mode"));
	a->holds = conf_u32(s, "changes") != 0;
	a->response_budget = conf_u32(s, "response_budget");
	a->late_ms = conf_u32(s, "answer_within");
	a->page = conf_u32(s, "page");
	a->secrets = conf_join(w, s, "secret");
	a->tag = map_hash(a->name, 0);
	read_limits(w, s, a);
	a->instructions = conf_str(s, "instructions");
	a->id = switches_id(SWITCH_API, a->name);
	conf_deny(w, s, a);
	read_path(w, s, a);
}

/* No two apis answer at one place. */
static void
check_apart(struct conf_work *w, const struct conf_section *s, const struct api *all, u32 n)
{
	const struct api *a = &all[n];
	struct str first = str_cut(a->path, 1, a->path.n);

	first = str_next(&first, '/');
	for (u32 i = 0; i < n; i++) {
		if (str_same(a->name, all[i].name))
			conf_mistake(w, s->line, "there is an api '%S' already", a->name);
		if (a->path.n && str_same(a->path, all[i].path))
			conf_mistake(w, conf_line(s, "path"), "path '%S' is taken by api '%S'", a->path, all[i].name);
		if (a->path.n && str_same(first, all[i].name))
			conf_mistake(w, conf_line(s, "path"), "path '%S' begins with the name of api '%S'", a->path,
			    all[i].name);
	}
}

static int
api_of(struct conf_work *w, const struct conf_section *s, const struct api *api, u32 apis)
{
	const struct conf_item *i = conf_item(s, "api");

	if (!i && apis == 1)
		return 0;
	if (!i) {
		conf_mistake(w, s->line, "config %s '%S' needs option api: there are %u apis", s->type->name,
		    s->name, apis);
		return ERR_NONE;
	}
	for (u32 k = 0; k < apis; k++)
		if (str_same(i->value, api[k].name))
			return (int)k;
	conf_mistake(w, i->line, "there is no config api '%S'", i->value);
	return ERR_NONE;
}

/* People are called ID@API: two environments may know two people by one id. */
static void
judge_sign_in(struct conf_work *w, const struct conf_section *s, const struct api *api)
{
	u32 line = conf_line(s, "sign_in");

	if (api->name.n > USER_API_MAX)
		conf_mistake(w, line, "sign_in: the api's name may have %d characters, as it ends the names of users",
		    USER_API_MAX);
	for (u32 i = 0; i < api->environments; i++)
		if (api->environment[i].credential.login && api->environment[i].credential.login->sign)
			conf_mistake(w, line, "sign_in stands in environment '%S' already: one of an api",
			    api->environment[i].name);
}

static void
add_environment(struct conf_work *w, const struct conf_section *s, struct api *api, struct environment *at)
{
	struct environment *e = &at[api->environments];

	if (api->environments == ENVIRONMENTS_MAX) {
		conf_mistake(w, s->line, "api '%S' has more than %d environments", api->name, ENVIRONMENTS_MAX);
		return;
	}
	e->name = conf_name(w, s);
	for (u32 i = 0; i < api->environments; i++)
		if (str_same(at[i].name, e->name))
			conf_mistake(w, s->line, "api '%S' has an environment '%S' already", api->name, e->name);
	e->id = map_hash(e->name, map_hash(api->name, 0x6d63706761746564U));
	conf_environment(w, s, e);
	w->conf->gen.connects |= e->credential.of == CREDENTIAL_USERS;
	if (e->pass && api->auth == API_AUTH_NONE)
		conf_mistake(w, conf_line(s, "credential_from"), "credential_from 'passthrough' needs auth 'key'");
	if (e->credential.login && e->credential.login->sign)
		judge_sign_in(w, s, api);
	api->environments++;
}

/* A credential for one security scheme, in one environment or in all of its api. */
static void
add_credential(struct conf_work *w, const struct conf_section *s, const struct api *api, struct environment *at)
{
	struct str where = conf_str(s, "environment");
	bool found = false;

	for (u32 i = 0; i < api->environments; i++) {
		struct environment *e = &at[i];
		struct credential *list = conf_take(w, sizeof *list, CREDENTIALS_MAX);

		if (!list || (where.n && !str_same(e->name, where)))
			continue;
		found = true;
		if (e->mores == CREDENTIALS_MAX) {
			conf_mistake(w, s->line, "environment '%S' has more than %d credentials", e->name,
			    CREDENTIALS_MAX);
			return;
		}
		if (e->mores)
			memcpy(list, e->more, e->mores * sizeof *list);
		conf_credential(w, s, e, &list[e->mores]);
		list[e->mores].scheme = conf_item(s, "scheme") ? conf_str(s, "scheme") : s->name;
		e->logs_in |= list[e->mores].login != NULL;
		if (list[e->mores].of || (list[e->mores].in == CREDENTIAL_NONE && !list[e->mores].login))
			conf_mistake(w, s->line, "config credential '%S' needs credential_in and credential_from",
			    s->name);
		e->more = list;
		e->mores++;
	}
	if (!found)
		conf_mistake(w, conf_line(s, "environment"), "api '%S' has no environment '%S'", api->name, where);
}

/* The sandbox where there is one, else the first: nobody reaches production by not saying where. */
static void
choose_default(struct api *a)
{
	for (u32 i = a->environments; i-- > 0;)
		if (!a->environment[i].production)
			a->default_environment = i;
}

/* A handle is offered only where a call can take that long before its answer begins. */
static void
judge_late(struct api *a)
{
	u32 most = 0;

	a->tell_ms = a->late_ms ? min_u32(a->late_ms / 4 + 1, TELL_MS) : TELL_MS;
	for (u32 i = 0; i < a->environments; i++) {
		const struct environment *e = &a->environment[i];

		most = max_u32(most, min_u32(e->total_ms, e->connect_ms + e->queue_ms + e->first_ms));
	}
	if (most <= a->late_ms)
		a->late_ms = 0;
}

static void
read_apis(struct conf_work *w, struct api *api, const char **document, const char **within)
{
	struct gen *gen = &w->conf->gen;

	for (const struct conf_section *s = w->first; s; s = s->next) {
		if (s->type != &conf_types[CONF_API])
			continue;
		api[gen->apis].index = gen->apis;
		one_api(w, s, &api[gen->apis], &document[gen->apis], &within[gen->apis]);
		check_apart(w, s, api, gen->apis);
		gen->apis++;
	}
}

void
conf_apis(struct conf_work *w)
{
	u32 n = count(w, CONF_API);
	struct api *api = conf_take(w, sizeof *api, n);
	const char **document = conf_take(w, sizeof *document, n);
	const char **within = conf_take(w, sizeof *within, n);
	struct environment *all = conf_take(w, sizeof *all, n * ENVIRONMENTS_MAX);

	if (n > APIS_MAX)
		conf_mistake(w, 0, "%u apis; at most %d fit into one box", n, APIS_MAX);
	if (!n && !w->mistakes)
		conf_mistake(w, 0, "no config api: there is nothing to serve. `mcpgated init` writes a first one");
	if (!api || !document || !within || !all || n > APIS_MAX)
		return;
	w->conf->gen.api = api;
	w->conf->documents = document;
	w->conf->withins = within;
	read_apis(w, api, document, within);
	for (u32 i = 0; i < n; i++)
		api[i].environment = &all[i * ENVIRONMENTS_MAX];
	for (const struct conf_section *s = w->first; s; s = s->next)
		if (s->type == &conf_types[CONF_ENVIRONMENT]) {
			int k = api_of(w, s, api, n);

			if (k >= 0)
				add_environment(w, s, &api[k], &all[(u32)k * ENVIRONMENTS_MAX]);
		}
	for (const struct conf_section *s = w->first; s; s = s->next)
		if (s->type == &conf_types[CONF_CREDENTIAL]) {
			int k = api_of(w, s, api, n);

			if (k >= 0)
				add_credential(w, s, &api[k], &all[(u32)k * ENVIRONMENTS_MAX]);
		}
	for (u32 i = 0; i < n; i++) {
		choose_default(&api[i]);
		judge_late(&api[i]);
	}
}
