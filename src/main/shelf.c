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

static int
compile(struct shelf *s, const struct flags *a, const char *path, const char *within)
{
	u8 space[640];
	struct buf why = buf_over(space, sizeof space);
	struct import im = { .text = STR_NONE };
	struct file_info info;
	int fd = file_open(FILE_HERE, path, FILE_READ | FILE_FOLLOW), err;

	if (fd < 0)
		return refuse(a, path, file_why());
	err = file_info(fd, &info);
	file_close(fd);
	if (err || info.size > FRESH_DOC_MAX)
		return refuse(a, path, err ? file_why() : "is larger than 96 MB");
	s->arena = fresh_arena(info.size);
	im.arena = &s->arena;
	im.mtime = info.changed;
	if (file_load(FILE_HERE, path, FILE_READ | FILE_FOLLOW, (u32)info.size, &s->arena, &im.text))
		return refuse(a, path, file_why());
	im.dir = fresh_dir(path, within, &im.name);
	err = import_document(&im);
	file_close(im.dir);
	s->report = im.report;
	s->report.arena = &s->arena;
	if (err) {
		report_why(&im.report, &why);
		say_errf("mcpgated %s: %s: %S\n", a->command, path, buf_str(&why));
		return EXIT_FAILED;
	}
	return catalog_open(&s->catalog, im.out) ? refuse(a, path, s->catalog.why) : FLAGS_GO;
}

int
shelf_open_within(struct shelf *s, const struct flags *a, const char *path, const char *within)
{
	u8 room[300];
	struct buf why = buf_over(room, sizeof room);

	memset(s, 0, sizeof *s);
	if (!str_ends(str_c(path), STR(".cat")))
		return compile(s, a, path, within);
	if (fresh_open(&s->catalog, FILE_HERE, path, &why) == 0)
		return FLAGS_GO;
	say_errf("mcpgated %s: %S\n", a->command, buf_str(&why));
	return EXIT_FAILED;
}

int
shelf_open(struct shelf *s, const struct flags *a, const char *path)
{
	return shelf_open_within(s, a, path, NULL);
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
