/* The gate behind a pipe, for a judge that was written apart from it (tests/outside/gate.test.mjs). One command a line,
 * fields between tabs:
 *
 *   doc PATH                         the document; once
 *   new API NAME[!],NAME...          a configuration: an api and its environments, '!' is production
 *   role NAME LEVEL                  one more role; 0 none, 1 confirm, 2 approve: what destroys
 *   rule KIND TEXT                   of that role: 0 allow, 1 deny, 2 confirm, 3 approve
 *   never TEXT                       of the api's deny list
 *   compile                          roles and lists are complete
 *   off TARGET BITS | stop | file    switches
 *   cell KIND SCOPES GRANTABLE ROLE APIS ENVIRONMENTS USER TEAM CLIENT KEY READONLY PINNED TOOL ENVIRONMENT ARGS
 *        answers: LISTED ANSWER SCOPES ENVIRONMENT ARGUMENTS LEVEL */
#include "gate/gate.h"

#include "lib/doc.h"

#include <stdlib.h>

#define RULES 256
#define FIELDS 16

static struct doc doc;
static struct gen gen;
static struct api api;
static struct environment environment[ENVIRONMENTS_MAX];
static struct role role[ROLES_MAX];
static struct rule rule[RULES], never[RULES];
static struct switches off;
static u32 rules;
static u8 verdicts[1 << 20], texts[1 << 16];
static struct buf text;

static struct str
keep(const char *s)
{
	u32 at = text.w;

	buf_c(&text, s);
	ASSERT(!text.over);
	return str_of(text.p + at, text.w - at);
}

static void
begin(char **f)
{
	struct str names = keep(f[2]);

	api = (struct api){ .name = keep(f[1]), .environment = environment, .deny = never };
	api.id = switches_id(SWITCH_API, api.name);
	while (names.p) {
		struct environment *e = &environment[api.environments++];
		struct str name = str_next(&names, ',');
		bool production = name.p[name.n - 1] == '!';

		*e = (struct environment){ .name = str_cut(name, 0, name.n - production), .production = production };
	}
	while (api.default_environment < api.environments && environment[api.default_environment].production)
		api.default_environment++;
	if (api.default_environment == api.environments)
		api.default_environment = 0;
	role_built_in(role);
	gen = (struct gen){ .api = &api, .apis = 1, .role = role, .roles = ROLE_BUILT_IN };
	off = (struct switches){ .loaded = 1 };
	rules = 0;
}

static void
read_rule(struct rule *r, const char *line)
{
	const char *why = "";

	if (rule_read(r, keep(line), &why)) {
		fprintf(stderr, "rule '%s' %s\n", line, why);
		exit(1);
	}
}

static void
put_rule(char **f)
{
	struct role *r = &role[gen.roles - 1];
	u32 kind = (u32)atoi(f[1]);

	ASSERT(rules < RULES && kind < ROLE_KINDS);
	if (!r->rules[kind].n)
		r->rules[kind].at = &rule[rules];
	read_rule(&rule[rules++], f[2]);
	ASSERT(&r->rules[kind].at[r->rules[kind].n++] == &rule[rules - 1]); /* those of one kind come together */
}

static void
put_off(char **f)
{
	struct str name;
	int kind = switches_target(keep(f[1]), &name);

	ASSERT(kind >= 0 && off.n < SWITCHES_MAX);
	off.row[off.n++] = (struct switch_row){ switches_id((enum switch_kind)kind, name), (u8)kind, (u8)atoi(f[2]) };
	off.tools += kind == SWITCH_TOOL;
}

static void
compile(void)
{
	struct arena a = arena_over(verdicts, sizeof verdicts);

	ASSERT(role_compile(&gen, &api, &doc.catalog, &a) == 0);
}

static u64
tag(const char *s)
{
	return principal_tag(str_c(s));
}

static void
cell(char **f)
{
	static struct jsmntok tok[200];
	struct principal who;
	struct gate_view view = { atoi(f[11]) != 0, f[12][0] == '-' ? GATE_ANY_ENVIRONMENT : (u32)atoi(f[12]) };
	u8 room[2000];
	struct buf why = buf_over(room, sizeof room);
	struct catalog_op op;
	struct gate_ask g;
	struct gate_call c;
	struct jdoc d;
	bool listed;
	int arguments = 0;

	principal_nobody(&who, (u8)atoi(f[2]));
	who.kind = f[1][0] == 'k' ? PRINCIPAL_KEY : PRINCIPAL_TOKEN;
	who.grantable = (u8)atoi(f[3]);
	ASSERT(!principal_set_role(&who, str_c(f[4])) && !principal_set_apis(&who, str_c(f[5])) &&
	    !principal_set_environments(&who, str_c(f[6])));
	who.user = tag(f[7]);
	who.team = tag(f[8]);
	who.client = tag(f[9]);
	who.id = who.kind == PRINCIPAL_KEY ? switches_id(SWITCH_KEY, str_c(f[10])) : 77;
	ASSERT(catalog_find(&doc.catalog, str_c(f[13]), &op) >= 0 && json_parse(&d, str_c(f[15]), tok, 200) == 0);
	gate_begin(&g, &gen, &api, view, &who, &off);
	listed = gate_offers(&g, &op);
	gate_call(&g, &op, f[14][0] == '-' ? STR_NONE : str_c(f[14]), &c, &why);
	if (c.answer == GATE_OK)
		arguments = gate_arguments(&g, &doc.catalog, &op, json_root(&d), &c, &why);
	printf("%d %u %u %u %d %u\n", listed, c.answer, c.scopes, c.environment, arguments != 0, c.level);
}

static void
read_document(const char *path)
{
	static u8 room[1 << 16];
	FILE *f = fopen(path, "rb");

	ASSERT(f);
	doc_open(&doc, str_of(room, (u32)fread(room, 1, sizeof room, f)));
	fclose(f);
}

static void
command(char **f)
{
	if (!strcmp(f[0], "doc")) {
		read_document(f[1]);
	} else if (!strcmp(f[0], "new")) {
		text = buf_over(texts, sizeof texts);
		begin(f);
	} else if (!strcmp(f[0], "role")) {
		ASSERT(gen.roles < ROLES_MAX);
		role[gen.roles++] = (struct role){ .name = keep(f[1]), .destructive = (u8)atoi(f[2]) };
	} else if (!strcmp(f[0], "rule")) {
		put_rule(f);
	} else if (!strcmp(f[0], "never")) {
		ASSERT(api.denies < RULES);
		read_rule(&never[api.denies++], f[1]);
	} else if (!strcmp(f[0], "compile")) {
		compile();
	} else if (!strcmp(f[0], "off")) {
		put_off(f);
	} else if (!strcmp(f[0], "stop")) {
		off.stopped = 1;
	} else if (!strcmp(f[0], "file")) {
		switches_file(&off, true, 1);
	} else {
		ASSERT(!strcmp(f[0], "cell"));
		cell(f);
	}
}

int
main(void)
{
	static char line[8192];

	while (fgets(line, sizeof line, stdin)) {
		char *f[FIELDS] = { line }, *rest = line;

		line[strcspn(line, "\n")] = 0;
		for (u32 i = 0; i < FIELDS; i++)
			f[i] = rest ? strsep(&rest, "\t") : (char[1]){ 0 };
		command(f);
	}
	return 0;
}
