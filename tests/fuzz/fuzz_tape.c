/* floor: main */
#include "main/tape.h"

#include "sys/file.h"

#include <sys/mman.h>
#include <unistd.h>

/* A backup of the input with one byte changed: nothing of it is taken for whole, unchanged all of it is. */
int LLVMFuzzerTestOneInput(const u8 *p, size_t n);
int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	static u8 plain[TAPE_PIECE + 128], sealed[TAPE_PIECE + 128];
	struct seal_keys keys = { 0 };
	struct rng rng;
	struct tape t = { .fd = memfd_create("tape", 0), .keys = &keys, .rng = &rng, .plain = plain, .sealed = sealed };
	struct str text;
	u8 c = 0;
	int kind, pieces = 0;

	if (n < 4 || n > TAPE_PIECE)
		return close(t.fd);
	rng_init(&rng, STR("0123456789abcdef0123456789abcdef0123456789abcdef"));
	seal_key(&keys, 1, (const u8 *)"0123456789abcdef0123456789abcdef");
	ASSERT(!tape_begin(&t) && !tape_put(&t, TAPE_FILE, STR("store/a")) && !tape_put(&t, TAPE_DATA, str_of(p, n)) &&
	    !tape_put(&t, TAPE_END, STR("")));
	file_read_at(t.fd, (p[0] | (u64)p[1] << 8) % t.at, &c, 1);
	c ^= p[2];
	file_write_at(t.fd, (p[0] | (u64)p[1] << 8) % t.at, &c, 1);
	for (kind = tape_rewind(&t) ? ERR_BAD : TAPE_FILE; kind > 0 && kind != TAPE_END; pieces++)
		kind = tape_next(&t, &text);
	ASSERT((kind == TAPE_END && pieces == 3) == (p[2] == 0));
	return close(t.fd);
}
