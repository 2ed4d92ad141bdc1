#include "main/doctor.h"

#include "http/url.h"
#include "sys/clock.h"

/* ---- as a client sees it ------------------------------------------------------------------------------ */

static const struct {
	const char *part, *advice;
} cures[] = {
	{ "expired", "renew the certificate, or set the clock of this machine or the box right" },
	{ "hostname does not match",
	    "use a name of the certificate, or have it made for this one (tls_name, tls_cert)" },
	{ "unknown issuer",
	    "clients must trust its authority: URL/ca tells how (here: --ca FILE), or send the chain's middle" },
	{ "TLS at all", "is it http and not https there, or is the port another service's?" },
	{ "no such host", "the name is not known here: DNS, /etc/hosts, or use the address" },
	{ "refused", "nothing listens there: is the server running, is `listen` this address and port?" },
	{ "", "nothing comes back: firewall, wrong address, or a proxy that does not reach the box" },
};

static bool
step_reach(struct doctor *d)
{
	struct probe_ask q = doctor_question(d, "GET", STR("/healthz"));
	msec begun = clock_mono_ms();
	u32 i = 0;

	if (!doctor_put(d, &q)) {
		while (str_find_str(d->answer.why, str_c(cures[i].part)) < 0)
			i++;
		TELL(d, 'F', "reach     ", cures[i].advice, "%S: %S", d->origin, d->answer.why);
		return false;
	}
	if (d->answer.status >= 500)
		TELL(d, 'F', "reach     ",
		    "a proxy stands before a box that does not answer: is it up, is the proxy's target right?",
		    "%S answers %u", d->origin, (u32)d->answer.status);
	else if (d->answer.status == 421 || d->answer.status == 403 || d->answer.status == 400)
		TELL(d, 'F', "reach     ",
		    "the box does not take this Host: add it as `list allow_host`, or set public_url",
		    "%S answers %u: %S", d->origin, (u32)d->answer.status, str_cut(d->answer.body, 0, 200));
	else if (d->answer.status / 100 == 3)
		TELL(d, 'F', "reach     ", "clients do not follow it: use the address it names",
		    "%S leads elsewhere: %S", d->origin,
		    buf_str(&d->answer.location));
	else
		TELL(d, 'o', "reach     ", NULL, "%S answers %u after %u ms%s", d->origin, (u32)d->answer.status,
		    (u32)(clock_mono_ms() - begun), d->at->tls ? ", its certificate is good for this name" : "");
	return d->answer.status < 300 || d->answer.status == 404;
}

/* Pages of others must not reach it through a browser (DNS rebinding). */
static void
step_names(struct doctor *d)
{
	struct probe_ask q = doctor_question(d, "GET", STR("/healthz"));
	u16 host, origin;

	q.host = "doctor.invalid";
	doctor_put(d, &q);
	host = d->answer.status;
	q = doctor_question(d, "POST", d->path);
	q.body = STR("{}");
	BUF_LIT(&d->fields, "Origin: http://doctor.invalid\r\n");
	doctor_put(d, &q);
	origin = d->answer.status;
	if (host && host < 400)
		TELL(d, 'w', "names     ",
		    "is it mcpgated, or a proxy that writes Host anew? Then the proxy must refuse other names",
		    "it answers to any Host");
	else if (origin != 403)
		TELL(d, 'w', "names     ", "pages of others should be refused with 403", "Origin of another site: %u",
		    (u32)origin);
	else
		TELL(d, 'o', "names     ", NULL, "other names in Host are refused (%u), pages of other sites, too",
		    (u32)host);
}

/* The value of resource_metadata="..." in the challenge. */
static struct str
metadata_url(const struct doctor *d)
{
	struct str all = buf_str(&d->answer.challenge), key = STR("resource_metadata=\""), rest;
	int at = str_find_str(all, key);

	if (at < 0)
		return STR("");
	rest = str_cut(all, (u32)at + key.n, all.n);
	return str_next(&rest, '"');
}

/* Without a key: what tells a client where to log in. Its address in *where. 1: one is needed; 0: none; ERR_BAD. */
static int
step_challenge(struct doctor *d, struct str *where)
{
	struct str key = d->key;
	u16 status;

	d->key = STR("");
	if (d->player->how & GETS) {
		struct probe_ask q = doctor_question(d, "GET", d->path);

		q.head = true;
		BUF_LIT(&d->fields, "Accept: text/event-stream\r\n");
		doctor_put(d, &q);
		if (d->answer.status != 401 && d->answer.status != 405)
			TELL(d, 'w', "GET       ", "it expects 401 or 405 and may give up", "GET %S: %u", d->url,
			    (u32)d->answer.status);
	}
	doctor_hello(d);
	d->key = key;
	status = d->answer.status;
	if (status == 200) {
		TELL(d, 'w', "challenge ", "auth 'none': whoever can connect may call", "no key is asked for");
		return 0;
	}
	if (status == 404 || status == 405) {
		TELL(d, 'F', "challenge ",
		    "paths are /mcp, /API/mcp, /API/ENVIRONMENT/mcp: `mcpgated check` prints them",
		    "%S is no MCP endpoint: %u", d->url, (u32)status);
		return ERR_BAD;
	}
	*where = arena_dup(&d->arena, metadata_url(d));
	if (status != 401)
		TELL(d, 'F', "challenge ", "a call without a key should be answered with 401", "%S answers %u: %S",
		    d->url,
		    (u32)status, str_cut(d->answer.body, 0, 200));
	else if (!where->n)
		TELL(d, key.n ? 'w' : 'F', "challenge ",
		    "clients without a key cannot log in: oauth is off, or the box has no https",
		    "401, but WWW-Authenticate names no resource_metadata");
	else
		TELL(d, 'o', "challenge ", NULL, "401, metadata at %S", *where);
	return status == 401 ? 1 : ERR_BAD;
}

/* GETs a document of the same server by its absolute URL. */
static struct jcur
document(struct doctor *d, const char *step, struct str url)
{
	struct probe_ask q = doctor_question(d, "GET", STR("/"));
	struct url u, us;
	struct jcur root;

	if (url_parse(url, &u) || url_parse(d->url, &us)) {
		TELL(d, 'F', step, "set public_url to the address that clients use", "'%S' is no address", url);
		return json_none(ERR_BAD);
	}
	if (!url_same_origin(&u, &us)) {
		TELL(d, 'F', step, "set public_url to the address that clients use: they are sent elsewhere",
		    "%S is not at %S", url, d->origin);
		return json_none(ERR_BAD);
	}
	q.target = str_of(u.path.p, (size_t)(url.p + url.n - u.path.p));
	buf_fmt(&d->fields, "Accept: application/json\r\nMCP-Protocol-Version: %s\r\n", d->player->version);
	doctor_put(d, &q);
	root = d->answer.status == 200 ? doctor_json(d) : json_none(ERR_NONE);
	if (json_kind(root) != JSON_OBJECT)
		TELL(d, 'F', step, "does a proxy keep /.well-known/ to itself?", "%S answers %u, and no JSON object",
		    url,
		    (u32)d->answer.status);
	return root;
}

/* Metadata of the resource, then of its authorization server. Whether a client would go on; where it registers. */
static bool
step_metadata(struct doctor *d, struct str where, struct str *registers, struct str *authorizes)
{
	struct jcur m = document(d, "metadata  ", where);
	struct str resource = doctor_text(d, m, "resource"), issuer, said;
	struct url u, us;
	u8 room[700];
	struct buf b = buf_over(room, sizeof room);

	if (m.err)
		return false;
	issuer = arena_dup(&d->arena, json_str(json_at(json_get(m, "authorization_servers"), 0), &d->arena));
	if (!str_same(resource, d->url)) {
		TELL(d, 'F', "metadata  ", "clients compare them: use that address, or set public_url to this one",
		    "it is for '%S', and this is %S", resource, d->url);
		return false;
	}
	TELL(d, issuer.n ? 'o' : 'F', "metadata  ", issuer.n ? NULL : "it must name an authorization server",
	    "for %S; issuer %S; scopes %S", resource, issuer, json_raw(json_get(m, "scopes_supported")));
	if (!issuer.n || url_parse(issuer, &u) || url_parse(d->url, &us))
		return false;
	if (!url_same_origin(&u, &us)) {
		TELL(d, 'w', "issuer    ", "its own doctor is `curl`: it is not asked here", "%S is another server",
		    issuer);
		return false;
	}
	buf_fmt(&b, "%S/.well-known/oauth-authorization-server%S", d->origin, u.path.n > 1 ? u.path : STR(""));
	m = document(d, "issuer    ", buf_str(&b));
	if (m.err)
		return false;
	said = doctor_text(d, m, "issuer");
	*registers = doctor_text(d, m, "registration_endpoint");
	*authorizes = doctor_text(d, m, "authorization_endpoint");
	if (!str_same(said, issuer))
		TELL(d, 'F', "issuer    ",
		    "clients refuse this: set public_url (or issuer_url) to one address, and use it",
		    "it calls itself '%S', and the resource says '%S'", said, issuer);
	else if (!authorizes->n || str_find_str(json_raw(json_get(m, "code_challenge_methods_supported")),
	    STR("S256")) < 0)
		TELL(d, 'F', "issuer    ", "clients insist on code with S256", "%S offers no login with S256", issuer);
	else
		TELL(d, 'o', "issuer    ", NULL, "%S%s", issuer, registers->n ? "" :
		    " (clients cannot register themselves)");
	return str_same(said, issuer) && authorizes->n;
}

/* Registers as the client does and follows it to the login page. */
static void
step_register(struct doctor *d, struct str registers, struct str authorizes)
{
	struct probe_ask q = doctor_question(d, "POST", STR("/"));
	u8 room[1400];
	struct buf b = buf_over(room, sizeof room);
	struct url u;
	struct str id;

	if (!registers.n || url_parse(registers, &u)) {
		TELL(d, 'w', "register  ", "`mcpgated client add`, or option registration 'on'",
		    "clients cannot register themselves");
		return;
	}
	q.target = u.path;
	buf_fmt(&b,
	    "{\"client_name\":\"%s (doctor)\",\"redirect_uris\":[\"%s\"],\"grant_types\":[\"authorization_code\","
	    "\"refresh_token\"],\"response_types\":[\"code\"],\"token_endpoint_auth_method\":\"none\"}",
	    d->player->name,
	    d->player->redirect);
	q.body = buf_str(&b);
	doctor_put(d, &q);
	id = doctor_text(d, doctor_json(d), "client_id");
	if (d->answer.status != 201 || !id.n || url_parse(authorizes, &u)) {
		TELL(d, 'F', "register  ", "the answer says why; clients give up here", "%S answers %u: %S", registers,
		    (u32)d->answer.status, str_cut(d->answer.body, 0, 200));
		return;
	}
	b.w = 0;
	buf_fmt(&b, "%S?response_type=code&client_id=", u.path);
	url_encode(&b, id, URL_COMPONENT);
	BUF_LIT(&b,
	    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
	    "&state=doctor&redirect_uri=");
	url_encode(&b, str_c(d->player->redirect), URL_COMPONENT);
	BUF_LIT(&b, "&resource=");
	url_encode(&b, d->url, URL_COMPONENT);
	q = doctor_question(d, "GET", buf_str(&b));
	doctor_put(d, &q);
	if ((d->answer.status == 200 || d->answer.status / 100 == 3) &&
	    str_find_str(buf_str(&d->answer.location), STR("error=")) < 0)
		TELL(d, 'o', "register  ", NULL, "registered as %S; a person would log in now", id);
	else
		TELL(d, 'F', "register  ", "the answer says why", "%S answers %u: %S%S", authorizes,
		    (u32)d->answer.status,
		    buf_str(&d->answer.location), str_cut(d->answer.body, 0, 200));
}

int
doctor_way(struct doctor *d)
{
	struct str where, registers = STR(""), authorizes = STR("");
	int asks;

	if (!step_reach(d))
		return ERR_BAD;
	step_names(d);
	asks = step_challenge(d, &where);
	if (asks > 0 && where.n && step_metadata(d, where, &registers, &authorizes) && !d->key.n)
		step_register(d, registers, authorizes);
	return asks;
}
