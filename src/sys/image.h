/* image: the program's own image in memory. What holds addresses (tables of names, of functions) is filled in at start,
 * since the system puts the program anywhere, and is read-only from then on.
 *
 * A release is linked with its addresses packed as one bit each instead of 24 bytes (board.mk: PACKED), and its file
 * holds all constants packed like fs/ (tools/squeeze): half of their size. The C library need not know these forms:
 * image_entry, where the process starts, unpacks, fills in and goes on to _start. */
#ifndef SYS_IMAGE_H
#define SYS_IMAGE_H

#include "base/pack.h"

#include <link.h>

/* What image_entry calls first: base is the first byte of the image, a program header. Where a segment to be loaded has
 * no bytes in the file, the one behind it holds them packed: unpacks them. room is for PACK_BITS. */
void image_unpack(u8 *base, struct pack_bit *room);

/* What it calls then with the first byte of the image and its dynamic section: adds base to every word that the
 * packed list there (DT_RELR) names. Doing it twice is harmless: the list is empty then. */
void image_fill(char *base, ElfW(Dyn) *d);

/* Makes what was filled in read-only; call it first in main. The library of a dynamic program does that itself, that
 * of a static one may not. 0, or ERR_IO when the system refuses. */
int image_seal(void);

#endif
