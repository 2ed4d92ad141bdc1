/* overlay_gate: the member x-gate of an operation, wherever it came from. */
#include "base/utf8.h"
#include "catalog/naming.h"
#include "catalog/overlay.h"

#define TOKENS 64 /* what a call has room for */

static struct jcur
gate_of(struct jcur operation)
{
	return json_get(operation, "x-gate");
}

struct str
overlay_name(struct compile *c, struct jcur operation)
{
	struct str name = compile_text(c, gate_of(operation), "name");

	for (u32 i = 0; i < name.n; i++) {
		u8 b = name.p[i];
		bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');

		if (!letter && b != '_' && b != '-')
			return STR_NONE;
	}
	return name.n <= TOOL_NAME_MAX ? name : STR_NONE;
}

bool
overlay_hides(struct compile *c, struct jcur operation)
{
	return json_kind(json_get(gate_of(operation), "hide")) == JSON_TRUE;
}

static void
judge_members(struct compile *c, const struct operation *op)
{
	static const char *const known[] = { "name", "hide", "title", "description", "effect", "pin", "default",
		"error", "wrong", "next" };

	for (struct jcur v = refs_members(gate_of(op->at)); !v.err; v = json_next(v)) {
		bool found = false;

		for (u32 i = 0; i < ARRAY_N(known); i++)
			found |= json_key_is(v, known[i]);
		if (!found)
			compile_note(c, op, "x-gate has a member that nobody knows", json_key(v), v);
	}
}

void
overlay_operation(struct compile *c, struct operation *op)
{
	struct jcur gate = gate_of(op->at), effect = json_get(gate, "effect");
	struct str title = compile_text(c, gate, "title"), text = compile_text(c, gate, "description");
	u32 i = 0;

	if (gate.err)
		return;
	judge_members(c, op);
	if (!json_get(gate, "name").err && !overlay_name(c, op->at).n)
		compile_note(c, op, "a name has 1 to 64 letters, digits, _ or -: it stays as it was", STR_NONE, gate);
	if (title.n)
		op->summary = title;
	if (text.n)
		op->text = text;
	while (i < CATALOG_EFFECTS && !json_is(effect, catalog_effect_text(i)))
		i++;
	if (i < CATALOG_EFFECTS)
		op->effect = (u8)i;
	else if (!effect.err)
		compile_note(c, op, "an effect is read, write or destructive: it stays as it was", STR_NONE, effect);
}

static struct input *
input_named(struct operation *op, struct jcur member)
{
	for (u32 wire = 0; wire < 2; wire++)
		for (u32 i = 0; i < op->input_n; i++)
			if (json_key_same(member, wire ? op->input[i].wire : op->input[i].arg))
				return &op->input[i];
	return NULL;
}

/* Copies the members of gate.key that name arguments. */
static void
put_arguments(struct compile *c, struct operation *op, const char *key, struct jout *o)
{
	struct jcur list = json_get(gate_of(op->at), key);
	bool pin = strcmp(key, "pin") == 0, initial = strcmp(key, "default") == 0;

	if (json_kind(list) != JSON_OBJECT)
		return;
	jout_key_open(o, key, '{');
	for (struct jcur v = json_first(list); !v.err; v = json_next(v)) {
		struct input *in = input_named(op, v);

		if (!in) {
			compile_note(c, op, "x-gate names an argument that is not there", json_key(v), v);
			continue;
		}
		if (pin)
			in->flags |= CATALOG_PARAM_PINNED;
		if (initial)
			in->initial = json_raw(v);
		jout_key(o, in->arg);
		jout_raw(o, NULL, json_raw(v));
	}
	jout_close(o, '}');
}

static void
put_text(struct compile *c, struct operation *op, const char *key, struct jout *o)
{
	struct jcur text = json_get(gate_of(op->at), key);

	if (text.err)
		return;
	if (json_kind(text) != JSON_STRING || json_raw(text).n > OVERLAY_WORDS_MAX)
		compile_note(c, op, "x-gate has a text that is none, or longer than 300 bytes", str_c(key), text);
	else
		jout_raw(o, key, json_raw(text));
}

void
overlay_inputs(struct compile *c, struct operation *op)
{
	u8 *space = arena_bytes(&c->schema.scratch, OVERLAY_EXTRA_MAX);
	struct buf out = buf_over(space, space ? OVERLAY_EXTRA_MAX : 0);
	struct jout o = jout_into(&out);
	struct jsmntok tok[TOKENS];
	struct jdoc doc;

	if (gate_of(op->at).err)
		return;
	jout_open(&o, '{');
	put_arguments(c, op, "pin", &o);
	put_arguments(c, op, "default", &o);
	put_arguments(c, op, "wrong", &o);
	put_text(c, op, "error", &o);
	put_text(c, op, "next", &o);
	jout_close(&o, '}');
	if (out.w == 2)
		return;
	if (out.over || json_parse(&doc, buf_str(&out), tok, ARRAY_N(tok)))
		compile_note(c, op, "x-gate says too much: 60 names and values, 1,500 bytes are the most",
		    STR_NONE, gate_of(op->at));
	else
		op->extra = arena_dup(c->im->arena, buf_str(&out));
}
