#include "json/jscan.h"

#include "base/utf8.h"
#include "json/jblock.h"
#include "json/jscan_priv.h"

static_assert(JSON_DEPTH_MAX <= JSCAN_DEPTH_MAX, "a scan can follow what the limits allow");

enum class {
	C_BAD, C_SPACE, C_QUOTE, C_OBJECT, C_ARRAY, C_END_OBJECT, C_END_ARRAY, C_COMMA, C_COLON,
	C_NUMBER, C_WORD, C_ALL
};

static const u8 class_of[256] = {
	[' '] = C_SPACE, ['\t'] = C_SPACE, ['\n'] = C_SPACE, ['\r'] = C_SPACE, ['"'] = C_QUOTE,
	['{'] = C_OBJECT, ['['] = C_ARRAY, ['}'] = C_END_OBJECT, [']'] = C_END_ARRAY,
	[','] = C_COMMA, [':'] = C_COLON, ['t'] = C_WORD, ['f'] = C_WORD, ['n'] = C_WORD,
	['-'] = C_NUMBER, ['0'] = C_NUMBER, ['1'] = C_NUMBER, ['2'] = C_NUMBER, ['3'] = C_NUMBER,
	['4'] = C_NUMBER, ['5'] = C_NUMBER, ['6'] = C_NUMBER, ['7'] = C_NUMBER, ['8'] = C_NUMBER,
	['9'] = C_NUMBER,
};

enum act { A_BAD, A_SPACE, A_STRING, A_KEY, A_OPEN, A_CLOSE, A_COMMA, A_COLON, A_NUMBER, A_WORD };

#define VALUES                                                                           \
	[C_SPACE] = A_SPACE, [C_QUOTE] = A_STRING, [C_OBJECT] = A_OPEN, [C_ARRAY] = A_OPEN, \
	[C_NUMBER] = A_NUMBER, [C_WORD] = A_WORD

static const u8 act_of[STRUCTURAL][C_ALL] = {
	[VALUE] = { VALUES },
	[FIRST] = { VALUES, [C_END_ARRAY] = A_CLOSE },
	[KEY] = { [C_SPACE] = A_SPACE, [C_QUOTE] = A_KEY },
	[FIRST_KEY] = { [C_SPACE] = A_SPACE, [C_QUOTE] = A_KEY, [C_END_OBJECT] = A_CLOSE },
	[COLON] = { [C_SPACE] = A_SPACE, [C_COLON] = A_COLON },
	[AFTER] = { [C_SPACE] = A_SPACE, [C_COMMA] = A_COMMA, [C_END_OBJECT] = A_CLOSE,
		    [C_END_ARRAY] = A_CLOSE },
};

#define NOTHING_MORE "nothing may follow the value"

static const char *const wanted[STRUCTURAL] = {
	[VALUE] = "a value should stand here",
	[FIRST] = "a value or ] should stand here",
	[KEY] = "a key in quotes should stand here",
	[FIRST_KEY] = "a key in quotes or } should stand here",
	[COLON] = "a colon should stand here",
	[AFTER] = "a comma or a closing bracket should stand here",
};

static const u8 *
fault(struct jscan *j, const u8 *p, const char *why)
{
	j->why = why;
	return p;
}

void
jscan_init(struct jscan *j, u32 depth, u32 flags)
{
	ASSERT(depth <= JSCAN_DEPTH_MAX);
	j->why = NULL;
	j->at = 0;
	j->depth = j->tokens = j->run = j->point = 0;
	j->depth_max = depth;
	j->flags = flags;
	j->word = NULL;
	j->state = VALUE;
	j->need = j->low = j->high = 0;
	j->key = j->escapes = false;
	j->key_p = NULL;
	j->key_n = j->names_n = 0;
}

bool
jscan_is_object(const struct jscan *j, u32 level)
{
	return j->stack[(level - 1) / 64] >> ((level - 1) % 64) & 1;
}

/* --- names: kept only for containers, when they open ----------------------------------------- */

/* Appends bytes of a key that runs over pieces. */
static void
key_more(struct jscan *j, const u8 *from, const u8 *to)
{
	u32 n = min_u32((u32)(to - from), (u32)(JSCAN_KEY_N - j->key_n));

	memcpy(j->key_kept + j->key_n, from, n);
	j->key_n = (u8)(j->key_n + n);
}

/* Remembers what a piece (begin to end) holds of the key being read, before the piece goes away. */
static void
key_keep(struct jscan *j, const u8 *begin, const u8 *end)
{
	bool inside = j->key && jscan_in_string(j);

	if (j->key_p) {
		begin = j->key_p;
		if (!inside)
			end = begin + j->key_n;
		j->key_n = 0;
		j->key_p = NULL;
	} else if (!inside) {
		return;
	}
	key_more(j, begin, end);
}

/* The key's last byte was just before p; begin is where this piece begins when the key began in an
 * earlier one. */
static void
key_end(struct jscan *j, const u8 *begin, const u8 *p)
{
	if (j->key_p)
		j->key_n = (u8)min_u32((u32)(p - j->key_p), JSCAN_KEY_N);
	else
		key_more(j, begin, p);
}

static void
level_open(struct jscan *j, bool member)
{
	struct jscan_level *l = &j->level[j->depth - 1];
	u32 n = member ? min_u32(j->key_n, (u32)(JSCAN_NAMES_N - j->names_n)) : 0;

	l->index = 0;
	l->named = member;
	l->name_n = (u8)n;
	memcpy(j->names + j->names_n, j->key_p ? j->key_p : j->key_kept, n);
	j->names_n = (u8)(j->names_n + n);
}

/* --- structure ------------------------------------------------------------------------------- */

static bool
open_level(struct jscan *j, bool object)
{
	bool member = j->depth && jscan_is_object(j, j->depth);
	u32 d = j->depth;

	if (d >= j->depth_max) {
		j->why = "nested too deep";
		return false;
	}
	if (object)
		j->stack[d / 64] |= (u64)1 << (d % 64);
	else
		j->stack[d / 64] &= ~((u64)1 << (d % 64));
	j->depth = d + 1;
	if ((j->flags & JSCAN_PATH) && d < JSCAN_LEVELS)
		level_open(j, member);
	j->state = object ? FIRST_KEY : FIRST;
	return true;
}

static bool
close_level(struct jscan *j, bool object)
{
	if (j->depth == 0 || jscan_is_object(j, j->depth) != object) {
		j->why = j->depth == 0 ? NOTHING_MORE : "the wrong closing bracket";
		return false;
	}
	if ((j->flags & JSCAN_PATH) && j->depth <= JSCAN_LEVELS)
		j->names_n = (u8)(j->names_n - j->level[j->depth - 1].name_n);
	j->depth--;
	j->state = AFTER;
	return true;
}

static bool
comma(struct jscan *j)
{
	if (j->depth == 0) {
		j->why = NOTHING_MORE;
		return false;
	}
	if ((j->flags & JSCAN_PATH) && j->depth <= JSCAN_LEVELS)
		j->level[j->depth - 1].index++;
	j->state = jscan_is_object(j, j->depth) ? KEY : VALUE;
	return true;
}

/* --- strings --------------------------------------------------------------------------------- */

static const bool escape_of[256] = {
	['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true,
	['f'] = true, ['n'] = true, ['r'] = true, ['t'] = true,
};

static int
hex_digit(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits of \u have been read: what do they ask for? */
static const char *
unit_end(struct jscan *j)
{
	bool low = j->point >= 0xdc00 && j->point < 0xe000;

	if (j->state == LOW_HEX) {
		j->state = STRING;
		return low ? NULL : "a lone surrogate";
	}
	j->state = j->point >= 0xd800 && j->point < 0xdc00 ? LOW_SLASH : STRING;
	if (j->point == 0 && (j->flags & JSCAN_NO_NUL))
		return "the character U+0000";
	return low ? "a lone surrogate" : NULL;
}

/* One byte of an escape or of a character beyond ASCII. */
static const char *
odd_byte(struct jscan *j, u8 c)
{
	int digit;

	j->run++;
	switch (j->state) {
	case ESCAPE:
		j->need = 4;
		j->point = 0;
		j->state = c == 'u' ? HEX : STRING;
		if (c == 'u' || escape_of[c])
			return NULL;
		return "an escape that JSON does not know";
	case HEX:
	case LOW_HEX:
		digit = hex_digit(c);
		if (digit < 0)
			return "a \\u escape without four hex digits";
		j->point = j->point << 4 | (u32)digit;
		return --j->need ? NULL : unit_end(j);
	case LOW_SLASH: j->state = LOW_U; return c == '\\' ? NULL : "a lone surrogate";
	case LOW_U:
		j->need = 4;
		j->point = 0;
		j->state = LOW_HEX;
		return c == 'u' ? NULL : "a lone surrogate";
	default: /* CHARACTER */
		if (c < j->low || c > j->high)
			return "not valid UTF-8";
		j->low = 0x80;
		j->high = 0xbf;
		if (--j->need == 0)
			j->state = STRING;
		return NULL;
	}
}

/* The first byte of a character beyond ASCII: how many follow, and which may come second. */
static const char *
character(struct jscan *j, u8 c)
{
	if (c < 0xc2 || c > 0xf4)
		return "not valid UTF-8";
	j->need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	j->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	j->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	j->state = CHARACTER;
	j->run = 1;
	return NULL;
}

/* Steps over whole characters beyond ASCII; stops at anything else, also at faults, for the slow
 * way to name them. */
static const u8 *
skip_characters(const u8 *p, const u8 *end)
{
	u32 point;

	while (end - p >= 4 && *p >= 0x80) {
		int n = utf8_take(str_of(p, 4), &point);

		if (n < 0)
			return p;
		p += n;
	}
	return p;
}

static const u8 *
string(struct jscan *j, const u8 *p, const u8 *end)
{
	const u8 *begin = p;
	const char *why;

	for (;;) {
		while (p < end && j->state != STRING) {
			why = odd_byte(j, *p);
			if (why)
				return fault(j, p, why);
			p++;
		}
		p = jblock_skip(p, end);
		if (p < end && *p >= 0x80)
			p = skip_characters(p, end);
		if (p == end)
			return p;
		if (*p == '"') {
			if (!j->key) {
				j->state = AFTER;
				return p + 1;
			}
			key_end(j, begin, p);
			if (end - p < 2 || p[1] != ':') {
				j->state = COLON;
				return p + 1;
			}
			j->state = VALUE;
			return p + 2;
		}
		if (*p < 0x20)
			return fault(j, p, "a control character in a string");
		if (*p == '\\') {
			j->escapes = true;
			if (end - p >= 2 && escape_of[p[1]]) {
				p += 2;
				continue;
			}
			j->state = ESCAPE;
			j->run = 1;
			p++;
		} else if (*p >= 0x80) {
			why = character(j, *p);
			if (why)
				return fault(j, p, why);
			p++;
		}
	}
}

/* --- numbers and words ----------------------------------------------------------------------- */

/* The state after one more byte of a number, or STRUCTURAL when the byte does not belong to it. */
static u8
number_next(u8 state, u8 c)
{
	bool digit = c >= '0' && c <= '9';

	switch (state) {
	case MINUS: return c == '0' ? ZERO : digit ? INT : STRUCTURAL;
	case INT:
		if (digit)
			return INT; /* fall through - else like after a zero */
	case ZERO: return c == '.' ? DOT : (c | 0x20) == 'e' ? EXP : STRUCTURAL;
	case DOT: return digit ? FRACTION : STRUCTURAL;
	case FRACTION: return digit ? FRACTION : (c | 0x20) == 'e' ? EXP : STRUCTURAL;
	case EXP:
		if (c == '+' || c == '-')
			return EXP_SIGN; /* fall through - a digit may come at once */
	default: return digit ? EXP_DIGITS : STRUCTURAL;
	}
}

/* Steps over digits, at most `most` of them. */
static const u8 *
digits(const u8 *p, const u8 *end, u32 most)
{
	const u8 *stop = (u64)(end - p) > most ? p + most : end;

	while (p < stop && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static const u8 *
number(struct jscan *j, const u8 *p, const u8 *end)
{
	u32 most = j->flags & JSCAN_SHORT_NUMBERS ? JSCAN_NUMBER_MAX : UINT32_MAX;

	while (p < end) {
		const u8 *from = p;
		u8 next;

		if (j->state >= INT)
			p = digits(p, end, most - j->run);
		j->run += (u32)(p - from);
		if (p == end)
			return p;
		next = number_next(j->state, *p);
		if (next == STRUCTURAL) {
			if (!number_may_end(j->state))
				return fault(j, p, "a number that is cut short");
			j->state = AFTER;
			return p;
		}
		if (j->run >= most)
			return fault(j, p, "a number with too many digits");
		j->run++;
		j->state = next;
		p++;
	}
	return p;
}

static const u8 *
number_begin(struct jscan *j, u8 c, const u8 *p, const u8 *end)
{
	j->tokens++;
	j->run = 1;
	j->state = c == '-' ? MINUS : c == '0' ? ZERO : INT;
	return number(j, p, end);
}

static const u8 *
word(struct jscan *j, const u8 *p, const u8 *end)
{
	for (; p < end; p++, j->word++, j->run++) {
		if (*j->word == 0) {
			j->state = AFTER;
			return p;
		}
		if (*p != (u8)*j->word)
			return fault(j, p, "neither true, false nor null");
	}
	if (*j->word == 0)
		j->state = AFTER;
	return p;
}

static const u8 *
word_begin(struct jscan *j, u8 c, const u8 *p, const u8 *end)
{
	j->tokens++;
	j->run = 1;
	j->word = c == 't' ? "rue" : c == 'f' ? "alse" : "ull";
	j->state = WORD;
	return word(j, p, end);
}

/* --- the text --------------------------------------------------------------------------------- */

static const u8 *
string_begin(struct jscan *j, bool key, const u8 *p, const u8 *end)
{
	j->key = key;
	j->tokens++;
	j->key_p = p;
	j->key_n = 0;
	j->state = STRING;
	return string(j, p, end);
}

/* Goes on until a fault, or until the piece ends inside a string, number or word. */
static const u8 *
structure(struct jscan *j, const u8 *p, const u8 *end)
{
	while (p < end && j->state < STRUCTURAL && !j->why) {
		u8 c = *p++;

		switch (act_of[j->state][class_of[c]]) {
		case A_SPACE:
			while (p < end && *p == ' ')
				p++;
			break;
		case A_COLON: j->state = VALUE; break;
		case A_COMMA:
			if (!comma(j))
				return p - 1;
			if (j->state == KEY && p < end && *p == '"')
				p = string_begin(j, true, p + 1, end);
			break;
		case A_OPEN:
			if (!open_level(j, c == '{'))
				return p - 1;
			j->tokens++;
			break;
		case A_CLOSE:
			if (!close_level(j, c == '}'))
				return p - 1;
			break;
		case A_STRING: p = string_begin(j, false, p, end); break;
		case A_KEY: p = string_begin(j, true, p, end); break;
		case A_NUMBER: p = number_begin(j, c, p, end); break;
		case A_WORD: p = word_begin(j, c, p, end); break;
		default: return fault(j, p - 1, jscan_whole(j) ? NOTHING_MORE : wanted[j->state]);
		}
	}
	return p;
}

/* --- the outside ----------------------------------------------------------------------------- */

int
jscan_feed(struct jscan *j, struct str in)
{
	const u8 *p = in.p, *end = in.p + in.n;

	if (in.n == 0)
		return j->why ? ERR_BAD : 0;
	while (p < end && !j->why) {
		if (j->state < STRUCTURAL)
			p = structure(j, p, end);
		else if (j->state <= CHARACTER)
			p = string(j, p, end);
		else if (j->state == WORD)
			p = word(j, p, end);
		else
			p = number(j, p, end);
	}
	key_keep(j, in.p, end);
	j->at += (u32)(p - in.p);
	return j->why ? ERR_BAD : 0;
}

bool
jscan_whole(const struct jscan *j)
{
	return !j->why && j->depth == 0 && (j->state == AFTER || number_may_end(j->state));
}

int
jscan_end(const struct jscan *j)
{
	if (j->why)
		return ERR_BAD;
	return jscan_whole(j) ? 0 : ERR_MORE;
}

int
jscan_check(struct str text, u32 depth, u32 flags, struct jscan_found *found)
{
	UNSET struct jscan j;
	int err = 0;

	jscan_init(&j, depth, flags & ~(u32)JSCAN_PATH);
	if ((flags & JSCAN_SMALL) && text.n > JSCAN_TEXT_MAX)
		j.why = "the text is too long";
	else
		err = jscan_feed(&j, text);
	if (!j.why && err == 0 && jscan_end(&j))
		j.why = "the text ends too early";
	if (found)
		*found = (struct jscan_found){ .why = j.why, .at = (u32)j.at, .tokens = j.tokens,
			                        .escapes = j.escapes };
	return j.why ? ERR_BAD : 0;
}
