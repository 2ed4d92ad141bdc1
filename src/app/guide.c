#include "app/guide.h"

#include "app/person.h"
#include "http/form.h"

#define PLACES 40 /* environments and APIs that are listed, each */
#define PLACE_ITEMS 4
#define NAME_N 64 /* bytes of an api's name in the query */

/* Where an api is served: its own path, or /<name>/mcp. */
static struct str
endpoint(struct html *h, const struct api *api, struct str environment)
{
	struct str base = h->j->gen->gen->public_url;
	struct buf b = arena_buf(exchange_arena(&h->j->x), base.n + api->name.n + api->path.n + environment.n + 8);

	if (environment.n)
		buf_fmt(&b, "%S/%S/%S/mcp", base, api->name, environment);
	else if (api->path.n)
		buf_fmt(&b, "%S%S", base, api->path);
	else
		buf_fmt(&b, "%S/%S/mcp", base, api->name);
	return buf_str(&b);
}

static void
put_places(struct html *h, const struct api *api)
{
	for (u32 i = 0; i < api->environments && i < PLACES; i++) {
		const struct environment *e = &api->environment[i];

		html_row(h, "place");
		html_put(h, "where", e->name);
		html_flag(h, "production", e->production && api->environments > 1);
		if (api->environments > 1)
			html_put(h, "pinned", endpoint(h, api, e->name));
	}
	html_top(h);
}

static void
put_apis(struct html *h, const struct gen *gen, const struct api *chosen)
{
	for (u32 i = 0; i < gen->apis && i < PLACES && gen->apis > 1; i++) {
		html_row(h, "api");
		html_put(h, "api_name", gen->api[i].name);
		html_put(h, "api_title", gen->api[i].title.n ? gen->api[i].title : gen->api[i].name);
		html_flag(h, "chosen", &gen->api[i] == chosen);
	}
	html_top(h);
}

void
guide_put(struct html *h, struct str name, struct str key)
{
	const struct gen *gen = h->j->gen->gen;
	const struct api *api = gen->apis ? &gen->api[0] : NULL;

	for (u32 i = 0; i < gen->apis; i++)
		if (str_same(gen->api[i].name, name))
			api = &gen->api[i];
	if (!api)
		return;
	html_items(h, HTML_ITEMS + PLACE_ITEMS * (min_u32(gen->apis, PLACES) + min_u32(api->environments, PLACES)));
	html_put(h, "name", api->name);
	html_put(h, "called_api", api->title.n ? api->title : api->name);
	html_put(h, "url", endpoint(h, api, STR_NONE));
	html_put(h, "site", gen->public_url);
	html_put(h, "rest_environment", api->environment[api->default_environment].name);
	html_flag(h, "plain", str_starts(gen->public_url, STR("http://")));
	html_flag(h, "login", !key.n && gen->oauth.on);
	html_flag(h, "ca", gen->ca.n != 0);
	html_put(h, "made", key);
	if (key.n)
		html_put(h, "key", key);
	else if (!gen->oauth.on)
		html_text(h, "key", "guide_your_key");
	put_apis(h, gen, api);
	put_places(h, api);
}

enum step
guide_page(struct exchange *x, msec now)
{
	struct job *j = job_of(x);
	struct arena *a = exchange_arena_n(x, GUIDE_ARENA_N);
	enum step s = person_need(j, now);
	struct str name = STR_NONE;
	struct buf room;
	struct html h;

	if (s != STEP_DONE)
		return s == STEP_WAIT ? s : STEP_DONE;
	html_begin(&h, x, "guide");
	room = arena_buf(a, NAME_N);
	if (form_get(x->req.query, STR("api"), &room, &name))
		name = STR_NONE;
	guide_put(&h, name, STR_NONE);
	return html_reply(&h, 200);
}
