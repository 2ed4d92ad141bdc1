/* term: a terminal, as far as a command asks a person for a secret. */
#ifndef SYS_TERM_H
#define SYS_TERM_H

#include "base/str.h"

/* Whether fd is a terminal; then what is typed is not shown while quiet is set. */
bool term_quiet(int fd, bool quiet);

/* One line into room, without its end. 0, or ERR_NONE: nothing came. */
int term_line(int fd, u8 *room, u32 n, struct str *line);

#endif
