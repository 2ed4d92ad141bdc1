/* client: OAuth clients: who they are, where they may be sent back to, how they prove it.
 *
 *   dynamic       id "mcpg-c." + base64url(what was registered | MAC): nothing is stored when it registers, so a
 *                 flood fills nothing and a lost store loses nobody. Public clients with equal metadata get the
 *                 same id; a confidential one always a new id, and its secret is a MAC of that.
 *   pre-registered  id as an administrator gave it; lives in the store
 *   metadata document  the id is an https URL; a pinned or cached copy lives in the store
 *
 * Store: "c:" and the hex of 16 bytes of the id's SHA-256. A record of a dynamic client says that it was used, or (a
 * tombstone) that it was removed: registering again then gives another id. "c:epoch" says when `client reset` was
 * last done: ids made before are dead. Copies of documents lie under "m:".
 * Source: RFC 7591 sections 2 and 3; RFC 8252 section 7.3; OAuth 2.1 section 2.3; draft-ietf-oauth-client-id-
 * metadata-document sections 3 and 4. */
#ifndef AUTH_CLIENT_H
#define AUTH_CLIENT_H

#include "auth/handle.h"
#include "crypt/rng.h"
#include "json/json.h"

#define CLIENT_NAME_MAX 64
#define CLIENT_URIS_MAX 12
#define CLIENT_URI_MAX 255    /* bytes of one redirect URI, or of a document's URL */
#define CLIENT_PAYLOAD_MAX 1100 /* bytes of what a dynamic id says of its client */
#define CLIENT_ID_MAX 1600    /* characters of an id */
#define CLIENT_RECORD_MAX 4096
#define CLIENT_KEY_N 34       /* "c:" and 32 hex characters */
#define CLIENT_UNUSED_S 86400 /* a confidential dynamic client must be used this soon */
#define CLIENT_PREFIX "mcpg-c."
#define CLIENT_EPOCH_KEY "c:epoch"

enum client_kind { CLIENT_DYNAMIC, CLIENT_PRE, CLIENT_DOCUMENT };
enum client_auth { CLIENT_PUBLIC, CLIENT_BASIC, CLIENT_POST };

struct client {
	u8 kind, auth;       /* enum client_kind, enum client_auth */
	u8 uris;
	bool removed, pinned;
	u32 serial;          /* dynamic: tells ids apart whose metadata is equal, after a removal */
	wall epoch;          /* dynamic: what c:epoch was when it was made */
	wall made;           /* dynamic confidential: when; else when the record was written */
	wall fresh;          /* document: until when the copy is good; 0: for ever */
	u8 secret[32];       /* SHA-256 of a pre-registered client's secret */
	u8 nonce[16];        /* dynamic confidential */
	struct str id, name; /* views: into the id, the record, or the document it was read from */
	struct str uri[CLIENT_URIS_MAX];
};

/* The store key of an id: CLIENT_KEY_N bytes; letter 'c', or 'm' for documents. */
void client_key(char out[CLIENT_KEY_N], u8 letter, struct str id);

/* Appends the id of a dynamic client: of its kind, auth, serial, epoch, name and URIs (and made and nonce when it is
 * confidential). out->over when it would be longer than CLIENT_ID_MAX. */
void client_id_make(struct buf *out, const u8 key[HANDLE_KEY_N], const struct client *c);

/* Reads a dynamic id into *c, views into room (CLIENT_PAYLOAD_MAX + 16 bytes). 0; ERR_NONE it has not the form of
 * one; ERR_BAD it was not made here. */
int client_id_open(const u8 key[HANDLE_KEY_N], struct str id, u8 *room, struct client *c);

/* Appends the secret of a dynamic confidential client. */
void client_secret_put(struct buf *out, const u8 key[HANDLE_KEY_N], struct str id);

/* Whether a presented secret is right (constant time; of a public client none is). */
bool client_secret_ok(const struct client *c, const u8 key[HANDLE_KEY_N], struct str secret);

/* What `client reset` left in the store: when it was; and as it is written. */
wall client_epoch_read(struct str record);
void client_epoch_put(struct buf *b, wall epoch);

/* Records. Views of the decoded client point into the record. ERR_BAD: none of ours. */
void client_encode(struct buf *b, const struct client *c);
int client_decode(struct str record, struct client *c);

/* Whether a redirect URI may be registered: https anywhere, http only on loopback, one of the private-use schemes
 * listed (comma-separated, may be empty); no fragment, userinfo, wildcard, blank or control. */
bool client_uri_ok(struct str uri, struct str schemes);

/* Whether a requested redirect URI is one of the client's: the very same bytes; on loopback the port may differ. */
bool client_uri_known(const struct client *c, struct str uri);

/* Whether a URI leads back to the user's own machine. */
bool client_uri_loopback(struct str uri);

/* Reads client metadata (registration body or document) into *c: name, URIs, auth method; strings decoded into a.
 * NULL; else why it is refused, "redirect_uris" first in the text when they are to blame. */
const char *client_read(struct jcur o, struct str schemes, struct arena *a, struct client *c);

/* Whether an id has the form a metadata document's URL must have: https, a path, no dot segments, query, fragment,
 * userinfo. */
bool client_document_url(struct str id);

/* Whether a document may be fetched from a host by its name: one with a dot that is no address in any notation, and
 * none of the names that only exist inside. */
bool client_document_host(struct str host);

/* Reads a metadata document of an id: as client_read, and client_id must be the very same. */
const char *client_document(struct str id, struct jcur o, struct arena *a, struct client *c);

#endif
