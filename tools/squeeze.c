/* Packs a release: its code and its constants, until start (sys/image.h).
 * usage: squeeze IN OUT                 runs on the machine that builds
 *
 * IN is a stripped static program for any machine, linked with separate code and tools/image.ld: its segments are header,
 * code, constants, data, and the end of the code, from where it starts, is what unpacks. In OUT that end is a segment as
 * it was; the code before it is one without a byte in the file, constants and data are another, and one behind them in
 * memory holds them packed. The table of addresses, which ends the header, is packed, too. What is filled in is read-only
 * once image_seal was called, as relocated tables are.
 *
 * MIPS: code that may lie anywhere is a third longer, so IN is linked for address 0 and tells where it holds addresses
 * (ld --emit-relocs); OUT may lie anywhere all the same, since what unpacks it changes them all. */
#include "apart.h"
#include "apart_mips.h"

#include <elf.h>

#define SEGMENTS_MAX 16
#define PLACES_MAX (1 << 16)

#ifndef R_MIPS16_26
#define R_MIPS16_26 100
#endif
#ifndef R_MIPS_PC32
#define R_MIPS_PC32 248
#endif

struct segment {
	u32 type, may;
	u64 at, vaddr, n, room, align;
};

/* The program: how its machine writes numbers, and what its headers say. */
static struct {
	bool wide, big;
	u32 machine, segments, phentsize;
	u64 entry, phoff;
	struct segment segment[SEGMENTS_MAX];
} elf;

static u8 file[1 << 25], out[1 << 22], image[ROW_MAX], places[ROW_MAX], mark[ROW_MAX];
static size_t file_n;

static u64
get(u64 at, u32 n)
{
	u64 x = 0;

	if (at + n > sizeof file)
		die("is cut", "the program");
	for (u32 i = 0; i < n; i++)
		x |= (u64)file[at + i] << 8 * (elf.big ? n - 1 - i : i);
	return x;
}

static void
put(u8 *p, u64 x, u32 n)
{
	for (u32 i = 0; i < n; i++)
		p[i] = (u8)(x >> 8 * (elf.big ? n - 1 - i : i));
}

static void
read_headers(void)
{
	u32 word;

	if (file_n < 64 || file_n == sizeof file || memcmp(file, ELFMAG, 4))
		die("is no program, or too large", "the program");
	elf.wide = file[EI_CLASS] == ELFCLASS64;
	elf.big = file[EI_DATA] == ELFDATA2MSB;
	word = elf.wide ? 8 : 4;
	elf.machine = (u32)get(18, 2);
	elf.entry = get(24, word);
	elf.phoff = get(24 + word, word);
	elf.phentsize = (u32)get(30 + 3 * word, 2);
	elf.segments = (u32)get(32 + 3 * word, 2);
	if (elf.segments > SEGMENTS_MAX)
		die("has too many segments", "the program");
	for (u32 i = 0; i < elf.segments; i++) {
		u64 h = elf.phoff + i * elf.phentsize, rest = h + (elf.wide ? 8 : 4);

		elf.segment[i] = (struct segment){ (u32)get(h, 4), (u32)get(elf.wide ? h + 4 : h + 24, 4), get(rest, word),
			get(rest + word, word), get(rest + 3 * word, word), get(rest + 4 * word, word),
			get(elf.wide ? h + 48 : h + 28, word) };
	}
}

static void
write_segments(const struct segment *s, u32 n)
{
	u32 word = elf.wide ? 8 : 4;

	for (u32 i = 0; i < n; i++, s++) {
		u8 *h = out + elf.phoff + i * elf.phentsize, *rest = h + (elf.wide ? 8 : 4);

		put(h, s->type, 4);
		put(elf.wide ? h + 4 : h + 24, s->may, 4);
		put(rest, s->at, word);
		put(rest + word, s->vaddr, word);
		put(rest + 2 * word, s->vaddr, word);
		put(rest + 3 * word, s->n, word);
		put(rest + 4 * word, s->room, word);
		put(elf.wide ? h + 48 : h + 28, s->align, word);
	}
	put(out + 16, ET_DYN, 2);
	put(out + 24 + word, elf.phoff, word);
	put(out + 32 + 3 * word, n, 2);
	put(out + 24 + 2 * word, 0, word); /* no sections */
	put(out + 36 + 3 * word, 0, 2);
	put(out + 38 + 3 * word, 0, 2);
}

static struct segment *
segment(u32 type, u32 skip)
{
	for (u32 i = 0; i < elf.segments; i++)
		if (elf.segment[i].type == type && skip-- == 0)
			return &elf.segment[i];
	die("is not linked as expected", "the program");
}

/* Where in the file the byte is that lies at vaddr in memory. */
static u64
in_file(u64 vaddr)
{
	for (u32 i = 0; i < elf.segments; i++) {
		struct segment *s = &elf.segment[i];

		if (s->type == PT_LOAD && vaddr >= s->vaddr && vaddr - s->vaddr < s->n)
			return s->at + (vaddr - s->vaddr);
	}
	die("is not linked as expected", "the program");
}

/* Lays constants and data out as they will be in memory. Their length. */
static u32
lay_out(const struct segment *constant, const struct segment *data)
{
	u64 gap = data->vaddr - constant->vaddr, n = gap + data->n;

	if (gap < constant->room || n > ROW_MAX)
		die("is not linked as expected", "the program");
	memcpy(image, file + constant->at, constant->n);
	memcpy(image + gap, file + data->at, data->n);
	return (u32)n;
}

/* --- the table of addresses ------------------------------------------------------------------------------ */

/* The kind of entry that says: add where the program lies. */
static u32
relative(void)
{
	switch (elf.machine) {
	case EM_X86_64: return R_X86_64_RELATIVE;
	case EM_AARCH64: return R_AARCH64_RELATIVE;
	case EM_ARM: return R_ARM_RELATIVE;
	case EM_S390: return R_390_RELATIVE;
	}
	die("is for a machine nobody has told of here", "the program");
}

/* The entry of the dynamic section with this tag: where it is in the file, its value in *value; 0: there is none. */
static u64
dynamic(u64 tag, u64 *value)
{
	struct segment *s = segment(PT_DYNAMIC, 0);
	u32 word = elf.wide ? 8 : 4;

	for (u64 at = in_file(s->vaddr), end = at + s->n; at < end && get(at, word); at += 2 * word)
		if (get(at, word) == tag) {
			*value = get(at + word, word);
			return at + word;
		}
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	return *(const u64 *)a < *(const u64 *)b ? -1 : *(const u64 *)a > *(const u64 *)b;
}

/* Writes the places that entries name as base/pack.h wants them, with what is to be added already there. Bytes of it. */
static u32
write_places(u64 *place, u32 n, u64 from)
{
	u32 used = 0;

	qsort(place, n, sizeof *place, by_place);
	for (u32 i = 0; i < n; i++) {
		u64 gap = (place[i] - from) / 4;

		if (place[i] < from || (place[i] - from) % 4 || gap >> 28)
			die("has an address where none is expected", "the program");
		for (; gap > 127; gap >>= 7)
			places[used++] = (u8)(gap | 128);
		places[used++] = (u8)gap;
		from = place[i];
	}
	return used;
}

/* --- MIPS: what was linked for address 0 ------------------------------------------------------------------ */

/* One field of section header i: the words 3 to 9 of Elf32_Shdr. */
static u64
section(u64 i, u32 field)
{
	return get(get(32, 4) + i * get(46, 2) + 4 * field, 4);
}

enum { SECTION_NAME, SECTION_TYPE, SECTION_FLAGS, SECTION_ADDR, SECTION_OFFSET, SECTION_SIZE, SECTION_LINK, SECTION_INFO };

static const char *
text_at(u64 strings, u64 i)
{
	u64 at = section(strings, SECTION_OFFSET) + i;

	if (at >= file_n)
		die("is cut", "the program");
	return (const char *)file + at;
}

/* The section with this name; 0: there is none. */
static u64
section_of(const char *name)
{
	for (u64 i = 1, n = get(48, 2); i < n; i++)
		if (strcmp(text_at(get(50, 2), section(i, SECTION_NAME)), name) == 0)
			return i;
	return 0;
}

static void
mark_code(u64 place, u32 as)
{
	const struct segment *code = segment(PT_LOAD, 1);

	if (place - code->vaddr < code->n && place >= code->vaddr)
		mark[place - code->vaddr] |= (u8)as;
}

/* Functions say where instructions of another kind begin, and the linker's own small pieces hold an address each: they
 * load $25 for code that wants it. */
static void
take_names(void)
{
	u64 table = section_of(".symtab"), at = section(table, SECTION_OFFSET);

	if (!table)
		die("is stripped", "the program");
	for (u64 i = at, end = at + section(table, SECTION_SIZE); i < end; i += 16) {
		bool here = get(i + 14, 2) - 1 < SHN_LORESERVE - 1, is_short = (get(i + 13, 1) & 0xf0) == 0xf0;
		u64 place = get(i + 4, 4) & -2ull;

		if (!here || (get(i + 12, 1) & 15) != STT_FUNC)
			continue;
		mark_code(place, is_short ? APART_FUNCTION_SHORT : APART_FUNCTION);
		if (strncmp(text_at(section(table, SECTION_LINK), get(i, 4)), ".pic.", 5) == 0) {
			mark_code(place, APART_UPPER);
			if (get(in_file(place + 4), 4) >> 26 == 2)
				mark_code(place + 4, APART_JUMP);
		}
	}
}

/* Whether what an entry names has an address: not what nobody defines, nor a number, nor a distance. */
static bool
has_address(u64 table, u64 name)
{
	u64 at = section(table, SECTION_OFFSET) + 16 * name, where = get(at + 14, 2);

	return name && where != SHN_UNDEF && where != SHN_ABS &&
	    strcmp(text_at(section(table, SECTION_LINK), get(at, 4)), "_gp_disp") != 0;
}

/* The kind of an address, as marks say it. APART_NOTHING: it is a distance, which stays. */
static u32
kind_of(u64 entry)
{
	switch (entry) {
	case R_MIPS_32: return APART_ADDRESS;
	case R_MIPS_26: return APART_JUMP;
	case R_MIPS_HI16: return APART_UPPER;
	case R_MIPS16_26: return APART_JUMP_SHORT;
	case R_MIPS_NONE: case R_MIPS_LO16: case R_MIPS_GOT16: case R_MIPS_CALL16: case R_MIPS_PC16: case R_MIPS_JALR:
	case R_MIPS_GPREL32: case R_MIPS_PC32: return APART_NOTHING;
	}
	die("has an address of another kind", "the program");
}

/* Marks the addresses in the code and lists those among the constants, the table of addresses included. How many. */
static u32
take_addresses(u64 *place, u64 from)
{
	u64 table = section_of(".got"), at = section(table, SECTION_ADDR), end = at + section(table, SECTION_SIZE);
	u32 n = 0;

	for (at += 8; table && at < end; at += 4) /* the first two are the loader's */
		if (get(in_file(at), 4))
			place[n++] = at;
	for (u64 i = 1, all = get(48, 2); i < all; i++) {
		if (section(i, SECTION_TYPE) != SHT_REL || !section(i, SECTION_INFO) ||
		    !(section(section(i, SECTION_INFO), SECTION_FLAGS) & SHF_ALLOC))
			continue;
		at = section(i, SECTION_OFFSET);
		for (end = at + section(i, SECTION_SIZE); at < end; at += 8) {
			u64 where = get(at, 4), what = get(at + 4, 4);
			u32 kind = kind_of(what & 255);

			if (kind == APART_NOTHING || !has_address(section(i, SECTION_LINK), what >> 8))
				continue;
			mark_code(where, kind);
			if (where < from)
				continue;
			if (kind != APART_ADDRESS || n == PLACES_MAX)
				die("has an address where none is expected", "the program");
			place[n++] = where;
		}
	}
	return n;
}

/* Takes the table out of the program: before lay_out. Where the header ends without it: in *end. Bytes of `places`. */
static u32
take_places(u64 from, u64 *end)
{
	static u64 place[PLACES_MAX];
	u32 word = elf.wide ? 8 : 4, n = 0, entry;
	u64 table, size, at, size_at;
	bool added;

	if (elf.machine == EM_MIPS) {
		take_names();
		return write_places(place, take_addresses(place, from), from);
	}
	size_at = dynamic(DT_RELASZ, &size);
	added = size_at != 0;

	if (!size_at)
		size_at = dynamic(DT_RELSZ, &size);
	if (!size_at || !dynamic(added ? DT_RELA : DT_REL, &table))
		die("has no table of addresses", "the program");
	entry = (added ? 3 : 2) * word;
	at = in_file(table);
	if (at + size > segment(PT_LOAD, 0)->n)
		die("has its table of addresses elsewhere", "the program");
	for (u64 i = at; i < at + size; i += entry) {
		u64 info = get(i + word, word), kind = elf.wide ? (u32)info : info & 255;

		if (kind == 0)
			continue;
		if (kind != relative() || n == PLACES_MAX)
			die("has an address of another kind", "the program");
		place[n++] = get(i, word);
		if (added)
			put(file + in_file(place[n - 1]), get(i + 2 * word, word), word);
	}
	put(file + size_at, 0, word);
	*end = segment(PT_LOAD, 0)->n - at - size < 64 ? at : segment(PT_LOAD, 0)->n;
	return write_places(place, n, from);
}

/* Where the part ends that is read-only from main on: MIPS has its table of addresses behind what the linker counts to
 * it, and nothing else on its last page (board/mipsel/got.ld). */
static u64
sealed_end(u64 page)
{
	const struct segment *s = segment(PT_GNU_RELRO, 0);
	u64 end = s->vaddr + s->room, got, at;

	if (elf.machine != EM_MIPS || !(got = section_of(".got")))
		return end;
	at = section(got, SECTION_ADDR);
	if (at >= end && at - end < 64)
		end = (at + section(got, SECTION_SIZE) + page - 1) & -page;
	return end;
}

/* --- packing --------------------------------------------------------------------------------------------- */

static u32
part(u8 *p, u8 *number, const u8 *from, u32 n, bool words)
{
	u32 used;

	if (n > ROW_MAX)
		die("is too large", "the program");
	memcpy(row, from, n);
	used = pack(n, words);
	memcpy(p, packed, used);
	for (u32 i = 0; i < 4; i++)
		number[i] = (u8)(n >> 8 * i);
	return used;
}

/* Takes the code apart as its machine has it: the parts one behind the other, and which of them are words. How many. */
static u32
take_apart(const u8 **from, const u8 *code, u32 code_n, u32 *lengths, u32 *words)
{
	switch (elf.machine) {
	case EM_X86_64:
		*from = apart(code, code_n, lengths);
		*words = APART_WORDS;
		return IMAGE_PARTS;
	case EM_MIPS:
		*from = apart_mips(code, mark, code_n, lengths);
		*words = APART_MIPS_WORDS;
		return IMAGE_MIPS_PARTS;
	}
	*from = code;
	lengths[0] = code_n;
	*words = 1;
	return 1;
}

/* Packs constants, places and then the code to p. The bytes that takes. */
static u32
squeeze(u8 *p, u32 constants_n, u32 places_n, const u8 *code, u32 code_n)
{
	u32 lengths[IMAGE_PARTS + IMAGE_MIPS_PARTS], words, n, used;
	const u8 *from;

	n = take_apart(&from, code, code_n, lengths, &words);
	used = 4 + 4 * (2 + n);
	p[0] = (u8)(2 + n);
	used += part(p + used, p + 4, image, constants_n, false);
	used += part(p + used, p + 8, places, places_n, false);
	for (u32 i = 0; i < n; i++) {
		used += part(p + used, p + 12 + 4 * i, from, lengths[i], 1u << i & words);
		from += lengths[i];
	}
	return used;
}

/* What else the headers say stays, where its bytes do. Room for a dynamic section where there was none (place_dynamic). */
static u32
other_segments(struct segment *to, u64 head_end)
{
	u32 n = 0;

	for (u32 i = 0; i < elf.segments; i++) {
		struct segment s = elf.segment[i];

		if (s.type == PT_GNU_STACK || s.type == PT_DYNAMIC || (s.type >= PT_LOPROC && s.at + s.n <= head_end)) {
			if (s.at + s.n > head_end)
				s.at = s.n = 0;
			to[n++] = s;
		}
	}
	if (elf.machine == EM_MIPS)
		to[n++] = (struct segment){ PT_DYNAMIC, PF_R, 0, 0, 0, 0, 4 };
	return n;
}

/* The headers lie where they did when there is room for n of them, else behind all that is left of the first segment. */
static void
place_headers(struct segment *head, u32 n)
{
	if (n > elf.segments) {
		elf.phoff = (head->n + 7) & -8ull;
		head->n = elf.phoff + n * elf.phentsize;
	}
	head->room = head->n;
}

/* The dynamic section is packed with the data, and start code asks for no more than its place in memory. Whoever reads
 * the file instead (OpenWrt's ujail looks for libraries) finds one that needs none. */
static void
place_dynamic(struct segment *head, struct segment *s, u32 n)
{
	u32 word = elf.wide ? 8 : 4;

	for (; n && s->type != PT_DYNAMIC; n--)
		s++;
	if (!n || s->n)
		return;
	s->at = (head->n + word - 1) & -(u64)word;
	s->n = 4 * word;
	if (!s->room) { /* the program had none */
		s->vaddr = s->at;
		s->room = s->n;
	}
	memset(out + head->n, 0, s->at + s->n - head->n);
	put(out + s->at, DT_STRTAB, word);
	put(out + s->at + 2 * word, DT_FLAGS_1, word);
	put(out + s->at + 3 * word, DF_1_PIE, word);
	head->n = head->room = s->at + s->n;
}

/* OUT without its headers, which come to s. The bytes of OUT. */
static u64
write_out(struct segment *s, u32 *n)
{
	struct segment head = *segment(PT_LOAD, 0), code = *segment(PT_LOAD, 1), data = *segment(PT_LOAD, 3);
	struct segment constant = *segment(PT_LOAD, 2);
	u64 page = code.align, floor = elf.entry & -page, start_n = code.vaddr + code.n - elf.entry, at, behind, used;
	u32 places_n;

	if (head.at || code.vaddr % page || constant.vaddr % page || floor <= code.vaddr || start_n > code.n)
		die("is not linked as expected", "the program");
	places_n = take_places(constant.vaddr, &head.n);
	memcpy(out, file, head.n);
	*n = 6 + other_segments(s + 6, head.n);
	place_headers(&head, *n);
	place_dynamic(&head, s + 6, *n - 6);
	at = (head.n & -page) + elf.entry % page; /* in the file: behind the headers, on the same place of a page */
	if (at < head.n)
		at += page;
	memcpy(out + at, file + code.at + (elf.entry - code.vaddr), start_n);
	used = squeeze(out + at + start_n, lay_out(&constant, &data), places_n, file + code.at, (u32)(floor - code.vaddr));

	behind = (data.vaddr + data.room + page - 1) & -page;
	*s++ = head;
	*s++ = (struct segment){ PT_LOAD, PF_R, 0, code.vaddr, 0, floor - code.vaddr, page };
	*s++ = (struct segment){ PT_LOAD, PF_R | PF_X, at, elf.entry, start_n, start_n, page };
	at += start_n;
	*s++ = (struct segment){ PT_LOAD, PF_R | PF_W, 0, constant.vaddr, 0, data.vaddr + data.room - constant.vaddr, page };
	*s++ = (struct segment){ PT_LOAD, PF_R, at, behind + at % page, used, used, page };
	*s++ = (struct segment){ PT_GNU_RELRO, PF_R, 0, constant.vaddr, 0, sealed_end(page) - constant.vaddr, 1 };
	return at + used;
}

int
main(int argc, char **argv)
{
	FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL, *to;
	struct segment s[2 * SEGMENTS_MAX];
	u64 used;
	u32 n;

	if (!from)
		die("usage: squeeze IN OUT, IN a program", argc == 3 ? argv[1] : "nothing");
	file_n = fread(file, 1, sizeof file, from);
	read_headers();
	used = write_out(s, &n);
	write_segments(s, n);
	to = fopen(argv[2], "wb");
	if (!to || fwrite(out, 1, used, to) != used || fclose(to))
		die("cannot be written", argv[2]);
	return 0;
}
