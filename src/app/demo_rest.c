#include "app/demo_priv.h"

#include "base/utf8.h"

#define RECORD_N 4000  /* bytes of a record as JSON */
#define BODY_TOKENS 64

enum step
demo_error(struct exchange *x, u16 status, const char *code, const char *message)
{
	struct buf b = arena_buf(exchange_arena(x), 600);
	struct jout o = jout_into(&b);

	if (!b.p)
		return reply_error(x, 503, "busy: try again");
	jout_open(&o, '{');
	jout_key_open(&o, "error", '{');
	jout_c(&o, "code", code);
	jout_c(&o, "message", message);
	jout_close(&o, '}');
	jout_close(&o, '}');
	return reply_bytes(x, status, "application/json", buf_str(&b));
}

enum step
demo_wrong(struct exchange *x, struct str field, const char *text)
{
	struct buf b = arena_buf(exchange_arena(x), 900);
	struct jout o = jout_into(&b);

	if (!b.p)
		return reply_error(x, 503, "busy: try again");
	jout_open(&o, '{');
	jout_key_open(&o, "error", '{');
	jout_c(&o, "code", "validation");
	jout_c(&o, "message", "some of what was sent cannot be accepted");
	jout_key_open(&o, "fields", '{');
	jout_key(&o, str_cut(field, 0, 60));
	jout_c(&o, NULL, text);
	jout_close(&o, '}');
	jout_close(&o, '}');
	jout_close(&o, '}');
	return reply_bytes(x, 422, "application/json", buf_str(&b));
}

enum step
demo_answer(const struct demo_request *r, u16 status, u32 kind, const struct demo_row *row)
{
	struct buf b = arena_buf(exchange_arena_n(r->x, RECORD_N + 16), RECORD_N);
	struct jout o = jout_into(&b);

	if (!b.p)
		return reply_error(r->x, 503, "busy: try again");
	demo_print(&o, kind, row);
	return reply_bytes(r->x, status, "application/json", buf_str(&b));
}

static enum step
set_text(const struct demo_request *r, struct demo_row *row, const struct demo_field *f, struct jcur value)
{
	u8 room[DEMO_TEXT_MAX];
	struct buf b = buf_over(room, f->most);

	if (json_str_put(value, &b))
		return demo_wrong(r->x, str_c(f->name), "must be a string");
	if (b.over)
		return demo_wrong(r->x, str_c(f->name), "is too long");
	if (f->required && str_trim(buf_str(&b)).n == 0)
		return demo_wrong(r->x, str_c(f->name), "must not be empty");
	if (strcmp(f->name, "email") == 0 && str_find(buf_str(&b), '@', 1) < 0)
		return demo_wrong(r->x, str_c(f->name), "must be an e-mail address");
	memcpy(row->text[f->slot], room, b.w);
	row->text_n[f->slot] = (u16)b.w;
	return STEP_MORE;
}

static enum step
set_number(const struct demo_request *r, struct demo_row *row, const struct demo_field *f, struct jcur value)
{
	bool quoted = f->type == DEMO_CHOICE || f->type == DEMO_DATE;
	const char *must = "";
	struct str text = quoted ? json_str(value, NULL) : json_raw(value);
	int64_t v = 0;
	int err = demo_read(f, text, &v, &must);

	if (err || quoted != (json_kind(value) == JSON_STRING))
		return demo_wrong(r->x, str_c(f->name), must);
	if (f->type == DEMO_REF && !demo_find(r->set, f->ref, (u32)v))
		return demo_wrong(r->x, str_c(f->name), f->ref == DEMO_PEOPLE ? "names no person that exists" :
		    f->ref == DEMO_PROJECTS ? "names no project that exists" : "names no task that exists");
	row->number[f->slot] = v;
	return STEP_MORE;
}

static enum step
set_null(const struct demo_request *r, struct demo_row *row, const struct demo_field *f)
{
	if (f->required)
		return demo_wrong(r->x, str_c(f->name), "must not be null");
	if (f->type == DEMO_TEXT)
		row->text_n[f->slot] = 0;
	else if (f->type == DEMO_BOOL || f->type == DEMO_CHOICE)
		row->number[f->slot] = f->initial;
	else
		row->number[f->slot] = DEMO_NULL;
	return STEP_MORE;
}

/* Reads all members of the body into the record. STEP_MORE: go on; else the answer is set. */
static enum step
take_members(const struct demo_request *r, struct demo_row *row, struct jcur body)
{
	enum step s = STEP_MORE;

	for (struct jcur e = json_first(body); !e.err && s == STEP_MORE; e = json_next(e)) {
		const struct demo_field *f = demo_field(r->kind, json_key(e));

		if (!f)
			return demo_wrong(r->x, json_key(e), "is no field that can be set");
		if (json_kind(e) == JSON_NULL)
			s = set_null(r, row, f);
		else
			s = f->type == DEMO_TEXT ? set_text(r, row, f, e) : set_number(r, row, f, e);
	}
	return s;
}

static enum step
check_required(const struct demo_request *r, struct jcur body)
{
	const struct demo_kind *k = &demo_kinds[r->kind];

	for (u32 i = 0; i < k->fields; i++)
		if (k->field[i].required && json_get(body, k->field[i].name).err)
			return demo_wrong(r->x, str_c(k->field[i].name), "is required");
	return STEP_MORE;
}

/* Two people with one address would be one person too many. */
static bool
email_taken(const struct demo_request *r, const struct demo_row *row)
{
	for (u32 i = 0; r->kind == DEMO_PEOPLE && i < demo_kinds[DEMO_PEOPLE].max; i++) {
		const struct demo_row *o = &r->set[DEMO_PEOPLE].row[i];

		if (o->id && o->id != row->id && str_same_nocase(str_of(o->text[1], o->text_n[1]),
		                                     str_of(row->text[1], row->text_n[1])))
			return true;
	}
	return false;
}

enum step
demo_write(const struct demo_request *r, struct demo_row *row)
{
	struct arena *a = exchange_arena_n(r->x, 3 * RECORD_N);
	struct demo_row *draft = ARENA_NEW(a, struct demo_row);
	struct jdoc d;
	enum step s;
	bool made = !row;

	if (!draft)
		return reply_error(r->x, 503, "busy: try again");
	if (json_parse_request(&d, r->x->body, r->demo->tok, BODY_TOKENS, a) || json_kind(json_root(&d)) != JSON_OBJECT)
		return demo_error(r->x, 400, "bad_json", "the body must be one JSON object");
	s = made ? check_required(r, json_root(&d)) : STEP_MORE;
	if (s != STEP_MORE)
		return s;
	if (made)
		row = demo_new(r->demo, r->set, r->kind);
	if (!row)
		return demo_error(r->x, 409, "full", "the demo holds no more records of this kind: delete some");
	*draft = *row; /* a refused change leaves nothing behind */
	s = take_members(r, draft, json_root(&d));
	if (s == STEP_MORE && email_taken(r, draft))
		s = demo_wrong(r->x, STR("email"), "belongs to another person already");
	if (s != STEP_MORE) {
		if (made)
			row->id = 0;
		return s;
	}
	draft->updated = r->demo->now_s;
	*row = *draft;
	return demo_answer(r, made ? 201 : 200, r->kind, row);
}
