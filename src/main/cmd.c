#include "main/cmd.h"

#include "main/control.h"
#include "main/say.h"
#include "sys/file.h"
#include "sys/page.h"

#define WAIT_MS 10000
#define OUT_N (512 * 1024)

int
cmd_log_level(const struct flags *a, const char *text)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	if (!text)
		return -1;
	for (int i = 0; i < (int)ARRAY_N(names); i++)
		if (strcmp(names[i], text) == 0)
			return i;
	say_errf("mcpgated %s: --log-level is debug, info, warn or error, not '%s'\n", a->command, text);
	return ERR_BAD;
}

const struct conf *
cmd_conf(const char *file, const char *data, bool no_secrets)
{
	struct arena arena = page_arena(CONF_ARENA_N);
	u8 room[1600];
	struct buf say = buf_over(room, sizeof room);
	struct conf_ask ask = { .name = file ? file : CONF_DEFAULT, .arena = &arena, .say = &say, .data = data,
	    .number = 1,
		.no_secrets = no_secrets };
	const struct conf *c;
	int err = conf_load(&ask, &c);

	say_err(buf_str(&say));
	return err ? NULL : c;
}

const char *
cmd_data(const char *file, const char *data, const struct conf **conf)
{
	if (data)
		return data;
	*conf = cmd_conf(file, NULL, true);
	return *conf ? (*conf)->data : NULL;
}

int
cmd_secret(struct flags *a, u8 *room, u32 n, struct str *secret)
{
	struct buf b = buf_over(room, n);
	int got;

	while (buf_room(&b) && (got = file_read(0, b.p + b.w, buf_room(&b))) > 0)
		b.w += (u32)got;
	*secret = str_trim(buf_str(&b));
	if (secret->n && b.w < n)
		return 0;
	say_errf("mcpgated %s: %s on standard input\n", a->command, secret->n ? "too many bytes" : "no secret came");
	return ERR_BAD;
}

static int
fail(struct flags *a, struct str why)
{
	say_errf("mcpgated %s: %S\n", a->command, why);
	return EXIT_FAILED;
}

static int
ask_store(struct flags *a, const struct cmd_either *e, struct str *answer)
{
	u8 room[512];
	struct buf why = buf_over(room, sizeof room), out = arena_buf(e->arena, OUT_N);
	struct local l;
	int err;

	if (local_open(&l, e->data, &why))
		return fail(a, buf_str(&why));
	l.base = e->base;
	err = e->local(&l, e->arg, &out, &why);
	local_close(&l);
	if (out.over && !err)
		BUF_LIT(&why, "the answer is too large");
	*answer = buf_str(&out);
	return err || out.over ? fail(a, buf_str(&why)) : 0;
}

int
cmd_either(struct flags *a, const struct cmd_either *e, struct str *answer)
{
	struct control_ask c = { .data = e->data, .method = e->method, .path = e->path, .body = e->body,
	    .wait_ms = WAIT_MS };
	u8 room[512];
	struct buf why = buf_over(room, sizeof room);
	struct control_answer got;
	int err = control_ask(&c, e->arena, &got, &why);

	if (err == ERR_NONE)
		return ask_store(a, e, answer);
	if (err)
		return fail(a, buf_str(&why));
	*answer = got.body;
	return got.status >= 300 ? fail(a, control_error(&got)) : 0;
}
