/* list: an intrusive doubly linked ring. A link is embedded in its owner; an unlinked link points to itself, so
 * taking it out twice is harmless. The head is a link too. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/base.h"

struct link {
	struct link *next, *prev;
};

static inline void
list_init(struct link *l)
{
	l->next = l->prev = l;
}

static inline bool
list_empty(const struct link *head)
{
	return head->next == head;
}

/* Whether l stands in some list (it must have been list_init-ed). */
static inline bool
list_linked(const struct link *l)
{
	return l->next != l;
}

static inline void
list_out(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

static inline void
list_last(struct link *head, struct link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

static inline void
list_first(struct link *head, struct link *l)
{
	l->next = head->next;
	l->prev = head;
	head->next->prev = l;
	head->next = l;
}

/* Moves all of from behind to's last element; from is empty afterwards. */
static inline void
list_splice(struct link *to, struct link *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/* Walks the list; the body may take the element out. */
#define LIST_EACH(head, l, tmp) \
	for (struct link *l = (head)->next, *tmp = l->next; l != (head); l = tmp, tmp = l->next)

#endif
