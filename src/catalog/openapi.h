/* openapi: walks an OpenAPI 3.0 or 3.1 document, names its operations and compiles them in order of their names. Takes
 * the document as tokens, wherever they came from. */
#ifndef CATALOG_OPENAPI_H
#define CATALOG_OPENAPI_H

#include "catalog/compile.h"

/* Compiles c->doc into c->build. refs, build, schema, servers and report are ready. ERR_BAD: no such document
 * (c->report->why); ERR_FULL. */
int openapi_compile(struct compile *c);

/* Whether the document says it is OpenAPI 3.0 or 3.1; else the report's why says what it seems to be. */
bool openapi_known(struct compile *c);

#endif
