#include "http/form.h"

#include "http/url.h"

bool
form_next(struct str *rest, struct str *name, struct str *value)
{
	while (rest->p) {
		struct str pair = str_next(rest, '&');

		if (pair.n == 0)
			continue;
		*name = str_next(&pair, '=');
		*value = pair;
		return true;
	}
	return false;
}

int
form_decode(struct buf *b, struct str raw)
{
	struct str rest = raw;

	while (rest.p) {
		if (url_decode(b, str_next(&rest, '+')))
			return ERR_BAD;
		if (rest.p)
			buf_byte(b, ' ');
	}
	return 0;
}

/* Compares while decoding, so that a name of any length needs no room. */
bool
form_is(struct str raw, struct str text)
{
	u32 at = 0;

	for (u32 i = 0; i < raw.n; i++, at++) {
		u8 one[1];
		struct buf b = buf_over(one, 1);

		if (at == text.n)
			return false;
		if (raw.p[i] == '+') {
			one[0] = ' ';
		} else if (raw.p[i] == '%') {
			if (url_decode(&b, str_cut(raw, i, i + 3)))
				return false;
			i += 2;
		} else {
			one[0] = raw.p[i];
		}
		if (one[0] != text.p[at])
			return false;
	}
	return at == text.n;
}

int
form_get(struct str form, struct str name, struct buf *b, struct str *value)
{
	struct str found = STR_NONE, one, raw;
	u32 seen = 0, from = b->w;

	while (form_next(&form, &one, &raw))
		if (form_is(one, name)) {
			found = raw;
			seen++;
		}
	if (seen != 1)
		return seen ? ERR_BAD : ERR_NONE;
	if (form_decode(b, found))
		return ERR_BAD;
	if (b->over)
		return ERR_FULL;
	*value = str_of(b->p + from, b->w - from);
	return 0;
}

static void
put_encoded(struct buf *b, struct str s)
{
	struct str rest = s;

	while (rest.p) {
		url_encode(b, str_next(&rest, ' '), URL_COMPONENT);
		if (rest.p)
			buf_byte(b, '+');
	}
}

void
form_put(struct buf *b, u32 from, struct str name, struct str value)
{
	if (b->w > from)
		buf_byte(b, '&');
	put_encoded(b, name);
	buf_byte(b, '=');
	put_encoded(b, value);
}
