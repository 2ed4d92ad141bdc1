#include "store/ring_priv.h"

#include "base/crc.h"
#include "base/le.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "crypt/seal.h"
#include "sys/file.h"

#define SLOT_N 128
#define SLOT_APART 512

void
ring_name(char name[RING_NAME_N], u32 writer, u32 segment)
{
	struct buf b = buf_over(name, RING_NAME_N);

	buf_fmt(&b, "w%u-", writer + 1);
	for (u32 digit = 10000000; digit; digit /= 10)
		buf_byte(&b, (u8)('0' + segment / digit % 10));
	BUF_LIT(&b, ".log");
	buf_byte(&b, 0);
}

void
ring_derive(u8 key[HASH_N], const u8 from[HASH_N], const char *what)
{
	struct hash h;

	hash_begin(&h);
	hash_add(&h, str_of(from, HASH_N));
	hash_add(&h, str_c(what));
	hash_out(&h, key);
	ct_wipe(&h, sizeof h);
}

void
ring_first(u8 key[HASH_N], const u8 first[HASH_N], u32 writer)
{
	char what[16];

	text_c(what, sizeof what, "writer %u", writer + 1);
	ring_derive(key, first, what);
}

static void
put_hex(struct buf *b, const u8 *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		buf_hex(b, p[i], 2);
}

/* h before, number, sum, and a tag or mac: what is authenticated, and what is hashed. */
#define JOINED_N (HASH_N + 16 + RING_MAC_N)

static struct str
join(u8 all[JOINED_N], const struct ring_link *l, const u8 h[HASH_N])
{
	memcpy(all, h, HASH_N);
	put_le64(all + HASH_N, l->number);
	put_le64(all + HASH_N + 8, l->sum);
	memcpy(all + HASH_N + 16, l->mac, RING_MAC_N);
	return str_of(all, JOINED_N);
}

void
ring_mac(struct ring_link *l, const u8 h[HASH_N], u8 key[HASH_N], struct str bytes)
{
	struct hash_key k;
	u8 mac[HASH_N], once[HASH_N], all[JOINED_N];

	ring_derive(once, key, "lines");
	seal_tag(once, bytes, l->mac);
	hash_key(&k, str_of(key, HASH_N));
	hash_mac(&k, join(all, l, h), mac);
	memcpy(l->mac, mac, RING_MAC_N);
	ring_derive(key, key, "next");
	ct_wipe(once, sizeof once);
	ct_wipe(all, sizeof all);
	ct_wipe(&k, sizeof k);
}

void
ring_put_link(struct buf *b, const struct ring_link *l, u8 h[HASH_N])
{
	u8 all[JOINED_N];

	hash_once(join(all, l, h), h);
	buf_fmt(b, "{\"link\":%U,\"sum\":\"", l->number);
	buf_hex(b, l->sum, 16);
	BUF_LIT(b, "\",\"mac\":\"");
	put_hex(b, l->mac, RING_MAC_N);
	BUF_LIT(b, "\",\"h\":\"");
	put_hex(b, h, RING_MAC_N);
	BUF_LIT(b, "\"}\n");
}

bool
ring_find_link(struct str text, u32 *at, u32 *n)
{
	struct str mark = STR("{\"link\":");
	int end;

	for (*at = 0; *at < text.n; *at = (u32)end + 1) {
		end = str_find(text, '\n', *at);
		if (end < 0)
			return false;
		*n = (u32)end + 1 - *at;
		if (str_starts(str_cut(text, *at, text.n), mark))
			return true;
	}
	return false;
}

/* Slot: magic "ring", crc of the rest, link, size, segment, form (0: the first one), key, segment key, h. */
static bool
read_slot(const u8 *p, struct ring_state *s)
{
	if (memcmp(p, "ring", 4) || le32(p + 4) != crc32c(0, str_of(p + 8, SLOT_N - 8)))
		return false;
	s->link = le64(p + 8);
	s->size = le64(p + 16);
	s->segment = le32(p + 24);
	s->form = le32(p + 28);
	memcpy(s->key, p + 32, HASH_N);
	memcpy(s->segment_key, p + 64, HASH_N);
	memcpy(s->h, p + 96, HASH_N);
	return true;
}

int
ring_read_state(int fd, struct ring_state *s)
{
	struct ring_state one;
	u8 slot[SLOT_N];
	bool any = false;

	for (u32 i = 0; i < 2; i++) {
		if (file_read_at(fd, i * SLOT_APART, slot, SLOT_N) != SLOT_N || !read_slot(slot, &one))
			continue;
		if (!any || one.link > s->link)
			*s = one;
		any = true;
	}
	ct_wipe(slot, sizeof slot);
	ct_wipe(&one, sizeof one);
	return any ? 0 : ERR_NONE;
}

int
ring_write_state(int fd, const struct ring_state *s)
{
	u8 slot[SLOT_N] = "ring";
	int err;

	put_le64(slot + 8, s->link);
	put_le64(slot + 16, s->size);
	put_le32(slot + 24, s->segment);
	put_le32(slot + 28, s->form);
	memcpy(slot + 32, s->key, HASH_N);
	memcpy(slot + 64, s->segment_key, HASH_N);
	memcpy(slot + 96, s->h, HASH_N);
	put_le32(slot + 4, crc32c(0, str_of(slot + 8, SLOT_N - 8)));
	err = file_write_at(fd, s->link % 2 * SLOT_APART, slot, SLOT_N);
	ct_wipe(slot, sizeof slot);
	return err;
}
