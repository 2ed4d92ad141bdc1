#include "main/super_priv.h"

#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"
#include "catalog/diff.h"
#include "crypt/ct.h"
#include "gate/mode.h"
#include "gate/role.h"
#include "main/flags.h"
#include "main/say.h"
#include "sys/file.h"
#include "sys/page.h"
#include "sys/proc.h"
#include "sys/sig.h"

static void
forget(struct super_gen *g)
{
	for (u32 i = 0; i < APIS_MAX; i++) {
		file_close(g->file[i]);
		g->file[i] = -1;
	}
	g->conf = NULL;
	g->files = NULL;
	page_clear(&g->pages); /* secrets included */
}

/* The slot the next generation may go into. */
static struct super_gen *
free_slot(struct super *s)
{
	u32 slot = s->serving ? 1 - s->live : s->live;

	for (u32 i = 0; i < SUPER_CHILDREN; i++)
		if (s->child[i].claims & (1U << slot))
			return NULL;
	return &s->gen[slot];
}

static int
read_conf(struct super *s, struct super_gen *g)
{
	struct buf say = buf_over(s->say, sizeof s->say);
	struct conf_ask ask = { .name = s->ask->conf, .text = s->ask->text, .arena = &g->pages, .say = &say,
		.data = s->ask->data, .makes = true, .number = s->number + 1 };
	int err = s->ask->text.p ? conf_read(&ask, &g->conf) : conf_load(&ask, &g->conf);

	say_err(buf_str(&say));
	if (err)
		forget(g);
	return err;
}

/* Options that only a start can change. */
static void
tell_unchangeable(const struct conf *old, const struct conf *new)
{
	bool same = old->listens == new->listens && old->workers == new->workers && old->drops == new->drops &&
	    old->uid == new->uid && old->jail == new->jail && strcmp(old->data, new->data) == 0;

	for (u32 i = 0; same && i < old->listens; i++)
		same = addr_same(&old->listen[i].addr, &new->listen[i].addr) &&
		    old->listen[i].tls == new->listen[i].tls;
	if (!same)
		log_warn("reload", "listen, workers, data, user and jail change only when the server is started anew");
}

int
super_gen_begin(struct super *s)
{
	struct super_gen *g = free_slot(s);

	if (!g)
		return ERR_LATE;
	forget(g);
	if (read_conf(s, g))
		return ERR_BAD;
	if (s->serving)
		tell_unchangeable(s->gen[s->live].conf, g->conf);
	s->number++;
	s->state = SUPER_IMPORT;
	s->api = 0;
	s->importer = 0;
	s->failed = s->killed = false;
	return 0;
}

static struct super_gen *
coming(struct super *s)
{
	return s->serving ? &s->gen[1 - s->live] : &s->gen[s->live];
}

static struct fresh
fresh_of(struct super *s, u32 api, char name[48])
{
	const struct conf *c = coming(s)->conf;

	text_c(name, 48, "%S.cat", c->gen.api[api].name);
	return (struct fresh){ .document = c->documents[api], .within = c->withins[api], .overlay = c->overlays[api],
		.said = c->said[api], .dir = s->catalogs, .name = name, .key = s->boot.master,
		.key_n = sizeof s->boot.master };
}

/* The first server of the document, where it is a usable base URL: what to write when no environment is there. */
static void
suggest_environment(const struct api *a, const struct catalog *c)
{
	struct catalog_server server;

	catalog_server(c, 0, &server);
	log_error("super", "api %S has no environment: add these lines (and a credential, see `mcpgated help "
	    "config`)", a->name);
	say_errf("\nconfig environment 'production'\n\toption api '%S'\n\toption base_url '%s%S'\n\n", a->name,
	    server.absolute ? "" : "http://HOST:PORT", server.url);
}

/* An api without a title of its own takes the document's. The configuration is not published yet. */
static void
take_title(struct super_gen *g, u32 api, const struct catalog *c)
{
	struct api *a = (struct api *)(uintptr_t)&g->conf->gen.api[api];
	struct catalog_info info;

	if (a->title.n)
		return;
	catalog_info(c, &info);
	a->title = arena_dup(&g->pages, utf8_prefix(info.title, 200));
}

static u64
stamp_of(const char *path)
{
	struct file_info info;
	int fd = file_open(FILE_HERE, path, FILE_READ | FILE_FOLLOW);
	u64 stamp = 0;

	if (fd >= 0 && file_info(fd, &info) == 0)
		stamp = info.size * 1000003 + info.inode * 31 + info.changed + 1;
	file_close(fd);
	return stamp;
}

/* From now on the file is looked at: one that is not there yet may come. */
static void
watch(struct super_gen *g, const char *path)
{
	struct super_file *f = path ? ARENA_NEW(&g->pages, struct super_file) : NULL;
	u64 stamp = path ? stamp_of(path) : 0;

	if (!f)
		return;
	*f = (struct super_file){ g->files, path, stamp ? stamp : 1 };
	g->files = f;
}

/* Whatever a catalog was made of, beside the document. */
static void
watch_parts(struct super_gen *g, u32 api, const struct catalog *c)
{
	struct str dir = fresh_within(g->conf->documents[api], g->conf->withins[api]);

	watch(g, g->conf->overlays[api]);
	if (g->conf->gen.api[api].holds) { /* somebody takes the new one */
		u32 n = (u32)strlen(g->conf->data) + 64;
		char *path = (char *)arena_bytes(&g->pages, n);

		watch(g, path && text_c(path, n, "%s/catalogs/%S.cat", g->conf->data, g->conf->gen.api[api].name) ?
		    path : NULL);
	}
	for (u32 i = 0; i < catalog_file_n(c); i++) {
		struct catalog_file file;
		u32 n;
		char *path;

		catalog_file(c, i, &file);
		n = dir.n + file.name.n + 2;
		path = (char *)arena_bytes(&g->pages, n);
		watch(g, path && text_c(path, n, "%S/%S", dir, file.name) ? path : NULL);
	}
}

/* What `mode auto` decides, for the role that sees most. */
static void
tell_mode(const struct gen *gen, const struct api *a, const struct catalog *c)
{
	struct mode most = { 0 };
	u8 room[300];
	struct buf b = buf_over(room, sizeof room);

	for (u32 r = 0; a->mode == API_MODE_AUTO && r < gen->roles; r++) {
		struct mode m = mode_of_role(a, r, c);

		most = m.operations > most.operations ? m : most;
	}
	if (a->mode != API_MODE_AUTO)
		return;
	mode_say(&most, &b);
	log_info("super", "api=%S mode %S", a->name, buf_str(&b));
	if (mode_decide(&most) == API_MODE_CODE)
		log_info("super", "api=%S %s", a->name, MODE_NARROW);
}

/* Takes a catalog, as fresh as it gets, into the generation. */
static int
take_catalog(struct super *s, struct super_gen *g, u32 api, const char *name, const struct catalog *c)
{
	const struct api *a = &g->conf->gen.api[api];

	if (!a->environments) {
		suggest_environment(a, c);
		return ERR_BAD;
	}
	log_info("super", "api=%S operations=%u environments=%u default=%S", a->name, c->op_n, a->environments,
	    a->environment[a->default_environment].name);
	take_title(g, api, c);
	watch_parts(g, api, c);
	if (role_compile(&g->conf->gen, (struct api *)(uintptr_t)a, c, &g->pages)) {
		log_error("super", "the roles of api %S do not fit into memory", a->name);
		return ERR_BAD;
	}
	tell_mode(&g->conf->gen, a, c);
	g->file[api] = file_open(s->catalogs, name, FILE_READ);
	return g->file[api] < 0 ? ERR_BAD : 0;
}

/* The catalog that is there, after it could not be made anew: an older one still serves. */
static int
open_older(struct super *s, u32 api, const char *name, struct catalog *c)
{
	u8 room[256];
	struct buf why = buf_over(room, sizeof room);
	int err = fresh_open(c, s->catalogs, name, &why);

	if (err)
		log_error("super", "api %S cannot be served: %S", coming(s)->conf->gen.api[api].name, buf_str(&why));
	return err;
}

static void
publish(struct super *s, msec now)
{
	const struct arena *pages = &coming(s)->pages;

	if (page_lock(pages->p, pages->used) && !s->serving)
		log_warn("jail", "credentials of the configuration may be swapped out: let this process lock 16 MB of "
		    "memory (ulimit -l, LimitMEMLOCK)");
	if (s->serving) {
		s->live = 1 - s->live;
		log_info("reload", "generation %u is in force", s->number);
	}
	s->serving = s->number;
	s->state = SUPER_IDLE;
	for (u32 i = 0; i < s->workers; i++)
		if (s->child[i].pid)
			super_child_load(s, i);
}

static void
give_up(struct super *s, msec now)
{
	forget(coming(s));
	s->state = SUPER_IDLE;
	if (s->serving)
		log_error("reload", "refused: the configuration before stays in force");
	else
		super_end(s, EXIT_FAILED, now);
}

/* Whether any tool of old means something else in new, or is called something else. */
static bool
means_else(const struct catalog *old, const struct catalog *new)
{
	struct arena a = page_arena(3 * 4 * IMPORT_TOOL_MAX);
	struct diff *d = ARENA_NEW(&a, struct diff);
	u32 n;

	if (!d)
		return true;
	d->a = old;
	d->b = new;
	for (u32 i = 0; i < 2; i++)
		d->tool[i] = arena_buf(&a, 4 * IMPORT_TOOL_MAX);
	while (diff_next(d))
		;
	n = d->count[DIFF_CHANGED] + d->count[DIFF_RENAMED];
	page_give(&a);
	return n > 0;
}

/* The document has changed, and a person wants to look first: it is compiled beside what is served. STEP_DONE: that
 * stays; STEP_MORE: it is gone, or took the new one's place; STEP_WAIT: it is being compiled. */
static enum step
hold(struct super *s, u32 api, const struct fresh *f)
{
	struct fresh beside = *f;
	struct catalog old, new;
	u8 room[256];
	struct buf why = buf_over(room, sizeof room);
	char name[48];
	int needed;
	bool same;

	text_c(name, sizeof name, "%S" FRESH_NEW, coming(s)->conf->gen.api[api].name);
	beside.name = name;
	if (fresh_open(&old, f->dir, f->name, &why))
		return STEP_MORE;
	needed = fresh_needed(&beside, &new);
	if (needed == 1 && !s->failed)
		s->importer = fresh_start(&beside);
	same = needed == 0 && !means_else(&old, &new);
	file_unmap(old.file);
	if (needed == 0)
		file_unmap(new.file);
	if (needed == 1 && s->importer > 0)
		return STEP_WAIT;
	if (same)
		return file_rename(f->dir, name, f->name) ? STEP_DONE : STEP_MORE;
	log_warn("super", "api=%S: tools of its new document mean something else: they are served as they were. See "
	    "`mcpgated catalog diff %s/catalogs/%s %s/catalogs/%s`, and take it with `mcpgated catalog accept`",
	    coming(s)->conf->gen.api[api].name, coming(s)->conf->data, f->name, coming(s)->conf->data, name);
	return STEP_DONE;
}

/* Brings one api's catalog up to date. STEP_DONE: it is taken; STEP_WAIT: it is being compiled; STEP_FAIL. */
static enum step
one_catalog(struct super *s, u32 api)
{
	struct super_gen *g = coming(s);
	char name[48];
	struct fresh f = fresh_of(s, api, name);
	struct catalog c;
	int needed = fresh_needed(&f, &c), err;
	enum step held = STEP_MORE;

	if (needed == ERR_NONE)
		log_error("super", "document=%s: %s", f.document, file_why());
	if (needed == 1 && g->conf->gen.api[api].holds) {
		held = hold(s, api, &f);
		if (held == STEP_WAIT)
			return held;
		needed = held == STEP_MORE ? fresh_needed(&f, &c) : needed;
	}
	if (needed == 1 && !s->failed && held != STEP_DONE) {
		s->importer = fresh_start(&f);
		if (s->importer > 0)
			return STEP_WAIT;
		log_error("super", "cannot fork: %s", file_why());
		s->importer = 0;
	}
	if (needed && open_older(s, api, name, &c))
		return STEP_FAIL;
	err = take_catalog(s, g, api, name, &c);
	file_unmap(c.file);
	return err ? STEP_FAIL : STEP_DONE;
}

void
super_gen_step(struct super *s, msec now)
{
	while (s->state == SUPER_IMPORT && !s->importer) {
		if (s->api == coming(s)->conf->gen.apis) {
			publish(s, now);
			return;
		}
		switch (one_catalog(s, s->api)) {
		case STEP_DONE:
			s->api++;
			s->failed = s->killed = false;
			break;
		case STEP_FAIL:
			give_up(s, now);
			return;
		default:
			return;
		}
	}
}

void
super_gen_imported(struct super *s, int status, msec now)
{
	char how[16];

	sig_words(status, how);
	s->importer = 0;
	if (s->state != SUPER_IMPORT)
		return;
	if (strcmp(how, "exit 0") != 0 && strcmp(how, "exit 3") != 0) {
		log_error("import", "document=%s: not compiled (%s)", coming(s)->conf->documents[s->api], how);
		s->failed = s->killed || strcmp(how, "signal 9") != 0; /* not again for this generation */
		s->killed = true;
	}
	super_gen_step(s, now);
}

static void
look_at(const char *path, u64 *stamp, bool *stale)
{
	u64 now = path ? stamp_of(path) : 0;

	/* a file that is missing for a moment is being replaced */
	*stale |= *stamp && now && now != *stamp;
	if (now)
		*stamp = now;
}

bool
super_gen_stale(struct super *s)
{
	const struct conf *c = s->gen[s->live].conf;
	bool stale = false;

	for (struct super_file *f = s->gen[s->live].files; f; f = f->next)
		look_at(f->path, &f->stamp, &stale);
	for (u32 i = 0; i < c->gen.apis + 2; i++)
		look_at(i < c->gen.apis ? c->documents[i] : i == c->gen.apis ?
		    "/etc/resolv.conf" : "/etc/hosts", &s->stamp[i], &stale);
	return stale;
}
