/* floor: main */
#include "base/pack.h"
#include "main/conf.h"

const struct pack_folder pack_folders[] = { { "none", NULL, 0, 0 } };
const u32 pack_folders_n = 0;

static u8 room[CONF_ARENA_N], said[8192];

int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	struct arena a = arena_over(room, sizeof room);
	struct buf say = buf_over(said, sizeof said);
	struct conf_ask ask = { .name = "f", .text = str_of(p, n), .arena = &a, .say = &say, .no_secrets = true };
	const struct conf *c;

	if (conf_read(&ask, &c) == 0)
		ASSERT(c->gen.apis && c->listens && c->gen.public_url.n);
	else
		ASSERT(say.w);
	return 0;
}
