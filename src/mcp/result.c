#include "mcp/result.h"

#include "base/text.h"
#include "mcp/asked.h"
#include "mcp/modern.h"
#include "mcp/paging.h"
#include "op/preset.h"

enum { AT_OPEN, AT_BODY, AT_END, AT_CLOSE };
enum { FORM_JSON, FORM_TEXT, FORM_IMAGE, FORM_AUDIO, FORM_BLOB, FORM_NONE };

#define ROOM_FOR_BEGIN 1024
#define ROOM_FOR_CLOSE 5120
#define ROOM_FOR_PIECE 64 /* less room than this and the reader must take something first */

/* ---- what to make of a body ---------------------------------------------------------------------- */

static bool
is_text(struct str type)
{
	static const char *const texts[] = { "application/xml", "application/javascript", "application/yaml",
		"application/x-yaml", "application/x-www-form-urlencoded", "application/x-ndjson", "application/toml",
		"application/graphql", "application/sql", "image/svg+xml" };

	if (type.n == 0 || str_starts(type, STR("text/")) || str_ends(type, STR("+xml")))
		return true;
	for (u32 i = 0; i < ARRAY_N(texts); i++)
		if (str_is(type, texts[i]))
			return true;
	return false;
}

static u8
form_of(const struct mcp *m)
{
	const struct op *op = m->op;
	struct str type = str_of(op->type, op->type_n);
	bool small = op->length <= RESULT_MEDIA_MAX;

	if (str_is(type, "application/json") || str_ends(type, STR("+json")))
		return FORM_JSON;
	if (is_text(type) || op->length == 0)
		return FORM_TEXT;
	if (str_starts(type, STR("image/")))
		return small ? FORM_IMAGE : FORM_NONE;
	if (str_starts(type, STR("audio/")) && (m->modern || m->version >= MCP_2025_03_26))
		return small ? FORM_AUDIO : FORM_NONE;
	return op->length <= RESULT_BLOB_MAX ? FORM_BLOB : FORM_NONE;
}

static int fill_result(struct pull *p, struct buf *out, msec now);

void
result_start(struct result *r, struct mcp *m)
{
	memset(r, 0, offsetof(struct result, redact));
	r->m = m;
	r->form = form_of(m);
	r->whole = m->op->status >= 200 && m->op->status < 300 && r->form == FORM_JSON;
	if (r->whole && m->asked.overlaid)
		paging_begin(m);
	r->pull.fill = fill_result;
	r->skipped = r->form == FORM_NONE;
	redact_init(&r->redact, r->form == FORM_IMAGE || r->form == FORM_AUDIO ? NULL : m->op->secrets,
	    r->form == FORM_JSON ? REDACT_JSON : REDACT_TEXT, m->op->length, m->shared->lease);
	veil_init(&r->veil, r->form == FORM_JSON ? &m->text->secrets : NULL);
	limit_init(&r->limit, r->form == FORM_JSON ? LIMIT_JSON : LIMIT_TEXT,
	    m->keep ? min_u32(m->keep, m->api->response_budget) : m->api->response_budget,
	    m->op->length == UINT64_MAX ? LIMIT_UNKNOWN : m->op->length, m->shared->lease);
}

void
result_cut(struct result *r)
{
	r->full = r->at < AT_CLOSE;
}

void
result_end(struct result *r)
{
	if (!r->m)
		return;
	redact_done(&r->redact);
	limit_done(&r->limit);
}

/* ---- begin --------------------------------------------------------------------------------------- */

static void
put_media(struct result *r, struct buf *out)
{
	struct str type = str_of(r->m->op->type, r->m->op->type_n);
	struct jout o = jout_into(out);

	jout_open(&o, '{');
	if (r->form == FORM_BLOB) {
		jout_c(&o, "type", "resource");
		jout_key_open(&o, "resource", '{');
		jout_c(&o, "uri", "gate:answer");
		jout_str(&o, "mimeType", type);
		BUF_LIT(out, ",\"blob\":\"");
		return;
	}
	jout_c(&o, "type", r->form == FORM_IMAGE ? "image" : "audio");
	jout_str(&o, "mimeType", type);
	BUF_LIT(out, ",\"data\":\"");
}

/* What stands before a body that is an error: "API error (HTTP 404): ", or an overlay's words, {status} and {body}
 * replaced. They are JSON text already. */
static void
put_error(struct result *r, struct buf *out)
{
	const struct op *op = r->m->op;
	struct catalog_op it;
	struct jdoc doc;
	struct str text;
	int at;

	catalog_op(r->m->catalog, op->operation, &it);
	text = json_raw(preset_get(&it, "error", &doc, r->m->shared->tok));
	if (text.n < 2 || text.p[0] != '"') {
		buf_fmt(out, "API error (HTTP %u)%s: ", (u32)op->status,
		    op->status < 400 ? ", a redirect that is not followed" : "");
		return;
	}
	text = str_cut(text, 1, text.n - 1);
	at = str_find_str(text, STR("{body}"));
	if (at >= 0) {
		r->behind = str_cut(text, (u32)at + 6, text.n);
		text = str_cut(text, 0, (u32)at);
	}
	while ((at = str_find_str(text, STR("{status}"))) >= 0) {
		buf_put(out, str_cut(text, 0, (u32)at));
		buf_u64(out, op->status);
		text = str_cut(text, (u32)at + 8, text.n);
	}
	buf_put(out, text);
}

/* In place of a body that no model can read: what it is, and where it can be had. */
static void
put_instead(struct result *r, struct buf *out, msec now)
{
	const struct op *op = r->m->op;
	char handle[AGAIN_HANDLE_N + 1];

	buf_fmt(out, "Binary answer of type %S", str_of(op->type, op->type_n));
	if (op->length != UINT64_MAX)
		buf_fmt(out, ", %U bytes", op->length);
	r->linked = op->status < 300 && r->m->files.n && asked_handle(r->m, "x:f", STR_NONE, 0, now, handle) == 0;
	if (!r->linked) {
		BUF_LIT(out, ": not shown, a model cannot read it.");
		return;
	}
	memcpy(r->handle, handle, sizeof r->handle);
	buf_fmt(out, ": to be downloaded, once and within ten minutes, from %S/files/%s", r->m->files, handle);
}

static void
put_begin(struct result *r, struct buf *out, msec now)
{
	if (r->m->x)
		rpc_result_open(out, r->m->id);
	BUF_LIT(out, "{\"content\":[");
	if (r->form == FORM_IMAGE || r->form == FORM_AUDIO || r->form == FORM_BLOB) {
		put_media(r, out);
		return;
	}
	BUF_LIT(out, "{\"type\":\"text\",\"text\":\"");
	if (r->m->op->status >= 300)
		put_error(r, out);
	if (r->skipped)
		put_instead(r, out, now);
}

/* ---- body ---------------------------------------------------------------------------------------- */

/* Text without secrets through the budget and the escape. Returns false when out has no room for more. */
static bool
pass_text(struct result *r, struct str *in, struct buf *out)
{
	for (;;) {
		struct str v = limit_look(&r->limit, in);
		u32 n;

		if (v.n == 0)
			return true;
		n = escape_run(&r->escape, v, out);
		limit_took(&r->limit, in, n);
		if (n < v.n)
			return false;
	}
}

/* Text of which only a part is wanted, on to the budget. Returns false when out has no room for more. */
static bool
pass_wanted(struct result *r, struct str *in, struct buf *out)
{
	struct project *p = r->m->project;

	for (;;) {
		struct str v = project_look(p, in), rest = v;
		bool more;

		if (v.n == 0)
			return true;
		more = pass_text(r, &rest, out);
		project_took(p, in, v.n - rest.n);
		if (!more || rest.n) /* rest: limit.err */
			return more;
	}
}

/* Text whose secret members are taken out, on to what is wanted and the budget. The same. */
static bool
pass_veiled(struct result *r, struct str *in, struct buf *out)
{
	bool wanted = r->form == FORM_JSON && r->m->project && r->m->op->status < 300;

	for (;;) {
		struct str v = veil_look(&r->veil, in), rest = v;
		bool more;

		if (v.n == 0)
			return true;
		more = wanted ? pass_wanted(r, &rest, out) : pass_text(r, &rest, out);
		veil_took(&r->veil, in, v.n - rest.n);
		if (!more || rest.n) /* as above */
			return more;
	}
}

static bool
pass_bytes(struct result *r, struct str *in, struct buf *out)
{
	u32 n = b64_run(&r->b64, *in, out);

	*in = str_cut(*in, n, in->n);
	return in->n == 0;
}

/* One piece through everything. Returns false when out has no room for more. */
static bool
pass(struct result *r, struct str *in, struct buf *out)
{
	bool text = r->form == FORM_JSON || r->form == FORM_TEXT, more;

	for (;;) {
		struct str v = redact_look(&r->redact, in), rest = v;

		more = text ? pass_veiled(r, &rest, out) : pass_bytes(r, &rest, out);
		redact_took(&r->redact, in, v.n - rest.n);
		if (!more || v.n == 0 || rest.n || limit_over(&r->limit))
			return more; /* rest: limit.err */
	}
}

/* Moves the body until it ends (0), waits (ERR_MORE) or out is full (ERR_FULL). */
static int
run_body(struct result *r, struct buf *out, msec now)
{
	struct op *op = r->m->op;

	for (;;) {
		struct str part, left;
		bool more;
		int n;

		if (r->skipped || r->full || limit_over(&r->limit) || r->limit.err || r->redact.err)
			return 0;
		n = op_body(op, &part, now);
		if (n == ERR_MORE)
			return ERR_MORE;
		if (n < 0)
			r->broke = true;
		if (n <= 0)
			return 0;
		left = part;
		more = pass(r, &left, out);
		op_eat(op, part.n - left.n);
		if (!more)
			return ERR_FULL;
	}
}

/* What the filters still hold, one after the other. 0, or ERR_FULL. Harmless to repeat. */
static int
run_end(struct result *r, struct buf *out)
{
	struct str none = str_of("", 0);

	if (r->skipped || r->full)
		return 0;
	redact_end(&r->redact);
	if (!pass(r, &none, out))
		return ERR_FULL;
	if (r->form != FORM_JSON && r->form != FORM_TEXT)
		return b64_end(&r->b64, out);
	limit_end(&r->limit);
	if (!pass_text(r, &none, out))
		return ERR_FULL;
	return escape_end(&r->escape, out);
}

/* ---- close --------------------------------------------------------------------------------------- */

static void
put_note(struct buf *out, struct str text)
{
	BUF_LIT(out, ",{\"type\":\"text\",\"text\":");
	jout_quoted(out, text);
	buf_byte(out, '}');
}

/* A handle to go on behind the elements that were given. The list is the outermost one, so that nothing but objects
 * leads to it. */
static bool
go_on(const struct result *r, struct str path, msec now, char handle[AGAIN_HANDLE_N + 1])
{
	const struct limit_where *w = &r->limit.where;
	const struct resume *before = r->m->resume;
	u64 next = w->level == w->top_level ? w->index : max_u32(w->top_index, 1);

	if (!w->top_level || r->m->op->status >= 300 || (before && !str_same(path, before->again.path)))
		return false;
	return asked_handle(r->m, "l:", path, next + (before ? before->again.from : 0), now, handle) == 0;
}

static void
put_elements(const struct result *r, struct buf *b)
{
	const struct limit_where *w = &r->limit.where;
	u64 from = r->m->resume && w->level == w->top_level ? r->m->resume->again.from : 0;
	u32 at;

	if (from)
		buf_fmt(b, ": it holds the elements %U to %U of ", from + 1, from + w->index);
	else
		buf_fmt(b, ": it holds the first %u elements of ", w->index);
	at = b->w;
	if (w->level > 1)
		limit_path(&r->limit, w->level, b);
	if (b->w == at)
		buf_c(b, w->level == 1 ? "the list" : "a list");
}

/* Says that the answer was cut, where, and what to do about it. */
static void
note_cut(const struct result *r, struct buf *out, msec now)
{
	const struct limit_where *w = &r->limit.where;
	char handle[AGAIN_HANDLE_N + 1];
	struct catalog_op op;
	u8 room[900], path_room[200];
	struct buf b = buf_over(room, sizeof room), path = buf_over(path_room, sizeof path_room);

	catalog_op(r->m->catalog, r->m->op->operation, &op);
	BUF_LIT(&b, "The answer was cut at ");
	text_size(&b, r->limit.budget);
	if (w->level)
		put_elements(r, &b);
	BUF_LIT(&b, ". ");
	if (w->top_level > 1)
		limit_path(&r->limit, w->top_level, &path);
	if (op.flags & CATALOG_OP_FIELDS && !path.over && go_on(r, buf_str(&path), now, handle))
		buf_fmt(&b, "For those that follow, call %S again with gate_continue \"%s\" (good for ten minutes). ",
		    op.name, handle);
	if (op.flags & CATALOG_OP_FIELDS)
		buf_fmt(&b, "Or ask for less: %s chooses members, filters and smaller pages help too.",
		    op.flags & CATALOG_OP_FIELDS_ELSE ? CATALOG_FIELDS_ELSE : CATALOG_FIELDS);
	else
		BUF_LIT(&b, "Ask for less (filters, a smaller page) or for the next page.");
	if (b.over) /* a long path of names */
		put_note(out, STR("The answer was cut. Ask for less (filters, a smaller page) or for the next page."));
	else
		put_note(out, buf_str(&b));
}

/* The download as clients know it since 2025-06-18; before, the text says it all. */
static void
put_link(const struct result *r, struct buf *out)
{
	const struct op *op = r->m->op;
	struct catalog_op it;
	struct jout o = jout_into(out);

	if (!r->m->modern && r->m->version < MCP_2025_06_18)
		return;
	catalog_op(r->m->catalog, op->operation, &it);
	buf_byte(out, ',');
	jout_open(&o, '{');
	jout_c(&o, "type", "resource_link");
	jout_key(&o, STR("uri"));
	buf_fmt(out, "\"%S/files/%s\"", r->m->files, r->handle);
	o.more = true;
	jout_str(&o, "name", it.name);
	jout_str(&o, "mimeType", str_of(op->type, op->type_n));
	if (op->length != UINT64_MAX)
		jout_u64(&o, "size", op->length);
	jout_close(&o, '}');
}

static void
note_broke(const struct result *r, struct buf *out)
{
	UNSET u8 room[400];
	struct buf b = buf_over(room, sizeof room);

	BUF_LIT(&b, "The answer broke off and is incomplete: ");
	buf_put(&b, str_of(r->m->op->why, r->m->op->why_n));
	put_note(out, buf_str(&b));
}

static void
note_removed(const struct result *r, struct buf *out)
{
	u8 room[80];
	struct buf b = buf_over(room, sizeof room);
	u32 n = r->redact.count + r->veil.count;

	buf_fmt(&b, "%u secret%s removed from this answer.", n, n == 1 ? " was" : "s were");
	put_note(out, buf_str(&b));
}

static bool
is_error(const struct result *r)
{
	return r->broke || r->limit.err || r->redact.err || r->m->op->status >= 300;
}

static void
put_close(struct result *r, struct buf *out, msec now)
{
	const struct op *op = r->m->op;
	bool text = r->form == FORM_JSON || r->form == FORM_TEXT;

	if (text && r->limit.seen == 0 && !r->broke)
		buf_fmt(out, "(empty answer, HTTP %u)", (u32)op->status);
	buf_put(out, r->behind);
	buf_c(out, r->form == FORM_BLOB ? "\"}}" : "\"}");
	if (r->limit.cut)
		note_cut(r, out, now);
	if (r->full)
		put_note(out, STR("The answer was cut: of a call that took so long no more is kept."));
	if (r->whole && r->m->asked.overlaid && !r->limit.cut && !r->broke && !r->limit.err && !r->redact.err)
		paging_put(r->m, out);
	if (r->linked)
		put_link(r, out);
	if (r->limit.broken && !r->broke && !r->limit.cut)
		put_note(out, STR("The API said this is JSON, but it is not valid JSON; it is given as text."));
	if (r->broke)
		note_broke(r, out);
	if (r->redact.count + r->veil.count)
		note_removed(r, out);
	if (op->environment->production && op->api->environments > 1)
		put_note(out, STR("This was production."));
	if (r->limit.err || r->redact.err)
		put_note(out, STR("The answer could not be held in memory and is incomplete; try again in a second."));
	BUF_LIT(out, "]");
	if (op->retry_after_s && op->status >= 400)
		buf_fmt(out, ",\"retry_after_seconds\":%u", op->retry_after_s);
	if (op->limit_left != UINT32_MAX)
		buf_fmt(out, ",\"ratelimit_remaining\":%u", op->limit_left);
	if (op->limit_left != UINT32_MAX && op->limit_reset_s)
		buf_fmt(out, ",\"ratelimit_reset_seconds\":%u", op->limit_reset_s);
	buf_c(out, is_error(r) ? ",\"isError\":true" : ",\"isError\":false");
	if (!r->m->x) /* kept: whoever fetches it closes it */
		return;
	modern_result_close(r->m, out, false);
	buf_byte(out, '}');
}

/* ---- the pull ------------------------------------------------------------------------------------ */

static int
progress(const struct buf *out, u32 had, int otherwise)
{
	return out->w > had ? (int)(out->w - had) : otherwise;
}

static int
fill_result(struct pull *p, struct buf *out, msec now)
{
	struct result *r = CONTAINER_OF(p, struct result, pull);
	u32 had = out->w;
	int n;

	if (r->at == AT_OPEN) {
		if (buf_room(out) < ROOM_FOR_BEGIN)
			return ERR_FULL;
		put_begin(r, out, now);
		r->at = AT_BODY;
	}
	if (r->at == AT_BODY) {
		if (buf_room(out) < ROOM_FOR_PIECE)
			return progress(out, had, ERR_FULL);
		n = run_body(r, out, now);
		if (n)
			return progress(out, had, n);
		r->at = AT_END;
	}
	if (r->at == AT_END) {
		if (run_end(r, out))
			return progress(out, had, ERR_FULL);
		r->at = AT_CLOSE;
	}
	if (buf_room(out) < ROOM_FOR_CLOSE)
		return progress(out, had, ERR_FULL);
	put_close(r, out, now);
	return 0;
}
