#include "call/call_priv.h"
#include "call/retry.h"

/* A field's value kept beyond the head, or nothing when it is too long to be kept whole. */
static u8
keep_value(char *to, u32 max, struct str value)
{
	if (value.n > max)
		return 0;
	if (value.n)
		memcpy(to, value.p, value.n);
	return (u8)value.n;
}

/* A coding we did not ask for: anything but identity. */
static bool
is_coded(const struct fields *f)
{
	const struct field *field;
	u32 i = 0;

	while ((field = field_next(f, FIELD_CONTENT_ENCODING, &i)))
		if (field->value.n && !str_same_nocase(field->value, STR("identity")))
			return true;
	return false;
}

/* The target of rel="next" in a Link field (RFC 8288), of which only the query counts: we never follow it. */
static struct str
next_query(const struct fields *f)
{
	const struct field *field;
	u32 i = 0;

	while ((field = field_next(f, FIELD_LINK, &i)))
		for (struct str rest = field->value; rest.p;) {
			struct str target = STR_NONE, link;
			int open = str_find(rest, '<', 0), close = open < 0 ? -1 : str_find(rest, '>', (u32)open);

			if (close < 0)
				break;
			target = str_cut(rest, (u32)open + 1, (u32)close);
			rest = str_cut(rest, (u32)close + 1, rest.n);
			link = str_next(&rest, ',');
			open = str_find(target, '?', 0);
			if (open >= 0 &&
			    (str_find_str(link, STR("rel=\"next\"")) >= 0 || str_ends(link, STR("rel=next"))))
				return str_cut(target, (u32)open + 1, target.n);
		}
	return STR_NONE;
}

enum step
call_head(struct call *c)
{
	struct resp *r = &c->calls->resp;
	struct str after = field_get(&r->fields, FIELD_RETRY_AFTER);
	const struct field *date = after.p ? field_find(&r->fields, STR("date")) : NULL;

	if (r->status > 599)
		return call_fail(c, ERR_BAD, "sent a status that HTTP does not have", NULL);
	c->status = r->status;
	c->framing = r->framing;
	c->length = r->body_n;
	c->keep = r->keep_alive && !c->cut;
	c->type_n = keep_value(c->type, sizeof c->type, field_get(&r->fields, FIELD_CONTENT_TYPE));
	c->etag_n = keep_value(c->etag, sizeof c->etag, field_get(&r->fields, FIELD_ETAG));
	if (r->fields.first[FIELD_LINK])
		c->next_n = keep_value(c->next, sizeof c->next, next_query(&r->fields));
	c->retry_after_s = retry_after(after, date ? date->value : STR_NONE, CALL_RETRY_AFTER_MAX);
	c->state = CALL_BODY;
	if (is_coded(&r->fields) && r->framing != FRAMING_NONE)
		return call_fail(c, ERR_BAD, "sent a compressed answer although none was asked for", NULL);
	body_init(&c->body, r->framing, r->body_n, c->spec.body_max ? c->spec.body_max : UINT64_MAX);
	return STEP_DONE;
}

struct str
call_type(const struct call *c)
{
	struct str rest = str_of(c->type, c->type_n);

	return str_trim(str_next(&rest, ';'));
}

struct str
call_next(const struct call *c)
{
	return str_of(c->next, c->next_n);
}
