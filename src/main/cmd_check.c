#include "main/cmd.h"

#include "base/text.h"
#include "gate/elsewhere.h"
#include "gate/mode.h"
#include "gate/role.h"
#include "main/fresh.h"
#include "main/plan.h"
#include "main/reach.h"
#include "main/say.h"
#include "main/shelf.h"
#include "sys/jail.h"
#include "sys/place.h"

/* What the document's servers say, for a person who has not written an environment yet. */
static void
suggest_environment(const struct api *api, const struct catalog *c)
{
	struct catalog_server server;

	catalog_server(c, 0, &server);
	say_errf("api '%S' has no environment: where does it answer? Add, for instance:\n\n"
	         "config environment 'production'\n\toption api '%S'\n\toption base_url '%s%S'\n\n",
	    api->name, api->name, server.absolute ? "" : "http://HOST:PORT", server.url);
}

static void
print_environments(const struct api *api)
{
	for (u32 i = 0; i < api->environments; i++) {
		const struct environment *e = &api->environment[i];

		say_outf("  environment %S: %S%s%s%s\n", e->name, e->base_url, e->production ?
		    ", production" : ", sandbox",
		    i == api->default_environment ? ", default" : "", e->pass ? ", each caller's own credential" :
		    e->credential.of == CREDENTIAL_USERS ? ", each user's own credential" :
		    e->credential.in == CREDENTIAL_NONE ? ", no credential" : "");
	}
}

/* A rule that meets nothing is more often a mistake than care. */
static void
check_rules(const struct api *api, const char *option, const struct rule *rule, u32 n, const struct catalog *c)
{
	for (u32 i = 0; i < n; i++) {
		struct catalog_op op;
		u32 k = 0;

		for (bool met = false; !met && k < c->op_n; k += !met) {
			catalog_op(c, k, &op);
			for (u32 e = 0; e < api->environments; e++)
				met |= rule_meets(&rule[i], api, &api->environment[e], c, &op);
		}
		if (k == c->op_n)
			say_errf("warning: api '%S': %s '%S' meets no operation of the document\n", api->name, option,
			    rule[i].text);
	}
}

/* Tools on other servers of the document, which are off where no environment names them. */
static void
print_elsewhere(const struct api *api, const struct catalog *c)
{
	for (u32 i = 0; i < c->server_n; i++) {
		struct catalog_server server;
		struct catalog_op op;
		u32 n = 0, on = 0;

		for (u32 k = 0; k < c->op_n; k++) {
			catalog_op(c, k, &op);
			if (!(op.flags & CATALOG_OP_ELSEWHERE) || op.server != i)
				continue;
			for (u32 e = on = 0; e < api->environments; e++)
				on += elsewhere(&api->environment[e], c, &op) != NULL;
			n++;
		}
		catalog_server(c, i, &server);
		if (n)
			say_outf("  %u tools are on %S: %s\n", n, server.url, on ? "an environment names it" :
			    "off, until `list server` of an environment names it");
	}
}

/* What each role sees, and what `mode auto` makes of it. */
static void
print_mode(struct conf *c, u32 i, struct shelf *s)
{
	struct api *api = (struct api *)(uintptr_t)&c->gen.api[i];
	bool dear = false;

	if (role_compile(&c->gen, api, &s->catalog, &s->arena))
		return;
	for (u32 r = 0; r < c->gen.roles; r++) {
		struct mode m = mode_of_role(api, r, &s->catalog);
		u8 room[300];
		struct buf b = buf_over(room, sizeof room);

		if (api->mode == API_MODE_AUTO)
			mode_say(&m, &b);
		else
			buf_fmt(&b, "%u operations, about %U tokens a list", m.operations, m.tokens);
		say_outf("  role %S, mode %S\n", c->gen.role[r].name, buf_str(&b));
		dear |= api->mode == API_MODE_AUTO && mode_decide(&m) == API_MODE_CODE;
	}
	if (dear)
		say_errf("api '%S': lists of tools are dear for its callers; %s\n", api->name, MODE_NARROW);
}

/* Changes to operations that are not there (any more). */
static void
print_unmet(const struct api *api, const struct report *r)
{
	for (u32 i = 0; i < r->n; i++)
		if (report_unmet(&r->item[i]))
			say_errf("warning: api '%S': %s: %S\n", api->name, r->item[i].why, r->item[i].detail);
}

static int
check_api(struct flags *a, struct conf *c, u32 i)
{
	const struct api *api = &c->gen.api[i];
	const struct fresh f = { .document = c->documents[i], .within = c->withins[i], .overlay = c->overlays[i],
		.said = c->said[i], .tell = true };
	struct catalog_info info;
	struct shelf s;
	u32 lost;
	int code = shelf_compile(&s, a, &f);

	if (code != FLAGS_GO)
		return code;
	catalog_info(&s.catalog, &info);
	say_outf("api %S: %S %S\n  document %S: %u operations, %u left out\n", api->name, info.title, info.version,
	    api->document,
	    info.counts.operations, info.counts.skipped);
	say_outf("  %u tools (%u read, %u write, %u destructive), tools/list about %U tokens\n", s.catalog.op_n,
	    info.counts.reads, info.counts.writes, info.counts.destructives, shelf_tokens(&s.catalog));
	say_outf("  served at %S/%S/mcp%s%S%S\n", c->gen.public_url, api->name, i == 0 ? " and /mcp" : "",
	    api->path.n ? STR(" and ") : STR(""), api->path);
	print_environments(api);
	check_rules(api, "only", api->only, api->onlys, &s.catalog);
	check_rules(api, "deny", api->deny, api->denies, &s.catalog);
	print_unmet(api, &s.report);
	print_elsewhere(api, &s.catalog);
	print_mode(c, i, &s);
	lost = info.counts.skipped - s.report.hidden;
	if (lost)
		say_errf("api '%S': %u operations are left out; `mcpgated import --strict %S` tells why\n",
		    api->name, lost, api->document);
	if (!api->environments) {
		suggest_environment(api, &s.catalog);
		return EXIT_FAILED;
	}
	return lost ? EXIT_LOSSES : EXIT_OK;
}

static void
print_memory(const struct conf *c)
{
	u8 room[1500];
	struct buf b = buf_over(room, sizeof room);
	struct plan p;

	plan_worker(&p, c->workers);
	plan_print(&b, &p);
	say_outf("memory of one worker (of %u), touched only as far as it is used:\n", c->workers);
	say_out(buf_str(&b));
	say_outf("  descriptors: %u at most\n", p.files);
}

/* What workers would be confined by here, step by step. EXIT_FAILED where the configuration wants all of it and this
 * kernel cannot. */
static int
check_jail(const struct conf *c)
{
	u32 calls, version = jail_knows_files();
	bool filtered = jail_knows_calls(&calls), off = c->jail == CONF_JAIL_OFF;

	say_out(STR("jail of a worker: no capabilities, no new privileges, no dumps, limits\n"));
	if (c->drops)
		say_outf("  user: %u, group %u, where it is started as root\n", c->uid, c->gid);
	else
		say_out(STR("  user: whoever starts it (option user, or the service)\n"));
	if (off)
		say_out(STR("  files, system calls: not confined, option jail 'off'\n"));
	else if (version)
		say_outf("  files: only its data, by Landlock %u\n", version);
	else
		say_out(STR("  files: not confined, this kernel has no Landlock (5.13 and newer)\n"));
	if (!off && filtered)
		say_outf("  system calls: the %u of its table\n", calls);
	else if (!off)
		say_out(STR("  system calls: not filtered, no seccomp here or no table for this processor\n"));
	if (off || (version && filtered))
		return EXIT_OK;
	if (c->jail == CONF_JAIL_REQUIRED)
		say_errf("the jail is required and would not be complete here: serve would refuse\n");
	else
		say_errf("warning: the jail would not be complete here; serve goes on without what is missing\n");
	return c->jail == CONF_JAIL_REQUIRED ? EXIT_FAILED : EXIT_OK;
}

/* The options. */
struct wanted {
	const char *file, *data;
};

int
cmd_check(struct flags *a)
{
	struct wanted w = { .data = NULL };
	static const struct flags_option options[] = {
		FLAGS_OPTION(struct wanted, file, "config", 'c'),
		FLAGS_OPTION(struct wanted, data, "data", 0),
	};
	static const struct flags_table words = { options, ARRAY_N(options), 0, 0, "" };
	struct conf *c;
	int code = flags_read(a, &words, &w), worst = EXIT_OK;

	if (code != FLAGS_GO)
		return code;
	c = (struct conf *)(uintptr_t)cmd_conf(w.file, w.data, false);
	if (!c)
		return EXIT_FAILED;
	for (u32 i = 0; i < c->gen.apis; i++) {
		code = check_api(a, c, i);
		if (code == EXIT_FAILED || worst == EXIT_OK)
			worst = code;
	}
	print_memory(c);
	if (check_jail(c) != EXIT_OK)
		worst = EXIT_FAILED;
	reach_tell(c);
	if (place_in_memory(c->data))
		say_errf("warning: %s lies in memory (tmpfs): keys are gone after a restart. Choose another "
		    "`option data`\n", c->data);
	say_errf(worst == EXIT_FAILED ? "something must be changed\n" : "the configuration is fine\n");
	return worst;
}
