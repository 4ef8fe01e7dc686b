/* app: a request in, an answer out. What the transports (worker, cgi) and the tests have in common.
 *
 * Owns the request and the answer (memory that is reused), the connection to Redis and the time zones. Leaves
 * the meaning of each path to the resources, finding them to route. An error is turned into an answer here
 * and nowhere else, and logged here where it is ours (5xx).
 *
 * Life cycle: app_init once, app_answer per request, app_fini. One thread.
 */
#ifndef DRONC_APP_H
#define DRONC_APP_H

#include "api/feed.h"
#include "api/job_export.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"
#include "http/request.h"
#include "http/response.h"
#include "redis/redis_sync.h"
#include "redis/redis_time.h"
#include "zone/zone.h"

/* A new tzdata is in use within so long, without a restart. Reading a zone takes some 10 us. */
#define APP_ZONES_MS 5000

/* What one question to Redis may take that is about many jobs. A disk that syncs slowly holds up everything
 * that Redis does, and who asks for so much can wait longer. */
#define APP_BULK_MS 3000

#define APP_KEPT_MAX \
    1048576 /* bytes of memory that are kept for answers from one request to the next, each */

struct app;

/* Go on with an answer whose beginning was sent (response.more): fill app->response.body with the next piece,
 * and say with response.more whether there is another one. Nothing can be refused any more. */
typedef void app_more_fn(struct app *app);

/* Asked before a request about many jobs is begun. False: it is not begun, here and now. */
typedef bool app_admit_fn(void *arg);

struct app {
    struct clock clock;
    struct redis_time time;   /* Redis' clock, by which jobs are made */
    struct zones *zones;      /* owned */
    struct mono_ms zones_due; /* when they are to be read again */
    const char *timezone;     /* of jobs that name none; borrowed from config */
    struct redis_sync *redis; /* owned */
    struct feed feed;         /* for track */
    struct request request;
    struct response response;
    app_admit_fn *admit;      /* NULL: all are begun */
    void *admit_arg;          /* borrowed */
    bool left;                /* the request was not begun: app_answer's result means nothing */
    app_more_fn *more;        /* what goes on with an answer that has response.more */
    struct job_export export; /* the one that is under way */
    int ask_ms; /* what one question to Redis may take: REDIS_SYNC_BUDGET_MS, unless the handler says
                   otherwise */
    struct mono_ms deadline; /* for all of them together */
    struct buffer wire;      /* the answer, as the transport sends it */
};

/* Does not reach for Redis yet. config is borrowed until app_fini. tzdir: where the zone files are; NULL:
 * where the system keeps them. ERR_NOMEM: app_fini is still to be called. */
NODISCARD enum err app_init(struct app *app, const struct config *config, struct clock clock,
                            const char *tzdir);
void app_fini(struct app *app);

/* Ask Redis on behalf of the request: count commands, which end with that, in one round trip. It may take
 * app->ask_ms, and all of a request's together no longer than to app->deadline. Otherwise as redis_sync_call;
 * the replies are in app->redis. */
NODISCARD enum err app_ask(struct app *app, struct cmd *cmds, size_t count, struct errinfo *info);

/* Answer one request. Returns the bytes to send (status, headers, body, or the beginning of it), borrowed
 * until the next call; {NULL, 0} where memory was too short for any answer, or where it was left. */
struct slice app_answer(struct app *app, const struct request_source *source);

/* What is to be sent behind that; ask again until it is {NULL, 0}: there is no more. A caller that cannot
 * send it may leave it. */
struct slice app_go_on(struct app *app);

#endif
