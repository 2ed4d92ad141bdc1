/* floor: catalog */
/* The input is a document. What is imported opens again, and its tools are valid JSON. */
#include "catalog/import.h"
#include "json/jscan.h"
#include "lib/tooltext.h"

static u8 room[24 << 20];

int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	struct arena a = arena_over(room, sizeof room);
	struct import im = { .arena = &a, .text = str_of(p, n), .base = STR("https://h.example/d/") };
	struct catalog_op op;
	struct catalog c;

	if (n > 65536 || import_document(&im))
		return 0;
	ASSERT(catalog_open(&c, im.out) == 0);
	ASSERT(im.report.info.counts.operations == im.report.info.counts.imported + im.report.info.counts.skipped);
	for (u32 i = 0; i < c.op_n; i++) {
		catalog_op(&c, i, &op);
		ASSERT(jscan_check(tool_text(&c, &op), 64, 0, NULL) == 0);
	}
	return 0;
}
