/* app: a request in, a response out. What the transports (worker, cgi) and the tests have in common.
 *
 * Owns the context of its handlers, and the bytes of the response. Turns every error into a response, and
 * logs those that are ours (5xx). Leaves finding the handler to route, and all else to the handlers.
 *
 * Life cycle: app_init once; for each request app_answer, then app_go_on until nothing is left; app_fini. One
 * thread.
 */
#ifndef DRONC_APP_H
#define DRONC_APP_H

#include "api/context.h"

#define APP_KEPT_MAX 1048576 /* bytes: a larger buffer of a response is not kept for the next request */

/* Decides whether a request about many jobs begins here and now. */
typedef bool app_admit_fn(void *arg);

struct app {
    struct context context;
    const char *hosts;   /* further names of this API (API_HOSTS); borrowed from config */
    app_admit_fn *admit; /* NULL: every request begins */
    void *admit_arg;     /* borrowed */
    bool left;           /* admit refused the request: app_answer's result means nothing */
    struct buffer wire;  /* the response, as the transport sends it */
};

/* As context_init. On ERR_NOMEM call app_fini as well. */
NODISCARD enum err app_init(struct app *app, const struct config *config, struct clock clock,
                            const char *tzdir);
void app_fini(struct app *app);

/* Answer one request. Returns the bytes to send (status, headers, body, or the beginning of it), borrowed
 * until the next call. Returns {NULL, 0} if memory was too short for any response, or if the request was
 * left. */
struct slice app_answer(struct app *app, const struct request_source *source);

/* The answer was sent, or will not be: if it or its request held something secret, overwrite both. */
void app_forget(struct app *app);

/* Does the response that app_answer began go on? */
bool app_has_more(const struct app *app);

/* Returns what follows it, borrowed until the next call; {NULL, 0}: nothing more. A caller that cannot send
 * the rest need not ask for it. */
struct slice app_go_on(struct app *app);

#endif
