#include "store/tail.h"

#include "sys/file.h"

#define LINE_BEGINS STR("{\"time\":\"")

/* Maps the next older segment of a writer. */
static bool
open_older(struct tail *t, u32 writer)
{
	struct tail_reel *r = &t->of[writer];
	char name[RING_NAME_N];
	int fd;

	file_unmap(r->text);
	r->text = STR_NONE;
	r->end = 0;
	if (!r->left)
		return false;
	ring_name(name, writer, r->segment[--r->left]);
	fd = file_open(t->dir, name, FILE_READ);
	if (fd >= 0 && file_map(fd, &r->text) == 0)
		r->end = r->text.n;
	file_close(fd);
	return true;
}

/* The line before r->end; what has no end yet is being written. */
static struct str
line_before(struct tail_reel *r)
{
	u32 end = r->end, from;

	while (end && r->text.p[end - 1] != '\n')
		end--;
	if (!end) {
		r->end = 0;
		return STR_NONE;
	}
	for (from = end - 1; from && r->text.p[from - 1] != '\n';)
		from--;
	r->end = from;
	return str_cut(r->text, from, end - 1);
}

static void
advance(struct tail *t, u32 writer)
{
	struct tail_reel *r = &t->of[writer];

	for (;;) {
		while (!r->end)
			if (!open_older(t, writer)) {
				r->line = STR_NONE;
				return;
			}
		r->line = line_before(r);
		if (t->budget < r->line.n + 1) {
			t->cut = true;
			r->line = STR_NONE;
			r->left = r->end = 0;
			return;
		}
		t->budget -= r->line.n + 1;
		if (r->line.n && str_starts(r->line, LINE_BEGINS))
			return;
	}
}

void
tail_open(struct tail *t, int dir)
{
	memset(t, 0, sizeof *t);
	t->dir = dir;
	t->budget = TAIL_BYTES;
	for (u32 w = 0; w < RING_WRITERS; w++) {
		t->of[w].left = ring_list(dir, w, t->of[w].segment, RING_SEGMENTS);
		if (t->of[w].left)
			advance(t, w);
	}
}

void
tail_close(struct tail *t)
{
	for (u32 w = 0; w < RING_WRITERS; w++)
		file_unmap(t->of[w].text);
}

struct str
tail_next(struct tail *t)
{
	struct str best = STR_NONE;
	u32 last = t->taken;

	if (last)
		advance(t, last - 1);
	t->taken = 0;
	for (u32 w = 0; w < RING_WRITERS; w++) {
		struct str line = t->of[w].line;

		if (!line.p || (best.p && str_cmp(line, best) <= 0))
			continue;
		best = line;
		t->taken = w + 1;
	}
	return best;
}
