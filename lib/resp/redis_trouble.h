/* redis_trouble: what an error of Redis' means for whoever holds the connection, in one place for both
 * programs.
 *
 * Redis may answer well on a connection that is of no use: it has become a replica, it loads its data, it
 * knows the login no more. Then another connection to the same name may be what is wanted, for a name can
 * mean another server by now: redis_trouble_spoils says so. The handler's connection (redis_sync) and the
 * runner's (redis_link) both ask it of every answer.
 *
 * Each trouble also has the word that the deep health check uses, and a sentence for a person that holds
 * nothing of what Redis said. Pure.
 */
#ifndef DRONC_REDIS_TROUBLE_H
#define DRONC_REDIS_TROUBLE_H

#include "resp/cmd.h"

#include <stdbool.h>
#include <stdint.h>

enum redis_trouble {
    REDIS_FINE,
    REDIS_UNREACHABLE, /* no connection, or no answer in time: no reply says so */
    REDIS_LOADING,     /* it reads its data */
    REDIS_READ_ONLY,   /* a replica, or a master without the replicas that it is to have */
    REDIS_FULL,        /* no memory left, or its disk cannot be written */
    REDIS_NO_LOGIN,    /* the user or the password is refused, or wanted */
    REDIS_NO_RIGHT,    /* the user may not do this */
    REDIS_CLUSTER,     /* a node of a cluster: it has a part of the keys only */
    REDIS_FOREIGN,     /* the database was made for another version: no error of Redis' says so */
    REDIS_OTHER,       /* any other error */
    REDIS_TROUBLE__COUNT
};

/* What reply says; REDIS_FINE for all that is no error. An error of a script counts as what it wraps. */
enum redis_trouble redis_trouble_of(const struct reply *reply);

/* A right that is missing spoils a connection only when it is that old: asked anew, the server would say the
 * same, and what can be done without that right goes on. */
#define REDIS_RIGHT_AGE_MS 10000

/* True where this connection, made age_ms ago, is of no use any more, but another one by the same name may
 * be. */
bool redis_trouble_spoils(enum redis_trouble trouble, int64_t age_ms);

/* "healthy", "unreachable", "loading", "read-only", "full", "refused". Static. */
const char *redis_trouble_word(enum redis_trouble trouble);
/* A sentence without its full stop. Static. */
const char *redis_trouble_reason(enum redis_trouble trouble);

#endif
