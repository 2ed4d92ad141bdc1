#include "app/adminpage.h"

#include "app/credentials.h"
#include "app/keypage.h"
#include "app/person.h"
#include "auth/client.h"
#include "auth/team.h"
#include "gate/role.h"

/* ---- people -------------------------------------------------------------------------------------- */

static void
put_roles(struct job *j, struct html *h)
{
	keypage_roles(j, h, STR("member"));
}

static bool
put_user(struct job *j, struct html *h, const struct store_entry *e)
{
	struct user u;

	if (user_decode(e->val, &u) || !lists_sees(j, u.team_id))
		return false;
	if (!h)
		return true;
	html_keep(h, "display", str_of(u.display, u.display_n));
	html_keep(h, "of", user_team(&u));
	html_keep(h, "is", user_role(&u));
	html_flag(h, "disabled", u.disabled);
	html_flag(h, "invited", !u.pass_n && !u.upstream && !u.disabled);
	html_flag(h, "factor", u.totp_n != 0);
	return true;
}

const struct list_kind adminpage_list_people = { "admin_people", "/admin/people", "p:", "people_gone", LISTS_TEAM, NULL,
	put_user, put_roles };

enum step
adminpage_people(struct exchange *x, msec now)
{
	return lists_page(x, &adminpage_list_people, now);
}

/* ---- teams --------------------------------------------------------------------------------------- */

static bool
put_team(struct job *j, struct html *h, const struct store_entry *e)
{
	struct team t;

	if (team_decode(e->val, &t) || !lists_sees(j, t.id))
		return false;
	if (h) {
		html_keep(h, "name", str_of(t.title, t.title_n));
		html_time(h, "created", t.created);
	}
	return true;
}

const struct list_kind adminpage_list_teams = { "admin_teams", "/admin/teams", "t:", "people_gone", LISTS_TEAM, NULL,
	put_team, NULL };

enum step
adminpage_teams(struct exchange *x, msec now)
{
	return lists_page(x, &adminpage_list_teams, now);
}

/* ---- clients ------------------------------------------------------------------------------------- */

static bool
put_client(struct job *j, struct html *h, const struct store_entry *e)
{
	static const char *const kinds[] = { "clients_dynamic", "clients_added", "clients_document" };
	struct client c;

	if (e->key.n != CLIENT_KEY_N || client_decode(e->val, &c) || c.removed)
		return false;
	if (!h)
		return true;
	html_keep(h, "name", c.name);
	if (c.kind != CLIENT_DYNAMIC)
		html_keep(h, "client", c.id);
	html_text(h, "kind", c.pinned ? "clients_pinned" : kinds[c.kind % ARRAY_N(kinds)]);
	if (c.uris)
		html_keep(h, "to", c.uri[0]);
	html_time(h, "since", c.made);
	return true;
}

const struct list_kind adminpage_list_clients = { "admin_clients", "/admin/clients", "c:", "clients_gone", LISTS_BOX,
	"m:", put_client, NULL };

enum step
adminpage_clients(struct exchange *x, msec now)
{
	return lists_page(x, &adminpage_list_clients, now);
}

/* ---- credentials --------------------------------------------------------------------------------- */

/* A credential of the store that an environment uses. */
struct use {
	const struct api *api;
	const struct environment *env;
	struct str name;
};

/* The n-th of all apis, or false; the page has room for LISTS_MAX of them. */
static bool
nth_use(const struct gen *gen, u32 n, struct use *u)
{
	for (u32 i = 0; n < LISTS_MAX && i < gen->apis; i++)
		for (u32 k = 0; k < gen->api[i].environments; k++) {
			const struct environment *e = &gen->api[i].environment[k];

			for (u32 m = 0; m <= e->mores; m++) {
				*u = (struct use){ &gen->api[i], e, m ? e->more[m - 1].store : e->credential.store };
				if (u->name.n && u->name.n <= VAULT_NAME_MAX && !n--)
					return true;
			}
		}
	return false;
}

static bool
put_credential(struct job *j, struct html *h, const struct store_entry *e)
{
	struct str name = str_cut(e->key, 2, e->key.n), val;
	u8 room[CREDENTIALS_NOTE_N];
	struct use u;
	u64 at = 0;

	if (!lists_get(j, credentials_note_key(name, room), &val) || !h)
		return true;
	str_u64(val, &at);
	html_time(h, "since", (wall)at);
	for (u32 n = 0; nth_use(j->gen->gen, n, &u); n++)
		if (str_same(u.name, name))
			lists_mark(j, n);
	return true;
}

/* Which environment uses which. */
static void
put_uses(struct job *j, struct html *h)
{
	struct use u;

	for (u32 n = 0; nth_use(j->gen->gen, n, &u); n++) {
		html_row(h, "use");
		html_put(h, "api_name", u.api->name);
		html_put(h, "where", u.env->name);
		html_put(h, "stored", u.name);
		html_flag(h, "production", u.env->production);
		html_flag(h, "missing", lists_unmarked(j, n));
	}
	html_top(h);
}

const struct list_kind adminpage_list_credentials = { "admin_credentials", "/admin/credentials", "u:",
	"credentials_gone", LISTS_BOX, NULL, put_credential, put_uses };

enum step
adminpage_credentials(struct exchange *x, msec now)
{
	return lists_page(x, &adminpage_list_credentials, now);
}
