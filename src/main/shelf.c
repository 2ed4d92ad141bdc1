#include "main/shelf.h"

#include "catalog/import.h"
#include "main/fresh.h"
#include "main/say.h"
#include "sys/file.h"
#include "sys/page.h"

static int
refuse(const struct flags *a, const char *path, const char *why)
{
	say_errf("mcpgated %s: %s: %s\n", a->command, path, why);
	return EXIT_FAILED;
}

int
shelf_compile(struct shelf *s, const struct flags *a, const struct fresh *f)
{
	u8 space[640];
	struct buf why = buf_over(space, sizeof space);
	struct import im = { .text = STR_NONE };
	int code, err;

	memset(s, 0, sizeof *s);
	code = fresh_read(f, &s->arena, &im);
	if (code != FLAGS_GO)
		return code;
	err = import_document(&im);
	file_close(im.dir);
	s->report = im.report;
	s->report.arena = &s->arena;
	if (err) {
		report_why(&im.report, &why);
		say_errf("mcpgated %s: %s: %S\n", a->command, f->document, buf_str(&why));
		return EXIT_FAILED;
	}
	return catalog_open(&s->catalog, im.out) ? refuse(a, f->document, s->catalog.why) : FLAGS_GO;
}

int
shelf_open(struct shelf *s, const struct flags *a, const char *path)
{
	u8 room[300];
	struct buf why = buf_over(room, sizeof room);

	memset(s, 0, sizeof *s);
	if (!str_ends(str_c(path), STR(".cat")))
		return shelf_compile(s, a, &(struct fresh){ .document = path, .tell = true });
	if (fresh_open(&s->catalog, FILE_HERE, path, &why) == 0)
		return FLAGS_GO;
	say_errf("mcpgated %s: %S\n", a->command, buf_str(&why));
	return EXIT_FAILED;
}

u64
shelf_tool_bytes(const struct catalog *c)
{
	return catalog_tools_n(c);
}

u64
shelf_tokens(const struct catalog *c)
{
	return report_tokens(shelf_tool_bytes(c));
}
