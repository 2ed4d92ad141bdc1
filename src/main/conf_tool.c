/* conf_tool: what config tool sections say, as an overlay (catalog/overlay.h). */
#include "main/conf_priv.h"

#include "json/jout.h"

#define SAID_MAX (512 * 1024) /* bytes of all that the sections of one api say */

/* 'ARGUMENT=VALUE' lines as the members of one object. */
static void
put_pairs(struct conf_work *w, const struct conf_section *s, const char *name, struct jout *o)
{
	const struct conf_item *i = conf_item(s, name);

	if (!i)
		return;
	jout_key_open(o, name, '{');
	for (; i; i = conf_next(i)) {
		struct str value = i->value, argument = str_next(&value, '=');

		if (!value.p || !argument.n) {
			conf_mistake(w, i->line, "%s is ARGUMENT=VALUE, not '%S'", name, i->value);
			continue;
		}
		jout_key(o, argument);
		jout_str(o, NULL, value);
	}
	jout_close(o, '}');
}

static void
put_section(struct conf_work *w, const struct conf_section *s, struct jout *o)
{
	static const char *const texts[] = { "name", "title", "description", "error", "next" };
	static const char *const pairs[] = { "pin", "default", "wrong" };
	static const char *const effects[] = { "", "read", "write", "destructive" };

	jout_open(o, '{');
	jout_str(o, "target", conf_str(s, "operation"));
	jout_key_open(o, "update", '{');
	jout_key_open(o, "x-gate", '{');
	for (u32 i = 0; i < ARRAY_N(texts); i++)
		if (conf_item(s, texts[i]))
			jout_str(o, texts[i], conf_str(s, texts[i]));
	if (conf_u32(s, "effect"))
		jout_c(o, "effect", effects[conf_u32(s, "effect")]);
	if (conf_u32(s, "hide"))
		jout_bool(o, "hide", true);
	for (u32 i = 0; i < ARRAY_N(pairs); i++)
		put_pairs(w, s, pairs[i], o);
	jout_close(o, '}');
	jout_close(o, '}');
	jout_close(o, '}');
}

/* Whether a section is about api k: it names it, or there is only one. */
static bool
about(struct conf_work *w, const struct conf_section *s, u32 k)
{
	const struct conf_item *i = conf_item(s, "api");
	const struct gen *gen = &w->conf->gen;
	bool known = false;

	if (s->type != &conf_types[CONF_TOOL])
		return false;
	for (u32 a = 0; i && a < gen->apis; a++)
		known |= str_same(gen->api[a].name, i->value);
	if (k == 0 && i && !known)
		conf_mistake(w, i->line, "there is no config api '%S'", i->value);
	if (k == 0 && !i && gen->apis > 1)
		conf_mistake(w, s->line, "config tool needs option api: there are %u apis", gen->apis);
	return i ? str_same(i->value, gen->api[k].name) : gen->apis == 1;
}

static struct str
said_of(struct conf_work *w, u32 k)
{
	size_t mark = w->arena->used;
	struct buf out = arena_buf(w->arena, SAID_MAX);
	struct jout o = jout_into(&out);
	u32 n = 0;

	if (!out.p) {
		w->full = true;
		return STR_NONE;
	}
	jout_open(&o, '{');
	jout_key_open(&o, "actions", '[');
	for (const struct conf_section *s = w->first; s; s = s->next)
		if (about(w, s, k)) {
			put_section(w, s, &o);
			n++;
		}
	jout_close(&o, ']');
	jout_close(&o, '}');
	if (out.over)
		conf_mistake(w, 0, "the config tool sections of one api say more than %u KB", SAID_MAX / 1024);
	arena_rewind(w->arena, mark + (n ? out.w : 0));
	return n && !out.over ? buf_str(&out) : STR_NONE;
}

void
conf_tools(struct conf_work *w)
{
	u32 n = w->conf->gen.apis;
	struct str *said = conf_take(w, sizeof *said, n + 1);
	const char **file = conf_take(w, sizeof *file, n + 1);
	const struct conf_section *s = w->first;

	if (!said || !file)
		return;
	for (u32 k = 0; k < n; s = s->next)
		if (s->type == &conf_types[CONF_API])
			file[k++] = conf_item(s, "overlay") ? conf_c(w, conf_path(w, conf_str(s, "overlay"))) : NULL;
	for (u32 k = 0; k < n; k++)
		said[k] = said_of(w, k);
	w->conf->said = said;
	w->conf->overlays = file;
}
