/* floor: app */
#include "app/rest_args.h"
#include "lib/kinds.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

/* The first byte chooses method and kind of body; then a path, a query and a body, a line each: what comes out is an
 * object of arguments, or a refusal that says why. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static const char *const types[] = { "application/json", "application/x-www-form-urlencoded", "text/plain", "a/b" };
	static struct jsmntok tok[RPC_TOKENS_MAX];
	static u8 out[65536], scratch[2048], why[512];
	struct field field = { .name = STR("Content-Type"), .id = FIELD_CONTENT_TYPE };
	struct req req = { .fields = { .at = &field, .max = 1, .n = 1, .first[FIELD_CONTENT_TYPE] = 1 } };
	struct str rest = str_of(data + 1, n ? n - 1 : 0), path = str_next(&rest, '\n'), value[LOCATE_PIECES];
	struct catalog_op op;
	struct rest_ask a = { .catalog = kinds_catalog(), .op = &op, .value = value, .req = &req, .tok = tok };
	struct buf w = buf_over(why, sizeof why);
	int status;

	if (n < 2 || n > 8192 || locate(kinds_catalog(), data[0] & 7, path, &op, value))
		return 0;
	field.value = str_c(types[data[0] >> 3 & 3]);
	req.query = str_next(&rest, '\n');
	a.body = rest;
	a.scratch = arena_over(scratch, sizeof scratch);
	a.out = buf_over(out, sizeof out);
	status = rest_args(&a, &w);
	ASSERT(status ? w.w > 0 : json_kind(json_root(&a.doc)) == JSON_OBJECT);
	return 0;
}
