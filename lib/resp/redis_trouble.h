/* redis_trouble: what an error of Redis means for the connection that got it, for both programs.
 *
 * Redis may answer on a connection that has become useless: it is a replica now, it is loading its data, it
 * no longer accepts the login. A new connection may help then, because the name may mean another server by
 * now: redis_trouble_spoils decides that. The handler's connection (redis_sync) and the runner's (redis_link)
 * both check every reply.
 *
 * Each trouble also has the word that the deep health check uses, and a sentence for a person that repeats
 * nothing of Redis' message. Pure.
 */
#ifndef DRONC_REDIS_TROUBLE_H
#define DRONC_REDIS_TROUBLE_H

#include "resp/cmd.h"

#include <stdbool.h>
#include <stdint.h>

enum redis_trouble {
    REDIS_FINE,
    REDIS_UNREACHABLE, /* no connection, or no answer in time; never from a reply */
    REDIS_LOADING,     /* it is loading its data */
    REDIS_READ_ONLY,   /* a replica, or a master without the replicas that it must have */
    REDIS_FULL,        /* its memory is full, or its disk cannot be written */
    REDIS_NO_LOGIN,    /* it refuses the user or the password, or requires one */
    REDIS_NO_RIGHT,    /* the user may not do this */
    REDIS_CLUSTER,     /* a node of a cluster: it has only some of the keys */
    REDIS_FOREIGN,     /* the database was made for another version; never from a reply */
    REDIS_OTHER,       /* any other error */
    REDIS_TROUBLE__COUNT
};

/* The trouble that reply reports; REDIS_FINE unless it is an error. A script's error counts as the one that
 * it wraps. */
enum redis_trouble redis_trouble_of(const struct reply *reply);

/* A missing right spoils only a connection that is at least that old: the server would say the same to a new
 * one, and commands that need no such right still work. */
#define REDIS_RIGHT_AGE_MS 10000

/* True if this connection, made age_ms ago, has become useless, but a new one to the same name may work. */
bool redis_trouble_spoils(enum redis_trouble trouble, int64_t age_ms);

/* "healthy", "unreachable", "loading", "read-only", "full", "refused". Static. */
const char *redis_trouble_word(enum redis_trouble trouble);
/* A sentence without its full stop. Static. */
const char *redis_trouble_reason(enum redis_trouble trouble);

#endif
