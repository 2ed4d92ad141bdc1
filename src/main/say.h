/* say: what commands print. Results go to standard output, everything about them to standard error. */
#ifndef MAIN_SAY_H
#define MAIN_SAY_H

#include "base/buf.h"

/* Writes all of s. */
void say_out(struct str s);
void say_err(struct str s);

/* The same with the formats of buf_fmt, up to 1 KB; longer text is cut. */
void say_outf(const char *fmt, ...);
void say_errf(const char *fmt, ...);

#endif
