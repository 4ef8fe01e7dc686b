/* context: what a handler works with: the request and the response, Redis and its clock, the time zones, and
 * the memory of the request.
 *
 * Owns them, and how long a request may wait for Redis. All that is made for a request is made in its memory
 * (context_new), including Redis' replies, and ends with the request: a handler frees nothing. Leaves finding
 * the handler, and sending its response, to fcgi/serve.
 *
 * Life cycle: context_init once; for each request context_begin, its handler, `more` as long as the response
 * goes on, and context_end; context_fini. One thread.
 */
#ifndef DRONC_CONTEXT_H
#define DRONC_CONTEXT_H

#include "access/key.h"
#include "api/refusals.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"
#include "http/request.h"
#include "http/response.h"
#include "net/targets.h"
#include "redis/redis_clock.h"
#include "redis/redis_sync.h"
#include "store/store_audit.h"
#include "zone/zone.h"

#define CONTEXT_ZONES_MS 5000 /* a new tzdata is in use within this time, without a restart */
#define CONTEXT_BULK_MS  3000 /* for one question to Redis of a request about many jobs */

struct context;

/* A handler: writes the answer to ctx->request into ctx->response. Returns false on failure; error is filled,
 * and what it wrote is dropped. */
typedef bool api_handler(struct context *ctx, struct api_error *error);

/* Writes the next piece of a response that goes on (response.more) to ctx->response.body, and sets
 * response.more again if there is another piece. Cannot fail: the status has been sent. */
typedef void context_more_fn(struct context *ctx, void *arg);

/* Who asks (auth.h). */
struct caller {
    enum key_verdict verdict;
    unsigned scopes;           /* enum scope; 0: may do nothing that needs one */
    struct key key;            /* id "": without a key */
    char shown[TOKEN_ID_SIZE]; /* id of the key that it has, be it good or not; "": none that is known */
};

struct context {
    const struct config *config; /* borrowed: the limits that handlers keep */
    struct clock clock;
    struct redis_clock redis_clock; /* it decides when a job begins */
    struct zones *zones;            /* owned */
    struct mono_ms zones_due;       /* when to read them again */
    const char *seal_path;          /* of the file of the key that seals; "": none. Borrowed from config */
    const char *timezone;           /* of jobs that name none; borrowed from config */
    struct targets targets;         /* where the calls of jobs may go */
    struct redis_sync *redis;       /* owned; makes its replies in memory */
    struct store_actor actor;       /* who asks for this request, and from where (audit.h) */
    struct refusals refusals;       /* not in the trail yet (audit.h) */
    struct arena memory;            /* of this request */
    struct request request;
    struct response response;
    bool is_secret;          /* set by a handler whose request or answer must not stay in memory */
    context_more_fn *more;   /* set by a handler with response.more */
    void *more_arg;          /* in memory, or NULL */
    int ask_ms;              /* for one question to Redis */
    struct mono_ms deadline; /* for all questions of this request */
    enum api_auth auth;      /* who may ask */
    struct key_cache *keys;  /* owned */
    struct caller caller;    /* of this request */
    struct errinfo barred;   /* no error: the request may ask Redis; else what each question fails with */
};

/* Does not connect to Redis yet. Borrows config until context_fini. tzdir: the folder of the zone files;
 * NULL: the system's. On ERR_NOMEM call context_fini as well. */
NODISCARD enum err context_init(struct context *ctx, const struct config *config, struct clock clock,
                                const char *tzdir);
void context_fini(struct context *ctx);

/* Start a request: no memory in use, an empty response, the usual time for Redis, and current time zones. */
void context_begin(struct context *ctx);
/* Does the caller see neither the passwords nor the tokens that stand in definitions in clear? */
bool context_hides(const struct context *ctx);
/* End all that was made for the request. The response stays. */
void context_end(struct context *ctx);

/* Returns size bytes, uninitialised, that last as long as the request. Returns NULL if memory is short; error
 * is filled. */
void *context_alloc(struct context *ctx, size_t size, struct api_error *error);

/* The same, zeroed; end (NULL: nothing to end) then ends what they own, and must be able to end zeroed ones.
 * A loop that makes things in each round takes an arena_mark of ctx->memory and releases it. */
void *context_new(struct context *ctx, size_t size, arena_end_fn *end, struct api_error *error);

/* Have end(thing) called when the request ends, or now if memory is short: then it returns false, and error
 * is filled. */
NODISCARD bool context_own(struct context *ctx, arena_end_fn *end, void *thing, struct api_error *error);

/* Who does what the request does, for the record: the key's id. Returns otherwise, borrowed as it is, for a
 * request without a key. */
struct slice context_by(const struct context *ctx, struct slice otherwise);

/* Allow CONTEXT_BULK_MS for each question to Redis, and total_ms for all of them from now on. */
void context_allow_bulk(struct context *ctx, int total_ms);

/* Send count commands to Redis in one round trip, and end them. *replies: count of them, readable until the
 * request ends, whatever is asked next. Fails as redis_sync_call does. */
NODISCARD enum err context_ask(struct context *ctx, struct cmd *cmds, size_t count,
                               const struct reply **replies, struct errinfo *info);

#endif
