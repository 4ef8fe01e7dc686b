/* children: processes that a handler forks for long tasks, so that it can go on with short ones.
 *
 * Owns how many there are of each kind, and notices when one ends. A child ends with its parent, however the
 * parent ends. It must let go of everything that it shares with its parent and does not need: see
 * children_start. One thread.
 *
 * Life cycle: children_init; children_start any number of times; children_reap when epoll reports it.
 */
#ifndef DRONC_CHILDREN_H
#define DRONC_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILDREN_MAX 32

enum child_kind {
    CHILD_BULK,   /* does a request about many jobs */
    CHILD_SENDER, /* sends a response that is complete */
    CHILD_KIND__COUNT
};

enum child_start {
    CHILD_NONE,   /* there is no room for another one */
    CHILD_FAILED, /* the system refuses (errno) */
    CHILD_PARENT, /* it was started */
    CHILD_SELF    /* this is the child */
};

struct child {
    pid_t pid; /* 0: this entry is free */
    int pipe;  /* the child's end closes when the child ends */
    enum child_kind kind;
};

struct children {
    struct child slots[CHILDREN_MAX];
    size_t count[CHILD_KIND__COUNT];
    int epoll_fd; /* borrowed: reports that a child ended, with the address of this struct as data */
};

void children_init(struct children *children, int epoll_fd);

/* Is there room for another one? */
bool children_may_start(const struct children *children, enum child_kind kind);

/* Start one. In the child, `children` is empty, and epoll_fd, which both share, is closed. */
enum child_start children_start(struct children *children, enum child_kind kind);

/* Forget the children that have ended. Returns true if there was one. */
bool children_reap(struct children *children);

size_t children_count(const struct children *children);

#endif
