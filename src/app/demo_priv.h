/* demo_priv: the tables of the demo API, and what its files share. A kind of record is a row of
 * demo_kinds; its fields are a table, too, so reading, writing, filtering and sorting are each
 * written once. */
#ifndef APP_DEMO_PRIV_H
#define APP_DEMO_PRIV_H

#include "app/demo.h"
#include "json/jout.h"
#include "json/json.h"
#include "serve/serve.h"

enum { DEMO_PEOPLE, DEMO_PROJECTS, DEMO_TASKS, DEMO_TIMES, DEMO_KINDS };
enum { DEMO_SANDBOX, DEMO_PRODUCTION, DEMO_SETS };
enum demo_type { DEMO_TEXT, DEMO_WHOLE, DEMO_HOURS, DEMO_BOOL, DEMO_CHOICE, DEMO_DATE, DEMO_REF };

#define DEMO_NUMBERS 6    /* numbers of a record */
#define DEMO_TEXTS 2      /* texts of a record */
#define DEMO_TEXT_MAX 480 /* bytes of one */
#define DEMO_NULL INT64_MIN
#define DEMO_PAGE_MAX 50

/* One field. Numbers hold whole numbers, hundredths of hours, choices, dates as 20261121, ids. */
struct demo_field {
	const char *name;
	u8 type, slot;             /* enum demo_type; place in number or text */
	bool required;
	u8 ref;                    /* DEMO_REF: the kind it points to */
	u16 most;                  /* DEMO_TEXT: bytes; DEMO_HOURS: hours */
	int64_t initial;           /* of a new record when not given */
	const char *const *choice; /* DEMO_CHOICE, NULL-ended */
};

struct demo_kind {
	const char *one, *many; /* "task", "tasks" */
	const struct demo_field *field;
	u32 fields, max;
};

extern const struct demo_kind demo_kinds[DEMO_KINDS];

struct demo_row {
	u32 id; /* 0: free */
	wall created, updated;
	int64_t number[DEMO_NUMBERS];
	u16 text_n[DEMO_TEXTS];
	u8 text[DEMO_TEXTS][DEMO_TEXT_MAX];
};

struct demo_table {
	struct demo_row *row;
	u32 next_id;
};

struct demo {
	struct serve serve;
	struct serve_conf conf;
	struct str host; /* the only one it answers to */
	struct pool jobs;
	struct jsmntok *tok;
	struct demo_table table[DEMO_SETS][DEMO_KINDS];
	char token[DEMO_SETS][DEMO_TOKEN_N];
	wall now_s;
};

struct demo_job {
	struct exchange x;
	struct demo *demo;
};

/* What a handler knows about its request. */
struct demo_request {
	struct exchange *x;
	struct demo *demo;
	struct demo_table *set; /* the tables, by kind */
	u32 kind;
	u32 id;                 /* 0: the path has none */
};

/* Fields a record of the kind has, by name; NULL: none. */
const struct demo_field *demo_field(u32 kind, struct str name);

/* The record with an id, or NULL. A free row for a new one, or NULL when the table is full. */
struct demo_row *demo_find(const struct demo_table *set, u32 kind, u32 id);
struct demo_row *demo_new(struct demo *d, struct demo_table *set, u32 kind);

/* Removes a record and everything that belongs to it. */
void demo_remove(struct demo_table *set, u32 kind, u32 id);

/* How many records of a kind point to a record by the field. */
u32 demo_pointing(const struct demo_table *set, u32 kind, const char *field, u32 id);

/* Reads the text of a value for a field. 0; ERR_BAD with what it must be. */
int demo_read(const struct demo_field *f, struct str text, int64_t *number, const char **must);

/* Writes a record as a JSON object. */
void demo_print(struct jout *o, u32 kind, const struct demo_row *row);

/* Writes one value of a field, with its key. */
void demo_print_field(struct jout *o, const struct demo_field *f, const struct demo_row *row);

/* Fills in the example data. */
void demo_seed(struct demo *d);

/* An error answer: {"error": {"code", "message"}}, and with a field {"fields": {name: text}}. */
enum step demo_error(struct exchange *x, u16 status, const char *code, const char *message);
enum step demo_wrong(struct exchange *x, struct str field, const char *text);

/* GET of many, with filters, sorting and paging; only: a further condition that the path sets, field and id. */
enum step demo_list(const struct demo_request *r, const char *only, u32 only_id);

/* GET of search: people, projects and tasks that hold the word, up to most of them. */
enum step demo_search(const struct demo_request *r, struct str word, u32 most);

/* Whether text holds part, without case of ASCII letters. */
bool demo_holds(struct str text, struct str part);

/* POST and PATCH: reads the body into a record (row NULL: a new one) and answers with it. */
enum step demo_write(const struct demo_request *r, struct demo_row *row);

/* Answers with a record. */
enum step demo_answer(const struct demo_request *r, u16 status, u32 kind, const struct demo_row *row);

#endif
