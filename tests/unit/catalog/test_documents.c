/* The real documents of ../shared/data/openapi (or $SHARED): none is aborted, counts add up, every tool is what the
 * strictest client takes, in the time and memory that an import is given. */
#include "catalog/search.h"
#include "strict.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* Far above what any of them takes, under sanitizers and in an emulator, too: finds what has become quadratic. What the
 * budget allows (2 s) is shown by tests/live/documents.sh. */
#define BUDGET 20.0
#define ARENA ((size_t)160 << 20)

static const struct {
	const char *path;
	u32 operations, skipped; /* counted in the document by other means */
} documents[] = {
	{ "awork/swagger.json", 672, 0 },
	{ "github/api.github.com.json", 1223, 0 },
	{ "stripe/spec3.json", 355, 0 },
	{ "twilio/twilio_api_v2010.json", 197, 0 },
	{ "grocy/grocy.openapi.json", 86, 0 },
	{ "alertmanager/openapi.yaml", 9, 0 },
	{ "evcc/openapi.yaml", 73, 0 },
	{ "forgejo/swagger.v1.json", 457, 0 },
	{ "frigate/frigate-api.yaml", 179, 0 },
	{ "go2rtc/openapi.yaml", 68, 0 }, /* 24 of them with a query in their path */
	{ "gotify/spec.json", 42, 0 },
	{ "harbor/swagger.yaml", 203, 0 },
	{ "kubernetes/swagger.yaml", 945, 0 },
	{ "netbox/openapi.yaml", 1124, 0 },
	{ "openhue/src/main.yaml", 133, 0 }, /* 215 files */
	{ "portainer/swagger.yaml", 339, 0 },
	{ "vikunja/swagger.json", 169, 0 },
	{ "workos/open-api-spec.yaml", 212, 0 },
	{ "oai-learn/examples/v2.0/yaml/petstore-separate/spec/swagger.yaml", 4, 0 },
	{ "oai-learn/examples/v3.0/uspto.yaml", 3, 0 },
	{ "oai-learn/examples/v3.1/webhook-example.yaml", 0, 0 },
	{ "oai-learn/examples/v3.2/3.2-tags-example.yaml", 4, 0 },
};

static int
folder(void)
{
	char path[512];
	const char *top = getenv("SHARED");

	snprintf(path, sizeof path, "%s/data/openapi", top ? top : "../shared");
	return open(path, O_RDONLY | O_DIRECTORY);
}

/* The whole file in memory that the caller frees; p is NULL when it is not there. */
static struct str
slurp(const char *name)
{
	char path[512];
	const char *top = getenv("SHARED");
	FILE *f;
	u8 *p;
	long n;

	snprintf(path, sizeof path, "%s/data/openapi/%s", top ? top : "../shared", name);
	f = fopen(path, "rb");
	if (!f)
		return STR_NONE;
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	p = malloc((size_t)n);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, (size_t)n, f), n);
	fclose(f);
	return str_of(p, (size_t)n);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
counts_add_up(const struct made *m, u32 skipped)
{
	const struct report *r = &m->im.report;
	const struct catalog_counts *n = &r->info.counts;
	u32 seen = 0;

	assert_int_equal(n->operations, n->imported + n->skipped);
	assert_int_equal(n->skipped, skipped);
	assert_int_equal(n->imported, n->reads + n->writes + n->destructives);
	assert_int_equal(n->imported, m->c.op_n);
	for (u32 i = 0; i < r->n; i++)
		seen += r->item[i].kind == REPORT_SKIP;
	assert_int_equal(seen, n->skipped);
}

/* No pointer out of the document's own text keeps an operation from being called: pieces, arguments and nodes hang
 * together. */
static void
paths_hang_together(const struct catalog *c)
{
	for (u32 i = 0; i < c->op_n; i++) {
		struct catalog_op op;
		struct catalog_piece piece;
		struct catalog_param param;
		char path[2048] = "";

		catalog_op(c, i, &op);
		for (u32 k = 0; k < op.piece_n; k++) {
			catalog_piece(c, &op, k, &piece);
			if (piece.param != CATALOG_NONE)
				catalog_param(c, &op, piece.param, &param);
			snprintf(path + strlen(path), sizeof path - strlen(path), piece.param == CATALOG_NONE ? "%.*s" : "{%.*s}",
			    STR_ARG(piece.param == CATALOG_NONE ? piece.literal : param.wire));
		}
		if (!str_is(op.path, path))
			fail_msg("%.*s is not %s", STR_ARG(op.path), path);
	}
}

/* A thousand operations are searched in less than a millisecond. */
static void
search_is_fast(const struct catalog *c)
{
	static const char *const words[] = { "create an issue", "list repositories of a user", "delete branch protection",
		"get the available things", "ip address prefix", "secrets", "update pods status in a namespace" };
	static u8 room[1 << 20];
	struct search_hit hit[20];
	double start = seconds();
	u32 found = 0;

	for (u32 i = 0; i < 20 * ARRAY_N(words); i++) {
		struct arena a = arena_over(room, sizeof room);

		found += search_find(c, str_c(words[i % ARRAY_N(words)]), &a, hit, 20);
	}
	start = (seconds() - start) / (20 * ARRAY_N(words));
	print_message("speed: a search among %u operations: %.0f us\n", c->op_n, start * 1e6);
	assert_true(found > 0 && start < BUDGET / 2000);
}

static void
one(u32 i)
{
	struct str text = slurp(documents[i].path);
	struct made m;
	double start = seconds(), took;

	if (!text.p) {
		print_message("skipped: no ../shared (%s)\n", documents[i].path);
		return;
	}
	memset(&m, 0, sizeof m);
	m.arena = arena_over(malloc(ARENA), ARENA);
	m.im = (struct import){ .arena = &m.arena, .text = text, .name = str_c(documents[i].path), .dir = folder() };
	m.err = import_document(&m.im);
	close(m.im.dir);
	took = seconds() - start;
	assert_int_equal(m.err, 0);
	print_message("%-30s %u of %u operations, %u tokens, %.3f s, arena %zu KB, file %u KB\n", documents[i].path,
	    m.im.report.info.counts.imported, m.im.report.info.counts.operations,
	    (u32)report_tokens(m.im.report.tool_bytes), took, m.arena.peak / 1024, m.im.out.n / 1024);
	assert_int_equal(catalog_open(&m.c, m.im.out), 0);
	assert_int_equal(m.im.report.info.counts.operations, documents[i].operations);
	counts_add_up(&m, documents[i].skipped);
	strict_catalog(&m.c);
	paths_hang_together(&m.c);
	made_walk(&m.c);
	if (m.c.op_n > 1000)
		search_is_fast(&m.c);
	assert_true(text.n < 20000 || m.arena.peak <= import_arena_bytes(text.n));
	/* what every operation costs weighs more in the small ones */
	assert_true(text.n < 50000 || m.im.out.n < text.n);
	assert_true(took < BUDGET);
	made_free(&m);
	free((void *)(uintptr_t)text.p);
}

static void
test_documents(void **state)
{
	for (u32 i = 0; i < ARRAY_N(documents); i++)
		one(i);
}

/* 20 KB of YAML cut at every byte (with FULL in the environment; else at some): refused or a catalog that opens. */
static void
test_truncated(void **state)
{
	struct str text = slurp("go2rtc/openapi.yaml");
	u32 step = getenv("FULL") ? 1 : 61, taken = 0;
	struct made m;

	for (u32 n = 0; text.p && n < 20480; n += step) {
		made_import(&m, guard_bytes(str_cut(text, 0, n)), MADE_ARENA);
		if (!m.err) {
			assert_int_equal(catalog_open(&m.c, m.im.out), 0);
			made_walk(&m.c);
			taken++;
		} else {
			assert_int_equal(m.err, ERR_BAD);
			assert_non_null(m.im.report.why);
		}
		made_free(&m);
		guard_free(NULL);
	}
	print_message("%u of the cut documents were taken\n", taken);
	free((void *)(uintptr_t)text.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_documents), cmocka_unit_test(test_truncated) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
