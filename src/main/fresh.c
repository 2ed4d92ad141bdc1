#include "main/fresh.h"

#include "base/log.h"
#include "base/text.h"
#include "catalog/namebook.h"
#include "catalog/overlay.h"
#include "crypt/ct.h"
#include "gate/api.h"
#include "main/flags.h"
#include "main/say.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/page.h"
#include "sys/proc.h"
#include "sys/sig.h"

#define FILES_MAX (2 * APIS_MAX + 256) /* its own few, beside what it inherits: a catalog per api and generation */
#define CPU_S_MAX 300
#define NAMES_NAME_N 300
#define PATH_N 1200
#define TEXT_N (4u << 20) /* bytes of a report */

int
fresh_open(struct catalog *c, int dir, const char *name, struct buf *why)
{
	int fd = file_open(dir, name, FILE_READ | FILE_FOLLOW), err;
	struct str file;

	if (fd < 0) {
		buf_fmt(why, "%s: %s", name, file_why());
		return fd;
	}
	err = file_map(fd, &file);
	file_close(fd);
	if (err) {
		buf_fmt(why, "%s: cannot be mapped: %s", name, file_why());
		return err;
	}
	err = catalog_open(c, file);
	if (err) {
		buf_fmt(why, "%s: not a catalog that this version reads: %s", name, c->why);
		file_unmap(file);
	}
	return err;
}

/* The fingerprint of the overlays as they are now. An overlay that is not there is not the empty one. */
static u64
overlay_hash(const struct fresh *f)
{
	struct str overlay[IMPORT_OVERLAYS] = { STR_NONE, f->said };
	int fd = f->overlay ? file_open(FILE_HERE, f->overlay, FILE_READ | FILE_FOLLOW) : -1;
	u64 hash;

	if (fd >= 0 && file_map(fd, &overlay[0]))
		overlay[0] = STR_NONE;
	file_close(fd);
	hash = f->overlay && !overlay[0].n ? 1 : import_overlay_hash(overlay);
	if (overlay[0].n)
		file_unmap(overlay[0]);
	return hash;
}

struct str
fresh_within(const char *document, const char *within)
{
	const char *slash = strrchr(document, '/');
	struct str dir = within ? str_c(within) : slash ? str_of(document, (size_t)(slash - document)) : STR(".");

	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	return dir.n ? dir : STR("/");
}

int
fresh_dir(const char *document, const char *within, struct str *name)
{
	struct str path = str_c(document), dir = fresh_within(document, within);
	char room[PATH_N];
	int fd;

	*name = STR_NONE;
	if (!str_is(dir, ".")) {
		u32 n = dir.n + !str_is(dir, "/");

		if (!str_starts(path, dir) || path.n <= n || path.p[n - 1] != '/')
			return ERR_BAD;
		path = str_cut(path, n, path.n);
	}
	if (str_starts(path, STR("/")) || !text_c(room, sizeof room, "%S", dir))
		return ERR_BAD;
	fd = file_open(FILE_HERE, room, FILE_READ | FILE_FOLLOW);
	if (fd >= 0)
		*name = path;
	return fd;
}

/* Whether all files that the document includes are as they were. */
static bool
files_same(const struct fresh *f, const struct catalog *c)
{
	struct str name;
	int dir = catalog_file_n(c) ? fresh_dir(f->document, f->within, &name) : -1;
	bool same = true;

	for (u32 i = 0; i < catalog_file_n(c) && same; i++) {
		struct catalog_file file;
		struct file_info now = { .size = 0 };
		char path[PATH_N];

		catalog_file(c, i, &file);
		if (dir < 0 || !text_c(path, sizeof path, "%S", file.name) || file_look(dir, path, &now))
			now = (struct file_info){ .size = 0 };
		same = now.size == file.size && now.changed == file.changed;
	}
	file_close(dir);
	return same;
}

int
fresh_needed(const struct fresh *f, struct catalog *c)
{
	u8 room[256];
	struct buf why = buf_over(room, sizeof room);
	struct catalog_info info;
	struct file_info doc;
	int fd = file_open(FILE_HERE, f->document, FILE_READ | FILE_FOLLOW);

	if (fd < 0)
		return ERR_NONE;
	if (file_info(fd, &doc))
		doc.size = UINT64_MAX;
	file_close(fd);
	if (fresh_open(c, f->dir, f->name, &why))
		return 1;
	catalog_info(c, &info);
	if (info.source_n == doc.size && info.source_mtime == doc.changed && info.overlay_hash == overlay_hash(f) &&
	    files_same(f, c))
		return 0;
	file_unmap(c->file);
	return 1;
}

static int
refuse(const struct fresh *f, const char *why)
{
	if (f->tell)
		say_errf("%s: %s\n", f->document, why);
	else
		log_error("import", "document=%s: %s", f->document, why);
	return EXIT_FAILED;
}

static int
read_document(const struct fresh *f, struct arena *a, struct import *im)
{
	struct file_info info;
	int fd = file_open(FILE_HERE, f->document, FILE_READ | FILE_FOLLOW), err;

	if (fd < 0)
		return refuse(f, file_why());
	err = file_info(fd, &info);
	file_close(fd);
	if (err || info.kind != FILE_REGULAR || info.size > FRESH_DOC_MAX)
		return refuse(f, err ? file_why() : info.kind != FILE_REGULAR ? "is no file" : "is larger than 96 MB");
	*a = fresh_arena(info.size);
	if (!a->p)
		return refuse(f, "there is not enough memory to compile it");
	im->mtime = info.changed;
	im->strict = f->strict;
	im->arena = a;
	if (file_load(FILE_HERE, f->document, FILE_READ | FILE_FOLLOW, (u32)info.size, a, &im->text))
		return refuse(f, "changed while it was read; try again");
	im->dir = fresh_dir(f->document, f->within, &im->name);
	return f->within && im->dir < 0 ? refuse(f, "its path does not begin with the directory it is to stay within") :
	    FLAGS_GO;
}

struct arena
fresh_arena(u64 n)
{
	struct arena a = arena_over(NULL, 0);

	/* what is not touched costs nothing, but a system may be strict, or its addresses short */
	for (u32 times = 4; times > 0 && !a.p; times /= 2) {
		u64 room = import_arena_bytes(n) * times + TEXT_N;

		if (room <= SIZE_MAX / 2)
			a = page_arena((size_t)room);
	}
	return a;
}

/* Where the names of a catalog are kept: beside it. */
static int
names_path(const struct fresh *f, char name[NAMES_NAME_N])
{
	struct str s = str_c(f->name);

	s = str_ends(s, STR(FRESH_NEW)) ? str_cut(s, 0, s.n - (u32)strlen(FRESH_NEW)) :
	    str_ends(s, STR(".cat")) ? str_cut(s, 0, s.n - 4) : s;
	return text_c(name, NAMES_NAME_N, "%S.names", s) ? 0 : ERR_FULL;
}

/* Overlays and the names of before, which the jail would keep us from. */
static int
read_beside(const struct fresh *f, struct import *im)
{
	const u32 how = FILE_READ | FILE_FOLLOW;
	char name[NAMES_NAME_N];
	int err = 0;

	im->overlay[1] = f->said;
	if (f->overlay)
		err = file_load(FILE_HERE, f->overlay, how, OVERLAY_TEXT_MAX, im->arena, &im->overlay[0]);
	if (err)
		return refuse(f, err == ERR_FULL ? "its overlay is larger than 1 MB" : "its overlay cannot be read");
	if (f->overlay && !im->overlay[0].n)
		return refuse(f, "its overlay is empty");
	if (!f->name)
		return FLAGS_GO;
	err = names_path(f, name);
	if (!err)
		err = file_load(f->dir, name, FILE_READ, NAMEBOOK_MAX, im->arena, &im->names);
	if (err && err != ERR_NONE)
		return refuse(f, "the names of its import before (.names) cannot be read");
	return FLAGS_GO;
}

int
fresh_read(const struct fresh *f, struct arena *a, struct import *im)
{
	int code = read_document(f, a, im);

	im->arena = a;
	return code == FLAGS_GO ? read_beside(f, im) : code;
}

/* In the jail a document that breaks the compiler breaks nothing else. */
static void
enter_jail(const struct fresh *f, const struct import *im)
{
	struct jail j = { .kind = JAIL_IMPORT, .files_max = FILES_MAX, .file_n_max = CATALOG_FILE_MAX,
		.cpu_s_max = CPU_S_MAX, .dir = f->dir, .reads = im->dir >= 0, .read_dir = im->dir };
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);

	jail_drop(&j, &why);
	jail_files(&j, &why);
	jail_calls(&j, &why);
	if (why.w)
		log_debug("import", "jail not in force: %S", buf_str(&why));
}

/* Room for a report, which may be long: what is not touched costs nothing. */
static struct buf
rest_of(struct arena *a)
{
	size_t n = a->cap - a->used < INT32_MAX ? a->cap - a->used : INT32_MAX;
	u8 *p = arena_bytes(a, n);

	return buf_over(p, p ? n : 0);
}

static void
tell_in_words(const struct fresh *f, struct import *im)
{
	size_t mark = im->arena->used;
	struct buf b = rest_of(im->arena);

	buf_fmt(&b, "%s: ", f->document);
	report_text(&im->report, true, &b);
	if (b.cap)
		say_err(buf_str(&b));
	else
		refuse(f, im->report.why);
	arena_rewind(im->arena, mark);
}

static void
tell_in_log(const struct fresh *f, const struct import *im, int err)
{
	const struct report *r = &im->report;
	u8 space[640];
	struct buf why = buf_over(space, sizeof space);

	if (err == ERR_FULL) {
		log_error("import", "document=%s: it does not fit into the memory set aside for it", f->document);
	} else if (err) {
		report_why(r, &why);
		log_error("import", "document=%s: %S", f->document, buf_str(&why));
	} else {
		log_info("import", "document=%s operations=%u of %u, left out=%u bytes=%u", f->document,
		    r->info.counts.imported, r->info.counts.operations, r->info.counts.skipped, im->out.n);
		for (u32 i = 0; i < r->n; i++)
			if (report_unmet(&r->item[i]))
				log_warn("import", "document=%s %s: %S", f->document, r->item[i].why,
				    r->item[i].detail);
	}
}

static int
write_report(const struct fresh *f, struct import *im, int dir)
{
	struct buf b = rest_of(im->arena);
	struct catalog c;
	int err = 0;

	report_json(&im->report, im->out.n && catalog_open(&c, im->out) == 0 ? &c : NULL, &b);
	buf_byte(&b, '\n');
	if (b.over)
		return refuse(f, "the report is too large");
	if (dir < 0)
		say_out(buf_str(&b));
	else
		err = file_write(dir, b.p, b.w);
	return err ? refuse(f, "the report cannot be written") : FLAGS_GO;
}

int
fresh_compile(const struct fresh *f)
{
	struct import im = { .text = STR_NONE };
	struct arena a;
	char names[NAMES_NAME_N];
	int code = fresh_read(f, &a, &im), report = -1, err;

	if (code != FLAGS_GO)
		return code;
	if (f->report && strcmp(f->report, "-") != 0) { /* before the jail, where it is out of reach */
		report = file_open(FILE_HERE, f->report, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE | FILE_FOLLOW);
		if (report < 0)
			return refuse(f, "the report cannot be opened for writing");
	}
	enter_jail(f, &im);
	err = import_document(&im);
	if (f->tell)
		tell_in_words(f, &im);
	else
		tell_in_log(f, &im, err);
	if (f->report)
		code = write_report(f, &im, report);
	if (err || code != FLAGS_GO)
		return EXIT_FAILED;
	if (names_path(f, names) || (!str_same(im.names, im.names_out) && file_replace(f->dir, names, im.names_out)) ||
	    file_replace(f->dir, f->name, im.out))
		return refuse(f, "the catalog cannot be written");
	return report_losses(&im.report) ? EXIT_LOSSES : EXIT_OK;
}

int
fresh_start(const struct fresh *f)
{
	int self = proc_self(), pid = proc_fork();

	if (pid == 0) {
		proc_name("mcpgated-import");
		if (f->key)
			ct_wipe(f->key, f->key_n);
		proc_forget_environment();
		if (!jail_with_parent(self, SIGKILL))
			proc_exit(EXIT_FAILED);
		proc_exit(fresh_compile(f));
	}
	return pid;
}
