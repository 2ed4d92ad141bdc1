#include "sys/image.h"

#include "base/undo.h"
#include "sys/join_mips_priv.h"
#include "sys/join_x86_priv.h"
#include "sys/start_priv.h"

#include <errno.h>
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

IN_ONE_PIECE void
image_join(const u8 *parts, const u32 length[IMAGE_PARTS], u8 *out, u32 n, u32 quarter)
{
	struct join_tables t;
	struct join a, b;

	if (length[IMAGE_OPERANDS] != IMAGE_OPERANDS_N)
		return;
	join_tables(&t, parts, length);
	if (!join_begin(&a, &t, quarter, n) || !join_begin(&b, &t, quarter + 1, n))
		return;
	a.out = b.out = out;
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
	struct pack_counts *counts; /* one for each process that unpacks */
	u8 *scratch;
	unsigned long scratch_n;
	bool shared; /* two processes may unpack */
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
	k->scratch_n = 2 * sizeof(*k->counts) + IMAGE_BEHIND;
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

/* --- by two processes ----------------------------------------------------------------------------------
 * The largest part takes half of the time, so where there are two processors a second process unpacks it. What it
 * cannot do, for whatever reason, is done without it. */

#define FROM_CLONE 0x80000000l /* wait4: for a process that tells nobody of its end */
#define PROCESSORS 1024

/* Processors that we may run on, a bit for each. */
struct processors {
	unsigned long bits[PROCESSORS / 8 / sizeof(long)];
	long n; /* bytes of them; an error where there are more */
};

static inline bool
two_processors(void)
{
	struct processors set;
	u32 found = 0;

	set.n = ask(SYS_sched_getaffinity, 0, sizeof set.bits, (long)set.bits, 0, 0);
	for (long i = 0; i < set.n / (long)sizeof(long); i++)
		for (unsigned long x = set.bits[i]; x; x &= x - 1)
			found++;
	return found > 1;
}

/* Not where we run: the system might leave it there and let one wait for the other. */
static inline void
helper_elsewhere(long helper)
{
	struct processors set;
	unsigned here = 0;

	set.n = ask(SYS_sched_getaffinity, 0, sizeof set.bits, (long)set.bits, 0, 0);
	if (set.n <= 0 || FAILED(ask(SYS_getcpu, (long)&here, 0, 0, 0, 0)) || here >= 8 * (unsigned)set.n)
		return;
	set.bits[here / (8 * sizeof(long))] &= ~(1ul << here % (8 * sizeof(long)));
	ask(SYS_sched_setaffinity, helper, set.n, (long)set.bits, 0, 0);
}

/* A second process: 0 is said to that one. An error when there is no processor for it. */
static inline long
helper_begin(const struct packed *k)
{
	long helper = k->shared ? ask(SYS_clone, 0, 0, 0, 0, 0) : -EAGAIN;

	if (helper > 0)
		helper_elsewhere(helper);
	return helper;
}

/* Who does the helper's share: the helper, or who waited for one in vain. */
static inline bool
helper_lacks(long helper)
{
	int how = -1;
	long r;

	if (helper == 0 || FAILED(helper))
		return true;
	do
		r = ask(SYS_wait4, helper, (long)&how, FROM_CLONE, 0, 0);
	while (r == -EINTR);
	return r != helper || how != 0;
}

static inline void
helper_ends(long helper, int err)
{
	if (helper == 0)
		ask(SYS_exit_group, err < 0, 0, 0, 0, 0);
}

/* The part of the code that takes longest. */
static inline u32
packed_largest(const struct packed *k)
{
	u32 most = 2;

	for (u32 i = 3; i < k->parts; i++)
		most = k->length[i] > k->length[most] ? i : most;
	return most;
}

/* The largest part, or all others: the constants to their place, the other parts behind each other. */
__attribute__((noinline)) IN_ONE_PIECE static int
packed_share(const struct packed *k, bool of_helper)
{
	u32 largest = packed_largest(k);
	u8 *out = k->constants, *next = k->scratch;
	struct str in = k->in;

	for (u32 i = 0; i < k->parts; i++) {
		int used = (i == largest) != of_helper ? undo_size(in) :
		    undo_part(in, k->counts + of_helper, out, k->length[i]);

		if (used < 0)
			return used;
		in = str_of(in.p + used, in.n - (u32)used);
		out = next;
		next += i + 1 < k->parts ? k->length[i + 1] : 0;
	}
	return 0;
}

static inline int
packed_undo(const struct packed *k)
{
	long helper = helper_begin(k);
	int err = helper ? packed_share(k, false) : 0;

	if (err == 0 && helper_lacks(helper))
		err = packed_share(k, true);
	helper_ends(helper, err);
	return err;
}

#ifndef __mips__
static inline void
code_join(const struct packed *k, const u8 *parts, u8 *out)
{
	long helper = helper_begin(k);

	if (helper)
		image_join(parts, k->length + 2, out, k->code_n, 0);
	if (helper_lacks(helper))
		image_join(parts, k->length + 2, out, k->code_n, 2);
	helper_ends(helper, 0);
}
#endif

static inline void
code_write(struct packed *k, u8 *out)
{
	const u8 *parts = k->scratch + k->length[1];

#ifdef __mips__
	if (k->parts == MIPS_PARTS)
		image_mend(parts, k->length + 2, out, k->code_n, (u32)k->base);
#else
	if (k->parts == PARTS_MAX)
		code_join(k, parts, out);
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

/* Code in plain pages: these are nobody else's. */
static inline int
code_by_page(struct packed *k)
{
	k->shared = false;
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

static inline long
scratch(const struct packed *k)
{
	return map(NULL, k->scratch_n, PROT_READ | PROT_WRITE,
	           MAP_ANONYMOUS | MAP_POPULATE | (k->shared ? MAP_SHARED : MAP_PRIVATE), -1);
}

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
	k.shared = two_processors();
	at = scratch(&k);
	if (FAILED(at) && k.shared) {
		k.shared = false;
		at = scratch(&k);
	}
	if (FAILED(at))
		return ERR_IO;
	k.counts = (void *)at;
	k.scratch = (u8 *)(k.counts + 2);
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
