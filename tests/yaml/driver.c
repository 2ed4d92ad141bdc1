/* The YAML reader behind a pipe, for a judge: each line of standard input names a file; its document goes to standard
 * output as one line of JSON, or as a line "! LINE:COLUMN what was expected". */
#include "catalog/transcribe.h"
#include "yaml/yaml.h"

#include <stdio.h>
#include <stdlib.h>

static void
one(const char *path, struct arena *a)
{
	FILE *f = fopen(path, "rb");
	u8 *p = arena_bytes(a, 8 << 20);
	struct transcript t;
	u32 line, column;
	struct str text;

	if (!f || !p) {
		printf("! cannot be opened\n");
		return;
	}
	text = str_of(p, fread(p, 1, 8 << 20, f));
	fclose(f);
	if (transcribe(&t, text, a) == 0) {
		fwrite(t.json.p, 1, t.json.n, stdout);
		putchar('\n');
		return;
	}
	yaml_place(text, t.why_at, &line, &column);
	printf("! %u:%u %s\n", line, column, t.why ? t.why : "no room");
}

int
main(void)
{
	size_t n = (size_t)128 << 20;
	struct arena a = arena_over(malloc(n), n);
	char path[4096];

	while (a.p && fgets(path, sizeof path, stdin)) {
		path[strcspn(path, "\n")] = 0;
		arena_rewind(&a, 0);
		one(path, &a);
		fflush(stdout);
	}
	free(a.p);
	return 0;
}
