#include "main/conf_priv.h"

#include "base/text.h"
#include "sys/file.h"

static const struct conf_option *
option_of(const struct conf_section *s, const char *name)
{
	for (u32 i = 0; i < s->type->options; i++)
		if (strcmp(s->type->option[i].name, name) == 0)
			return &s->type->option[i];
	ASSERT(!"an option of the table");
	return NULL;
}

const struct conf_item *
conf_item(const struct conf_section *s, const char *name)
{
	for (const struct conf_item *i = s->first; i; i = i->next)
		if (strcmp(i->option->name, name) == 0)
			return i;
	return NULL;
}

const struct conf_item *
conf_next(const struct conf_item *i)
{
	const struct conf_option *o = i->option;

	for (i = i->next; i && i->option != o; i = i->next)
		;
	return i;
}

u32
conf_line(const struct conf_section *s, const char *name)
{
	const struct conf_item *i = conf_item(s, name);

	return i ? i->line : s->line;
}

struct str
conf_str(const struct conf_section *s, const char *name)
{
	const struct conf_item *i = conf_item(s, name);
	const struct conf_option *o = option_of(s, name);

	return i ? i->value : str_c(o->initial ? o->initial : "");
}

static int
choice(const struct conf_option *o, struct str value)
{
	for (int i = 0; o->choice[i]; i++)
		if (str_is(value, o->choice[i]))
			return i;
	return ERR_NONE;
}

/* The number a value stands for; ERR_BAD when it is none. */
static int
number(const struct conf_option *o, struct str value, u64 *v)
{
	switch (o->kind) {
	case CONF_NUM: return str_u64(value, v);
	case CONF_SIZE: return text_read_size(value, v);
	case CONF_TIME: return text_read_duration(value, v);
	case CONF_ENUM: {
		int at = choice(o, value);

		*v = (u64)(at < 0 ? 0 : at);
		return at < 0 ? ERR_BAD : 0;
	}
	}
	return ERR_BAD;
}

u32
conf_u32(const struct conf_section *s, const char *name)
{
	const struct conf_option *o = option_of(s, name);
	u64 v = 0;

	if (number(o, conf_str(s, name), &v) || v > UINT32_MAX) /* told when the line was read */
		return 0;
	return (u32)v;
}

static void
judge_choice(struct conf_work *w, const struct conf_option *o, struct str value, u32 line)
{
	struct buf all = buf_over((u8[160]){ 0 }, 160);
	const char *near;
	u32 n = 0;

	if (choice(o, value) >= 0)
		return;
	while (o->choice[n]) {
		buf_fmt(&all, "%s%s", n ? ", " : "", o->choice[n]);
		n++;
	}
	near = text_nearest(value, o->choice, n);
	conf_mistake(w, line, "%s is one of %S, not '%S'%s%s%s", o->name, buf_str(&all), value,
	    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void
print_bound(struct buf *b, const struct conf_option *o, u64 v)
{
	if (o->kind == CONF_SIZE)
		text_size(b, v);
	else if (o->kind == CONF_TIME && v % 1000)
		buf_fmt(b, "%Ums", v);
	else
		buf_fmt(b, "%U%s", o->kind == CONF_TIME ? v / 1000 : v, o->kind == CONF_TIME ? "s" : "");
}

static void
judge_number(struct conf_work *w, const struct conf_option *o, struct str value, u32 line)
{
	static const char *const form[] = {
		[CONF_NUM] = "a number such as 4",
		[CONF_SIZE] = "a size such as 64k or 2m",
		[CONF_TIME] = "a time such as 500ms, 30s or 5m",
	};
	struct buf range = buf_over((u8[80]){ 0 }, 80);
	u64 v;

	if (number(o, value, &v)) {
		conf_mistake(w, line, "%s is %s, not '%S'", o->name, form[o->kind], value);
		return;
	}
	if (v >= o->least && v <= o->most)
		return;
	print_bound(&range, o, o->least);
	BUF_LIT(&range, " to ");
	print_bound(&range, o, o->most);
	conf_mistake(w, line, "%s may be %S, not '%S'", o->name, buf_str(&range), value);
}

void
conf_judge(struct conf_work *w, const struct conf_section *s, const struct conf_option *o, struct str value, u32 line)
{
	switch (o->kind) {
	case CONF_ENUM:
		judge_choice(w, o, value, line);
		return;
	case CONF_STR:
		if (value.n < o->least)
			conf_mistake(w, line, "%s is empty", o->name);
		else if (value.n > o->most)
			conf_mistake(w, line, "%s is %u characters long; at most %u fit", o->name, value.n, o->most);
		return;
	case CONF_LIST: {
		u32 n = 0;

		for (const struct conf_item *i = conf_item(s, o->name); i; i = conf_next(i))
			n++;
		if (n > o->most)
			conf_mistake(w, line, "too many values for %s: at most %u", o->name, o->most);
		else if (value.n == 0 || value.n > 512)
			conf_mistake(w, line, "%s is empty or too long", o->name);
		return;
	}
	default:
		judge_number(w, o, value, line);
	}
}

struct str
conf_path(struct conf_work *w, struct str path)
{
	struct str file = str_c(w->ask->name);
	struct buf b;
	u32 dir = file.n;

	while (dir && file.p[dir - 1] != '/')
		dir--;
	if (path.n == 0 || path.p[0] == '/' || dir == 0)
		return path;
	b = buf_over(conf_take(w, 1, dir + path.n), dir + path.n);
	if (!b.p)
		return path;
	buf_put(&b, str_cut(file, 0, dir));
	buf_put(&b, path);
	return buf_str(&b);
}

struct str
conf_file(struct conf_work *w, struct str path, u32 line, u32 most)
{
	const char *name = conf_c(w, conf_path(w, path));
	struct str text = STR("");
	int err = file_load(FILE_HERE, name, FILE_READ | FILE_FOLLOW, most, w->arena, &text);

	if (err == ERR_FULL)
		conf_mistake(w, line, "%s is larger than %u KB; is it the right file?", name, most / 1024);
	else if (err)
		conf_mistake(w, line, "%s cannot be read: %s", name, file_why());
	return err ? STR("") : text;
}
