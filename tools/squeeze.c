/* Packs a release: its code and its constants, until start (sys/image.h).
 * usage: squeeze IN OUT                 runs on the machine that builds
 *
 * IN is a stripped static program for 64-bit little-endian machines, linked with separate code and tools/image.ld: its
 * segments are header, code, constants, data, and the end of the code, from where it starts, is what unpacks. In OUT
 * that end is a segment as it was; the code before it is one without a byte in the file, constants and data are another,
 * and one behind them in memory holds them packed. What is filled in is read-only once image_seal was called, as
 * relocated tables are. */
#include "apart.h"

#include <elf.h>

#define PAGE 4096u

static u8 file[1 << 22], out[1 << 22], image[ROW_MAX];

static Elf64_Phdr *
segment(Elf64_Ehdr *e, u32 type, u32 skip)
{
	Elf64_Phdr *h = (Elf64_Phdr *)(file + e->e_phoff);

	for (u32 i = 0; i < e->e_phnum; i++)
		if (h[i].p_type == type && skip-- == 0)
			return &h[i];
	die("is not linked as expected", "the program");
}

/* Lays constants and data out as they will be in memory. Their length. */
static u32
lay_out(const Elf64_Phdr *constant, const Elf64_Phdr *data)
{
	u64 gap = data->p_vaddr - constant->p_vaddr, n = gap + data->p_filesz;

	if (gap < constant->p_memsz || n > ROW_MAX || constant->p_vaddr % PAGE)
		die("is not linked as expected", "the program");
	memcpy(image, file + constant->p_offset, constant->p_filesz);
	memcpy(image + gap, file + data->p_offset, data->p_filesz);
	return (u32)n;
}

static void
number(u8 *p, u32 x)
{
	for (u32 i = 0; i < 4; i++)
		p[i] = (u8)(x >> 8 * i);
}

/* Packs the constants and then each part of the code to p. The bytes that takes. */
static u32
squeeze(u8 *p, u32 constants_n, const u8 *code, u32 code_n)
{
	u32 lengths[1 + IMAGE_PARTS] = { constants_n }, used = 4 + sizeof lengths;
	const u8 *from = image, *parts = apart(code, code_n, lengths + 1);

	number(p, 1 + IMAGE_PARTS);
	for (u32 i = 0; i < 1 + IMAGE_PARTS; i++) {
		u32 n;

		memcpy(row, from, lengths[i]);
		n = pack(lengths[i], i && (1u << (i - 1) & APART_WORDS));
		memcpy(p + used, packed, n);
		number(p + 4 + 4 * i, lengths[i]);
		used += n;
		from = i ? from + lengths[i] : parts;
	}
	return used;
}

static Elf64_Phdr
load(u32 may, u64 at, u64 vaddr, u64 n, u64 room)
{
	return (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = may, .p_offset = at, .p_vaddr = vaddr, .p_paddr = vaddr,
		.p_filesz = n, .p_memsz = room, .p_align = PAGE };
}

int
main(int argc, char **argv)
{
	Elf64_Ehdr *e = (Elf64_Ehdr *)file;
	FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL, *to;
	size_t n = from ? fread(file, 1, sizeof file, from) : 0;
	Elf64_Phdr head, code, constant, data, sealed, dynamic, stack, *h;
	u64 floor, start, end, at, packed_at, used;

	if (n < sizeof *e || n == sizeof file || memcmp(e->e_ident, ELFMAG, 4) || e->e_ident[EI_CLASS] != ELFCLASS64)
		die("usage: squeeze IN OUT, IN a 64-bit program", argc == 3 ? argv[1] : "nothing");
	head = *segment(e, PT_LOAD, 0), code = *segment(e, PT_LOAD, 1);
	constant = *segment(e, PT_LOAD, 2), data = *segment(e, PT_LOAD, 3);
	sealed = *segment(e, PT_GNU_RELRO, 0), dynamic = *segment(e, PT_DYNAMIC, 0), stack = *segment(e, PT_GNU_STACK, 0);
	start = e->e_entry, floor = start & -(u64)PAGE, end = code.p_vaddr + code.p_filesz;
	if (e->e_phnum < 8 || head.p_offset || code.p_vaddr % PAGE || floor <= code.p_vaddr || end <= start)
		die("is not linked as expected", argv[1]);

	at = (head.p_filesz & -(u64)PAGE) + start % PAGE; /* in the file: behind the headers, on the same place of a page */
	if (at < head.p_filesz)
		at += PAGE;
	memcpy(out + at, file + code.p_offset + (start - code.p_vaddr), end - start);
	packed_at = at + (end - start);
	used = squeeze(out + packed_at, lay_out(&constant, &data), file + code.p_offset, (u32)(floor - code.p_vaddr));

	e->e_phnum = 8;
	e->e_shoff = e->e_shnum = e->e_shstrndx = 0;
	h = (Elf64_Phdr *)(file + e->e_phoff);
	*h++ = head;
	*h++ = load(PF_R, 0, code.p_vaddr, 0, floor - code.p_vaddr);
	*h++ = load(PF_R | PF_X, at, start, end - start, end - start);
	*h++ = load(PF_R | PF_W, 0, constant.p_vaddr, 0, data.p_vaddr + data.p_memsz - constant.p_vaddr);
	end = (data.p_vaddr + data.p_memsz + PAGE - 1) & -(u64)PAGE;
	*h++ = load(PF_R, packed_at, end + packed_at % PAGE, used, used);
	dynamic.p_offset = dynamic.p_filesz = 0;
	*h++ = dynamic;
	*h++ = stack;
	sealed.p_memsz += sealed.p_vaddr - constant.p_vaddr;
	sealed.p_vaddr = sealed.p_paddr = constant.p_vaddr;
	sealed.p_offset = sealed.p_filesz = 0;
	*h++ = sealed;
	memcpy(out, file, head.p_filesz);
	to = fopen(argv[2], "wb");
	if (!to || fwrite(out, 1, packed_at + used, to) != packed_at + used || fclose(to))
		die("cannot be written", argv[2]);
	return 0;
}
