/* audit: who asks for what, for the trail (store_audit.h) and for the log.
 *
 * Owns the actor of a request, which every command that changes something takes along, and the counts of
 * refused requests until they are in the trail. The scripts of lib/store write the entries about changes.
 *
 * Life cycle: audit_begin once the head of a request was read, and audit_set_route and audit_set_who when
 * they are known; audit_changed after each change; audit_refused for each request that was refused;
 * audit_flush now and then, and at the end. One thread.
 */
#ifndef DRONC_AUDIT_H
#define DRONC_AUDIT_H

#include "api/context.h"

#define AUDIT_LOCAL "local" /* who asks, where no key is asked for */

/* Take from the head of the request where it comes from. It is AUDIT_LOCAL's until something else is known.
 */
void audit_begin(struct context *ctx);

/* The path of the route that was found (static storage); NULL: none. */
void audit_set_route(struct context *ctx, const char *route);

/* Who asks: the id of a key; data NULL: a key is asked for, and none that is known was shown. Borrowed until the
 * request ends. */
void audit_set_who(struct context *ctx, struct slice who);

/* Log a change that is in the trail. action: STORE_ACTION_… . job: NULL: several, or none. count: how many
 * occurrences; 0: it is about none. */
void audit_changed(const struct context *ctx, const char *action, const struct job_id *job, int64_t count);
/* The same, of what is no job. kind: "key", "secret", … */
void audit_object_changed(const struct context *ctx, const char *action, const char *kind, struct slice name);

/* Count the request as refused, if code is that of a refusal: by a key, the front door or a limit; not by
 * what the request says about a job. This is the one place that knows. */
void audit_refused(struct context *ctx, enum api_code code);

/* Note in the trail, and log, the refusals whose time has come. all: those, too, that were noted a moment
 * ago. Waits for Redis no longer than AUDIT_FLUSH_MS. Returns the ms until the next ones; -1: there are none.
 */
#define AUDIT_FLUSH_MS 200
int audit_flush(struct context *ctx, bool all);

/* Forget them, in a child process: its parent notes them. */
void audit_forget(struct context *ctx);

#endif
