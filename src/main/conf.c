#include "main/conf_priv.h"

#include "base/text.h"
#include "main/uci.h"
#include "sys/file.h"

static void
vsay(struct conf_work *w, const char *kind, u32 line, const char *fmt, va_list *ap)
{
	struct buf *b = w->ask->say;

	buf_c(b, w->ask->name);
	if (line)
		buf_fmt(b, ":%u", line);
	buf_fmt(b, ": %s", kind);
	buf_vfmt(b, fmt, ap);
	buf_byte(b, '\n');
}

void
conf_mistake(struct conf_work *w, u32 line, const char *fmt, ...)
{
	va_list ap;

	if (w->mistakes++ >= CONF_MISTAKES)
		return;
	va_start(ap, fmt);
	vsay(w, "", line, fmt, &ap);
	va_end(ap);
	if (w->mistakes == CONF_MISTAKES)
		buf_fmt(w->ask->say, "%s: further mistakes are not listed\n", w->ask->name);
}

void
conf_warn(struct conf_work *w, u32 line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(w, "warning: ", line, fmt, &ap);
	va_end(ap);
}

void *
conf_take(struct conf_work *w, size_t size, u32 n)
{
	void *p = arena_take(w->arena, size * n);

	if (!p)
		w->full = true;
	return p;
}

struct str
conf_dup(struct conf_work *w, struct str s)
{
	struct str copy = arena_dup(w->arena, s);

	if (!copy.p)
		w->full = true;
	return copy.p ? copy : STR("");
}

const char *
conf_c(struct conf_work *w, struct str s)
{
	const char *c = arena_c(w->arena, s);

	if (!c)
		w->full = true;
	return c ? c : "";
}

static const char *
suggest(struct conf_work *w, struct str word, const char *const *names, u32 n)
{
	const char *near = text_nearest(word, names, n);
	struct buf b;

	if (!near)
		return "";
	b = arena_buf(w->arena, 80);
	if (!b.p)
		return "";
	buf_fmt(&b, "; did you mean '%s'?", near);
	return conf_c(w, buf_str(&b));
}

static const struct conf_type *
find_type(struct conf_work *w, const struct uci_event *e)
{
	const char *names[CONF_TYPES];

	for (u32 i = 0; i < CONF_TYPES; i++) {
		names[i] = conf_types[i].name;
		if (str_is(e->word[0], conf_types[i].name))
			return &conf_types[i];
	}
	conf_mistake(w, e->line, "unknown section '%S'; there are server, api, environment, credential, role and "
	    "tool%s", e->word[0], suggest(w, e->word[0], names, CONF_TYPES));
	return NULL;
}

/* Begins a section; NULL after a mistake: its options are then passed over. */
static struct conf_section *
open_section(struct conf_work *w, const struct uci_event *e)
{
	const struct conf_type *type = find_type(w, e);
	struct conf_section *s;

	if (!type)
		return NULL;
	for (s = w->first; s; s = s->next)
		if (s->type == type && type == &conf_types[CONF_SERVER]) {
			conf_mistake(w, e->line, "there is a config server already, in line %u", s->line);
			return NULL;
		}
	s = conf_take(w, sizeof *s, 1);
	if (!s)
		return NULL;
	*s = (struct conf_section){ .type = type, .name = e->word[1], .line = e->line };
	if (w->last)
		w->last->next = s;
	else
		w->first = s;
	w->last = s;
	return s;
}

static const struct conf_option *
find_option(struct conf_work *w, const struct conf_section *s, const struct uci_event *e)
{
	const char *names[64];

	ASSERT(s->type->options <= ARRAY_N(names));
	for (u32 i = 0; i < s->type->options; i++) {
		names[i] = s->type->option[i].name;
		if (str_is(e->word[0], names[i]))
			return &s->type->option[i];
	}
	conf_mistake(w, e->line, "config %s has no option '%S'%s", s->type->name, e->word[0],
	    suggest(w, e->word[0], names, s->type->options));
	for (u32 t = 0; t < CONF_TYPES; t++)
		for (u32 i = 0; i < conf_types[t].options; i++)
			if (str_is(e->word[0], conf_types[t].option[i].name) && w->mistakes <= CONF_MISTAKES)
				buf_fmt(w->ask->say, "\t('%S' belongs to config %s)\n", e->word[0], conf_types[t].name);
	return NULL;
}

static void
add_item(struct conf_work *w, struct conf_section *s, const struct uci_event *e)
{
	const struct conf_option *o = find_option(w, s, e);
	const struct conf_item *before = o ? conf_item(s, o->name) : NULL;
	struct conf_item *i;

	if (!o)
		return;
	if (e->kind == UCI_LIST && o->kind != CONF_LIST) {
		conf_mistake(w, e->line, "'%s' has one value: write option, not list", o->name);
		return;
	}
	if (before && o->kind != CONF_LIST) {
		conf_mistake(w, e->line, "'%s' is given twice, first in line %u", o->name, before->line);
		return;
	}
	i = conf_take(w, sizeof *i, 1);
	if (!i)
		return;
	*i = (struct conf_item){ .option = o, .value = e->word[1], .line = e->line };
	if (s->last)
		s->last->next = i;
	else
		s->first = i;
	s->last = i;
	conf_judge(w, s, o, i->value, i->line);
}

static void
syntax_mistake(struct conf_work *w, const struct uci *u, u32 line)
{
	struct buf word = buf_over((u8[64]){ 0 }, 64);

	text_safe(&word, u->word, 40);
	if (u->word.n)
		conf_mistake(w, line, "%s '%S'", u->why, buf_str(&word));
	else
		conf_mistake(w, line, "%s", u->why);
}

static void
read_sections(struct conf_work *w)
{
	struct conf_section *s = NULL;
	struct uci_event e;
	struct uci u;
	int got;

	uci_init(&u, w->ask->text, w->arena);
	while ((got = uci_next(&u, &e)) != 0) {
		if (got == ERR_FULL) {
			w->full = true;
			return;
		}
		if (got == ERR_BAD)
			syntax_mistake(w, &u, e.line);
		else if (e.kind == UCI_SECTION)
			s = open_section(w, &e);
		else if (s)
			add_item(w, s, &e);
		else if (!w->first && !w->mistakes)
			conf_mistake(w, e.line, "'%S' stands before the first config line", e.word[0]);
	}
}

static void
check_required(struct conf_work *w)
{
	for (const struct conf_section *s = w->first; s; s = s->next)
		for (u32 i = 0; i < s->type->options; i++)
			if (s->type->option[i].required && !conf_item(s, s->type->option[i].name))
				conf_mistake(w, s->line, "config %s '%S' needs option %s (see `mcpgated help config`)",
				    s->type->name, s->name, s->type->option[i].name);
}

static struct conf_section *
server_section(struct conf_work *w)
{
	struct conf_section *s;

	for (s = w->first; s; s = s->next)
		if (s->type == &conf_types[CONF_SERVER])
			return s;
	s = conf_take(w, sizeof *s, 1);
	if (s)
		s->type = &conf_types[CONF_SERVER];
	return s;
}

int
conf_read(const struct conf_ask *ask, const struct conf **out)
{
	struct conf_work w = { .ask = ask, .arena = ask->arena };
	struct conf_section *server;

	w.conf = conf_take(&w, sizeof *w.conf, 1);
	if (w.conf) {
		w.conf->gen.number = ask->number;
		read_sections(&w);
		check_required(&w);
		server = server_section(&w);
		if (server) {
			conf_server(&w, server);
			conf_apis(&w);
			conf_tools(&w);
			conf_roles(&w);
			conf_hosts(&w, server);
		}
	}
	if (w.full)
		conf_mistake(&w, 0, "the configuration does not fit into %u KB of memory", CONF_ARENA_N / 1024);
	*out = w.conf;
	return w.mistakes ? ERR_BAD : 0;
}

int
conf_load(struct conf_ask *ask, const struct conf **out)
{
	int err = file_load(FILE_HERE, ask->name, FILE_READ | FILE_FOLLOW, CONF_TEXT_MAX, ask->arena, &ask->text);

	*out = NULL;
	if (err == ERR_NONE)
		buf_fmt(ask->say, "%s: there is no such file. `mcpgated init` writes a first one; -c FILE names "
		    "another.\n",
		    ask->name);
	else if (err == ERR_FULL)
		buf_fmt(ask->say, "%s: larger than %u KB; is it the right file?\n", ask->name, CONF_TEXT_MAX / 1024);
	else if (err)
		buf_fmt(ask->say, "%s: cannot be read: %s\n", ask->name, file_why());
	return err ? ERR_BAD : conf_read(ask, out);
}
