/* The request vectors of ../shared/data/http against head_parse and body_take,
    as a server would use them: whole, byte
 * by byte, and cut at random. With the argument "-" it reads streams from stdin (4 bytes length, little endian,
    then the
 * bytes) and prints one verdict a line, for comparing with the oracle on mutants: tests/unit/http/differ.py. */
#include "http/body.h"
#include "lib/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define VECTORS "../shared/data/http/http_cases.jsonl"
#define STREAM_MAX (2 * 1024 * 1024)
#define BODY_LIMIT (1 << 20)
#define SHAPES_MAX 1024

struct shape {
	struct str method, target;
	u64 body_n;
};

/* One connection's parser: what was accepted, and how it ended. */
struct reader {
	u32 accepted, shapes;
	const char *end; /* ok, incomplete, closed, error */
	u16 status;
	u8 *payload;     /* of the current request */
	u64 payload_n;
	struct shape *shape;
	/* state between feeds */
	bool in_body, open;
	struct req req;
	struct body body;
	struct field field[64];
};

static void
fail_reader(struct reader *r, u16 status)
{
	r->end = "error";
	r->status = status;
	r->open = false;
}

static void
finish(struct reader *r)
{
	if (r->shapes < SHAPES_MAX)
		r->shape[r->shapes++].body_n = r->payload_n;
	r->accepted++;
	r->in_body = false;
	if (!r->req.keep_alive) {
		r->end = "closed";
		r->open = false;
	}
}

static u32
feed_body(struct reader *r, struct str in)
{
	struct str part;
	int used = body_take(&r->body, in, &part);

	if (used == ERR_BAD)
		fail_reader(r, r->body.status);
	if (used < 0)
		return 0;
	r->payload_n += part.n;
	if (r->body.done)
		finish(r);
	return (u32)used;
}

static u32
feed_head(struct reader *r, struct str in)
{
	int used;

	r->req.fields.at = r->field;
	r->req.fields.max = 64;
	r->req.body_max = BODY_LIMIT;
	used = head_parse(in, &r->req);
	if (used == ERR_BAD)
		fail_reader(r, r->req.status);
	if (used < 0)
		return 0;
	r->in_body = true;
	r->payload_n = 0;
	if (r->shapes < SHAPES_MAX) {
		r->shape[r->shapes].method = r->req.method_name;
		r->shape[r->shapes].target = r->req.target;
	}
	body_init(&r->body, r->req.framing, r->req.body_n, BODY_LIMIT);
	r->body.chunks_max = 4096;
	if (r->body.done)
		finish(r);
	return (u32)used;
}

/* Feeds what is unread of in; returns how much of it is used up. */
static u32
feed(struct reader *r, struct str in)
{
	u32 used = 0, n = 1;

	while (r->open && n && used < in.n) {
		n = r->in_body ? feed_body(r, str_cut(in, used, in.n)) : feed_head(r, str_cut(in, used, in.n));
		used += n;
	}
	return used;
}

/* next(left) says how many bytes arrive at once. */
static void
run(struct reader *r, struct str stream, u32 (*next)(u32 left))
{
	static struct shape shapes[SHAPES_MAX];
	u32 used = 0, have = 0;

	*r = (struct reader){ .end = "ok", .open = true, .shape = shapes };
	while (r->open && have < stream.n) {
		have += next(stream.n - have);
		used += feed(r, str_cut(stream, used, have));
	}
	if (r->open && (used < stream.n || r->in_body))
		r->end = "incomplete";
}

static u32
next_whole(u32 left)
{
	return left;
}

static u32
next_byte(u32 left)
{
	return 1;
}

static u32
next_random(u32 left)
{
	return min_u32(left, 1 + (u32)rand() % 40);
}

/* --- the vectors ------------------------------------------------------------------------------------ */

/* Value of "key": as it stands, up to the closing quote or bracket. */
static struct str
json_raw(struct str line, const char *key, char close)
{
	char quoted[40];
	int at, end;

	snprintf(quoted, sizeof quoted, "\"%s\": ", key);
	at = str_find_str(line, str_c(quoted));
	assert_true(at >= 0);
	line = str_cut(line, (u32)at + (u32)strlen(quoted) + (close == '"'), line.n);
	end = close == ']' ? str_find_str(line, STR("]], ")) : str_find(line, (u8)close, 0);
	return str_cut(line, 0, end < 0 ? 0 : (u32)end);
}

static struct str
unbase64(struct str s)
{
	static u8 out[STREAM_MAX];
	u32 n = 0, bits = 0, have = 0;

	for (u32 i = 0; i < s.n && s.p[i] != '='; i++) {
		u8 c = s.p[i];
		u32 v = c == '+' ? 62 : 63;

		if (c >= 'a')
			v = c - 'a' + 26U;
		else if (c >= 'A')
			v = c - 'A' + 0U;
		else if (c >= '0')
			v = c - '0' + 52U;

		bits = bits << 6 | v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (u8)(bits >> have);
		}
	}
	return str_of(out, n);
}

static bool
as_wanted(const struct reader *r, struct str want, struct str served)
{
	u64 n;

	assert_int_equal(str_u64(served, &n), 0);
	if (str_starts(want, STR("ok:")))
		return !strcmp(r->end, "ok") && r->accepted == n;
	if (str_starts(want, STR("closed:")))
		return !strcmp(r->end, "closed") && r->accepted == n;
	if (str_starts(want, STR("wait:")))
		return (!strcmp(r->end, "incomplete") || !strcmp(r->end, "ok")) && r->accepted == n;
	return !strcmp(r->end, "error") && r->accepted == n && str_u64(want, &n) == 0 && r->status == n;
}

/* [["POST", "/mcp", 2], ...: method and length of each accepted request. */
static bool
shapes_match(const struct reader *r, struct str raw)
{
	for (u32 i = 0; i < r->accepted && i < SHAPES_MAX; i++) {
		char want[600];
		int at;

		snprintf(want, sizeof want, "[\"%.*s\", \"%.500s", STR_ARG(r->shape[i].method), "");
		at = str_find_str(raw, str_c(want));
		if (at < 0)
			return false;
		raw = str_cut(raw, (u32)at + 1, raw.n);
		snprintf(want, sizeof want, "\", %llu", (unsigned long long)r->shape[i].body_n);
		at = str_find_str(raw, str_c(want));
		if (at < 0 || (str_find(raw, '[', 0) >= 0 && str_find(raw, '[', 0) < at))
			return false;
		raw = str_cut(raw, (u32)at, raw.n);
	}
	return true;
}

static u32
check_vector(struct str line, u32 (*next)(u32))
{
	struct str want = json_raw(line, "want", '"'), served = json_raw(line, "served_before_error", ',');
	struct str stream = guard_bytes(unbase64(json_raw(line, "b64", '"')));
	struct reader r;
	bool right;

	run(&r, stream, next);
	right = as_wanted(&r, want, served) && shapes_match(&r, json_raw(line, "shapes", ']'));
	if (!right)
		print_error("%.60s: want %.*s served %.*s, got %s %u accepted %u (%s)\n", (const char *)line.p,
		    STR_ARG(want), STR_ARG(served), r.end, r.status, r.accepted,
		    r.req.why ? r.req.why : r.body.why ? r.body.why : "");
	guard_free(NULL);
	return right;
}

static void
check_file(u32 (*next)(u32))
{
	FILE *f = fopen(VECTORS, "r");
	static char line[4 * 1024 * 1024];
	u32 good = 0, all = 0;

	if (!f) {
		print_message("skipped: no ../shared\n");
		skip();
	}
	while (fgets(line, sizeof line, f)) {
		all++;
		good += check_vector(str_c(line), next);
	}
	fclose(f);
	assert_true(all >= 353);
	assert_int_equal(good, all);
}

static void
test_vectors_whole(void **state)
{
	check_file(next_whole);
}

static void
test_vectors_byte_by_byte(void **state)
{
	check_file(next_byte);
}

static void
test_vectors_random_cuts(void **state)
{
	for (u32 seed = 1; seed <= 5; seed++) {
		srand(seed);
		check_file(next_random);
	}
}

static int
judge_stdin(void)
{
	static u8 bytes[STREAM_MAX];
	struct reader r;
	u8 n4[4];

	while (fread(n4, 1, 4, stdin) == 4) {
		u32 n = n4[0] | (u32)n4[1] << 8 | (u32)n4[2] << 16 | (u32)n4[3] << 24;

		if (n > sizeof bytes || fread(bytes, 1, n, stdin) != n)
			return 1;
		run(&r, str_of(bytes, n), next_whole);
		printf("%u %s %u", r.accepted, r.end, r.status);
		for (u32 i = 0; i < r.shapes; i++)
			printf(" %.*s %u %llu", STR_ARG(r.shape[i].method), r.shape[i].target.n,
			    (unsigned long long)r.shape[i].body_n);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_whole),
		cmocka_unit_test(test_vectors_byte_by_byte),
		cmocka_unit_test(test_vectors_random_cuts),
	};

	if (argc > 1 && argv[1][0] == '-' && !argv[1][1])
		return judge_stdin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
