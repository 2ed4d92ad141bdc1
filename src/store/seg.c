#include "store/seg.h"

#include "base/crc.h"
#include "crypt/ct.h"

/* Header: offsets. */
enum {
	AT_VERSION = 16,
	AT_FLAGS = 18,
	AT_NUMBER = 20,
	AT_FIRST = 24,
	AT_SEQ = 32,
	AT_ID = 40,
	AT_WALL = 56,
	AT_PREV = 64,
	AT_TAIL = 96,
	AT_CRC = 128, /* of what stands before */
	AT_MAC = 136,
	HEADER_N = 168,
};
#define FLAG_MERGED 1

/* Slot: offsets. */
enum {
	SLOT_FLAGS = 4, /* the crc stands at 0 and covers what follows it */
	SLOT_TURN = 8,
	SLOT_SEQ = 16,
	SLOT_AT = 24,
	SLOT_WALL = 28,
	SLOT_CHAIN = 32,
	SLOT_MAC = 64,
	SLOT_N = 96,
};
#define SLOT_SEALED 1

static const char magic[AT_VERSION] = "mcpgated store\r\n";

void
seg_name(char name[SEG_NAME_N], u32 number, bool temporary)
{
	struct buf b = buf_over(name, SEG_NAME_N);

	buf_fmt(&b, "%s-", temporary ? "new" : "seg");
	buf_hex(&b, number, 8);
	buf_byte(&b, 0);
	ASSERT(!b.over);
}

u32
seg_number(const char *name, bool *temporary)
{
	struct str s = str_c(name);
	u64 number = 0;

	*temporary = str_starts(s, STR("new-"));
	if (s.n != 12 || (!*temporary && !str_starts(s, STR("seg-"))))
		return 0;
	return str_hex(str_cut(s, 4, s.n), &number) < 0 ? 0 : (u32)number;
}

static void
mac_of(const struct hash_key *key, const char *what, u32 number, struct str bytes, u8 *mac)
{
	struct hash_mac m;
	u8 n[4];

	put_le32(n, number);
	hash_mac_begin(&m, key);
	hash_mac_add(&m, str_c(what));
	hash_mac_add(&m, str_of(n, sizeof n));
	hash_mac_add(&m, bytes);
	hash_mac_out(&m, mac);
	ct_wipe(&m, sizeof m);
}

/* The chain of a segment begins with its header's mac, so groups cannot be moved to another segment. */
static void
begin_chain(struct seg *s, const struct hash_key *key, const u8 mac[HASH_N])
{
	s->end = (struct chain){ key, s->number, SEG_DATA, s->seq, s->merged, { 0 } };
	memcpy(s->end.mac, mac, HASH_N);
}

void
seg_make(struct seg *s, const struct hash_key *key, wall at, u8 page[SEG_DATA])
{
	memset(page, 0, SEG_DATA);
	memcpy(page, magic, sizeof magic);
	page[AT_VERSION] = SEG_VERSION;
	page[AT_FLAGS] = s->merged ? FLAG_MERGED : 0;
	put_le32(page + AT_NUMBER, s->number);
	put_le32(page + AT_FIRST, s->first);
	put_le64(page + AT_SEQ, s->seq);
	memcpy(page + AT_ID, s->id, SEG_ID_N);
	put_le32(page + AT_WALL, at);
	memcpy(page + AT_PREV, s->prev, HASH_N);
	memcpy(page + AT_TAIL, s->tail, HASH_N);
	put_le32(page + AT_CRC, crc32c(0, str_of(page, AT_CRC)));
	mac_of(key, "header", s->number, str_of(page, AT_CRC), page + AT_MAC);
	begin_chain(s, key, page + AT_MAC);
	s->slot_turn = 1; /* odd: so the first one goes to slot A */
	seg_slot_done(s, seg_slot(s, false, at, page + SEG_SLOT_N), false);
	s->sealed = false;
	s->wall = at;
}

u32
seg_slot(const struct seg *s, bool seal, wall at, u8 slot[SEG_SLOT_N])
{
	u64 turn = s->slot_turn + 1;

	memset(slot, 0, SEG_SLOT_N);
	slot[SLOT_FLAGS] = seal ? SLOT_SEALED : 0;
	put_le64(slot + SLOT_TURN, turn);
	put_le64(slot + SLOT_SEQ, s->end.seq);
	put_le32(slot + SLOT_AT, s->end.at);
	put_le32(slot + SLOT_WALL, at);
	memcpy(slot + SLOT_CHAIN, s->end.mac, HASH_N);
	mac_of(s->end.key, "slot", s->number, str_of(slot + 4, SLOT_MAC - 4), slot + SLOT_MAC);
	put_le32(slot, crc32c(0, str_of(slot + 4, SLOT_N - 4)));
	return turn % 2 ? 2 * SEG_SLOT_N : SEG_SLOT_N;
}

void
seg_slot_done(struct seg *s, u32 at, bool seal)
{
	s->slot_turn++;
	s->slot_at = s->end.at;
	memcpy(s->slot_mac, s->end.mac, HASH_N);
	s->sealed = seal;
	ASSERT(at == (s->slot_turn % 2 ? 2 * SEG_SLOT_N : SEG_SLOT_N));
}

static bool
is_zero(const u8 *p, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (p[i])
			return false;
	}
	return true;
}

/* One slot of the page. A damaged one is no error as long as the other is good: it may be torn. */
static bool
read_slot(struct seg *s, const struct hash_key *key, const u8 *slot)
{
	u8 mac[HASH_N];
	u64 turn = le64(slot + SLOT_TURN);

	if (crc32c(0, str_of(slot + 4, SLOT_N - 4)) != le32(slot))
		return false;
	mac_of(key, "slot", s->number, str_of(slot + 4, SLOT_MAC - 4), mac);
	if (!ct_same(mac, slot + SLOT_MAC, HASH_N))
		return false;
	if (turn < s->slot_turn)
		return true;
	s->slot_turn = turn;
	s->slot_at = le32(slot + SLOT_AT);
	memcpy(s->slot_mac, slot + SLOT_CHAIN, HASH_N);
	s->sealed = slot[SLOT_FLAGS] & SLOT_SEALED;
	if (le32(slot + SLOT_WALL) > s->wall)
		s->wall = le32(slot + SLOT_WALL);
	return true;
}

static int
read_header(struct seg *s, const struct hash_key *key, const u8 *page, struct buf *why)
{
	u8 mac[HASH_N];

	if (memcmp(page, magic, sizeof magic) != 0) {
		BUF_LIT(why, "is no store segment");
		return ERR_BAD;
	}
	if (page[AT_VERSION] != SEG_VERSION || page[AT_VERSION + 1]) {
		buf_fmt(why, "has format %u, this program knows %u: use the newer program",
		        page[AT_VERSION] | (u32)page[AT_VERSION + 1] << 8, (u32)SEG_VERSION);
		return ERR_BAD;
	}
	if (crc32c(0, str_of(page, AT_CRC)) != le32(page + AT_CRC) ||
	    le32(page + AT_NUMBER) != s->number || (page[AT_FLAGS] & ~FLAG_MERGED) ||
	    !is_zero(page + AT_CRC + 4, 4) || !is_zero(page + HEADER_N, SEG_SLOT_N - HEADER_N)) {
		BUF_LIT(why, "is damaged in its header: restore the store from a backup");
		return ERR_BAD;
	}
	mac_of(key, "header", s->number, str_of(page, AT_CRC), mac);
	if (!ct_same(mac, page + AT_MAC, HASH_N)) {
		BUF_LIT(why, "was written under another master key: put the right key back");
		return ERR_BAD;
	}
	s->merged = page[AT_FLAGS] & FLAG_MERGED;
	s->first = le32(page + AT_FIRST);
	s->seq = le64(page + AT_SEQ);
	s->wall = le32(page + AT_WALL);
	memcpy(s->id, page + AT_ID, SEG_ID_N);
	memcpy(s->prev, page + AT_PREV, HASH_N);
	memcpy(s->tail, page + AT_TAIL, HASH_N);
	begin_chain(s, key, mac);
	return 0;
}

static int
check_file(int fd, struct buf *why)
{
	struct file_info info;
	int err = file_info(fd, &info);

	if (err) {
		buf_fmt(why, "cannot be looked at: %s", file_why());
		return err;
	}
	if (info.kind != FILE_REGULAR) {
		BUF_LIT(why, "is no regular file");
		return ERR_DENY;
	}
	if (info.owner != file_user()) {
		buf_fmt(why, "belongs to user %u, not to user %u", info.owner, file_user());
		return ERR_DENY;
	}
	if (info.mode & 077) {
		BUF_LIT(why, "can be read by others: chmod 600 it");
		return ERR_DENY;
	}
	if (info.size < SEG_DATA) {
		BUF_LIT(why, "is cut short: restore the store from a backup");
		return ERR_BAD;
	}
	if (info.size > SEG_SIZE_MAX) {
		BUF_LIT(why, "is larger than this program takes (1 GB)");
		return ERR_FULL;
	}
	return 0;
}

int
seg_read(struct seg *s, const struct hash_key *key, u32 number, struct buf *why)
{
	u8 page[SEG_DATA];
	bool a, b;
	int got, err = check_file(s->fd, why);

	if (err)
		return err;
	got = file_read_at(s->fd, 0, page, SEG_DATA);
	if (got != SEG_DATA) {
		buf_fmt(why, "cannot be read: %s", got < 0 ? file_why() : "it ends too early");
		return ERR_IO;
	}
	s->number = number;
	s->slot_turn = 0;
	err = read_header(s, key, page, why);
	if (err)
		return err;
	a = read_slot(s, key, page + SEG_SLOT_N);
	b = read_slot(s, key, page + 2 * SEG_SLOT_N);
	if ((!a && !b) || s->slot_at < SEG_DATA) {
		BUF_LIT(why, "is damaged in its slots: restore the store from a backup");
		return ERR_BAD;
	}
	return 0;
}

void
scan_init(struct scan *sc, struct seg *seg, u8 *window)
{
	*sc = (struct scan){ .seg = seg, .window = window };
}

/* What the window holds from the end of the chain on, after reading anew when fresh. */
static int
look(struct scan *sc, bool fresh, struct str *bytes, struct buf *why)
{
	u32 at = sc->seg->end.at, skip;

	if (fresh || at < sc->from || at > sc->from + sc->n) {
		int got = file_read_at(sc->seg->fd, at, sc->window, STORE_GROUP_N);

		if (got < 0) {
			buf_fmt(why, "cannot be read: %s", file_why());
			return ERR_IO;
		}
		sc->from = at;
		sc->n = (u32)got;
	}
	skip = at - sc->from;
	*bytes = str_of(sc->window + skip, sc->n - skip);
	return 0;
}

static int
damaged(const struct scan *sc, struct buf *why)
{
	buf_fmt(why, "is damaged at byte %u, which had been written well: restore it from a backup",
	        sc->seg->end.at);
	return ERR_BAD;
}

/* What the newest slot says of the place reached. */
static bool
slot_agrees(const struct seg *s, bool last)
{
	if (s->end.at == s->slot_at)
		return ct_same(s->end.mac, s->slot_mac, HASH_N);
	return s->end.at > s->slot_at ? !s->sealed : !last;
}

int
scan_next(struct scan *sc, struct group *g, u32 *at, struct buf *why)
{
	struct seg *s = sc->seg;
	struct str bytes;
	u32 before = s->end.at;
	int n = ERR_MORE, err;

	for (u32 turn = 0; turn < 2 && n == ERR_MORE; turn++) {
		err = look(sc, turn > 0, &bytes, why);
		if (err)
			return err;
		n = group_parse(bytes, &s->end, g);
	}
	if (n < 0)
		return slot_agrees(s, true) ? 0 : damaged(sc, why);
	/* The slot names the end of a group: one that lies across it is not what was written. */
	if (!slot_agrees(s, false) || (before < s->slot_at && s->end.at > s->slot_at))
		return damaged(sc, why);
	if (g->wall > s->wall)
		s->wall = g->wall;
	*at = before;
	return 1;
}

int
scan_tail(struct scan *sc, struct buf *why)
{
	struct seg *s = sc->seg;
	u64 at = s->end.at;

	for (;;) {
		int got = file_read_at(s->fd, at, sc->window, STORE_GROUP_N);

		sc->n = 0; /* the window no longer holds what look() thinks */
		if (got < 0) {
			buf_fmt(why, "cannot be read: %s", file_why());
			return ERR_IO;
		}
		if (group_later(str_of(sc->window, (u32)got), (u32)at, s->number, s->end.at))
			return damaged(sc, why);
		if (got < STORE_GROUP_N)
			return at > s->end.at || got > 0;
		at += STORE_GROUP_N - REC_END_N; /* an END may lie across the windows */
	}
}
