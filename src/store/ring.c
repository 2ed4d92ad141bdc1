#include "store/ring_priv.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "crypt/ct.h"
#include "sys/file.h"
#include "sys/rand.h"
#include "sys/sock.h"

#define GIVE_MS 50        /* lines wait so long for more of them */
#define GIVE_N (RING_BUF / 4)
#define SYNC_MS 10000     /* flash is spared: a power cut may take so much of the last lines */
#define RETRY_MS 1000     /* after a failed write */
#define SEEDS "seeds"
#define SYSLOG_MAX 1400   /* bytes of a datagram */

size_t
ring_bytes(void)
{
	return 2 * (size_t)(RING_BUF + 2 * RING_LINK_N) + 64;
}

/* --- keys ------------------------------------------------------------------------------------------ */

/* The file is there whole or not at all: one that was begun has another name. */
static int
write_seeds(int dir, const u8 first[HASH_N])
{
	int fd = file_open(dir, SEEDS ".new", FILE_WRITE | FILE_CREATE | FILE_TRUNCATE), err = fd < 0 ? fd : 0;
	u8 seed[HASH_N];

	for (u32 i = 0; i < RING_WRITERS && !err; i++) {
		ring_first(seed, first, i);
		err = file_write_at(fd, i * HASH_N, seed, HASH_N);
	}
	ct_wipe(seed, sizeof seed);
	if (!err)
		err = file_sync(fd);
	file_close(fd);
	if (!err)
		err = file_rename(dir, SEEDS ".new", SEEDS);
	return err ? err : file_sync_dir(dir);
}

int
ring_seeds(int dir, bool *fresh, u8 first[HASH_N])
{
	int fd = file_open(dir, SEEDS, FILE_READ);

	*fresh = fd == ERR_NONE;
	file_close(fd);
	if (!*fresh)
		return fd < 0 ? fd : 0;
	rand_bytes(first, HASH_N);
	return write_seeds(dir, first);
}

/* Takes a writer's seed away. ERR_NONE: it was taken before. */
static int
take_seed(int dir, u32 writer, u8 key[HASH_N])
{
	static const u8 none[HASH_N];
	int fd = file_open(dir, SEEDS, FILE_READ | FILE_WRITE), err = fd < 0 ? fd : 0;

	if (!err && file_read_at(fd, writer * HASH_N, key, HASH_N) != HASH_N)
		err = ERR_IO;
	if (!err && memcmp(key, none, HASH_N) == 0)
		err = ERR_NONE;
	if (!err)
		err = file_write_at(fd, writer * HASH_N, none, HASH_N);
	if (!err)
		err = file_sync(fd);
	file_close(fd);
	return err;
}

/* --- the helper ------------------------------------------------------------------------------------ */

/* Begins the next segment, whose first line is put before what is being written. */
static int
rotate(struct ring_chain *c)
{
	struct ring_state *s = &c->now;
	char name[RING_NAME_N];
	u8 line[RING_LINK_N];
	struct buf b = buf_over(line, sizeof line);
	int fd;

	ring_name(name, c->conf.writer, s->segment + 1);
	fd = file_open(c->conf.dir, name, FILE_READ | FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);
	if (fd < 0)
		return fd;
	buf_fmt(&b, "{\"segment\":%u,\"form\":%u,\"link\":%U,\"prev\":\"", s->segment + 1, (u32)RING_FORM, s->link);
	for (u32 i = 0; i < HASH_N; i++)
		buf_hex(&b, s->h[i], 2);
	BUF_LIT(&b, "\"");
	if (c->torn)
		buf_fmt(&b, ",\"torn\":%U", c->torn);
	if (c->missing)
		buf_fmt(&b, ",\"missing\":%U", c->missing);
	BUF_LIT(&b, "}\n");
	ASSERT(!b.over);
	memmove(c->bytes + b.w, c->bytes, c->n);
	memcpy(c->bytes, b.p, b.w);
	c->n += b.w;
	file_close(c->fd);
	c->fd = fd;
	s->segment++;
	s->form = RING_FORM;
	s->size = c->torn = c->missing = 0;
	ring_derive(s->key, s->segment_key, "link");
	ring_derive(s->segment_key, s->segment_key, "segment");
	if (s->segment > RING_SEGMENTS) {
		ring_name(name, c->conf.writer, s->segment - RING_SEGMENTS);
		file_unlink(c->conf.dir, name);
	}
	return 0;
}

/* The lines, then a link, in one write; then where the chain ends now. What fails is done again as a whole. */
static int
append(struct ring_chain *c)
{
	struct ring_state s = c->now;
	struct ring_link l = { .number = s.link };
	struct buf b = buf_over(c->bytes, c->n + RING_LINK_N);
	int err;

	b.w = c->n;
	l.sum = map_hash(buf_str(&b), 0);
	ring_mac(&l, s.h, s.key, buf_str(&b));
	ring_put_link(&b, &l, s.h);
	err = file_write_at(c->fd, s.size, b.p, b.w);
	if (err)
		return err;
	s.link++;
	s.size += b.w;
	err = ring_write_state(c->state, &s);
	if (err)
		return err;
	c->now = s;
	ct_wipe(&s, sizeof s);
	return 0;
}

/* RFC 5424: facility 13 (log audit), severity informational. The time stands in the line. */
static void
to_syslog(const struct ring_chain *c, struct str lines)
{
	u8 room[SYSLOG_MAX];

	while (c->conf.syslog >= 0 && lines.n) {
		struct str line = str_next(&lines, '\n'), all;
		struct buf b = buf_over(room, sizeof room);

		if (!line.n)
			continue;
		buf_fmt(&b, "<110>1 - %s mcpgated - audit - %S", c->conf.host, str_cut(line, 0, SYSLOG_MAX - 100));
		all = buf_str(&b);
		sock_send(c->conf.syslog, &all, 1); /* a datagram: it arrives or not */
	}
}

/* Where the chain ends, for audit verify --head. */
static void
head_to_syslog(const struct ring_chain *c)
{
	u8 room[128];
	struct buf b = buf_over(room, sizeof room);

	buf_fmt(&b, "{\"writer\":%u,\"link\":%U,\"head\":\"", c->conf.writer + 1, c->now.link - 1);
	for (u32 i = 0; i < RING_MAC_N; i++)
		buf_hex(&b, c->now.h[i], 2);
	BUF_LIT(&b, "\"}");
	to_syslog(c, buf_str(&b));
}

static void
run(void *arg)
{
	struct ring_chain *c = arg;
	struct str lines = str_of(c->bytes, c->n);

	c->err = 0;
	if (c->n && (c->fd < 0 || c->now.size + c->n > c->conf.bytes_max / RING_SEGMENTS))
		c->err = rotate(c);
	lines = str_of(c->bytes + c->n - lines.n, lines.n);
	if (!c->err && c->n)
		c->err = append(c);
	if (!c->err && c->sync && c->fd >= 0)
		c->err = file_sync(c->fd);
	if (!c->err) {
		to_syslog(c, lines);
		if (c->sync)
			head_to_syslog(c);
	} else {
		text_c(c->why, sizeof c->why, "%s", file_why());
	}
}

/* --- the beginning --------------------------------------------------------------------------------- */

/* Links that a crash left without their note in the state: those that the key proves are taken over. True when nothing
 * else follows them. */
static bool
catch_up(struct ring *r)
{
	struct ring_chain *c = &r->chain;
	struct ring_state *s = &c->now;
	u32 at, n;

	for (;;) {
		int got = file_read_at(c->fd, s->size, r->fill.p, r->fill.cap);
		u8 h[HASH_N], key[HASH_N], room[RING_LINK_N];
		struct buf link = buf_over(room, sizeof room);
		struct ring_link l = { .number = s->link };
		struct str text = str_of(r->fill.p, got > 0 ? (u32)got : 0);

		if (got <= 0)
			return got == 0;
		memcpy(h, s->h, HASH_N);
		memcpy(key, s->key, HASH_N);
		if (!ring_find_link(text, &at, &n))
			return false;
		l.sum = map_hash(str_cut(text, 0, at), 0);
		ring_mac(&l, h, key, str_cut(text, 0, at));
		ring_put_link(&link, &l, h);
		if (!str_same(buf_str(&link), str_cut(text, at, at + n)))
			return false;
		memcpy(s->h, h, HASH_N);
		memcpy(s->key, key, HASH_N);
		s->link++;
		s->size += at + n;
		if (ring_write_state(c->state, s))
			return false;
	}
}

/* Goes on in the segment that was written last, or closes it when it does not end as the state says. */
static void
go_on(struct ring *r)
{
	struct ring_chain *c = &r->chain;
	char name[RING_NAME_N];
	struct file_info info = { 0 };

	ring_name(name, c->conf.writer, c->now.segment);
	c->fd = file_open(c->conf.dir, name, FILE_READ | FILE_WRITE);
	if (c->now.segment == 0)
		return;
	if (c->fd >= 0 && file_info(c->fd, &info) == 0 && info.size >= c->now.size && c->now.form == RING_FORM &&
	    catch_up(r))
		return;
	c->torn = info.size > c->now.size ? info.size - c->now.size : 0;
	c->missing = info.size < c->now.size ? c->now.size - info.size : 0;
	log_warn("audit", "%s %s: a new segment begins", name, c->now.form == RING_FORM ?
	    "does not end where it should (a crash, or somebody changed it)" : "is of another form");
	file_close(c->fd);
	c->fd = -1;
}

static int
begin_chain(struct ring_chain *c, struct buf *why)
{
	struct ring_state *s = &c->now;
	int err = take_seed(c->conf.dir, c->conf.writer, s->segment_key);

	if (err == ERR_NONE)
		BUF_LIT(why, "the state of the audit chain is gone. Put it back, or move the audit directory away: "
		    "then a new chain begins");
	else if (err)
		buf_fmt(why, "the audit directory cannot be written: %s", file_why());
	s->link = 1;
	s->form = RING_FORM;
	return err;
}

int
ring_open(struct ring *r, const struct ring_conf *conf, struct arena *a, struct buf *why)
{
	struct ring_chain *c = &r->chain;
	u32 n = RING_BUF + 2 * RING_LINK_N;
	char name[RING_NAME_N];
	int err;

	*r = (struct ring){ .chain = { .conf = *conf, .fd = -1 } };
	side_init(&r->side);
	r->fill = arena_buf(a, n);
	r->other = arena_buf(a, n);
	if (!r->fill.p || !r->other.p)
		return ERR_FULL;
	text_c(name, sizeof name, "w%u.state", conf->writer + 1);
	c->state = file_open(conf->dir, name, FILE_READ | FILE_WRITE | FILE_CREATE);
	if (c->state < 0) {
		buf_fmt(why, "the audit directory cannot be written: %s", file_why());
		return ERR_IO;
	}
	if (ring_read_state(c->state, &c->now) == 0) {
		go_on(r);
		return 0;
	}
	err = begin_chain(c, why);
	return err ? err : ring_write_state(c->state, &c->now);
}

int
ring_attach(struct ring *r, struct loop *loop)
{
	return side_start(&r->side, loop);
}

/* --- lines ----------------------------------------------------------------------------------------- */

struct buf *
ring_room(struct ring *r, u32 n)
{
	if (RING_BUF - r->fill.w >= n)
		return &r->fill;
	r->lost++;
	return NULL;
}

void
ring_line(struct ring *r, bool soon)
{
	ASSERT(!r->fill.over);
	r->soon |= soon;
}

bool
ring_well(const struct ring *r)
{
	return !r->failing && !r->lost && r->fill.w < RING_BUF / 2;
}

/* What the helper has done. */
static void
take_result(struct ring *r, msec now)
{
	struct ring_chain *c = &r->chain;

	if (c->err && !r->failing)
		log_error("audit", "lines cannot be written: %s; it is tried again", c->why);
	else if (!c->err && r->failing)
		log_info("audit", "lines are written again");
	r->failing = c->err != 0;
	if (c->err) {
		r->retry_at = now + RETRY_MS;
		return;
	}
	r->pending = false;
	if (c->sync) {
		r->synced_at = now;
		r->unsynced = false;
	}
	r->unsynced |= c->n && !c->sync;
}

static void
give(struct ring *r, msec now)
{
	struct buf was = r->other;

	if (!r->pending && r->fill.w) {
		r->other = r->fill;
		r->fill = was;
		r->fill.w = 0;
		r->chain.bytes = r->other.p;
		r->chain.n = r->other.w;
	} else if (!r->pending) {
		r->chain.n = 0; /* a sync alone */
	}
	r->chain.sync = r->soon || (r->unsynced && now - r->synced_at >= SYNC_MS);
	r->soon = false;
	r->pending = true;
	r->given_at = now;
	side_give(&r->side, run, &r->chain);
}

msec
ring_turn(struct ring *r, msec now)
{
	bool due = r->fill.w && (r->soon || r->fill.w >= GIVE_N || now - r->given_at >= GIVE_MS);
	bool sync = r->unsynced && now - r->synced_at >= SYNC_MS;

	if (side_busy(&r->side))
		return MSEC_NEVER;
	if (r->pending && !r->retry_at)
		take_result(r, now);
	if (r->pending && now < r->retry_at)
		return r->retry_at;
	if (r->pending || due || sync) {
		r->retry_at = 0;
		give(r, now);
		if (!r->side.threaded)
			take_result(r, now);
		return MSEC_NEVER;
	}
	return r->fill.w ? r->given_at + GIVE_MS : MSEC_NEVER;
}

void
ring_close(struct ring *r)
{
	side_stop(&r->side);
	if (!r->fill.p)
		return;
	if (r->pending)
		take_result(r, 0);
	for (u32 i = 0; i < 2 && (r->pending || r->fill.w); i++) {
		r->soon = true;
		give(r, 0);
		take_result(r, 0);
	}
	file_close(r->chain.fd);
	file_close(r->chain.state);
	ct_wipe(&r->chain, sizeof r->chain);
	r->fill.p = NULL;
}
