/* floor: catalog */
/* The input is YAML. What is transcribed is valid JSON, and its marks lie inside both texts, in order. */
#include "catalog/transcribe.h"
#include "json/jscan.h"

static u8 room[24 << 20];

int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	struct arena a = arena_over(room, sizeof room);
	struct transcript t;

	if (n > 65536)
		return 0;
	if (transcribe(&t, str_of(p, n), &a)) {
		ASSERT(!t.why || t.why_at <= n);
		return 0;
	}
	ASSERT(jscan_check(t.json, JSCAN_DEPTH_MAX, 0, NULL) == 0);
	for (u32 i = 0; i < t.origin.n; i++) {
		ASSERT(t.origin.mark[i].at < t.json.n && t.origin.mark[i].from <= n);
		ASSERT(!i || t.origin.mark[i - 1].at < t.origin.mark[i].at);
	}
	return 0;
}
