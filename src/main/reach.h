/* reach: whether the servers answer that the configuration names beside the APIs: the other issuer (its keys, its
 * introspection) and the authorization servers that credentials and users' tokens come from. For `check`: all at once,
 * for a few seconds, and nothing but a GET without any secret. */
#ifndef MAIN_REACH_H
#define MAIN_REACH_H

#include "main/conf.h"

/* Prints a warning for each that cannot be reached, or does not answer as it should. */
void reach_tell(const struct conf *c);

#endif
