#include "main/cmd.h"

#include "app/demo.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "crypt/pass.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/say.h"
#include "main/super.h"
#include "main/turn.h"
#include "main/uci.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jail.h"
#include "sys/page.h"
#include "sys/place.h"
#include "sys/proc.h"
#include "sys/rand.h"
#include "sys/sig.h"

#include <poll.h>

#define API "demo"
#define KEY_MAX 64
#define USER "demo"
#define PASSWORD_N 16
#define BANNER_N 16384
#define META \
	"\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
	"\"io.modelcontextprotocol/clientCapabilities\":{}"

struct show {
	const char *program, *listen, *data;
	struct addr addr;
	char made[PLACE_N];   /* the temporary directory; empty: none */
	int listener, upstream; /* ours, and that of the demo API */
	struct addr upstream_addr;
	char token[2][DEMO_TOKEN_N];
	char key[KEY_MAX + 1];
	char password[PASSWORD_N + 1]; /* of the user USER */
	struct arena arena;
	struct str conf;
};

/* ---- the API's own process ----------------------------------------------------------------------- */

struct upstream {
	struct turn turn;
	struct loop loop;
	struct net net;
	struct demo *demo;
	struct watch signals;
	struct ready ready;
};

static msec
each(struct turn *t, msec now)
{
	demo_turn(CONTAINER_OF(t, struct upstream, turn)->demo, t->system);
	return now + 1000;
}

static void
on_signal(struct ready *r, msec now)
{
	struct upstream *a = CONTAINER_OF(r, struct upstream, ready);
	int number;

	a->signals.got = 0;
	while ((number = sig_next(a->signals.fd)) != 0)
		if (number == SIGTERM)
			a->turn.over = true;
}

static struct upstream *
begin_api(struct show *s)
{
	u32 watches = demo_watches() + 8, timers = demo_timers() + 8;
	size_t n = demo_bytes() + net_bytes() + (size_t)(watches + timers) * 64 + sizeof(struct upstream) + 65536;
	struct arena arena = page_arena(n);
	struct upstream *a = arena.p ? ARENA_NEW(&arena, struct upstream) : NULL;

	if (!a || loop_init(&a->loop, &arena, watches, timers) || net_init(&a->net, &arena, &a->loop))
		return NULL;
	a->demo = demo_init(&arena, &a->net, (const char(*)[DEMO_TOKEN_N])s->token, clock_wall_s());
	if (!a->demo || demo_listen(a->demo, s->upstream, &s->upstream_addr))
		return NULL;
	a->turn.loop = &a->loop;
	a->turn.each = each;
	ready_init(&a->ready, on_signal);
	watch_add(&a->loop, &a->signals, sig_open(), POLLIN, &a->ready);
	return a;
}

static int
run_api(void *arg)
{
	struct jail j = { .kind = JAIL_WORKER, .files_max = 4096, .file_n_max = 1 << 20, .dir = -1 };
	u8 room[300];
	struct buf why = buf_over(room, sizeof room);
	struct show *s = arg;
	struct upstream *a;

	proc_name("demo-api");
	log_init(2, LOG_WARN, "demo-api");
	sock_close(s->listener);
	a = begin_api(s);
	if (!a) {
		log_error("demo", "cannot start: %s", file_why());
		return EXIT_FAILED;
	}
	jail_drop(&j, &why);
	jail_files(&j, &why);
	jail_calls(&j, &why);
	turn_run(&a->turn);
	return EXIT_OK;
}

/* ---- what stands before it ----------------------------------------------------------------------- */

static int
fail(const char *what, struct str why)
{
	say_errf("mcpgated demo: %s%S\n", what, why);
	return EXIT_FAILED;
}

static int
read_listen(struct show *s)
{
	struct str text = str_c(s->listen);

	if (str_starts(text, STR("localhost:")))
		text = str_c(s->listen + 10);
	if (text.p != (const u8 *)s->listen) { /* localhost: names are not looked up */
		u64 port;

		memset(&s->addr, 0, sizeof s->addr);
		s->addr.family = ADDR_V4;
		memcpy(s->addr.ip, "\x7f\0\0\x01", 4);
		if (str_u64(text, &port) == 0 && port < 65536) {
			s->addr.port = (u16)port;
			return 0;
		}
	} else if (addr_read(&s->addr, text, 8080) == 0 && s->addr.family != ADDR_UNIX) {
		return 0;
	}
	say_errf("mcpgated demo: --listen is ADDR:PORT such as 127.0.0.1:8080, not '%s'\n", s->listen);
	return EXIT_USAGE;
}

static int
open_listeners(struct show *s)
{
	u8 room[400];
	struct buf why = buf_over(room, sizeof room);

	s->listener = boot_listen(&s->addr, &why);
	if (s->listener < 0) {
		say_errf("mcpgated demo: %S. `mcpgated demo --listen 127.0.0.1:0` takes a free one.\n", buf_str(&why));
		return EXIT_FAILED;
	}
	sock_local(s->listener, &s->addr);
	s->upstream_addr.family = ADDR_UNIX;
	if (!text_c(s->upstream_addr.path, sizeof s->upstream_addr.path, "%s/demo.sock", s->data))
		return fail("", STR("the path of the data directory is too long: choose another --data"));
	s->upstream = boot_listen(&s->upstream_addr, &why);
	return s->upstream < 0 ? fail("", buf_str(&why)) : 0;
}

/* Files that stay as they are keep their time, so that nothing is compiled twice. */
static int
put_file(int dir, const char *name, struct str text, struct arena *a)
{
	size_t mark = a->used;
	struct str old;
	bool same = file_load(dir, name, FILE_READ, 1u << 20, a, &old) == 0 && str_same(old, text);

	arena_rewind(a, mark);
	return same || file_replace(dir, name, text) == 0 ? 0 : fail("the data directory cannot be written: ",
	    str_c(file_why()));
}

static void
make_token(char token[DEMO_TOKEN_N])
{
	u8 random[DEMO_TOKEN_N / 2], room[DEMO_TOKEN_N];
	struct buf b = buf_over(room, sizeof room);

	rand_bytes(random, sizeof random);
	for (u32 i = 0; i < sizeof random; i++)
		buf_hex(&b, random[i], 2);
	memcpy(token, room, DEMO_TOKEN_N);
}

static void
put_environment(struct show *s, struct buf *b, const char *name)
{
	u8 room[2 * PLACE_N];
	struct buf text = buf_over(room, sizeof room);

	buf_fmt(b, "config environment '%s'\n\toption base_url ", name);
	buf_fmt(&text, "unix:%s:/%s/v1", s->upstream_addr.path, name);
	uci_quote(b, buf_str(&text));
	text.w = 0;
	buf_fmt(&text, "file:%s/demo-%s.token", s->data, name);
	BUF_LIT(b, "\n\toption credential_in 'header'\n\toption credential_name 'X-Demo-Token'\n\toption "
	    "credential_from ");
	uci_quote(b, buf_str(&text));
	BUF_LIT(b, "\n");
}

static int
compose(struct show *s)
{
	u8 room[160];
	struct buf b = arena_buf(&s->arena, 4096), path = buf_over(room, sizeof room);

	BUF_LIT(&b, "config server\n\toption listen ");
	uci_quote(&b, boot_addr(&s->addr, room));
	BUF_LIT(&b, "\n\toption data ");
	uci_quote(&b, str_c(s->data));
	BUF_LIT(&b, "\nconfig api '" API "'\n\toption document ");
	path = arena_buf(&s->arena, PLACE_N);
	buf_fmt(&path, "%s/openapi.json", s->data);
	uci_quote(&b, buf_str(&path));
	BUF_LIT(&b, "\n\toption instructions 'A demo with example data. It starts anew each time; the sandbox may "
	    "be changed "
	            "freely.'\n"
	            "config role 'member'\n\tlist allow '*'\n\tlist deny 'op:delete_person env:production'\n"
	            "\tlist approve 'destructive env:production'\n");
	put_environment(s, &b, "sandbox");
	put_environment(s, &b, "production");
	s->conf = buf_str(&b);
	return b.over ? fail("", STR("the path of the data directory is too long: choose another --data")) : 0;
}

static int
write_files(struct show *s)
{
	static const char *const names[] = { "demo-sandbox.token", "demo-production.token" };
	int dir = file_open_dir(FILE_HERE, s->data), code;

	if (dir < 0)
		return fail("the data directory cannot be opened: ", str_c(file_why()));
	code = put_file(dir, "openapi.json", flags_file("demo/openapi.json"), &s->arena);
	for (u32 i = 0; i < 2 && !code; i++) {
		make_token(s->token[i]);
		code = put_file(dir, names[i], str_of(s->token[i], DEMO_TOKEN_N), &s->arena);
	}
	file_close(dir);
	return code;
}

/* The user that logs in with a browser: made anew each time, like the key. */
static int
make_user(struct show *s, struct local *l, struct buf *why)
{
	u8 random[PASSWORD_N * 3 / 4], record_room[PASS_RECORD_MAX], room[400];
	struct buf b = buf_over(s->password, PASSWORD_N), record = buf_over(record_room, sizeof record_room),
	    json = buf_over(room, sizeof room), out = arena_buf(&s->arena, 1024);

	rand_bytes(random, sizeof random);
	base64_put_url(&b, str_of(random, sizeof random));
	local_password(buf_str(&b), local_rounds(l->store, false), &record);
	local_people(l, STR("{\"verb\":\"user remove\",\"name\":\"" USER "\"}"), &out, why);
	out.w = why->w = 0;
	buf_fmt(&json, "{\"verb\":\"user add\",\"name\":\"" USER "\",\"role\":\"admin\",\"pass\":\"%S\"}",
	    buf_str(&record));
	return local_people(l, buf_str(&json), &out, why);
}

/* The store is opened before there is a server: the key is there from its first request on. */
static int
make_key(struct show *s)
{
	struct buf why = arena_buf(&s->arena, 512), out = arena_buf(&s->arena, 4096);
	struct local *l = ARENA_NEW(&s->arena, struct local);
	struct jsmntok *tok = ARENA_ARRAY(&s->arena, struct jsmntok, 64);
	struct jdoc d;
	struct str key;
	int err;

	if (!l || !tok || local_open(l, s->data, &why))
		return fail("", buf_str(&why));
	local_key_revoke(l, STR(API), &out, &why); /* that of the run before, if this directory had one */
	out.w = why.w = 0;
	err = local_key_add(l, STR("{\"name\":\"" API "\",\"destructive\":true,\"environments\":[\"sandbox\","
	    "\"production\"]}"), &out, &why);
	if (!err)
		err = make_user(s, l, &why);
	local_close(l);
	if (err || json_parse(&d, buf_str(&out), tok, 64))
		return fail("", buf_str(&why));
	key = json_str(json_get(json_root(&d), "key"), NULL);
	text_c(s->key, sizeof s->key, "%S", key);
	return 0;
}

/* Replaces the marks in the text of fs/. */
static void
fill_in(struct buf *b, const struct show *s, struct str text, struct str url)
{
	const struct {
		const char *mark;
		struct str value;
	} marks[] = { { "{url}", url }, { "{key}", str_c(s->key) }, { "{data}", str_c(s->data) },
		{ "{meta}", STR(META) }, { "{program}", str_c(s->program) }, { "{user}", STR(USER) },
		{ "{password}", str_c(s->password) },
		{ "{site}", str_cut(url, 0, url.n - 4) } };

	for (u32 i = 0; i < text.n; i++) {
		struct str rest = str_cut(text, i, text.n);
		u32 k = 0;

		while (k < ARRAY_N(marks) && !str_starts(rest, str_c(marks[k].mark)))
			k++;
		if (k == ARRAY_N(marks)) {
			buf_byte(b, text.p[i]);
			continue;
		}
		buf_put(b, marks[k].value);
		i += (u32)strlen(marks[k].mark) - 1;
	}
}

static int
print_banner(void *arg, const struct conf *c)
{
	struct show *s = arg;
	struct buf b = arena_buf(&s->arena, BANNER_N), url = buf_over(arena_bytes(&s->arena,
	    300), 300);

	buf_fmt(&url, "%S/mcp", c->gen.public_url);
	fill_in(&b, s, flags_file("demo/banner.txt"), buf_str(&url));
	say_out(buf_str(&b));
	return -1;
}

static int
run(struct show *s, int log_level)
{
	struct super_ask ask = { .conf = "demo", .log_level = log_level < 0 ? LOG_WARN : log_level,
	    .ready = print_banner,
		.helper = run_api, .arg = s };
	int code = read_listen(s);

	if (code)
		return code;
	if (!s->data) {
		if (place_temporary("mcpgated-demo-", s->made))
			return fail("no temporary directory: ", str_c(file_why()));
		s->data = s->made;
	}
	code = make_key(s); /* first: it makes the directory, and notices a server that runs on it */
	if (!code)
		code = open_listeners(s);
	if (!code)
		code = write_files(s);
	if (!code)
		code = compose(s);
	if (code)
		return code;
	ask.listener = s->listener;
	ask.text = s->conf;
	return super_run(&ask);
}

/* The options. */
struct wanted {
	const char *listen, *data, *level;
};

int
cmd_demo(struct flags *a)
{
	struct show *s;
	struct arena arena = page_arena(1u << 20);
	struct wanted w = { .listen = "127.0.0.1:8080" };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct wanted, listen, "listen", 0),
		FLAGS_OPTION(struct wanted, data, "data", 0),
		FLAGS_OPTION(struct wanted, level, "log-level", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 0, 0, "" };
	int code = flags_read(a, &words, &w), log_level;

	if (code != FLAGS_GO)
		return code;
	log_level = cmd_log_level(a, w.level);
	if (w.level && log_level < 0)
		return EXIT_USAGE;
	s = ARENA_NEW(&arena, struct show);
	log_init(2, log_level < 0 ? LOG_WARN : (enum log_level)log_level, "mcpgated");
	if (!s || sig_open() < 0) /* from here on Ctrl-C waits until the directory can be removed */
		return EXIT_FAILED;
	s->arena = arena;
	s->program = a->program;
	s->listen = w.listen;
	s->data = w.data;
	code = run(s, log_level);
	if (s->made[0])
		place_remove(s->made);
	ct_wipe(s->key, sizeof s->key);
	ct_wipe(s->password, sizeof s->password);
	return code;
}
