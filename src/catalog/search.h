/* search: the word index of a catalog. Words of names, summaries, paths, tags and descriptions, small letters, with the
 * operations they stand in; words of names weigh most. */
#ifndef CATALOG_SEARCH_H
#define CATALOG_SEARCH_H

#include "base/arena.h"
#include "catalog/build.h"
#include "catalog/catalog.h"

#define SEARCH_WORD_MAX 32   /* bytes of a word that count */
#define SEARCH_QUERY_WORDS 16

struct search_hit {
	u32 op, score;
};

/* Writes the index of all operations in the build; texts: their descriptions. ERR_FULL when the arena has no room. */
int search_build(struct build *b, const struct str *texts, struct arena *a);

/* Finds the operations that fit the words of a query best: rare words and words in names count most, beginnings of
 * words count half. At most max hits, best first, equal ones in order of names. Takes 8 bytes per operation from
 * scratch and gives them back; 0 when it has no room. */
u32 search_find(const struct catalog *c, struct str query, struct arena *scratch, struct search_hit *hit, u32 max);

#endif
