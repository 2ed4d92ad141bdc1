#include "app/endpoint.h"

static const struct api *
api_named(const struct gen *gen, struct str name)
{
	for (u32 i = 0; i < gen->apis; i++)
		if (str_same(gen->api[i].name, name))
			return &gen->api[i];
	return NULL;
}

static int
environment_named(const struct api *api, struct str name)
{
	for (u32 i = 0; i < api->environments; i++)
		if (str_same(api->environment[i].name, name))
			return (int)i;
	return ERR_NONE;
}

/* Takes a view off the end of path: "/mcp/readonly" becomes "/mcp". */
static struct str
take_view(struct str path, struct endpoint *e)
{
	static const struct {
		const char *tail;
		bool readonly;
	} views[] = { { "/readonly", true }, { "/tools", false } };

	for (u32 i = 0; i < ARRAY_N(views); i++)
		if (str_ends(path, str_c(views[i].tail))) {
			e->view.readonly = views[i].readonly;
			e->name = views[i].tail + 1;
			return str_cut(path, 0, path.n - (u32)strlen(views[i].tail));
		}
	return path;
}

static int
find_by_name(const struct gen *gen, struct str path, struct endpoint *e)
{
	struct str rest = str_cut(path, 1, path.n), first = str_next(&rest, '/'), second = str_next(&rest, '/');
	int i;

	e->api = api_named(gen, first);
	if (!e->api)
		return ERR_NONE;
	if (str_is(second, "mcp") && !rest.p)
		return 0;
	i = environment_named(e->api, second);
	if (i < 0 || !str_is(rest, "mcp"))
		return ERR_NONE;
	e->view.pinned = (u32)i;
	return 0;
}

/* "/rest/<api>/<environment>" and whatever stands behind it. */
static int
find_rest(const struct gen *gen, struct str path, struct endpoint *e)
{
	struct str rest = str_cut(path, 6, path.n);
	int i;

	e->api = api_named(gen, str_next(&rest, '/'));
	i = e->api ? environment_named(e->api, str_next(&rest, '/')) : ERR_NONE;
	e->view.pinned = (u32)i;
	e->name = ENDPOINT_REST;
	return i < 0 ? ERR_NONE : 0;
}

int
endpoint_find(const struct gen *gen, struct str path, struct endpoint *e)
{
	*e = (struct endpoint){ .view = { false, GATE_ANY_ENVIRONMENT } };
	for (u32 i = 0; i < gen->apis; i++)
		if (gen->api[i].path.n && str_same(gen->api[i].path, path)) {
			e->api = &gen->api[i];
			return 0;
		}
	if (str_starts(path, STR("/rest/")))
		return find_rest(gen, path, e);
	path = take_view(path, e);
	if (gen->apis && str_is(path, "/mcp")) {
		e->api = &gen->api[0];
		return 0;
	}
	return path.n ? find_by_name(gen, path, e) : ERR_NONE;
}

void
endpoint_audience(const struct endpoint *e, bool narrow, struct buf *b)
{
	buf_put(b, e->api->name);
	if (e->view.pinned != GATE_ANY_ENVIRONMENT) {
		buf_byte(b, '/');
		buf_put(b, e->api->environment[e->view.pinned].name);
	}
	if (e->name && (narrow || strcmp(e->name, ENDPOINT_REST) == 0)) {
		buf_byte(b, ':');
		buf_c(b, e->name);
	}
}
