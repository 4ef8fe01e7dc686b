/* scope: what a key lets its holder do. Each route needs one scope (fcgi/serve/route.c), or none; a key has a
 * set of them. Pure; any thread. */
#ifndef DRONC_SCOPE_H
#define DRONC_SCOPE_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdbool.h>

/* One bit each, so that a set is an unsigned. */
enum scope {
    SCOPE_NONE = 0, /* a route that is open to all */
    SCOPE_JOBS_READ = 1 << 0,
    SCOPE_JOBS_WRITE = 1 << 1,
    SCOPE_JOBS_RUN = 1 << 2,
    SCOPE_EXECUTIONS_READ = 1 << 3,
    SCOPE_DEAD_WRITE = 1 << 4,
    SCOPE_EXPORT = 1 << 5,
    SCOPE_SECRETS_READ = 1 << 6,  /* see passwords and tokens in definitions */
    SCOPE_SECRETS_WRITE = 1 << 7, /* store secrets */
    SCOPE_KEYS_ADMIN = 1 << 8,
    SCOPE_AUDIT_READ = 1 << 9,
    SCOPE_SELF = 1 << 10, /* ask although the request comes from a job of Dronc's */
    SCOPE_ALL = (1 << 11) - 1
};

/* Who has no key, and needs none, has these: only a key makes keys, and only a key lets a job ask. */
#define SCOPE_KEYLESS ((unsigned)SCOPE_ALL & ~((unsigned)SCOPE_KEYS_ADMIN | (unsigned)SCOPE_SELF))

/* The name of one scope ("jobs:read"). Static storage. */
const char *scope_name(enum scope scope);

/* The scope of that number, from 0; SCOPE_NONE after the last one. */
enum scope scope_at(size_t index);

/* Read one name; "*" is all of them. Returns false if there is none of that name. */
NODISCARD bool scope_find(struct slice name, unsigned *set);

/* Read a list, "jobs:read,jobs:write" or "*". Returns false if it is empty or a name is unknown. */
NODISCARD bool scope_parse(struct slice list, unsigned *set);

/* Write a set as scope_parse reads it. */
void scope_format(struct buffer *out, unsigned set);

#endif
