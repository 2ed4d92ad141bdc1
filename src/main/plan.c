#include "main/plan.h"

#include "app/app.h"
#include "base/limits.h"
#include "base/text.h"
#include "net/wtls.h"
#include "store/far.h"

#include <poll.h>

#define ROUNDING 16384 /* every carved part begins at a multiple of 16 */

static void
add(struct plan *p, const char *what, size_t bytes)
{
	ASSERT(p->rows < PLAN_ROWS);
	p->row[p->rows++] = (struct plan_row){ what, bytes };
	p->total += bytes;
}

static size_t
loop_bytes(u32 watches, u32 timers)
{
	return (watches + 2) * (sizeof(struct pollfd) + sizeof(struct watch *)) +
	    timers * sizeof(struct timer_cell) + 64;
}

void
plan_worker(struct plan *p, u32 workers)
{
	memset(p, 0, sizeof *p);
	p->files = app_watches() + 64;
	add(p, "descriptors and timers", loop_bytes(app_watches() + 12, app_timers() + 8));
	add(p, "scratch buffers", 2 * (size_t)SCRATCH_N);
	add(p, "leased blocks", lease_bytes());
	add(p, "names", dns_bytes());
	add(p, "store index", store_bytes(0));
	if (workers > 1)
		add(p, "other workers' questions", keeper_bytes());
	add(p, "audit lines", ring_bytes());
	add(p, "connections", serve_bytes());
	add(p, "upstream calls", calls_bytes());
	add(p, "operations", ops_bytes());
	add(p, "verified keys", keys_bytes());
	add(p, "TLS", wtls_bytes());
	add(p, "requests and streams", app_bytes() - serve_bytes() - calls_bytes() - ops_bytes());
	add(p, "the worker itself", sizeof(struct app) + SWITCHES_ROOM_N + ROUNDING);
}

void
plan_print(struct buf *b, const struct plan *p)
{
	for (u32 i = 0; i <= p->rows; i++) {
		const char *what = i < p->rows ? p->row[i].what : "together";
		u8 room[32];
		struct buf size = buf_over(room, sizeof room);

		text_size(&size, i < p->rows ? p->row[i].bytes : p->total);
		buf_fmt(b, "  %s", what);
		for (u32 k = (u32)strlen(what) + size.w; k < 36; k++)
			buf_byte(b, ' ');
		buf_fmt(b, "%S\n", buf_str(&size));
	}
}
