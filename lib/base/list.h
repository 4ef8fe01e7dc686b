/* list: things in a row. Items are embedded in the caller's structs, so nothing here takes memory or fails.
 * An item is in one list at a time; a struct with several items can be in as many lists.
 */
#ifndef DRONC_LIST_H
#define DRONC_LIST_H

#include <stddef.h>

/* Zero-initialised: in no list. */
struct list_item {
    struct list_item *prev;
    struct list_item *next;
};

/* Zero-initialised is a valid empty list. */
struct list {
    struct list_item *first;
    struct list_item *last;
    size_t count;
};

/* The struct that item is embedded in; NULL for NULL. */
#define LIST_OWNER(item, type, member) ((type *)list_owner((item), offsetof(type, member)))

static inline void *list_owner(struct list_item *item, size_t offset)
{
    return item != NULL ? (char *)item - offset : NULL;
}

/* Put item, which is in no list, after `before`; NULL: first. */
static inline void list_insert(struct list *list, struct list_item *before, struct list_item *item)
{
    item->prev = before;
    item->next = before != NULL ? before->next : list->first;
    *(before != NULL ? &before->next : &list->first) = item;
    *(item->next != NULL ? &item->next->prev : &list->last) = item;
    list->count++;
}

static inline void list_append(struct list *list, struct list_item *item)
{
    list_insert(list, list->last, item);
}

/* Take item, which is in list, out of it. */
static inline void list_remove(struct list *list, struct list_item *item)
{
    *(item->prev != NULL ? &item->prev->next : &list->first) = item->next;
    *(item->next != NULL ? &item->next->prev : &list->last) = item->prev;
    item->prev = item->next = NULL;
    list->count--;
}

/* Take the first item out of list. NULL: it is empty. */
static inline struct list_item *list_pop(struct list *list)
{
    struct list_item *item = list->first;
    if (item == NULL) {
        return NULL;
    }
    list->first = item->next;
    *(item->next != NULL ? &item->next->prev : &list->last) = NULL;
    item->next = NULL;
    list->count--;
    return item;
}

#endif
