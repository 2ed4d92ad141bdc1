/* place: where things lie, for commands: the working directory, temporary directories, what kind of disk. */
#ifndef SYS_PLACE_H
#define SYS_PLACE_H

#include "base/buf.h"

#define PLACE_N 512 /* bytes of a path here, with its NUL */

/* Appends the working directory. Nothing when it cannot be told. */
void place_here(struct buf *b);

/* Whether a directory, or the nearest one above it that exists, lies in RAM and is gone after a restart. */
bool place_in_memory(const char *path);

/* Makes a private directory (0700) with a random name under $TMPDIR or /tmp, into out. 0 or ERR_IO. */
int place_temporary(const char *prefix, char out[PLACE_N]);

/* Removes a directory with all that is in it, three directories deep at most. Links are removed, not followed. */
void place_remove(const char *path);

#endif
