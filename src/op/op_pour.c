/* op_pour: a file that goes on to the API as it comes: what is left of a body whose length was said, or chunks. */
#include "http/hout.h"
#include "op/op.h"

int
op_pour_whole(const struct op_spec *spec, struct params *p)
{
	p->body.w = p->body.r;
	p->split = 0;
	p->has_body = true;
	if (spec->upload_type.n)
		p->body_type = spec->upload_type;
	buf_put(&p->body, spec->upload);
	return p->body.over ? ERR_FULL : 0;
}

int
op_pour_expect(struct op *op, const struct params *p)
{
	struct str tail = str_cut(buf_str(&p->body), p->split, buf_len(&p->body));

	op->pour = p->pour;
	op->call->more = op->open ? POUR_OPEN : p->pour + tail.n;
	if (!tail.n)
		return 0;
	op->tail = lease_take(&op->ops->calls->net->lease, tail.n);
	buf_put(&op->tail, tail);
	return op->tail.p ? 0 : ERR_FULL;
}

bool
op_hungry(const struct op *op)
{
	return op->pour && op->call && call_hungry(op->call);
}

static void
put_size(struct buf *b, u32 n)
{
	u32 digits = 1;

	while (digits < 8 && n >> (4 * digits))
		digits++;
	buf_hex(b, n, digits);
	BUF_LIT(b, "\r\n");
}

void
op_pour_first(const struct op *op, struct buf *out, struct str body)
{
	bool chunk = op->open && body.n;

	if (chunk)
		put_size(out, body.n);
	buf_put(out, body);
	if (chunk)
		BUF_LIT(out, "\r\n");
}

/* A piece of the body, as a chunk where it goes in chunks. */
static int
put(struct op *op, struct str part, msec now)
{
	u8 room[16];
	struct buf size = buf_over(room, sizeof room);

	if (!op->open)
		return call_put(op->call, part, now);
	put_size(&size, part.n);
	if (call_put(op->call, buf_str(&size), now) || call_put(op->call, part, now))
		return ERR_FULL;
	return call_put(op->call, STR("\r\n"), now);
}

void
op_pour(struct op *op, struct str part, msec now)
{
	op->poured = true;
	if (op->sum.p)
		hash_mac_add((struct hash_mac *)(void *)op->sum.p, part);
	if (!op->open)
		op->pour -= part.n;
	if (put(op, part, now) == 0 && !op->pour && op->tail.p)
		call_put(op->call, buf_str(&op->tail), now);
}

void
op_poured(struct op *op, msec now)
{
	struct str tail = op->tail.p ? buf_str(&op->tail) : STR_NONE;

	op->pour = 0;
	if (tail.n && put(op, tail, now))
		return;
	op->call->more = 5; /* the last chunk */
	call_put(op->call, STR("0\r\n\r\n"), now);
}
