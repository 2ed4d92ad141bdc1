/* floor: net */
/* The input is a reply, made to fit our question's id so that what lies behind the header is reached. */
#include "net/dns.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static const u16 types[] = { 1, 28 };
	struct dns_list list;
	u32 ttl_s;

	if (n < 12 || n > 65535)
		return 0;
	for (u32 i = 0; i < 2; i++) {
		int err = dns_reply(str_of(data, n), (u16)(data[0] << 8 | data[1]), types[i], STR("a.bc"), &list, &ttl_s);

		ASSERT(list.n <= DNS_ADDRS_MAX && ttl_s <= INT32_MAX);
		ASSERT(err == 0 || list.n == 0);
	}
	return 0;
}
