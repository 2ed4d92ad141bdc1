/* yaml_priv: what the files of the reader share. */
#ifndef YAML_YAML_PRIV_H
#define YAML_YAML_PRIV_H

#include "yaml/yaml.h"

/* The byte k places ahead; 0 behind the end, which no document may hold. */
static inline u8
yaml_peek(const struct yaml *y, u32 k)
{
	return k < y->in.n - y->at ? y->in.p[y->at + k] : 0;
}

static inline bool
yaml_break(u8 c)
{
	return c == '\n' || c == '\r';
}

static inline bool
yaml_blank(u8 c)
{
	return c == ' ' || c == '\t';
}

/* Blank, break, or the end. */
static inline bool
yaml_gap(u8 c)
{
	return yaml_blank(c) || yaml_break(c) || c == 0;
}

static inline bool
yaml_flow_mark(u8 c)
{
	return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

/* Whether a colon whose next byte is this one separates a key from its value. */
static inline bool
yaml_colon_ends(u8 next, bool flow)
{
	return yaml_gap(next) || (flow && yaml_flow_mark(next));
}

/* Says what was expected at an offset; the first fault stands. ERR_BAD. */
int yaml_fail(struct yaml *y, const char *why, u32 at);

/* Refuses what no document may hold: control characters, and bytes that are no UTF-8. */
void yaml_check(struct yaml *y);

/* Eats one line break: \n, \r\n or \r. */
void yaml_newline(struct yaml *y);

/* Eats blanks, comments and breaks up to the next thing. */
void yaml_skip(struct yaml *y);

/* Whether "---" or "..." begins the line here. */
bool yaml_marker(const struct yaml *y);

/* Whether what begins here is a key: a scalar, alias or flow collection on one line with a colon behind it. */
bool yaml_key_ahead(const struct yaml *y, bool flow);

/* Reads a scalar that begins here into e. n: what follows on further lines is indented more than n; key: it stays on
 * its line. 0, or an error. */
int yaml_plain(struct yaml *y, struct yaml_event *e, int n, bool flow, bool key);
int yaml_quoted(struct yaml *y, struct yaml_event *e, int n);
int yaml_block(struct yaml *y, struct yaml_event *e, int n);

#endif
