#include "catalog/effect.h"

#include "catalog/naming.h"

/* Words that destroy, and beginnings that do in words written without capitals: "deletetags". */
static const char *const destroys[] = {
	"delete", "deletion", "remove", "removal", "purge", "revoke", "revocation", "reset", "destroy", "clear",
	"wipe", "erase", "truncate", "drop", "expunge", "uninstall", "terminate", "unlink", "flush", "prune",
	"bulkdelete", "batchdelete", "bulkremove",
};

static const char *const destroys_at_start[] = { "delete", "remove", "purge", "revoke", "destroy", "erase", "unlink",
	"reset" };

/* What is destroyed already: a place, not an act. */
static const char *const destroyed[] = { "deleted", "removed", "purged", "revoked", "destroyed", "erased", "unlinked" };

static const char *const reads[] = {
	"search", "query", "list", "get", "find", "lookup", "fetch", "read", "count", "filter",
};

static const char *const read_paths[] = { "search", "query", "find", "lookup", "count", "filter" };

static const char *const writes[] = {
	"create", "add", "update", "set", "send", "post", "put", "patch", "insert", "upsert", "save", "store", "start",
	"stop", "run", "execute", "import", "upload", "move", "copy", "assign", "register", "submit", "cancel",
	"change",
	"merge", "apply", "enable", "disable", "replace", "edit", "new", "make", "mark", "generate", "rotate",
};

static bool
among(struct str word, const char *const *list, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (str_same_nocase(word, str_c(list[i])))
			return true;
	return false;
}

/* The last literal segment of a path, or empty when it ends in a parameter. */
static struct str
last_segment(struct str path)
{
	struct str last = STR_NONE;

	while (path.p) {
		struct str part = str_next(&path, '/');

		if (part.n)
			last = part;
	}
	return last.n && str_find(last, '{', 0) < 0 ? last : STR_NONE;
}

static bool
word_destroys(struct str word)
{
	if (among(word, destroys, ARRAY_N(destroys)))
		return true;
	if (among(word, destroyed, ARRAY_N(destroyed)))
		return false;
	for (u32 i = 0; i < ARRAY_N(destroys_at_start); i++) {
		struct str start = str_c(destroys_at_start[i]);

		if (word.n > start.n && str_same_nocase(str_cut(word, 0, start.n), start))
			return true;
	}
	return false;
}

static bool
any_destroys(struct str name)
{
	struct str word[NAMING_WORDS];
	u32 n = naming_words(name, word, NAMING_WORDS);

	for (u32 i = 0; i < n; i++)
		if (word_destroys(word[i]))
			return true;
	return false;
}

static bool
first_destroys(struct str name)
{
	struct str word;

	return naming_words(name, &word, 1) && word_destroys(word);
}

static bool
any_word(struct str name, const char *const *list, u32 n)
{
	struct str word[NAMING_WORDS];
	u32 words = naming_words(name, word, NAMING_WORDS);

	for (u32 i = 0; i < words; i++)
		if (among(word[i], list, n))
			return true;
	return false;
}

static bool
first_word(struct str name, const char *const *list, u32 n)
{
	struct str word;

	return naming_words(name, &word, 1) && among(word, list, n);
}

static bool
path_destroys(struct str path)
{
	while (path.p) {
		struct str part = str_next(&path, '/');

		if (part.n && part.p[0] != '{' && any_destroys(part))
			return true;
	}
	return false;
}

/* operationIds often begin with the method, which says nothing: "PostSearch" searches. */
static struct str
without_method(u32 method, struct str id)
{
	struct str word, name = str_c(catalog_method_text(method));

	if (!naming_words(id, &word, 1) || !str_same_nocase(word, name) || word.n == id.n)
		return id;
	return str_cut(id, (u32)(word.p - id.p) + word.n, id.n);
}

/* "Cluster_MemberList" at /cluster/member/list: names of remote procedures, all of them POST, end in the verb. Only
 * where the path says the same: a list may be a thing that is made. */
static bool
procedure_reads(struct str id, struct str last)
{
	static const char *const verbs[] = { "list", "get", "range", "leases" };
	struct str word[NAMING_WORDS];
	u32 n = naming_words(id, word, NAMING_WORDS);

	return n > 1 && str_find(id, '_', 0) > 0 && str_same_nocase(word[n - 1], last) &&
	       among(last, verbs, ARRAY_N(verbs));
}

u8
effect_of(u32 method, struct str id, struct str path)
{
	struct str last = last_segment(path);

	if (method == CATALOG_DELETE)
		return CATALOG_DESTRUCTIVE;
	if (method == CATALOG_GET || method == CATALOG_HEAD || method == CATALOG_OPTIONS ||
	    method == CATALOG_METHOD_QUERY)
		return first_destroys(id) || first_destroys(last) ? CATALOG_DESTRUCTIVE : CATALOG_READ;
	if (any_destroys(id) || path_destroys(path))
		return CATALOG_DESTRUCTIVE;
	id = without_method(method, id);
	if (method != CATALOG_POST || any_word(id, writes, ARRAY_N(writes)))
		return CATALOG_WRITE;
	if (procedure_reads(id, last))
		return CATALOG_READ;
	if (first_word(id, reads, ARRAY_N(reads)) || among(last, read_paths, ARRAY_N(read_paths)))
		return CATALOG_READ;
	return CATALOG_WRITE;
}

u8
effect_of_verb(struct str verb)
{
	static const char *const safe[] = { "PROPFIND", "REPORT", "SEARCH" };

	return among(verb, safe, ARRAY_N(safe)) ? CATALOG_READ : CATALOG_DESTRUCTIVE;
}
