#include "sys/image.h"

#include "base/undo.h"
#include "sys/join_mips_priv.h"
#include "sys/start_priv.h"

#include <fcntl.h>
#include <sys/mman.h>

#define NO_EXEC_SEAL 8u /* MFD_NOEXEC_SEAL: such a file may be mapped for execution, but never be run; Linux 6.3 */
#define ALL_SEALS 15    /* F_SEAL_SEAL, _SHRINK, _GROW, _WRITE */
#define ADD_SEALS 1033  /* F_ADD_SEALS */

#define FAILED(x) ((unsigned long)(x) > -4096ul)

static inline long
map(void *at, unsigned long n, long may, long how, long fd)
{
	return ask(ASK_MMAP, (long)at, (long)n, may, how, fd);
}

/* --- code that was taken apart ------------------------------------------------------------------------ */

/* What both halves share. */
struct join_tables {
	const u8 *operands, *end[IMAGE_PARTS];
	u16 far[256];  /* for each way to address: JOIN of the displacement, and JOIN_BASE */
	u16 next[512]; /* for each operation: JOIN of the operand << 8, and JOIN_ */
};

/* A half of the code. */
struct join {
	const struct join_tables *t;
	const u8 *p[IMAGE_PARTS];
	u8 *out;
	u32 at, n;
};

static inline void
join_put(struct join *j, u32 byte)
{
	if (j->at < j->n)
		j->out[j->at++] = (u8)byte;
}

static inline u32
join_take(struct join *j, enum image_part part)
{
	return j->p[part] < j->t->end[part] ? *j->p[part]++ : 0;
}

static inline u32
join_byte(struct join *j, enum image_part part)
{
	u32 byte = join_take(j, part);

	join_put(j, byte);
	return byte;
}

static inline void
join_word(struct join *j, enum image_part part, u32 n)
{
	while (n--)
		join_byte(j, part);
}

/* The distance from the byte behind these four to a place. */
static inline void
join_place(struct join *j, enum image_part part)
{
	u32 x = 0;

	for (u32 i = 0; i < 4; i++)
		x = x << 8 | join_take(j, part);
	x -= j->at + 4;
	for (u32 i = 0; i < 4; i++)
		join_put(j, x >> 8 * i);
}

/* How the operation op is addressed. True when it is one of those whose operand depends on that, and has it. */
static inline bool
join_mode(struct join *j, u32 op)
{
	u32 mode = join_byte(j, IMAGE_CODE), base = mode & 7;

	if (mode < 0xc0 && base == 4 && (join_byte(j, IMAGE_CODE) & 7) == 5 && mode < 0x40)
		join_word(j, IMAGE_FAR, 4);
	else if (mode < 0x40 && base == 5)
		join_place(j, IMAGE_PLACE);
	else if (mode >= 0x80 && mode < 0xc0)
		join_word(j, IMAGE_FAR, 4);
	else if (mode >= 0x40 && mode < 0x80)
		join_byte(j, IMAGE_NEAR);
	return (op == 0xf6 || op == 0xf7) && (mode & 0x30) == 0;
}

static inline void
join_operation(struct join *j)
{
	const u8 *operands = j->t->operands;
	u32 op, last = 0, word = 4, has;

	while (has = operands[op = join_byte(j, IMAGE_CODE)], has & IMAGE_HAS_MORE && j->at < j->n) {
		last = op;
		if (op == 0x66)
			word = 2;
	}
	if (op == 0x0f) {
		has = operands[256 + join_byte(j, IMAGE_CODE)];
		if (has & IMAGE_HAS_MORE)
			join_byte(j, IMAGE_CODE);
	}
	if (has & IMAGE_HAS_MODE && join_mode(j, op))
		has |= op & 1 ? IMAGE_HAS_WORD : IMAGE_HAS_BYTE;
	if (has & IMAGE_HAS_WIDE && (last & 0xf8) == 0x48)
		join_word(j, IMAGE_WORD, 4);
	if (has & IMAGE_HAS_WORD)
		join_word(j, word == 4 ? IMAGE_WORD : IMAGE_BYTE, word);
	if (has & IMAGE_HAS_PAIR)
		join_word(j, IMAGE_BYTE, 2);
	if (has & IMAGE_HAS_BYTE)
		join_byte(j, IMAGE_BYTE);
	if (has & IMAGE_HAS_HOP)
		join_byte(j, IMAGE_HOP);
	if (has & IMAGE_HAS_TARGET)
		join_place(j, IMAGE_TARGET);
}

/* --- the same, quickly ----------------------------------------------------------------------------------
 * What most operations need is looked up: nearly each is of another kind than the one before, and a processor that
 * guesses loses more time than the work takes. Where an operation begins is known only when the one before is, so two
 * halves of the code take turns: while one waits for memory, the other goes on. */

/* The part an operand comes from, and how many bytes it has. 0: there is none, which is no bytes of the first part. */
#define JOIN(part, n) ((part) | (n) << 4)
#define JOIN_PLACE 128 /* it is a place */
#define JOIN_BASE 256  /* one more byte says what the base is */
#define JOIN_FAR 512   /* and there is a displacement when it says 5 */

enum { JOIN_MODE = 1, JOIN_RARE = 2, JOIN_WIDE = 4 };

static inline u32
join_far(u32 mode)
{
	u32 base = mode & 7, more = mode < 0xc0 && base == 4 ? JOIN_BASE : 0;

	if (mode >= 0xc0 || (mode < 0x40 && base != 5))
		return more | 2 * more;
	if (mode < 0x40)
		return JOIN_PLACE | JOIN(IMAGE_PLACE, 4);
	return more | (mode < 0x80 ? JOIN(IMAGE_NEAR, 1) : JOIN(IMAGE_FAR, 4));
}

/* Prefixes that change nothing of how long the operation behind them is: that can be taken as the next one. */
static inline bool
join_stands_alone(u32 op)
{
	return op == 0x2e || op == 0x3e || op == 0x64 || (op >= 0xf0 && op <= 0xf3);
}

static inline u32
join_next(u32 op, u32 has)
{
	u32 kind = has & IMAGE_HAS_TARGET ? JOIN_PLACE | JOIN(IMAGE_TARGET, 4) :
	    has & IMAGE_HAS_HOP ? JOIN(IMAGE_HOP, 1) :
	    has & IMAGE_HAS_WORD ? JOIN(IMAGE_WORD, 4) :
	    has & IMAGE_HAS_BYTE ? JOIN(IMAGE_BYTE, 1) : 0;
	u32 rare = has & IMAGE_HAS_PAIR || op == 0xf6 || op == 0xf7;

	rare |= has & IMAGE_HAS_MORE && !join_stands_alone(op);
	return kind << 8 | (has & IMAGE_HAS_MODE ? JOIN_MODE : 0) | (rare ? JOIN_RARE : 0) |
	    (has & IMAGE_HAS_WIDE ? JOIN_WIDE : 0);
}

/* Up to four bytes; four are read and written. */
static inline u32
join_operand(struct join *j, u32 kind, u32 at)
{
	u32 part = kind & 15, place = -(kind / JOIN_PLACE & 1), x;
	const u8 *p = j->p[part];
	u8 *to = j->out + at;

	x = ((u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]) - (at + 4);
	x = (x & place) | (le32(p) & ~place);
	to[0] = (u8)x;
	to[1] = (u8)(x >> 8);
	to[2] = (u8)(x >> 16);
	to[3] = (u8)(x >> 24);
	kind = kind >> 4 & 7;
	j->p[part] = p + kind;
	return at + kind;
}

/* One operation at *code, to *at; what it needs is there, and room. False: nothing was done, since it has more before
 * it than a choice of registers (40 to 4f), or is rare. */
__attribute__((always_inline)) static inline bool
join_quickly(struct join *j, const u8 **code, u32 *at)
{
	const u8 *p = *code;
	u32 x = le32(p), more = (x & 0xf0) == 0x40, wide = (x & 0xf8) == 0x48, two, next, far;

	x >>= 8 * more;
	two = (x & 0xff) == 0x0f;
	x >>= 8 * two;
	next = j->t->next[two << 8 | (x & 0xff)];
	if (next & (JOIN_RARE | wide * JOIN_WIDE))
		return false;
	far = j->t->far[x >> 8 & 0xff] & -(next & JOIN_MODE);
	more += 1 + two + (next & JOIN_MODE);
	far |= JOIN(IMAGE_FAR, 4) & -(far / JOIN_FAR & ((p[more] & 7) == 5));
	undo_eight(j->out + *at, p);
	more += far / JOIN_BASE & 1;
	*code += more;
	*at += more;
	next >>= 8;
	far &= JOIN_BASE - 1;
	if (far * next > 0) { /* seldom both */
		*at = join_operand(j, far, *at);
		far = 0;
	}
	*at = join_operand(j, far | next, *at);
	return true;
}

/* Up to n operations of each half, in turns, until one is rare. True when it is the turn of the first half. */
static inline bool
join_turns(struct join *a, struct join *b, u32 n)
{
	const u8 *p = a->p[IMAGE_CODE], *q = b->p[IMAGE_CODE];
	u32 at = a->at, bt = b->at;
	bool first = true;

	for (; n; n--) {
		if (!join_quickly(a, &p, &at))
			break;
		first = join_quickly(b, &q, &bt);
		if (!first)
			break;
	}
	a->p[IMAGE_CODE] = p;
	b->p[IMAGE_CODE] = q;
	a->at = at;
	b->at = bt;
	return first;
}

/* For how many operations all is there that they may read and write: of each part at most eight bytes, and a bit more
 * is read than is meant. */
static inline u32
join_budget(const struct join *j)
{
	const u8 *end = j->t->end[IMAGE_PARTS - 1] + IMAGE_BEHIND;
	u32 least = (j->n - j->at) / 32;

	for (u32 i = 0; i < IMAGE_PARTS; i++) {
		u32 n = end > j->p[i] ? (u32)(end - j->p[i]) / 16 : 0;

		least = n < least ? n : least;
	}
	return least;
}

/* The second half begins where IMAGE_OPERANDS says behind the operands; false when it cannot. */
static inline bool
join_halves(struct join *a, struct join *b, u32 n)
{
	const u8 *half = a->t->operands + 512;

	for (u32 i = 1; i < IMAGE_PARTS; i++) {
		u32 from = le32(half + 4 * i);

		if (from > (u32)(a->t->end[i] - a->p[i]))
			return false;
		b->p[i] = a->p[i] + from;
	}
	b->p[0] = a->p[0];
	b->t = a->t;
	b->out = a->out;
	a->at = 0;
	a->n = b->at = le32(half);
	b->n = n;
	return a->n <= n;
}

IN_ONE_PIECE void
image_join(const u8 *parts, const u32 length[IMAGE_PARTS], u8 *out, u32 n)
{
	struct join_tables t;
	struct join a, b;

	if (length[IMAGE_OPERANDS] != IMAGE_OPERANDS_N)
		return;
	t.operands = parts;
	for (u32 i = 0; i < IMAGE_PARTS; i++) {
		a.p[i] = parts;
		t.end[i] = parts += length[i];
	}
	for (u32 i = 0; i < 256; i++) {
		t.far[i] = (u16)join_far(i);
		t.next[i] = (u16)join_next(i, t.operands[i]);
		t.next[256 + i] = (u16)join_next(256 + i, t.operands[256 + i]);
	}
	a.t = &t;
	a.out = out;
	if (!join_halves(&a, &b, n))
		return;
	while (a.at < a.n || b.at < b.n) {
		u32 most = join_budget(&a), other = join_budget(&b);

		if (join_turns(&a, &b, most < other ? most : other) && a.at < a.n)
			join_operation(&a);
		if (b.at < b.n)
			join_operation(&b);
	}
}

IN_ONE_PIECE void
image_mend(const u8 *parts, const u32 length[IMAGE_MIPS_PARTS], u8 *out, u32 n, u32 base)
{
	struct mend m;
	u32 end = 0;

	for (u32 i = 0; i < IMAGE_MIPS_PARTS; i++) {
		m.p[i] = parts;
		m.end[i] = parts += length[i];
	}
	m.read = (u8 *)parts;
	for (u32 i = 0; i < n / 32 + 1; i++)
		m.read[i] = 0;
	m.out = out;
	m.at = m.bits = 0;
	m.base = base;
	m.n = n;
	while (m.p[IMAGE_MIPS_RUNS] < m.end[IMAGE_MIPS_RUNS]) {
		u32 run = mend_take(&m, IMAGE_MIPS_RUNS, 4);

		end = run >> 2 < n - end ? end + (run >> 2) : n;
		mend_run(&m, run & 3, end);
	}
}

IN_ONE_PIECE int
image_fill(const u8 *base, u8 *from, u32 n, struct str places)
{
	u64 at = 0;

	while (places.n) {
		u32 gap = 0, byte = 128;

		for (u32 shift = 0; byte & 128 && places.n && shift < 28; shift += 7) {
			byte = *places.p++;
			places.n--;
			gap |= (byte & 127) << shift;
		}
		at += 4 * (u64)gap;
		if (at + sizeof(ElfW(Addr)) > n)
			return ERR_BAD;
		*(ElfW(Addr) *)(void *)(from + at) += (ElfW(Addr))base;
	}
	return 0;
}

/* --- unpacking ------------------------------------------------------------------------------------------ */

#define PARTS_MAX (2 + IMAGE_PARTS)
#define MIPS_PARTS (2 + IMAGE_MIPS_PARTS)

/* What is packed: where it belongs, and (from scratch on) its parts behind the constants. */
struct packed {
	u8 *base, *constants, *code;
	u32 constants_n, code_n, parts, length[PARTS_MAX];
	struct str in;
	u8 *pages; /* on which `in` lies, alone; NULL: not known */
	struct pack_counts *counts;
	u8 *scratch;
	unsigned long scratch_n;
};

/* False: nothing is packed. Every field is set one by one: all at once might be a call. */
static inline bool
packed_find(struct packed *k, u8 *base)
{
	const ElfW(Ehdr) *e = (const void *)base;
	const ElfW(Phdr) *h = (const void *)(base + e->e_phoff);

	k->base = base;
	k->constants = k->code = NULL;
	k->constants_n = k->code_n = 0;
	k->in = STR_NONE;
	k->pages = NULL;
	for (u32 i = 0; i < e->e_phnum; i++) {
		if (h[i].p_type != PT_LOAD)
			continue;
		if (h[i].p_filesz) {
			k->in = str_of(base + h[i].p_vaddr, h[i].p_filesz);
			k->pages = h[i].p_align > 1 ? base + (h[i].p_vaddr & -h[i].p_align) : NULL;
		} else if (h[i].p_flags & PF_W) {
			k->constants = base + h[i].p_vaddr;
			k->constants_n = (u32)h[i].p_memsz;
		} else {
			k->code = base + h[i].p_vaddr;
			k->code_n = (u32)h[i].p_memsz;
		}
	}
	return k->constants && k->code;
}

static inline int
packed_lengths(struct packed *k)
{
	const u8 *p = k->in.p;

	if (k->in.n < 4 || (k->parts = le32(p)) > PARTS_MAX || k->in.n < 4 + 4 * k->parts || k->parts < 3)
		return ERR_BAD;
	k->scratch_n = sizeof(*k->counts) + IMAGE_BEHIND;
	for (u32 i = 0; i < k->parts; i++) {
		k->length[i] = le32(p + 4 + 4 * i);
		if (k->length[i] > 1u << 24)
			return ERR_BAD;
		k->scratch_n += i ? k->length[i] : 0;
	}
	if (k->parts == MIPS_PARTS) /* what image_mend uses */
		k->scratch_n += k->code_n / 32 + 1;
	k->in = str_of(p + 4 + 4 * k->parts, k->in.n - 4 - 4 * k->parts);
	return k->length[0] > k->constants_n ? ERR_BAD : 0;
}

/* The constants to their place, the other parts behind each other. */
static inline int
packed_undo(struct packed *k)
{
	u8 *out = k->constants, *next = k->scratch;

	for (u32 i = 0; i < k->parts; i++) {
		int used = undo_part(k->in, k->counts, out, k->length[i]);

		if (used < 0)
			return used;
		k->in = str_of(k->in.p + used, k->in.n - (u32)used);
		out = next;
		next += i + 1 < k->parts ? k->length[i + 1] : 0;
	}
	return 0;
}

static inline void
code_write(struct packed *k, u8 *out)
{
	const u8 *parts = k->scratch + k->length[1];

#ifdef __mips__
	if (k->parts == MIPS_PARTS)
		image_mend(parts, k->length + 2, out, k->code_n, (u32)k->base);
#else
	if (k->parts == PARTS_MAX)
		image_join(parts, k->length + 2, out, k->code_n);
#endif
	else
		for (u32 i = 0; i < k->length[2] && i < k->code_n; i++)
			out[i] = parts[i];
}

/* Code by way of a file in memory that can never change again. Its new mapping is executed as any file that was just
 * written is; what the caches of the mapping it was written through hold (another address, so perhaps another place in
 * the cache) is settled before that one goes. */
static inline int
code_by_file(struct packed *k, const char *name)
{
	long fd = ask(SYS_memfd_create, (long)name, (long)(1u | NO_EXEC_SEAL), 0, 0, 0), at;

	if (FAILED(fd))
		fd = ask(SYS_memfd_create, (long)name, 1 | 2, 0, 0, 0); /* closed on exec, may be sealed */
	if (FAILED(fd))
		return ERR_IO;
	at = ask(SYS_ftruncate, fd, k->code_n, 0, 0, 0);
	if (!FAILED(at))
		at = map(NULL, k->code_n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd);
	if (!FAILED(at)) {
		code_write(k, (u8 *)at);
		settle_code((u8 *)at, k->code_n);
		ask(SYS_munmap, at, k->code_n, 0, 0, 0);
		ask(SYS_fcntl, fd, ADD_SEALS, ALL_SEALS, 0, 0);
		at = map(k->code, k->code_n, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd);
	}
	ask(SYS_close, fd, 0, 0, 0, 0);
	return FAILED(at) ? ERR_IO : 0;
}

/* Code in plain pages. */
static inline int
code_by_page(struct packed *k)
{
	if (FAILED(map(k->code, k->code_n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1)))
		return ERR_IO;
	code_write(k, k->code);
	settle_code(k->code, k->code_n);
	return FAILED(ask(SYS_mprotect, (long)k->code, k->code_n, PROT_READ | PROT_EXEC, 0, 0)) ? ERR_IO : 0;
}

#ifdef __mips__
#define BORDER 65536u /* addresses change by multiples of that */

/* Chooses another place for the image where its addresses cannot be: calls stay within 256 MB. */
static inline int
packed_move(struct packed *k)
{
	unsigned long from = (unsigned long)k->base, n = (unsigned long)(k->constants - k->base) + k->constants_n, to;
	long at;

	if (k->parts != MIPS_PARTS || (from % BORDER == 0 && (from ^ (from + n - 1)) >> 28 == 0))
		return 0;
	at = map(NULL, 2 * n + BORDER, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (FAILED(at))
		return ERR_IO;
	to = ((unsigned long)at + BORDER - 1) & -(unsigned long)BORDER;
	if ((to ^ (to + n - 1)) >> 28)
		to = (to + n) & 0xf0000000;
	k->code += to - from;
	k->constants += to - from;
	k->base += to - from;
	return FAILED(map(k->constants, k->constants_n, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1)) ? ERR_IO : 0;
}
#else
static inline int
packed_move(struct packed *k)
{
	return 0;
}
#endif

/* Unpacks, and says in *moved how far from its headers. */
static inline int
unpack(u8 *base, const char *name, long *moved)
{
	struct packed k;
	const u8 *end;
	long at;
	int err;

	*moved = 0;
	if (!packed_find(&k, base))
		return 0;
	end = k.in.p + k.in.n;
	if ((err = packed_lengths(&k)) || (err = packed_move(&k)))
		return err;
	*moved = k.base - base;
	at = map(NULL, k.scratch_n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	if (FAILED(at))
		return ERR_IO;
	k.counts = (void *)at;
	k.scratch = (u8 *)(k.counts + 1);
	err = packed_undo(&k);
	if (err == 0)
		err = image_fill(k.base, k.constants, k.constants_n, str_of(k.scratch, k.length[1]));
	if (err == 0 && code_by_file(&k, name))
		err = code_by_page(&k);
	ask(SYS_munmap, at, (long)k.scratch_n, 0, 0, 0);
	if (k.pages) /* what is packed is not needed any more */
		ask(SYS_madvise, (long)k.pages, end - k.pages, MADV_DONTNEED, 0, 0);
	return err;
}

IN_ONE_PIECE int
image_unpack(u8 *base, const char *name)
{
	long moved;

	return unpack(base, name, &moved);
}

__attribute__((used)) IN_ONE_PIECE long
image_start(u8 *base, const char *name)
{
	const char *text = name;
	long n = 0, moved;

	if (unpack(base, name, &moved) == 0)
		return moved;
	while (*text++)
		;
	while (text[n])
		n++;
	ask(SYS_write, 2, (long)text, n, 0, 0);
	ask(SYS_exit_group, 127, 0, 0, 0, 0);
	return 0;
}
