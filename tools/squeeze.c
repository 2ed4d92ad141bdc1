/* Packs the constants of a release: all of its file behind the code, until start (sys/image.h).
 * usage: squeeze IN OUT                 runs on the machine that builds
 *
 * IN is a stripped static program for 64-bit little-endian machines, linked with separate code: its segments are
 * header, code, constants, data. In OUT the last two are one segment without a byte in the file, and one behind it in
 * memory holds them packed: how many there are in four bytes, low first, then what base/pack.h describes. All that
 * is filled in is read-only once image_seal was called, as relocated tables are. */
#include "packer.h"

#include <elf.h>

static u8 file[1 << 22], out[1 << 22];

static Elf64_Phdr *
segment(Elf64_Ehdr *e, u32 type, u32 skip)
{
	Elf64_Phdr *h = (Elf64_Phdr *)(file + e->e_phoff);

	for (u32 i = 0; i < e->e_phnum; i++)
		if (h[i].p_type == type && skip-- == 0)
			return &h[i];
	die("is not linked as expected", "the program");
	return NULL;
}

/* Lays constants and data out as they will be in memory. Their length. */
static u32
lay_out(const Elf64_Phdr *constant, const Elf64_Phdr *data)
{
	u64 gap = data->p_vaddr - constant->p_vaddr, n = gap + data->p_filesz;

	if (gap < constant->p_memsz || n > ROW_MAX || constant->p_vaddr & 4095)
		die("is not linked as expected", "the program");
	memcpy(row, file + constant->p_offset, constant->p_filesz);
	memcpy(row + gap, file + data->p_offset, data->p_filesz);
	return (u32)n;
}

/* The headers of OUT: constants and data become one segment that is empty in the file, and one for what is packed. */
static void
describe(Elf64_Ehdr *e, u64 at, u64 used)
{
	Elf64_Phdr *constant = segment(e, PT_LOAD, 2), *data = segment(e, PT_LOAD, 3), was = *data;
	Elf64_Phdr *sealed = segment(e, PT_GNU_RELRO, 0), *dynamic = segment(e, PT_DYNAMIC, 0);
	u64 end = (was.p_vaddr + was.p_memsz + 4095) & ~4095ull;

	constant->p_flags = PF_R | PF_W;
	constant->p_memsz = was.p_vaddr + was.p_memsz - constant->p_vaddr;
	constant->p_offset = constant->p_filesz = 0;
	*data = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R, .p_offset = at, .p_vaddr = end + at % 4096,
		.p_filesz = used, .p_memsz = used, .p_align = 4096 };
	data->p_paddr = data->p_vaddr;
	sealed->p_memsz += sealed->p_vaddr - constant->p_vaddr;
	sealed->p_vaddr = sealed->p_paddr = constant->p_vaddr;
	sealed->p_offset = sealed->p_filesz = 0;
	dynamic->p_offset = dynamic->p_filesz = 0;
	segment(e, PT_GNU_EH_FRAME, 0)->p_type = PT_NULL; /* nothing unwinds, and it lies in what is packed */
	e->e_shoff = 0;
	e->e_shnum = e->e_shstrndx = 0;
}

int
main(int argc, char **argv)
{
	Elf64_Ehdr *e = (Elf64_Ehdr *)file;
	FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL, *to;
	size_t n = from ? fread(file, 1, sizeof file, from) : 0;
	u32 length, used;
	u64 at;

	if (n < sizeof *e || n == sizeof file || memcmp(e->e_ident, ELFMAG, 4) || e->e_ident[EI_CLASS] != ELFCLASS64)
		die("usage: squeeze IN OUT, IN a 64-bit program", argc == 3 ? argv[1] : "nothing");
	at = segment(e, PT_LOAD, 1)->p_offset + segment(e, PT_LOAD, 1)->p_filesz;
	length = lay_out(segment(e, PT_LOAD, 2), segment(e, PT_LOAD, 3));
	used = pack(length);
	describe(e, at, used + 4);
	memcpy(out, file, at);
	for (u32 i = 0; i < 4; i++)
		out[at + i] = (u8)(length >> 8 * i);
	memcpy(out + at + 4, packed, used);
	to = fopen(argv[2], "wb");
	if (!to || fwrite(out, 1, at + 4 + used, to) != at + 4 + used || fclose(to))
		die("cannot be written", argv[2]);
	return 0;
}
