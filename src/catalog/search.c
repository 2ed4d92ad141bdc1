#include "catalog/search.h"

#include "base/map.h"
#include "catalog/naming.h"
#include "catalog/order.h"

#define TEXT_BYTES 240 /* of a description */
#define VERB_WORTH 24  /* of a method that fits a word: as much as a usual word in a summary */
#define ARGS_SEEN 24   /* arguments whose names count: where there are more, they tell little */

/* One word in one operation. */
struct seen {
	u32 word, posting; /* posting as in the file: operation, weight above 24 bits */
};

struct index {
	struct build *b;
	struct arena *arena;
	const struct str *texts;
	struct map map;
	struct str *word;   /* small letters, by number */
	struct seen *seen;
	u32 word_n, word_cap, seen_n, seen_cap, op;
};

/* Small letters, a plural s off: "Projects" is found by "project". */
static struct str
normal(struct str word, u8 space[SEARCH_WORD_MAX])
{
	u32 n = min_u32(word.n, SEARCH_WORD_MAX);

	for (u32 i = 0; i < n; i++)
		space[i] = word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] | 0x20 : word.p[i];
	if (n > 3 && space[n - 1] == 's' && space[n - 2] != 's' && space[n - 2] != 'u' && space[n - 2] != 'i')
		n--;
	return str_of(space, n);
}

/* Words that every sentence has. */
static bool
empty_word(struct str w)
{
	static const char *const words[] = { "an", "as", "at", "be", "by", "for", "from", "if", "in", "is", "it", "of",
		"on", "or", "that", "the", "thi", "this", "to", "with", "and" };

	for (u32 i = 0; i < ARRAY_N(words); i++)
		if (str_is(w, words[i]))
			return true;
	return w.n < 2;
}

/* Number of a word, new or known; CATALOG_NONE when there is no room. */
static u32
word_number(struct index *x, struct str word)
{
	u64 hash = map_hash(word, 0);
	u32 it = 0, at;

	while (map_next(&x->map, hash, &it, &at))
		if (str_same(x->word[at], word))
			return at;
	if (x->word_n == x->word_cap || map_add(&x->map, hash, x->word_n))
		return CATALOG_NONE;
	x->word[x->word_n] = arena_dup(x->arena, word);
	return x->word[x->word_n].p ? x->word_n++ : CATALOG_NONE;
}

/* Notes a word of the current operation; once, with its greatest weight. */
static void
note(struct index *x, struct str word, u32 weight, u32 first)
{
	u8 space[SEARCH_WORD_MAX];
	struct str w = normal(word, space);
	u32 at = empty_word(w) ? CATALOG_NONE : word_number(x, w);

	if (at == CATALOG_NONE)
		return;
	for (u32 i = first; i < x->seen_n; i++)
		if (x->seen[i].word == at)
			return;
	if (x->seen_n < x->seen_cap)
		x->seen[x->seen_n++] = (struct seen){ at, x->op | weight << 24 };
}

static void
words_of(struct index *x, struct str s, u32 weight, u32 first)
{
	struct str word[NAMING_WORDS];
	u32 n = naming_words(s, word, NAMING_WORDS);

	for (u32 i = 0; i < n; i++)
		note(x, word[i], weight, first);
}

static struct str
text(const struct build *b, const u8 *p)
{
	return le32(p + 4) ? str_of(b->part[PART_STRINGS].p + le32(p), le32(p + 4)) : STR_NONE;
}

static void
index_op(struct index *x, u32 at)
{
	const u8 *p = build_at(x->b, PART_OPS, at);
	u32 first = x->seen_n;

	x->op = at;
	words_of(x, text(x->b, p + OP_NAME), 8, first);
	words_of(x, text(x->b, p + OP_SUMMARY), 5, first);
	for (u32 i = 0; i < le32(p + OP_TAGS + 4); i++)
		words_of(x, text(x->b, build_at(x->b, PART_TAGS, le32(p + OP_TAGS) + i)), 4, first);
	words_of(x, text(x->b, p + OP_PATH), 3, first);
	for (u32 i = 0; i < min_u32(le32(p + OP_PARAMS + 4), ARGS_SEEN); i++)
		words_of(x, text(x->b, build_at(x->b, PART_PARAMS, le32(p + OP_PARAMS) + i)), 2, first);
	words_of(x, str_cut(x->texts[at], 0, TEXT_BYTES), 1, first);
}

static bool
by_word(const void *ctx, u32 a, u32 b)
{
	const struct index *x = ctx;

	return str_cmp(x->word[a], x->word[b]) < 0;
}

/* Writes words in order and behind each its postings: counted first, then filled in, so operations stay in order. */
static int
write(struct index *x)
{
	u32 *order = ARENA_ARRAY(x->arena, u32, x->word_n + 1), *start = ARENA_ARRAY(x->arena, u32, x->word_n + 1);
	u32 at = 0;

	if (!order || !start)
		return ERR_FULL;
	for (u32 i = 0; i < x->word_n; i++)
		order[i] = i;
	order_sort(order, x->word_n, by_word, x);
	for (u32 i = 0; i < x->seen_n; i++)
		start[x->seen[i].word]++;
	for (u32 i = 0; i < x->word_n; i++) {
		u8 *p = build_add(x->b, PART_WORDS);
		u32 n = start[order[i]];

		build_text(x->b, x->word[order[i]], p);
		put_le32(p + 8, at);
		put_le32(p + 12, n);
		start[order[i]] = at;
		at += n;
	}
	for (u32 i = 0; i < x->seen_n; i++)
		build_add(x->b, PART_POSTINGS);
	for (u32 i = 0; i < x->seen_n && !x->b->full; i++)
		put_le32(build_at(x->b, PART_POSTINGS, start[x->seen[i].word]++),
		    x->seen[i].posting << 8 | x->seen[i].posting >> 24);
	return x->b->full ? ERR_FULL : 0;
}

int
search_build(struct build *b, const struct str *texts, struct arena *a)
{
	struct index x = { .b = b, .arena = a, .texts = texts };
	u32 ops = build_count(b, PART_OPS);

	x.seen_cap = ops * 96 + 16;
	x.word_cap = ops * 24 + 256;
	x.seen = ARENA_ARRAY(a, struct seen, x.seen_cap);
	x.word = ARENA_ARRAY(a, struct str, x.word_cap);
	if (!x.seen || !x.word || map_init(&x.map, a, x.word_cap))
		return ERR_FULL;
	for (u32 i = 0; i < ops; i++)
		index_op(&x, i);
	return write(&x);
}

/* First word of the index that is not before this one. */
static u32
lower_bound(const struct catalog *c, struct str word)
{
	u32 low = 0, high = catalog_word_n(c), first, n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (str_cmp(catalog_word(c, mid, &first, &n), word) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* How much a word tells that n of all operations have: 1 for a common one, up to 15 for a rare one. */
static u32
rarity(const struct catalog *c, u32 n)
{
	u32 r = 1;

	while (r < 15 && n && c->op_n / n >> r)
		r++;
	return r;
}

/* An operation's score, and which words of the query it has, by bit. */
struct score {
	u32 sum, words;
};

static_assert(SEARCH_QUERY_WORDS <= 32, "a bit for each word");

static void
add(struct score *s, u32 n, u32 word)
{
	s->sum += n;
	s->words |= 1U << word;
}

/* What people call what a method does: such a word fits its operations, whatever they are called. */
static void
score_verb(const struct catalog *c, struct str word, u32 number, struct score *score)
{
	static const struct { const char *word; u8 methods; } verbs[] = {
		{ "create", 1 << CATALOG_POST }, { "add", 1 << CATALOG_POST }, { "new", 1 << CATALOG_POST },
		{ "list", 1 << CATALOG_GET }, { "get", 1 << CATALOG_GET }, { "show", 1 << CATALOG_GET },
		{ "read", 1 << CATALOG_GET }, { "find", 1 << CATALOG_GET },
		{ "update", 1 << CATALOG_PUT | 1 << CATALOG_PATCH },
		{ "change", 1 << CATALOG_PUT | 1 << CATALOG_PATCH },
		{ "edit", 1 << CATALOG_PUT | 1 << CATALOG_PATCH },
		{ "set", 1 << CATALOG_PUT | 1 << CATALOG_PATCH },
		{ "delete", 1 << CATALOG_DELETE }, { "remove", 1 << CATALOG_DELETE },
		{ "cancel", 1 << CATALOG_DELETE },
	};
	struct catalog_op op;
	u32 methods = 0;

	for (u32 i = 0; i < ARRAY_N(verbs); i++)
		if (str_is(word, verbs[i].word))
			methods = verbs[i].methods;
	for (u32 i = 0; i < c->op_n && methods; i++) {
		catalog_op(c, i, &op);
		if (score[i].sum && methods & 1U << op.method)
			add(&score[i], VERB_WORTH, number);
	}
}

static void
score_word(const struct catalog *c, struct str word, u32 number, struct score *score)
{
	u32 first, n;

	for (u32 i = lower_bound(c, word); i < catalog_word_n(c); i++) {
		struct str w = catalog_word(c, i, &first, &n);
		u32 worth = rarity(c, n) * (w.n == word.n ? 4 : 2);

		if (!str_starts(w, word) || (w.n > word.n && word.n < 3))
			break;
		for (u32 k = 0; k < n; k++) {
			u32 weight, op = catalog_posting(c, first + k, &weight);

			add(&score[op], weight * worth, number);
		}
	}
}

/* A short name that fits says more than a long one in which the words are two of many; and two words of the query more
 * than one of them twice. */
static u32
final(const struct catalog *c, u32 at, const struct score *score)
{
	struct catalog_op op;
	u32 words = 0;

	catalog_op(c, at, &op);
	for (u32 w = score->words; w; w &= w - 1)
		words++;
	return (u32)((u64)score->sum * words * 256 / (24 + op.name.n + op.path.n / 2)) + 1;
}

/* Keeps the best: insertion into a short sorted list. */
static u32
rank(struct search_hit *hit, u32 n, u32 max, struct search_hit h)
{
	u32 at = n < max ? n : max - 1;

	if (n == max && hit[max - 1].score >= h.score)
		return n;
	while (at > 0 && hit[at - 1].score < h.score) {
		hit[at] = hit[at - 1];
		at--;
	}
	hit[at] = h;
	return n < max ? n + 1 : n;
}

u32
search_find(const struct catalog *c, struct str query, struct arena *scratch, struct search_hit *hit, u32 max)
{
	struct str word[SEARCH_QUERY_WORDS];
	u32 words = naming_words(query, word, SEARCH_QUERY_WORDS), n = 0;
	size_t mark = scratch->used;
	struct score *score = ARENA_ARRAY(scratch, struct score, c->op_n);

	for (u32 i = 0; i < 2 * words && score; i++) { /* verbs last: alone they find nothing */
		u8 space[SEARCH_WORD_MAX];
		struct str w = normal(word[i % words], space);

		if (empty_word(w))
			continue;
		if (i < words)
			score_word(c, w, i, score);
		else
			score_verb(c, w, i - words, score);
	}
	for (u32 i = 0; i < c->op_n && score && max; i++)
		if (score[i].sum)
			n = rank(hit, n, max, (struct search_hit){ i, final(c, i, &score[i]) });
	arena_rewind(scratch, mark);
	return n;
}
