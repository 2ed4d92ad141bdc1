/* image: the program's own image in memory. What holds addresses (tables of names, of functions) is filled in at start,
 * since the system puts the program anywhere, and is read-only from then on.
 *
 * The file of a release holds its code and its constants packed (tools/squeeze, base/pack.h): less than half of their
 * size. All that lies there as it will run is this, on pages of its own (tools/image.ld): image_entry, where the
 * process starts, unpacks, fills addresses in, and goes on to _start. The C library need not know any of it. Where
 * there is a second processor a second process does half of that, and ends; what it does not do is done without it.
 *
 * No page is ever writable and executable. Code is unpacked into a file in memory, which is sealed and then mapped for
 * execution only: that also works where the system denies mprotect the right to make pages executable (systemd's
 * MemoryDenyWriteExecute). Where there are no files in memory (Linux before 3.17) it is unpacked into plain pages and
 * mprotect makes them executable. Where neither works the process says so and ends with 127. */
#ifndef SYS_IMAGE_H
#define SYS_IMAGE_H

#include "base/str.h"

#include <link.h>

/* The parts of packed code, in this order behind the constants, where it is taken apart by what instructions consist of
 * (x86-64: a tenth smaller). Elsewhere it is one part, as it is. */
enum image_part {
	IMAGE_OPERANDS, /* for each operation, then for each after 0f: what follows it, IMAGE_HAS_; the quarters */
	IMAGE_CODE,     /* prefixes, operations, and how they are addressed */
	IMAGE_NEAR,     /* displacements of one byte */
	IMAGE_BYTE,     /* operands of one byte */
	IMAGE_HOP,      /* jumps of one byte */
	IMAGE_FAR,      /* displacements of four bytes */
	IMAGE_PLACE,    /* places named by their distance: from the first byte of the code here, highest byte first */
	IMAGE_WORD,     /* operands of four bytes */
	IMAGE_TARGET,   /* calls and jumps of four bytes, as places */
	IMAGE_PARTS
};

/* Code is put together from four quarters of as many operations. Where each but the first begins: in the code, then in
 * each part but the first, four bytes each. */
#define IMAGE_OPERANDS_N (512 + 3 * 4 * IMAGE_PARTS)

enum image_operand {
	IMAGE_HAS_MODE = 1, IMAGE_HAS_BYTE = 2, IMAGE_HAS_WORD = 4, IMAGE_HAS_HOP = 8, IMAGE_HAS_TARGET = 16,
	IMAGE_HAS_WIDE = 32, /* the word has eight bytes when a prefix says so */
	IMAGE_HAS_MORE = 64, /* is a prefix; behind 0f: has a third byte */
	IMAGE_HAS_PAIR = 128, /* two bytes */
};

/* The parts of packed MIPS code that was linked for one place and is put together for the place where it lies (half the
 * addresses and a quarter of the code that the usual way takes): numbers have their highest byte first. */
enum image_mips_part {
	IMAGE_MIPS_RUNS,  /* of four bytes: how many bytes of code << 2, and what they are, IMAGE_MIPS_RUN_ */
	IMAGE_MIPS_SHORT, /* instructions of two bytes, without what lies in JUMP and MORE; bytes of runs of bytes */
	IMAGE_MIPS_LONG,  /* of four, without what lies in JUMP */
	IMAGE_MIPS_MORE,  /* for each prefix of a short one: eleven bits that it holds, in two bytes */
	IMAGE_MIPS_JUMP,  /* targets of jumps: four bytes each, counted from the first byte of the image */
	IMAGE_MIPS_WORD,  /* words in the code that instructions read, and those of runs of addresses */
	IMAGE_MIPS_BITS,  /* one for each word read and for each upper half (lui), the lowest first: it is an address */
	IMAGE_MIPS_PARTS
};

enum image_mips_run { IMAGE_MIPS_RUN_LONG, IMAGE_MIPS_RUN_SHORT, IMAGE_MIPS_RUN_BYTES, IMAGE_MIPS_RUN_ADDRESS };

/* What image_entry calls: base is the first byte of the image, a program header; name that of the program, and behind
 * its NUL what to say when it cannot be unpacked. Returns how far from its headers the image was unpacked: 0 but where
 * code holds addresses and the system has put it where those cannot be (MIPS: from 65,536 to 65,536, within 256 MB). */
long image_start(u8 *base, const char *name);

/* Segments to be loaded that have no bytes in the file get them from the last one, where they lie packed: the number
 * of parts, the length of each, the parts. The first are the constants, the second the places of addresses in them.
 * 0, ERR_BAD when they cannot be unpacked, ERR_IO when the system has no memory for them or lets none be executed. A
 * program that is not packed is left as it is. */
int image_unpack(u8 *base, const char *name);

/* Puts two quarters of code together again, this one and the next, from the parts it was taken apart into (IMAGE_PARTS
 * of them, one after the other, with these lengths): all are n bytes at out. Whatever the parts are, nothing outside is
 * touched, but IMAGE_BEHIND bytes after them must be readable. */
#define IMAGE_BEHIND 256
void image_join(const u8 *parts, const u32 length[IMAGE_PARTS], u8 *out, u32 n, u32 quarter);

/* The same for the parts of MIPS code (IMAGE_MIPS_PARTS) and an image at base, as its 32-bit machine counts. Behind
 * the parts lie n / 32 + 1 bytes, which it uses. */
void image_mend(const u8 *parts, const u32 length[IMAGE_MIPS_PARTS], u8 *out, u32 n, u32 base);

/* Adds base to every word of the n bytes from `from` on that places names: each by its distance from the one before
 * (the first from `from`) in four bytes, seven bits in a byte, the low ones first, 128 added to all but the last byte.
 * ERR_BAD when one is not among the n bytes. */
int image_fill(const u8 *base, u8 *from, u32 n, struct str places);

/* Makes what was filled in read-only; call it first in main. The library of a dynamic program does that itself, that
 * of a static one may not. 0, or ERR_IO when the system refuses. */
int image_seal(void);

#endif
