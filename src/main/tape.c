#include "main/tape.h"

#include "base/le.h"
#include "base/text.h"
#include "sys/file.h"

#define HEAD "mcpgated backup1\n"
#define HEAD_N (sizeof HEAD - 1)

/* Which piece of which backup this is. */
static struct seal_use
place(const struct tape *t, u8 room[64])
{
	struct buf b = buf_over(room, 64);

	buf_put(&b, str_of(t->id, sizeof t->id));
	buf_fmt(&b, "%U", t->pieces);
	return (struct seal_use){ STR("backup|1"), buf_str(&b) };
}

int
tape_begin(struct tape *t)
{
	t->at = t->pieces = 0;
	rng_bytes(t->rng, t->id, sizeof t->id);
	if (file_cut(t->fd, 0) || file_write_at(t->fd, 0, HEAD, HEAD_N) ||
	    file_write_at(t->fd, HEAD_N, t->id, sizeof t->id))
		return ERR_IO;
	t->at = HEAD_N + sizeof t->id;
	return 0;
}

int
tape_put(struct tape *t, enum tape_kind kind, struct str text)
{
	struct buf out = buf_over(t->sealed + 4, TAPE_PIECE + 124);
	u8 room[64];

	ASSERT(text.n <= TAPE_PIECE);
	t->plain[0] = (u8)kind;
	memmove(t->plain + 1, text.p, text.n);
	if (seal_make(t->keys, t->rng, place(t, room), str_of(t->plain, text.n + 1), &out))
		return ERR_IO;
	put_le32(t->sealed, buf_len(&out));
	if (file_write_at(t->fd, t->at, t->sealed, (u32)buf_len(&out) + 4))
		return ERR_IO;
	t->at += buf_len(&out) + 4;
	t->pieces++;
	return 0;
}

int
tape_rewind(struct tape *t)
{
	char head[HEAD_N];

	t->pieces = 0;
	t->at = HEAD_N + sizeof t->id;
	return file_read_at(t->fd, 0, head, HEAD_N) == (int)HEAD_N && memcmp(head, HEAD, HEAD_N) == 0 &&
	       file_read_at(t->fd, HEAD_N, t->id, sizeof t->id) == (int)sizeof t->id ? 0 : ERR_BAD;
}

int
tape_next(struct tape *t, struct str *text)
{
	struct buf out = buf_over(t->plain, TAPE_PIECE + 128);
	u8 length[4], room[64];
	u32 n;

	if (file_read_at(t->fd, t->at, length, 4) != 4)
		return ERR_BAD;
	n = le32(length);
	if (n < SEAL_EXTRA + 1 || n > TAPE_PIECE + 1 + SEAL_EXTRA ||
	    file_read_at(t->fd, t->at + 4, t->sealed, n) != (int)n)
		return ERR_BAD;
	if (seal_open(t->keys, place(t, room), str_of(t->sealed, n), &out))
		return ERR_BAD;
	t->at += n + 4;
	t->pieces++;
	*text = str_of(out.p + out.r + 1, buf_len(&out) - 1);
	return out.p[out.r];
}
