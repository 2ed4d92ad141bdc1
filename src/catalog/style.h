/* style: how one argument travels: every style of OpenAPI, exploded or not (RFC 6570 where the two agree).
 *
 *                color=blue          color=["blue","black"]                        color={"R":100,"G":200}
 *                                    explode false        true                     explode false     true
 *   simple       blue                blue,black           blue,black               R,100,G,200       R=100,G=200
 *   label        .blue               .blue,black          .blue.black              .R,100,G,200      .R=100.G=200
 *   matrix       ;color=blue         ;color=blue,black    ;color=blue;color=black  ;color=R,100,...  ;R=100;G=200
 *   form         color=blue          color=blue,black     color=blue&color=black   color=R,100,...   R=100&G=200
 *   space, pipe  color=blue          color=blue%20black   like form                color=R%20100...  like form
 *   deepObject   color=blue          color%5B0%5D=blue    the same                 color%5BR%5D=100  the same
 *
 * What these styles leave open: an array or object inside another one travels as JSON text (in deepObject as further
 * brackets), an empty list or object is left out. */
#ifndef CATALOG_STYLE_H
#define CATALOG_STYLE_H

#include "catalog/catalog.h"
#include "json/json.h"

enum style_coding {
	STYLE_COMPONENT, /* percent-encoded but for letters, digits, - . _ ~ */
	STYLE_RESERVED,  /* allowReserved: also : / ? @ ! $ ' ( ) * , ; and = stay, and triples; never & # + [ ] */
	STYLE_COOKIE,    /* the same in a cookie: never ; or , which would begin another one */
	STYLE_RAW,       /* header fields: as it is */
};

struct style {
	struct buf *out;
	struct buf *room;    /* its free end is used to decode strings; may be out itself */
	u8 style;            /* enum catalog_style */
	u8 coding;           /* enum style_coding */
	bool explode;
	struct str name;     /* on the wire */
	const char *first;   /* before the first value: "?", "&", "; ", "" (simple, label, matrix have their own) */
	const char *sep;     /* between exploded values of style form: "&", "; " */
};

/* Appends value as `s` says. How many values were written: 0 when the list is empty and nothing was. Lack of room is
 * told by out->over. */
u32 style_put(const struct style *s, struct jcur value);

/* Appends the text of one value: strings decoded, the rest as JSON text; coded as s says. */
void style_text(const struct style *s, struct jcur value);

/* A string's decoded text, or the JSON text of anything else, for a look: escapes are decoded at the end of room. p
 * is NULL when there is no room. */
struct str style_peek(const struct buf *room, struct jcur value);

#endif
