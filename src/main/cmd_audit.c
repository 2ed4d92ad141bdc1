#include "main/cmd.h"

#include "main/say.h"
#include "store/ring.h"
#include "sys/file.h"
#include "sys/page.h"

#define SEGMENTS_MAX 64
#define TAIL_LINES 20

/* The lines of one writer, oldest first. Only one of its segments is mapped at a time. */
struct reel {
	u32 segment[SEGMENTS_MAX], segments, next;
	struct str text, rest, line;
};

struct reels {
	int dir;
	struct reel *of; /* RING_WRITERS */
};

/* What of the lines is wanted. */
struct sieve {
	const struct flags *a; /* words from rest[1] on: all must be there */
	struct str since, until; /* of a time: as much of it as was given */
};

static bool
open_next(struct reels *rs, u32 writer)
{
	struct reel *r = &rs->of[writer];
	char name[RING_NAME_N];
	int fd;

	if (r->text.p)
		file_unmap(r->text);
	r->text = r->rest = STR_NONE;
	if (r->next == r->segments)
		return false;
	ring_name(name, writer, r->segment[r->next++]);
	fd = file_open(rs->dir, name, FILE_READ);
	if (fd >= 0 && file_map(fd, &r->text) == 0)
		r->rest = r->text;
	while (r->rest.n && r->rest.p[r->rest.n - 1] != '\n')
		r->rest.n--; /* a line that is being written, or that the disk had no room for yet */
	file_close(fd);
	return true;
}

/* The next line of a writer, without those that only hold the chain together. */
static void
advance(struct reels *rs, u32 writer)
{
	struct reel *r = &rs->of[writer];

	do {
		while (!r->rest.n)
			if (!open_next(rs, writer)) {
				r->line = STR_NONE;
				return;
			}
		r->line = str_next(&r->rest, '\n');
	} while (!str_starts(r->line, STR("{\"time\":\"")));
}

static void
rewind_all(struct reels *rs)
{
	for (u32 w = 0; w < RING_WRITERS; w++) {
		rs->of[w].segments = ring_list(rs->dir, w, rs->of[w].segment, SEGMENTS_MAX);
		rs->of[w].next = 0;
		rs->of[w].rest = STR_NONE;
		advance(rs, w);
	}
}

static int
compare(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, min_u32(a.n, b.n));

	return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

/* The oldest line of all; p NULL at the end. Good until the next call. */
static struct str
take(struct reels *rs, int *last)
{
	struct str best = STR_NONE;

	if (*last >= 0)
		advance(rs, (u32)*last);
	*last = -1;
	for (u32 w = 0; w < RING_WRITERS; w++) {
		struct str line = rs->of[w].line;

		if (!line.p || (best.p && compare(line, best) >= 0))
			continue;
		best = line;
		*last = (int)w;
	}
	return best;
}

static bool
passes(const struct sieve *s, struct str line)
{
	struct str time = str_cut(line, 9, 33);

	if (s->since.n && compare(str_cut(time, 0, s->since.n), s->since) < 0)
		return false;
	if (s->until.n && compare(str_cut(time, 0, s->until.n), s->until) > 0)
		return false;
	for (u32 i = 1; i < s->a->rests; i++)
		if (str_find_str(line, str_c(s->a->rest[i])) < 0)
			return false;
	return true;
}

/* Prints the lines that pass, without the first `skip` of them. How many passed. */
static u64
print(struct reels *rs, const struct sieve *s, u64 skip)
{
	struct str line;
	int last = -1;
	u64 n = 0;

	rewind_all(rs);
	while ((line = take(rs, &last)).p) {
		if (!passes(s, line) || n++ < skip)
			continue;
		say_out(line);
		say_out(STR("\n"));
	}
	return n;
}

/* --- verify ---------------------------------------------------------------------------------------- */

static bool
read_hex(struct str hex, u8 *out, u32 n)
{
	u64 v;

	for (u32 i = 0; i < n; i++) {
		if (hex.n != 2 * n || str_hex(str_cut(hex, 2 * i, 2 * i + 2), &v))
			return false;
		out[i] = (u8)v;
	}
	return true;
}

static void
tell(u32 writer, const struct ring_report *r, int err)
{
	u8 room[64];
	struct buf head = buf_over(room, sizeof room);

	for (u32 i = 0; i < HASH_N / 2; i++)
		buf_hex(&head, r->h[i], 2);
	if (err)
		say_errf("writer %u: BROKEN: segment %u, near line %U: %s\n", writer + 1, r->bad_segment, r->bad_line,
		    r->why);
	else
		say_outf("writer %u: segments %u to %u, %U links, head %S\n", writer + 1, r->first, r->last, r->links,
		    buf_str(&head));
	if (r->others)
		say_errf("writer %u: NOT VERIFIED: %u segments are of another form than this version's, %u: "
		    "the version that has written them can verify them\n", writer + 1, r->others, (u32)RING_FORM);
	if (!err && r->missing)
		say_errf("writer %u: %U bytes are missing: lost with the power, or removed while the server was down\n",
		    writer + 1, r->missing);
}

/* Verifies every writer; a head that is asked for must stand in one of the chains. */
static int
verify(struct flags *a, int dir, const char *key, const char *head)
{
	u8 first[HASH_N], want[HASH_N / 2], room[200];
	struct str secret = STR_NONE;
	int code = EXIT_OK, any = 0;
	bool found = false;

	if (key && (strcmp(key, "-") || cmd_secret(a, room, sizeof room, &secret) ||
	    !read_hex(secret, first, HASH_N))) {
		say_errf("mcpgated audit: --key - reads the key from standard input: 64 hexadecimal digits, as the "
		    "first start has shown them\n");
		return EXIT_USAGE;
	}
	if (head && !read_hex(str_c(head), want, sizeof want)) {
		say_errf("mcpgated audit: --head is 32 hexadecimal digits, as verify and syslog show them\n");
		return EXIT_USAGE;
	}
	for (u32 w = 0; w < RING_WRITERS; w++) {
		struct ring_report r;
		int err = ring_verify(dir, w, key ? first : NULL, head ? want : NULL, &r);

		if (err == ERR_NONE)
			continue;
		any = 1;
		found |= r.found;
		tell(w, &r, err);
		code = err || r.others ? EXIT_FAILED : code == EXIT_OK && r.missing ? EXIT_LOSSES : code;
	}
	if (!any)
		say_errf("there are no audit lines yet\n");
	if (head && !found) {
		say_errf("BROKEN: the head %s stands in no chain: what came after it, and it itself, was removed\n",
		    head);
		return EXIT_FAILED;
	}
	if (!key && code == EXIT_OK && any)
		say_errf("nothing was changed by accident; only --key - tells whether somebody did on purpose\n");
	return code;
}

static int
run(struct flags *a, int dir, struct sieve *s, const char *lines)
{
	struct arena arena = page_arena(RING_WRITERS * sizeof(struct reel) + 64);
	struct reels rs = { .dir = dir, .of = ARENA_ARRAY(&arena, struct reel, RING_WRITERS) };
	bool tail = strcmp(a->rest[0], "tail") == 0;
	u64 n = TAIL_LINES, all = 0;
	struct str line;
	int last = -1;

	if (!rs.of)
		return EXIT_FAILED;
	if (lines && str_u64(str_c(lines), &n)) {
		say_errf("mcpgated audit: -n is a number of lines, not '%s'\n", lines);
		return EXIT_USAGE;
	}
	if (tail) {
		rewind_all(&rs);
		while ((line = take(&rs, &last)).p)
			all += passes(s, line);
	}
	print(&rs, s, tail && all > n ? all - n : 0);
	return EXIT_OK;
}

/* The options. */
struct wanted {
	const char *conf, *data, *key, *head, *lines, *since, *until;
};

int
cmd_audit(struct flags *a)
{
	struct wanted w = { .since = "", .until = "" };
	const struct conf *known;
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct wanted, conf, "config", 'c'),
		FLAGS_OPTION(struct wanted, data, "data", 0),
		FLAGS_OPTION(struct wanted, key, "key", 0),
		FLAGS_OPTION(struct wanted, head, "head", 0),
		FLAGS_OPTION(struct wanted, lines, "lines", 'n'),
		FLAGS_OPTION(struct wanted, since, "since", 0),
		FLAGS_OPTION(struct wanted, until, "until", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, FLAGS_REST_MAX,
		"tail, search, export or verify" };
	static const char *const verbs[] = { "tail", "search", "export", "verify" };
	struct sieve s = { .a = a };
	int code = flags_read(a, &words, &w), top, dir;
	bool known_verb = false;

	if (code != FLAGS_GO)
		return code;
	for (u32 i = 0; i < ARRAY_N(verbs); i++)
		known_verb |= strcmp(a->rest[0], verbs[i]) == 0;
	if (!known_verb) {
		say_errf("mcpgated audit: '%s' is none of tail, search, export, verify\n", a->rest[0]);
		return EXIT_USAGE;
	}
	w.data = cmd_data(w.conf, w.data, &known);
	if (!w.data)
		return EXIT_FAILED;
	top = file_open_dir(FILE_HERE, w.data);
	dir = top < 0 ? top : file_open_dir(top, "audit");
	if (dir < 0) {
		say_errf("mcpgated audit: %s/audit cannot be read: %s\n", w.data, file_why());
		return EXIT_FAILED;
	}
	s.since = str_c(w.since);
	s.until = str_c(w.until);
	return strcmp(a->rest[0], "verify") ? run(a, dir, &s, w.lines) : verify(a, dir, w.key, w.head);
}
