/* swagger2: a Swagger 2.0 document told in the words of OpenAPI 3, so that everything behind it reads one language:
 * host, basePath and schemes become servers, body and form parameters a requestBody, collectionFormat a style, produces
 * the content of responses, securityDefinitions components. Schemas stay where and as they are: "#/definitions/Pet"
 * still leads there. Only the first file is told anew; what it uses of others stands in it afterwards, or refers to
 * them. */
#ifndef CATALOG_SWAGGER2_H
#define CATALOG_SWAGGER2_H

#include "catalog/refs.h"

/* Whether the document says that it is Swagger 2.0. */
bool swagger2_is(const struct jdoc *doc);

/* Replaces the text of source (with where each part of it came from), which refs has read. 0; ERR_FULL. */
int swagger2_convert(struct source *source, const struct refs *refs);

#endif
