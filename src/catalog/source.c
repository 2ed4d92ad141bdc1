#include "catalog/source.h"

#include "base/limits.h"
#include "catalog/transcribe.h"
#include "json/jout.h"
#include "json/jscan.h"
#include "sys/file.h"

#define BLOCK (16U << 10) /* bytes between two counted lines */

static const char outside[] = "it leads out of the document's directory, which is not followed";
static const char network[] = "it leads to another place than a file: nothing is fetched";
static const char absent[] = "there is no such file";
static const char unread[] = "the file cannot be read";
static const char too_many[] = "the document has too many files";
static const char too_full[] = DOC_VALUES_WHY;

/* --- places --------------------------------------------------------------------------------------- */

/* The number of the line that holds each block's first byte, and where that line begins. */
static void
count_lines(struct source *s, struct source_file *f)
{
	u32 line = 1, start = 0;

	f->lines = ARENA_ARRAY(s->arena, u32, 2 * (f->text.n / BLOCK + 1));
	for (u32 i = 0; f->lines && i < f->text.n; i++) {
		if (i % BLOCK == 0) {
			f->lines[i / BLOCK * 2] = line;
			f->lines[i / BLOCK * 2 + 1] = start;
		}
		if (f->text.p[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
}

/* Line and column of an offset in the file's text. In very long lines columns are bytes. */
static void
place_in(struct source *s, struct source_file *f, u32 at, struct source_place *place)
{
	u32 block = f->text.n ? min_u32(at, f->text.n - 1) / BLOCK : 0, start = 0;

	*place = (struct source_place){ .file = f->name, .line = 1 };
	at = min_u32(at, f->text.n);
	if (!f->lines)
		count_lines(s, f);
	if (f->lines && f->text.n) {
		place->line = f->lines[block * 2];
		start = f->lines[block * 2 + 1];
	}
	for (u32 i = block * BLOCK; i < at; i++)
		if (f->text.p[i] == '\n') {
			place->line++;
			start = i + 1;
		}
	place->column = 1;
	for (u32 i = start; i < at && at - start < 2 * BLOCK; i++)
		place->column += (f->text.p[i] & 0xc0) != 0x80;
	if (at - start >= 2 * BLOCK)
		place->column = at - start + 1;
}

static u32
text_at(const struct source_file *f, u32 at)
{
	return f->origin.n ? origin_of(&f->origin, at) : at + f->skip;
}

void
source_place(struct source *s, u32 at, struct source_place *place)
{
	u32 i = s->n;

	if (s->converted.n)
		at = origin_of(&s->converted, at);
	while (i > 1 && s->file[i - 1].at > at)
		i--;
	place_in(s, &s->file[i - 1], text_at(&s->file[i - 1], at - s->file[i - 1].at), place);
}

/* at: in the file's text. */
static int
refuse(struct source *s, struct source_file *f, u32 at, const char *why)
{
	place_in(s, f, at, &s->place);
	s->why = why;
	return ERR_BAD;
}

/* --- one file ------------------------------------------------------------------------------------- */

static bool
looks_like_json(struct str text)
{
	struct str head = str_trim(str_cut(text, 0, 4096));

	return head.n && (head.p[0] == '{' || head.p[0] == '[');
}

static int
check(struct source *s, struct source_file *f, u32 depth)
{
	struct jscan_found found;
	int err = jscan_check(f->json, depth, 0, &found);

	if (err)
		return refuse(s, f, text_at(f, found.at), found.why);
	if (found.tokens > DOC_VALUES_MAX - s->tokens)
		return refuse(s, f, 0, too_full);
	s->tokens += found.tokens;
	return 0;
}

/* The file's text as JSON. A byte order mark in front is forgiven: some editors leave one. What begins with a
 * bracket is read as JSON: so little YAML does that its faults may be told as those of JSON. */
static int
read_json(struct source *s, struct source_file *f)
{
	u32 depth = JSON_DEPTH_MAX - (f == s->file ? 0 : 2);
	struct transcript t;
	int err;

	f->skip = str_starts(f->text, STR("\xef\xbb\xbf")) ? 3 : 0;
	f->json = str_cut(f->text, f->skip, f->text.n);
	if (looks_like_json(f->json)) {
		return check(s, f, depth);
	}
	f->skip = 0;
	err = transcribe(&t, f->text, s->arena);
	if (err && t.why)
		refuse(s, f, t.why_at, t.why);
	if (err)
		return err;
	f->json = t.json;
	f->origin = t.origin;
	return check(s, f, depth);
}

/* Opens a file below the directory, one name at a time, so that no link leads out of it. */
static int
open_below(int dir, struct str path)
{
	int at = dir, err;
	char name[SOURCE_NAME_MAX + 1];

	for (;;) {
		struct str part = str_next(&path, '/');

		if (!part.n || part.n > SOURCE_NAME_MAX || str_find(part, 0, 0) >= 0)
			err = ERR_NONE;
		else
			err = 0;
		if (!err) {
			memcpy(name, part.p, part.n);
			name[part.n] = 0;
			err = path.p ? file_open_dir(at, name) : file_open(at, name, FILE_READ);
		}
		if (at != dir)
			file_close(at);
		if (err < 0 || !path.p)
			return err;
		at = err;
	}
}

/* Reads the file's bytes. What goes wrong is said in f->why: the document may be good without it. */
static int
load(struct source *s, struct source_file *f)
{
	int fd = s->dir < 0 ? ERR_DENY : open_below(s->dir, f->name), n;
	struct file_info info;
	u8 *p;

	if (fd < 0) {
		f->why = fd == ERR_NONE ? absent : unread;
		return 0;
	}
	if (file_info(fd, &info) || info.kind != FILE_REGULAR || info.size > SOURCE_ALL_MAX - s->all) {
		f->why = unread;
		file_close(fd);
		return 0;
	}
	p = arena_bytes(s->arena, (size_t)info.size);
	n = p ? file_read_at(fd, 0, p, (u32)info.size) : 0;
	file_close(fd);
	if (!p)
		return ERR_FULL;
	if (n != (int)info.size) {
		f->why = unread;
		return 0;
	}
	f->text = str_of(p, (u32)n);
	f->size = (u32)n;
	f->changed = info.changed;
	s->all += (u32)n;
	return 0;
}

/* --- what a file refers to ------------------------------------------------------------------------ */

/* Appends one name of a path, percent escapes decoded: a reference is a URI. */
static void
put_part(struct buf *out, struct str part)
{
	u64 hex;

	if (out->w)
		buf_byte(out, '/');
	for (u32 i = 0; i < part.n; i++) {
		bool coded = part.p[i] == '%' && i + 2 < part.n && !str_hex(str_cut(part, i + 1, i + 3), &hex);

		buf_byte(out, coded ? (u8)hex : part.p[i]);
		i += coded ? 2 : 0;
	}
}

/* Takes the last name of a path off. */
static void
drop_part(struct buf *out)
{
	while (out->w && out->p[out->w - 1] != '/')
		out->w--;
	out->w -= out->w > 0;
}

/* Appends the path of `ref`, as written in a file called `base`, without "." and "..". What is wrong, or NULL. */
static const char *
resolve(struct str base, struct str ref, struct buf *out)
{
	int colon = str_find(ref, ':', 0), slash = str_find(ref, '/', 0);

	if ((colon >= 0 && (slash < 0 || colon < slash)) || str_starts(ref, STR("//")))
		return network;
	if (ref.n && ref.p[0] == '/')
		return outside;
	buf_put(out, base);
	drop_part(out);
	while (ref.p) {
		struct str part = str_next(&ref, '/');

		if (str_is(part, "..") && !out->w)
			return outside;
		if (str_is(part, ".."))
			drop_part(out);
		else if (part.n && !str_is(part, "."))
			put_part(out, part);
	}
	return out->over || !out->w ? absent : NULL;
}

static struct source_file *
named(const struct source *s, struct str name)
{
	for (u32 i = 0; i < s->n; i++)
		if (str_same(s->file[i].name, name))
			return &s->file[i];
	return NULL;
}

struct source_file *
source_find(const struct source *s, const struct source_file *from, struct str ref, const char **why)
{
	u8 space[SOURCE_NAME_MAX];
	struct buf path = buf_over(space, sizeof space);
	struct source_file *f;

	*why = resolve(from->name, ref, &path);
	f = *why ? NULL : named(s, buf_str(&path));
	if (!*why && !f)
		*why = absent;
	else if (f && f->why)
		*why = f->why;
	return *why ? NULL : f;
}

bool
source_outside(const char *why)
{
	return why == outside || why == network;
}

/* Takes note of a file that is referred to. It is read when its turn comes. */
static int
mention(struct source *s, struct source_file *from, struct str ref)
{
	u8 space[SOURCE_NAME_MAX];
	struct buf path = buf_over(space, sizeof space);
	int hash = str_find(ref, '#', 0);
	struct source_file *f;

	if (hash >= 0)
		ref.n = (u32)hash;
	if (!ref.n || resolve(from->name, ref, &path) || named(s, buf_str(&path)))
		return 0;
	if (s->n == SOURCE_FILES_MAX)
		return refuse(s, from, 0, too_many);
	f = &s->file[s->n++];
	f->name = arena_dup(s->arena, buf_str(&path));
	return f->name.p ? 0 : ERR_FULL;
}

/* The string behind `"$ref" :` at the start of rest, decoded. STR_NONE: there is none. */
static struct str
ref_behind(struct source *s, struct str rest)
{
	struct jsmntok tok[2];
	struct jdoc doc;
	u32 i = 0, end;

	for (u32 colons = 0; i < rest.n && rest.p[i] != '"'; i++) {
		colons += rest.p[i] == ':';
		if (!strchr(": \t\r\n", rest.p[i]) || colons > 1)
			return STR_NONE;
	}
	for (end = i + 1; end < rest.n && rest.p[end] != '"'; end++)
		end += rest.p[end] == '\\';
	if (end >= rest.n || rest.p[i + 1] == '#' || json_parse(&doc, str_cut(rest, i, end + 1), tok, ARRAY_N(tok)))
		return STR_NONE;
	return json_str(json_root(&doc), s->arena);
}

/* Mentions whatever stands behind a "$ref": in valid JSON nothing else can look like one. */
static int
mention_all(struct source *s, struct source_file *f)
{
	struct str rest = f->json, key = STR("\"$ref\"");
	int at, err = 0;

	while (!err && (at = str_find_str(rest, key)) >= 0) {
		size_t mark = s->arena->used;
		struct str ref;

		rest = str_cut(rest, (u32)at + key.n, rest.n);
		ref = ref_behind(s, rest);
		if (!ref.n || ref.p[0] == '#')
			arena_rewind(s->arena, mark);
		else
			err = mention(s, f, ref);
	}
	return err;
}

/* --- all files ------------------------------------------------------------------------------------ */

static bool
has_ending(struct str name)
{
	return str_ends(name, STR(".json")) || str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml"));
}

static int
read_rest(struct source *s)
{
	for (u32 i = 1; i < s->n; i++) {
		struct source_file *f = &s->file[i];
		int err;

		if (!has_ending(f->name)) {
			f->why = "it is neither .json nor .yaml";
			continue;
		}
		err = load(s, f);
		if (!err && !f->why)
			err = read_json(s, f);
		if (!err && !f->why)
			err = mention_all(s, f);
		if (err)
			return err;
	}
	return 0;
}

/* The root without its last brace, then the others. */
static int
join(struct source *s)
{
	struct str root = str_trim(s->file[0].json), head;
	u64 room = (u64)root.n + 64;
	struct buf out;
	u8 *p;

	for (u32 i = 1; i < s->n; i++)
		room += (u64)s->file[i].json.n + 8;
	p = room < INT32_MAX ? arena_bytes(s->arena, (size_t)room) : NULL;
	if (!p)
		return ERR_FULL;
	out = buf_over(p, (size_t)room);
	head = str_trim(str_cut(root, 0, root.n - 1));
	s->file[0].skip += (u32)(root.p - s->file[0].json.p);
	buf_put(&out, str_cut(root, 0, root.n - 1));
	buf_fmt(&out, "%s\"%S\":[", head.n > 1 ? "," : "", SOURCE_FILES);
	for (u32 i = 1; i < s->n; i++) {
		struct source_file *f = &s->file[i];

		if (i > 1)
			buf_byte(&out, ',');
		f->at = out.w;
		if (f->why)
			BUF_LIT(&out, "null");
		else
			buf_put(&out, f->json);
	}
	BUF_LIT(&out, "]}");
	s->json = buf_str(&out);
	s->tokens += s->n + 2;
	return out.over ? ERR_FULL : 0;
}

int
source_open(struct source *s, struct str name, struct str text)
{
	struct source_file *root;
	int err;

	s->file = ARENA_ARRAY(s->arena, struct source_file, SOURCE_FILES_MAX);
	if (!s->file)
		return ERR_FULL;
	root = &s->file[s->n++];
	root->name = name;
	root->text = text;
	s->all = text.n;
	err = read_json(s, root);
	if (err)
		return err;
	s->json = root->json;
	if (!str_starts(str_trim(root->json), STR("{")))
		return 0;
	err = mention_all(s, root);
	if (!err)
		err = read_rest(s);
	return err || s->n == 1 ? err : join(s);
}

void
source_tokens(struct source *s, const struct jdoc *doc)
{
	struct jcur list = json_get_str(json_root(doc), SOURCE_FILES), v = json_first(list);
	u32 end = list.err ? 0 : (u32)list.at;

	for (u32 i = 1; i < s->n; i++) {
		s->file[i].tok = v.err ? 0 : (u32)v.at;
		if (!v.err)
			v = json_next(v);
	}
	while (end && end < (u32)doc->n && doc->tok[end].from < doc->tok[list.at].end)
		end++;
	s->end = end;
}

struct source_file *
source_of(const struct source *s, u32 tok)
{
	u32 low = 1, high = tok < s->end ? s->n : 1;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (s->file[middle].tok <= tok)
			low = middle + 1;
		else
			high = middle;
	}
	return &s->file[low - 1];
}
