#include "app/capage.h"

#include "app/html.h"
#include "crypt/issue.h"
#include "http/url.h"

/* GET /ca: anybody may see it; without an authority of our own there is no such page. */
enum step
capage_page(struct exchange *x, msec now)
{
	const struct gen *gen = job_of(x)->gen->gen;
	u8 room[ISSUE_FINGERPRINT_N];
	struct buf b = buf_over(room, sizeof room);
	struct url u;
	struct html h;

	if (!gen || !gen->ca.n)
		return html_error(x, 404, "ca_none");
	issue_fingerprint(&b, gen->ca);
	html_begin(&h, x, "ca");
	html_put(&h, "fingerprint", buf_str(&b));
	html_put(&h, "url", gen->public_url);
	if (url_parse(gen->public_url, &u) == 0)
		html_put(&h, "host", u.host);
	return html_reply(&h, 200);
}

static enum step
file(struct exchange *x, const char *type, struct str bytes)
{
	if (!bytes.n)
		return html_error(x, 404, "ca_none");
	reply_field(x, "Cache-Control", STR("no-store"));
	reply_field(x, "X-Content-Type-Options", STR("nosniff"));
	return reply_bytes(x, 200, type, bytes);
}

enum step
capage_pem(struct exchange *x, msec now)
{
	const struct gen *gen = job_of(x)->gen->gen;

	return file(x, "application/x-pem-file", gen ? gen->ca_pem : STR_NONE);
}

enum step
capage_der(struct exchange *x, msec now)
{
	const struct gen *gen = job_of(x)->gen->gen;

	return file(x, "application/x-x509-ca-cert", gen ? gen->ca : STR_NONE);
}
