/* floor: http */
#include "http/form.h"
#include "http/url.h"

/* URLs, paths and forms: parts lie inside, and what is encoded decodes to the same bytes. */
int LLVMFuzzerTestOneInput(const u8 *p, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *p, size_t n)
{
	static u8 wide[12000], back[12000];
	struct str in = str_of(p, n), rest = in, name, value;
	struct buf out = buf_over(wide, sizeof wide), two = buf_over(back, sizeof back);
	struct url u;

	if (n > 3000)
		return 0;
	if (url_parse(in, &u) == 0)
		ASSERT(u.host.n && (u.scheme == URL_UNIX || u.port) && (!u.path.n || u.path.p[0] == '/'));
	ASSERT(!url_path_ok(in) || !url_dots(in));
	url_encode(&out, in, (enum url_set)(n % 2));
	if (url_decode(&two, buf_str(&out)) == 0)
		ASSERT(str_same(buf_str(&two), in));
	while (form_next(&rest, &name, &value)) {
		out = buf_over(wide, sizeof wide);
		if (form_decode(&out, value) == 0)
			ASSERT(form_is(value, buf_str(&out)));
	}
	return 0;
}
