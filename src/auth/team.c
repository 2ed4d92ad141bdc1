#include "auth/team.h"

#include "auth/tags.h"
#include "base/utf8.h"

#define RECORD_VERSION 1

enum tag { TAG_NAME = 1, TAG_TITLE, TAG_CREATED };

int
team_set(struct team *t, struct str name, struct str title)
{
	if (!team_name_ok(name) || !utf8_valid(title) || tags_read_text(name, t->name, &t->name_n, sizeof t->name))
		return ERR_BAD;
	for (u32 i = 0; i < title.n; i++)
		if (title.p[i] < 0x20 || title.p[i] == 0x7f)
			return ERR_BAD;
	t->id = principal_tag(name);
	return tags_read_text(title, t->title, &t->title_n, sizeof t->title);
}

struct str
team_key(struct str name, u8 room[TEAM_KEY_MAX])
{
	struct buf b = buf_over(room, TEAM_KEY_MAX);

	buf_put(&b, TEAM_PREFIX);
	buf_put(&b, name);
	return buf_str(&b);
}

void
team_encode(struct buf *b, const struct team *t)
{
	buf_byte(b, RECORD_VERSION);
	tags_put(b, TAG_NAME, str_of(t->name, t->name_n));
	tags_put(b, TAG_TITLE, str_of(t->title, t->title_n));
	tags_num(b, TAG_CREATED, t->created);
}

int
team_decode(struct str record, struct team *t)
{
	struct str rest = str_cut(record, 1, record.n), bytes, name = STR_NONE, title = STR("");
	u8 tag;
	u64 v = 0;
	int more;

	memset(t, 0, sizeof *t);
	if (!record.n || record.p[0] != RECORD_VERSION)
		return ERR_BAD;
	while ((more = tags_next(&rest, &tag, &bytes)) > 0) {
		if (tag >= TAGS_MUST || (tag == TAG_CREATED && (tags_read_num(bytes, &v) || v > UINT32_MAX)))
			return ERR_BAD;
		if (tag == TAG_NAME)
			name = bytes;
		if (tag == TAG_TITLE)
			title = bytes;
	}
	t->created = (wall)v;
	return more == 0 ? team_set(t, name, title) : ERR_BAD;
}
