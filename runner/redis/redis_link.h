/* redis_link: one connection to Redis on the loop. The only module of the runner that knows hiredis.
 *
 * Connects by itself, and reconnects with backoff when the connection is lost or Redis stops answering. Sends
 * a greeting first (AUTH, SELECT, loading the scripts, the shard check). Logs once that Redis is down and
 * once that it is back. Knows nothing of jobs: commands come from lib/store.
 *
 *     IDLE ─start─▶ RESOLVING ─▶ CONNECTING ─▶ GREETING ─▶ UP
 *                      ▲              │            │        │ lost, or no answer for LINK_ANSWER_MS
 *                      └── WAITING ◀──┴────────────┴────────┘         CLOSED: for good
 *
 * Some of Redis' errors also count as the loss of the connection: see redis_trouble.h. So if another server
 * has become the master, and the name now leads to it, the link goes there. The name is looked up again each
 * time, without blocking the loop. The greeting fails on a replica, so the link is never up with one.
 *
 * Loop thread only. hiredis' own callbacks only note what happened; redis_link_turn acts on it, and must be
 * called once per turn.
 */
#ifndef DRONC_REDIS_LINK_H
#define DRONC_REDIS_LINK_H

#include "base/clock.h"
#include "base/config.h"
#include "loop/loop.h"
#include "resp/cmd.h"
#include "resp/redis_trouble.h"

#include <stdbool.h>

#define LINK_CONNECT_MS     2000 /* for look-up, connecting and greeting together */
#define LINK_ANSWER_MS      3000 /* Redis counts as gone if a command has no answer by then */
#define LINK_BACKOFF_MIN_MS 50
#define LINK_BACKOFF_MAX_MS 1000
#define LINK_PROOF_MS       1000 /* how long a connection must last after Redis denied us a right */
#define LINK_LOOKUPS_MAX    2    /* look-ups of the name at once: a silent name server delays each for long */
#define LINK_PENDING_MAX    4096 /* commands without an answer; one more is ERR_BUSY */

struct redis_link;

enum link_state {
    LINK_IDLE,       /* not started */
    LINK_RESOLVING,  /* the host name is being looked up */
    LINK_CONNECTING, /* the socket is being opened */
    LINK_GREETING,   /* AUTH, SELECT, set-up and scripts are on their way */
    LINK_UP,         /* commands are taken */
    LINK_WAITING,    /* waiting before the next try */
    LINK_CLOSED,     /* ended by redis_link_close */
    LINK_STATE__COUNT
};

struct redis_link_options {
    struct loop *loop;           /* borrowed for the life of the link */
    const struct config *config; /* borrowed for the life of the link */
    struct clock clock;          /* for time-outs */
    const char *name;            /* for the log: "commands"; borrowed for ever */
    const char *channel; /* not NULL: the link subscribes to it, and takes no commands. Borrowed for ever */
    /* The link is up (true), or was lost (false; after every pending callback has run). Called only from
     * redis_link_turn. */
    void (*on_state)(void *arg, bool up);
    /* A message on the channel. Borrowed during the call. */
    void (*on_message)(void *arg, struct slice message);
    /* Redis and this program do not fit (ERR_CONFIG): retrying cannot help. */
    void (*on_fatal)(void *arg, const struct errinfo *info);
    void *arg;
};

/* Returns owned; NULL if memory runs out. */
struct redis_link *redis_link_new(const struct redis_link_options *options);
void redis_link_start(struct redis_link *link);
/* Give up the connection and make a new one, as if it had been lost, in the link's next turn. */
void redis_link_drop(struct redis_link *link, const char *why);
/* Close the connection for good; pending callbacks run with NULL. */
void redis_link_close(struct redis_link *link);
/* Close and free. NULL is fine. */
void redis_link_free(struct redis_link *link);

/* Act on what happened since the last turn. */
void redis_link_turn(struct redis_link *link);

bool redis_link_is_up(const struct redis_link *link);
/* Returns the last failure, for a person; "" if there was none. */
const char *redis_link_error(const struct redis_link *link);
/* Returns the kind of that failure. Valid only while the link is not up. */
enum redis_trouble redis_link_trouble(const struct redis_link *link);

/* reply: borrowed during the call; NULL: the link was lost, and Redis may or may not have run the command.
 * Must not close or free the link; may submit. */
typedef void redis_link_cb(void *arg, const struct reply *reply);

/* Queue a command. Takes cmd's memory in every case. cb (NULL: the answer does not matter) runs exactly once,
 * later, never from inside this call. ERR_DOWN: not connected; ERR_BUSY: too many are pending; ERR_NOMEM. On
 * any error, cb does not run. */
NODISCARD enum err redis_link_submit(struct redis_link *link, struct cmd *cmd, redis_link_cb *cb, void *arg);

#endif
