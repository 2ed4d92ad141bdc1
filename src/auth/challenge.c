#include "auth/challenge.h"

#include "auth/grant.h"

struct str
challenge_origin(struct str public_url)
{
	struct str rest = public_url;

	for (u32 i = 0; i < 3; i++) /* "https:", "", "host:port" */
		str_next(&rest, '/');
	return rest.p ? str_cut(public_url, 0, public_url.n - rest.n - 1) : public_url;
}

void
challenge_put(struct buf *b, struct str public_url, struct str path, u8 scopes)
{
	struct str origin = challenge_origin(public_url);

	buf_fmt(b, "resource_metadata=\"%S" CHALLENGE_WELL_KNOWN "%S%S\", scope=\"", origin,
	    str_cut(public_url, origin.n, public_url.n), path);
	grant_scopes_put(b, scopes);
	buf_byte(b, '"');
}

void
challenge_step_up(struct buf *b, struct str public_url, struct str path, u8 scopes)
{
	BUF_LIT(b, "Bearer error=\"insufficient_scope\", error_description=\"this call needs more rights\", ");
	challenge_put(b, public_url, path, scopes);
}
