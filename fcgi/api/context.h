/* context: what a handler works with: the request and the response, Redis and its clock, the time zones.
 *
 * Owns them, and how long a request may wait for Redis. Leaves finding the handler, and what becomes of its
 * answer, to fcgi/serve. One for each process, used by one request after the other.
 *
 * Life cycle: context_init once; context_begin for each request, then its handler; context_fini. One thread.
 */
#ifndef DRONC_CONTEXT_H
#define DRONC_CONTEXT_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"
#include "http/request.h"
#include "http/response.h"
#include "redis/redis_sync.h"
#include "redis/redis_time.h"
#include "zone/zone.h"

#include "api/feed.h"
#include "api/job_export.h"

#define CONTEXT_ZONES_MS 5000 /* a new tzdata is in use within this time, without a restart */
#define CONTEXT_BULK_MS  3000 /* for one question to Redis of a request about many jobs */

struct context;

/* A handler: answers ctx->request into ctx->response. Returns false if it fails; error is filled then, and
 * what it wrote is dropped. */
typedef bool api_handler(struct context *ctx, struct api_error *error);

/* Writes the next piece of a response that has response.more set: into response.body. Sets response.more
 * again if there is another piece. It can no longer fail: the status has been sent. */
typedef void context_more_fn(struct context *ctx);

struct context {
    struct clock clock;
    struct redis_time time;   /* Redis' clock, which decides when a job begins */
    struct zones *zones;      /* owned */
    struct mono_ms zones_due; /* when to read them again */
    const char *timezone;     /* of jobs that name none; borrowed from config */
    struct redis_sync *redis; /* owned */
    struct feed feed;         /* for track */
    struct request request;
    struct response response;
    context_more_fn *more;    /* writes the next piece of a response that has response.more */
    struct job_export export; /* the one that is under way */
    int ask_ms;               /* for one question to Redis */
    struct mono_ms deadline;  /* for all questions of the request together */
};

/* Does not connect to Redis yet. Borrows config until context_fini. tzdir: the folder of the zone files;
 * NULL: the system's. On ERR_NOMEM call context_fini as well. */
NODISCARD enum err context_init(struct context *ctx, const struct config *config, struct clock clock,
                                const char *tzdir);
void context_fini(struct context *ctx);

/* Start a request: an empty response, the usual time for Redis, and time zones that are up to date. */
void context_begin(struct context *ctx);

/* Allow CONTEXT_BULK_MS for each question to Redis, and total_ms for all of them from now on. */
void context_allow_bulk(struct context *ctx, int total_ms);

/* Send count commands to Redis in one round trip, and end them. Fails as redis_sync_call does; the replies
 * are in ctx->redis. */
NODISCARD enum err context_ask(struct context *ctx, struct cmd *cmds, size_t count, struct errinfo *info);

#endif
