/* ct: secrets are compared without telling how far they agree, and wiped so that the compiler
 * cannot leave it out. */
#ifndef CRYPT_CT_H
#define CRYPT_CT_H

#include "base/base.h"

/* Whether n bytes are equal, in a time that depends on n only. */
bool ct_same(const void *a, const void *b, size_t n);

/* Overwrites n bytes with zeros, also when nothing reads them any more. */
void ct_wipe(void *p, size_t n);

#endif
