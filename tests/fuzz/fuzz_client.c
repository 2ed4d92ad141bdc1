/* floor: auth */
#include "auth/client.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t n);

/* Registrations, metadata documents, ids and redirect URIs from any text: what is taken has only URIs that may be
 * registered, and every one of them is known again. */
int
LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	static u8 memory[1 << 16], id_room[CLIENT_PAYLOAD_MAX + 64];
	static struct jsmntok tok[512];
	static const u8 key[HANDLE_KEY_N];
	struct arena a = arena_over(memory, sizeof memory);
	struct str text = str_of(data, n), schemes = STR("cursor,app");
	struct client c;
	struct jdoc d;

	if (json_parse_request(&d, text, tok, 512, &a) == 0) {
		if (!client_read(json_root(&d), schemes, &a, &c))
			for (u32 i = 0; i < c.uris; i++)
				ASSERT(client_uri_ok(c.uri[i], schemes) && client_uri_known(&c, c.uri[i]));
		client_document(STR("https://a.example/c.json"), json_root(&d), &a, &c);
	}
	client_document_url(text);
	client_uri_ok(text, schemes);
	client_id_open(key, text, id_room, &c);
	client_decode(text, &c);
	return 0;
}
