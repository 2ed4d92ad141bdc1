#include "main/cmd.h"

#include "crypt/ct.h"
#include "crypt/issue.h"
#include "http/url.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/local.h"
#include "main/say.h"
#include "main/shelf.h"
#include "main/uci.h"
#include "sys/file.h"
#include "sys/page.h"
#include "sys/place.h"

#define NAME_MAX_N 32
#define PATH_N 512
#define TEXT_N (64 * 1024)
#define TOKENS 64 /* of an answer about one user */

struct init {
	const char *program, *document, *base_url, *name, *title, *listen, *data, *env, *header, *out, *tls, *admin;
	bool force, no_admin;
	struct arena arena, whole;
	u8 made[NAME_MAX_N + 1];
};

/* A name for URLs from a title: "Forgejo API (v1)" gives "forgejo-api-v1". What is too long ends behind a word. */
static void
make_name(struct init *n, struct str title)
{
	struct buf b = buf_over(n->made, NAME_MAX_N - 4);
	u32 i = 0, word = 0; /* word: where the last whole one ends */

	for (; i < title.n && buf_room(&b); i++) {
		u8 c = title.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (u8)(c + 32);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
			buf_byte(&b, c);
		} else if (b.w && b.p[b.w - 1] != '-') {
			word = b.w;
			buf_byte(&b, '-');
		}
	}
	if (word && (i < title.n || b.p[b.w - 1] == '-'))
		b.w = word;
	if (b.w == 0 || conf_name_wrong(buf_str(&b))) { /* a word of ours, or nothing usable */
		b = buf_over(n->made + b.w, NAME_MAX_N - b.w);
		buf_c(&b, b.p == n->made ? "api" : "-api");
		b.p[b.w] = 0;
		return;
	}
	n->made[b.w] = 0;
}

static int
usage(const char *text)
{
	say_errf("mcpgated init: %s\n`mcpgated init --help` tells what it takes.\n", text);
	return EXIT_USAGE;
}

static int
check_words(const struct init *n)
{
	struct url u;

	if (!n->document || !n->base_url)
		return usage("--document and --base-url are needed");
	if (n->header && !n->env)
		return usage("--credential-header wants --credential-env, too: what to send there");
	if (url_parse(str_c(n->base_url), &u) || u.query.p)
		return usage("--base-url is like http://127.0.0.1:3000/api/v1 or unix:/run/api.sock:/v1");
	if (n->name && conf_name_wrong(str_c(n->name))) {
		say_errf("mcpgated init: the name '%s' %s\n", n->name, conf_name_wrong(str_c(n->name)));
		return EXIT_USAGE;
	}
	return FLAGS_GO;
}

/* Paths in the file are absolute, so that it does not matter from where it is used. */
static void
put_path(struct init *n, struct buf *b, const char *path)
{
	struct buf whole = arena_buf(&n->arena, 2 * PATH_N);

	if (path[0] != '/')
		place_here(&whole);
	if (whole.w)
		buf_byte(&whole, '/');
	buf_c(&whole, strncmp(path, "./", 2) == 0 ? path + 2 : path);
	uci_quote(b, buf_str(&whole));
}

static void
option(struct buf *b, const char *name, struct str value)
{
	buf_fmt(b, "\toption %s ", name);
	uci_quote(b, value);
	buf_byte(b, '\n');
}

static const char *
data_dir(struct init *n)
{
	const char *slash = strrchr(n->out, '/');
	struct buf b = buf_over(arena_bytes(&n->arena, PATH_N), PATH_N - 1);

	if (n->data)
		return n->data;
	if (slash && strcmp(n->out, "-") != 0)
		buf_put(&b, str_of(n->out, (size_t)(slash - n->out) + 1));
	BUF_LIT(&b, "data");
	b.p[b.w] = 0;
	return (const char *)b.p;
}

static void
compose(struct init *n, const struct catalog *c, struct buf *b)
{
	struct catalog_info info;
	struct str name, names = n->tls ? str_c(n->tls) : STR("");

	catalog_info(c, &info);
	if (!n->name) {
		make_name(n, info.title);
		n->name = (const char *)n->made;
	}
	name = str_c(n->name);
	BUF_LIT(b, "config server\n");
	option(b, "listen", str_c(n->listen));
	BUF_LIT(b, "\toption data ");
	put_path(n, b, data_dir(n));
	while (names.n) {
		BUF_LIT(b, "\n\tlist tls_name ");
		uci_quote(b, str_next(&names, ','));
	}
	BUF_LIT(b, "\n\nconfig api ");
	uci_quote(b, name);
	BUF_LIT(b, "\n\toption document ");
	put_path(n, b, n->document);
	BUF_LIT(b, "\n");
	if (n->title)
		option(b, "title", str_c(n->title));
	BUF_LIT(b, "\nconfig environment 'production'\n");
	option(b, "api", name);
	option(b, "base_url", str_c(n->base_url));
	if (n->env) {
		u8 from[200];
		struct buf f = buf_over(from, sizeof from);

		buf_fmt(&f, "env:%s", n->env);
		option(b, "credential_in", n->header ? STR("header") : STR("bearer"));
		if (n->header)
			option(b, "credential_name", str_c(n->header));
		option(b, "credential_from", buf_str(&f));
	} else {
		BUF_LIT(b, "\t# option credential_in 'bearer'\n\t# option credential_from 'env:API_TOKEN'\n");
	}
}

/* The authority's fingerprint, when there is one. Reading the configuration as serve does makes it. */
static int
first_tls(struct init *n, const struct conf **conf)
{
	struct arena *a = &n->whole;
	struct buf say = arena_buf(&n->arena, 2048), print;
	struct conf_ask ask = { .name = n->out, .arena = a, .say = &say, .makes = true,
		.no_secrets = true };
	u8 room[ISSUE_FINGERPRINT_N];

	*a = page_arena(CONF_ARENA_N);
	if (conf_load(&ask, conf)) {
		say_err(buf_str(&say));
		return EXIT_FAILED;
	}
	print = buf_over(room, sizeof room);
	if (!(*conf)->gen.ca.n)
		return EXIT_OK;
	issue_fingerprint(&print, (*conf)->gen.ca);
	say_errf("\nAn authority of your own signs for %s: clients trust it as %S/ca explains. Its SHA-256:\n  %S\n",
	    n->tls, (*conf)->gen.public_url, buf_str(&print));
	return EXIT_OK;
}

/* What the box begins with: data directory, master key, certificates, and a way in for its first administrator. */
static int
first_data(struct init *n)
{
	struct buf why = arena_buf(&n->arena, 600), q = arena_buf(&n->arena, 200),
	           out = arena_buf(&n->arena, 1200);
	struct jout o = jout_into(&q);
	const struct conf *conf;
	struct jsmntok *tok = ARENA_ARRAY(&n->arena, struct jsmntok, TOKENS);
	struct jdoc d;
	struct local *l = ARENA_NEW(&n->arena, struct local);
	int err;

	if (first_tls(n, &conf))
		return EXIT_FAILED;
	if (local_open(l, conf->data, &why)) {
		say_errf("mcpgated init: %S\n", buf_str(&why));
		return EXIT_FAILED;
	}
	l->base = arena_c(&n->arena, conf->gen.public_url);
	jout_open(&o, '{');
	jout_c(&o, "verb", "invite");
	jout_str(&o, "name", str_c(n->admin));
	jout_c(&o, "role", "admin");
	jout_close(&o, '}');
	err = n->no_admin ? 0 : local_people(l, buf_str(&q), &out, &why);
	local_close(l);
	if (err)
		say_errf("mcpgated init: %s: %S\n", n->admin, buf_str(&why));
	if (err || n->no_admin || json_parse(&d, buf_str(&out), tok, TOKENS))
		return err ? EXIT_FAILED : EXIT_OK;
	say_errf("\nThe first administrator is '%s'. Start the server and open this link, once, within 15 minutes "
	    "(later: %s invite %s -c %s):\n", n->admin, n->program, n->admin, n->out);
	say_outf("%S\n", json_str(json_get(json_root(&d), "invite"), NULL));
	ct_wipe(out.p, out.w);
	return EXIT_OK;
}

static int
write_out(struct init *n, struct str text)
{
	int fd;

	if (strcmp(n->out, "-") == 0) {
		say_out(text);
		return EXIT_OK;
	}
	fd = file_open(FILE_HERE, n->out, FILE_WRITE | (n->force ? FILE_CREATE | FILE_TRUNCATE : FILE_NEW));
	if (fd == ERR_LATE) {
		say_errf("mcpgated init: %s is there already: --force replaces it, -c names another\n", n->out);
		return EXIT_FAILED;
	}
	if (fd < 0 || file_write(fd, text.p, text.n)) {
		say_errf("mcpgated init: %s: %s\n", n->out, file_why());
		return EXIT_FAILED;
	}
	file_close(fd);
	say_errf("written: %s. Next:\n", n->out);
	say_errf("  %s check -c %s\n", n->program, n->out);
	say_errf("  %s key add my-laptop -c %s\n", n->program, n->out);
	say_errf("  %s serve -c %s\n", n->program, n->out);
	return first_data(n);
}

/* What was written must be readable: the values came from outside. */
static bool
reads_back(struct str text)
{
	struct arena a = page_arena(CONF_ARENA_N);
	struct buf say = arena_buf(&a, 2048);
	struct conf_ask ask = { .name = "the new configuration", .text = text, .arena = &a, .say = &say,
	    .no_secrets = true };
	const struct conf *c;
	int err = conf_read(&ask, &c);

	say_err(buf_str(&say));
	return err == 0;
}

int
cmd_init(struct flags *a)
{
	struct init n = { .program = a->program, .listen = "127.0.0.1:8080", .out = "mcpgated.conf",
		.admin = "admin" };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct init, document, "document", 0),
		FLAGS_OPTION(struct init, base_url, "base-url", 0),
		FLAGS_OPTION(struct init, name, "name", 0),
		FLAGS_OPTION(struct init, title, "title", 0),
		FLAGS_OPTION(struct init, listen, "listen", 0),
		FLAGS_OPTION(struct init, data, "data", 0),
		FLAGS_OPTION(struct init, env, "credential-env", 0),
		FLAGS_OPTION(struct init, header, "credential-header", 0),
		FLAGS_OPTION(struct init, out, "config", 'c'),
		FLAGS_OPTION(struct init, force, "force", 0),
		FLAGS_OPTION(struct init, tls, "tls-name", 0),
		FLAGS_OPTION(struct init, admin, "admin", 0),
		FLAGS_OPTION(struct init, no_admin, "no-admin", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 0, 0, "" };
	struct buf text;
	struct shelf *s;
	int code;

	n.arena = page_arena(2 * TEXT_N);
	s = ARENA_NEW(&n.arena, struct shelf);
	code = flags_read(a, &words, &n);

	if (code == FLAGS_GO)
		code = check_words(&n);
	if (code == FLAGS_GO)
		code = shelf_open(s, a, n.document);
	if (code != FLAGS_GO)
		return code;
	text = arena_buf(&n.arena, TEXT_N);
	compose(&n, &s->catalog, &text);
	if (!reads_back(buf_str(&text)))
		return EXIT_FAILED;
	say_errf("%u operations become tools of api '%s'\n", s->catalog.op_n, n.name);
	return write_out(&n, buf_str(&text));
}
