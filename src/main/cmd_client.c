#include "main/cmd.h"

#include "auth/client.h"
#include "json/jout.h"
#include "json/json.h"
#include "main/control.h"
#include "main/say.h"
#include "sys/file.h"
#include "sys/page.h"

#define ROOM_N (4 * CONTROL_ANSWER_MAX) /* touched only as far as used */
#define QUESTION_N 16384
#define TOKENS_MAX 16384
#define DOCUMENT_MAX 5120 /* bytes of a metadata document */

struct ask {
	const char *conf, *data, *id, *from;
	struct flags_many redirects;
	bool confidential, post, json;
	const struct conf *known;
	struct arena arena;
	struct jdoc answer;
	struct str text; /* of the answer */
};

static int
question(struct flags *a, struct ask *k, struct buf *q)
{
	struct cmd_either c = { .data = k->data, .arena = &k->arena, .method = STR("POST"),
	    .path = STR("/control/clients"), .body = buf_str(q), .local = local_clients };
	struct jsmntok *tok;
	int code;

	if (q->over) {
		say_errf("mcpgated client: too long\n");
		return EXIT_USAGE;
	}
	c.arg = c.body;
	code = cmd_either(a, &c, &k->text);
	if (code)
		return code;
	if (k->json) {
		say_outf("%S\n", k->text);
		return 0;
	}
	tok = ARENA_ARRAY(&k->arena, struct jsmntok, TOKENS_MAX);
	if (tok && json_parse(&k->answer, k->text, tok, TOKENS_MAX) == 0)
		return 0;
	say_errf("mcpgated client: the answer cannot be read\n");
	return EXIT_FAILED;
}

static struct str
said(struct jcur c, const char *name)
{
	struct str s = json_str(json_get(c, name), NULL);

	return s.n ? s : STR("-");
}

static void
put_add(struct jout *o, const struct flags *a, const struct ask *k)
{
	jout_c(o, "name", a->rest[1]);
	if (k->id)
		jout_c(o, "id", k->id);
	jout_c(o, "token_endpoint_auth_method", k->post ? "client_secret_post" :
	    k->confidential ? "client_secret_basic" : "none");
	jout_key_open(o, "redirect_uris", '[');
	for (u32 i = 0; i < k->redirects.n; i++)
		jout_c(o, NULL, k->redirects.at[i]);
	jout_close(o, ']');
}

/* The document goes along as text: what was judged is what lies there. */
static int
put_pin(struct jout *o, const struct flags *a, struct ask *k)
{
	struct str text;

	if (!k->from || file_load(FILE_HERE, k->from, FILE_READ | FILE_FOLLOW, DOCUMENT_MAX, &k->arena, &text)) {
		say_errf("mcpgated client: pin URL --from FILE: %s\n", k->from ?
		    "the file cannot be read, or has more than 5 KB" : "the file with the document is missing");
		return EXIT_USAGE;
	}
	jout_c(o, "url", a->rest[1]);
	jout_str(o, "document", text);
	return 0;
}

static void
tell(struct ask *k, const char *verb)
{
	struct jcur root = json_root(&k->answer), list = json_get(root, "clients");

	if (k->json)
		return;
	if (strcmp(verb, "list") == 0) {
		say_out(STR("KEY\tNAME\tKIND\tAUTH\tSINCE\tID\n"));
		for (struct jcur e = json_first(list); !e.err; e = json_next(e))
			say_outf("%S\t%S\t%S\t%S\t%S\t%S\n", said(e, "key"), said(e, "name"), said(e, "kind"),
			    said(e, "token_endpoint_auth_method"), said(e, "since"), said(e, "id"));
	} else if (strcmp(verb, "add") == 0) {
		say_outf("client_id %S\n", said(root, "id"));
		if (json_kind(json_get(root, "secret")) == JSON_STRING) {
			say_outf("client_secret %S\n", said(root, "secret"));
			say_errf("The secret is shown this once.\n");
		}
	} else if (strcmp(verb, "pin") == 0) {
		say_errf("pinned: %S may be used as a client id, also without a way to the internet.\n",
		    said(root, "id"));
	} else {
		say_errf(strcmp(verb, "reset") == 0 ? "every registration made until now is void.\n" :
		    "removed, and what it was allowed is revoked.\n");
	}
}

int
cmd_client(struct flags *a)
{
	struct arena arena = page_arena(ROOM_N);
	struct ask *k = ARENA_NEW(&arena, struct ask);
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct ask, conf, "config", 'c'),
		FLAGS_OPTION(struct ask, data, "data", 0),
		FLAGS_OPTION(struct ask, redirects, "redirect", 0),
		FLAGS_OPTION(struct ask, id, "id", 0),
		FLAGS_OPTION(struct ask, from, "from", 0),
		FLAGS_OPTION(struct ask, confidential, "confidential", 0),
		FLAGS_OPTION(struct ask, post, "post", 0),
		FLAGS_OPTION(struct ask, json, "json", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 1, 2, "add, list, remove, reset or pin" };
	static const struct {
		const char *verb, *wants;
	} verbs[] = { { "add", "the client's name" }, { "list", NULL }, { "remove", "the client's id, name or key" },
		{ "reset", NULL }, { "pin", "the document's URL" } };
	int code = flags_read(a, &words, k);
	struct buf q;
	struct jout o;
	u32 i = 0;

	if (code != FLAGS_GO)
		return code;
	while (i < ARRAY_N(verbs) && strcmp(a->rest[0], verbs[i].verb))
		i++;
	if (i == ARRAY_N(verbs)) {
		say_errf("mcpgated client: '%s' is none of add, list, remove, reset, pin\n", a->rest[0]);
		return EXIT_USAGE;
	}
	code = flags_rest(a, verbs[i].wants ? 2 : 1, verbs[i].wants ? 2 : 1, verbs[i].wants ? verbs[i].wants : "");
	k->data = code == FLAGS_GO ? cmd_data(k->conf, k->data, &k->known) : NULL;
	if (!k->data)
		return code == FLAGS_GO ? EXIT_FAILED : code;
	k->arena = arena;
	q = arena_buf(&k->arena, QUESTION_N);
	o = jout_into(&q);
	jout_open(&o, '{');
	jout_c(&o, "verb", verbs[i].verb);
	code = 0;
	if (strcmp(verbs[i].verb, "add") == 0)
		put_add(&o, a, k);
	else if (strcmp(verbs[i].verb, "remove") == 0)
		jout_c(&o, "which", a->rest[1]);
	else if (strcmp(verbs[i].verb, "pin") == 0)
		code = put_pin(&o, a, k);
	jout_close(&o, '}');
	if (!code)
		code = question(a, k, &q);
	if (!code)
		tell(k, verbs[i].verb);
	return code;
}
