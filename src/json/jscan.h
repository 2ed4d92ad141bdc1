/* jscan: our own strict JSON validator (RFC 8259), for whole texts and for bytes that stream
 * through.
 *
 * Syntax, always: one value, strict UTF-8, no BOM, no lone surrogates, nesting up to a limit. By
 * flags, for requests: no U+0000, no number longer than 128 characters, no text over 1 MiB.
 * Duplicate keys are json.h's business.
 *
 * The streaming form takes any pieces, keeps no view of them, and can at any point say how to
 * end the text so that it is valid: that is how filter/limit cuts a body. O(n), no recursion, no
 * memory but the struct. */
#ifndef JSON_JSCAN_H
#define JSON_JSCAN_H

#include "base/buf.h"
#include "base/limits.h"

#define JSCAN_DEPTH_MAX 256 /* deepest nesting a scan can be asked to follow */
#define JSCAN_LEVELS 16     /* levels whose index and name are kept for jscan_path */
#define JSCAN_NAMES_N 160   /* bytes for the names of those levels */
#define JSCAN_KEY_N 48      /* bytes of a key in a path; longer ones are shortened */
#define JSCAN_TEXT_MAX (1024 * 1024) /* bytes, with JSCAN_SMALL */
#define JSCAN_NUMBER_MAX 128         /* characters, with JSCAN_SHORT_NUMBERS */

enum jscan_flag {
	JSCAN_NO_NUL = 1,        /* refuse \u0000 */
	JSCAN_SHORT_NUMBERS = 2, /* refuse longer numbers */
	JSCAN_SMALL = 4,         /* refuse longer texts (whole texts only) */
	JSCAN_PATH = 8,          /* keep names and indexes for jscan_path (streams only) */
	JSCAN_REQUEST = JSCAN_NO_NUL | JSCAN_SHORT_NUMBERS | JSCAN_SMALL,
};

/* What a check found: on a fault the offset of the first byte that cannot stand there and why,
 * as a static text. */
struct jscan_found {
	const char *why; /* NULL: valid */
	u32 at;          /* of the fault; length of the text when it just ends too early */
	u32 tokens;      /* values and keys seen: what json_parse needs */
	bool escapes; /* some string has a backslash */
};

struct jscan_level {
	u32 index;       /* elements or members completed by a comma */
	u8 name_n;       /* bytes of this container's own key among the names */
	bool named;      /* whether it is a member of an object */
};

struct jscan {
	const char *why;       /* set once, at the first fault */
	u64 at;                /* bytes accepted */
	u64 stack[JSCAN_DEPTH_MAX / 64]; /* bit d - 1: level d is an object */
	u32 depth;             /* open arrays and objects */
	u32 tokens;
	u32 depth_max, flags;
	bool escapes;          /* a backslash was seen in a string */
	u32 run;               /* bytes of the number, word, escape or character being read */
	u32 point;             /* code unit of a \u escape */
	const char *word;      /* what is left of true, false, null */
	u8 state, need, low, high;
	bool key;              /* the string being read is a key */
	u8 key_n, names_n;
	const u8 *key_p;       /* key in this piece; NULL: it is in key_kept */
	u8 key_kept[JSCAN_KEY_N];
	u8 names[JSCAN_NAMES_N];
	struct jscan_level level[JSCAN_LEVELS];
};

/* Checks a whole text with nesting up to depth (at most JSCAN_DEPTH_MAX). 0 or ERR_BAD. found
 * may be NULL. */
int jscan_check(struct str text, u32 depth, u32 flags, struct jscan_found *found);

/* Begins a stream. Cheap: the arrays are not cleared. */
void jscan_init(struct jscan *j, u32 depth, u32 flags);

/* Takes the next piece. 0, or ERR_BAD at the first fault (j->at bytes were good, j->why says
 * why) and ever after. */
int jscan_feed(struct jscan *j, struct str in);

/* Says that nothing follows: 0 if what was fed is one whole valid text, ERR_MORE if it is cut
 * short, ERR_BAD. */
int jscan_end(const struct jscan *j);

/* Whether a whole value has been seen (only space may follow); for a top-level number only its
 * end can tell. */
bool jscan_whole(const struct jscan *j);

/* Whether the last byte fed that is not space was a comma between elements or members of the
 * level j->depth. */
bool jscan_after_comma(const struct jscan *j);

/* Whether the next byte is inside a string (key or value). */
bool jscan_in_string(const struct jscan *j);

/* Whether level (1 .. depth) is an object; else it is an array. */
bool jscan_is_object(const struct jscan *j, u32 level);

/* Bytes at the end of what was fed that belong to an unfinished number, word, escape or
 * character: a text that is to end here must drop them before it appends jscan_finish. They may
 * reach back into an earlier piece. */
u32 jscan_loose(const struct jscan *j);

/* Appends what makes everything fed, less jscan_loose bytes, one valid text: mark and a quote
 * inside a string, null for a missing value, closing brackets. mark goes in as it is (plain
 * ASCII). */
void jscan_finish(const struct jscan *j, struct str mark, struct buf *out);

/* Appends only the closing brackets of the levels level, level - 1, .. 1: for a cut before a
 * comma of that level. */
void jscan_close(const struct jscan *j, u32 level, struct buf *out);

/* Appends where the container of level stands: keys and indexes with dots, "data.items" or
 * "3.tags"; nothing for level 1. Keys as written, shortened where they are long. Needs
 * JSCAN_PATH; ERR_NONE beyond JSCAN_LEVELS. */
int jscan_path(const struct jscan *j, u32 level, struct buf *out);

#endif
