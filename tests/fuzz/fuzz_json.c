/* floor: json */
#include "json/jesc.h"
#include "json/json.h"
#include "json/jscan.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* The first byte says where the text is cut in two: whole and in pieces must agree, and what parses can be walked. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct jsmntok tok[4096], req[4096];
	static u8 mem[65536];
	struct arena a = arena_over(mem, sizeof mem);
	struct str s = str_of(size ? data + 1 : data, size ? size - 1 : 0), cut = str_cut(s, 0, size ? data[0] : 0);
	struct jscan j;
	struct jdoc d;
	struct jcur second;
	bool escapes;
	int n, err = json_parse(&d, s, tok, ARRAY_N(tok));

	jscan_init(&j, JSON_DEPTH_MAX, JSCAN_PATH);
	jscan_feed(&j, cut);
	jscan_feed(&j, str_cut(s, cut.n, s.n));
	ASSERT((jscan_end(&j) != 0) == (err == ERR_BAD));
	ASSERT(err != ERR_BAD || !j.why || d.fault_at == j.at);
	for (u32 i = 0; err == 0 && i < (u32)d.n; i++)
		json_raw(json_at(json_pointer(json_root(&d), STR("/a/0")), i));
	ASSERT(err || json_dup_any(json_root(&d), &a, &second) >= 0);
	n = d.n;
	escapes = d.escapes;
	if (json_parse_request(&d, s, req, ARRAY_N(tok), &a) == 0)
		ASSERT(!err && d.n == n && d.escapes == escapes && !memcmp(tok, req, sizeof *tok * (u32)n));
	return 0;
}
