/* SPDX-License-Identifier: MIT */
/* Doubly linked lists, whose links lie in what they link. */
#ifndef EXAMPLES_LIST_H
#define EXAMPLES_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST(name)	{ &(name), &(name) }

/* What the link @member of a @type at @link lies in. */
#define list_entry(link, type, member) \
	((type *)((char *)(link) - offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list *list, struct list *link)
{
	link->next = list;
	link->prev = list->prev;
	list->prev->next = link;
	list->prev = link;
}

/* Also of one that is in no list, if it was initialised. */
static inline void list_del(struct list *link)
{
	link->next->prev = link->prev;
	link->prev->next = link->next;
	list_init(link);
}

#endif /* EXAMPLES_LIST_H */
