/* children: processes that a handler makes of itself for what takes long, so that it can go on with what does
 * not.
 *
 * Owns their number, of each kind, and their ends. A child ends with its parent, whatever ends that. It must
 * let go of everything that it shares with it but does not need: see children_start. One thread.
 *
 * Life cycle: children_init; children_start any number of times; children_reap when the descriptor that it
 * watches says so.
 */
#ifndef DRONC_CHILDREN_H
#define DRONC_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILDREN_MAX 32

enum child_kind {
    CHILD_BULK,   /* does what is asked about many jobs */
    CHILD_SENDER, /* sends an answer that is there already */
    CHILD_KIND__COUNT
};

enum child_start {
    CHILD_NONE,   /* there is no place for one more */
    CHILD_FAILED, /* the system does not let us (errno) */
    CHILD_PARENT, /* it was started */
    CHILD_SELF    /* this is the child */
};

struct child {
    pid_t pid; /* 0: the place is free */
    int pipe;  /* closed at the other end when the child has ended */
    enum child_kind kind;
};

struct children {
    struct child places[CHILDREN_MAX];
    size_t count[CHILD_KIND__COUNT];
    int epoll_fd; /* borrowed: where the ends of children are told, with the address of this as data */
};

void children_init(struct children *children, int epoll_fd);

/* Is there a place? */
bool children_may_start(const struct children *children, enum child_kind kind);

/* Start one. In the child nothing of children is left, and epoll_fd, which both share, is closed. */
enum child_start children_start(struct children *children, enum child_kind kind);

/* Forget those that have ended. True: there was one. */
bool children_reap(struct children *children);

size_t children_count(const struct children *children);

#endif
