/* admin: what the commands of dronc-admin share: Redis, and how they end.
 *
 * A client of Redis has all power over Dronc, so this program asks for no key. */
#ifndef DRONC_ADMIN_H
#define DRONC_ADMIN_H

#include "base/arena.h"
#include "base/config.h"
#include "redis/redis_sync.h"
#include "store/store_audit.h"

/* The exit status, besides 0. */
enum {
    ADMIN_REFUSED = 1,    /* it cannot be done: no such key, too many, … */
    ADMIN_USAGE = 2,      /* the command line or a setting is wrong, or this Redis can never serve */
    ADMIN_UNREACHABLE = 3 /* Redis does not serve now */
};

struct admin {
    struct config config;
    struct redis_sync *redis; /* owned */
    struct arena replies;
    struct store_actor actor; /* of what it changes, for the trail */
    int argc;                 /* what follows the command */
    char **argv;
};

/* Print "dronc-admin: …" to standard error. Returns status. */
int admin_say(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Send commands to Redis, and end them. Returns 0, or the exit status after it has said why not. *replies: readable
 * until the program ends. */
int admin_ask(struct admin *admin, struct cmd *cmds, size_t count, const struct reply **replies);

/* Say what went wrong with a reply. Returns the exit status. */
int admin_fail(const struct admin *admin, const struct errinfo *info);

#endif
