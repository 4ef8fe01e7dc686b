/* template: `{{name}}` in what a job sends, filled in for each call.
 *
 * Owns the names, the syntax, and how a value is escaped for its place. A template is "{{", a name of
 * letters, digits, '_', '-' and '.', optional spaces around it, and "}}"; other braces are plain text.
 * call_options and url decide which texts may hold templates.
 *
 *     {{job_id}}              capi:… (64 hex digits)
 *     {{execution_id}}        exec:…:…:…
 *     {{scheduled_time}}      the occurrence, RFC 3339 in UTC: 2026-03-08T07:00:00Z
 *     {{scheduled_time_unix}} the same in whole seconds since the epoch
 *     {{attempt}}             1, 2, …
 *     {{secret.NAME}}         the value of a secret; {{secret.NAME|json}} as the inside of a JSON string, and
 *                             {{secret.NAME|base64}} in base64. Not in a URL
 *
 * The other values are made of letters, digits, ':', '-', '.' and nothing else. So they need no escaping in a header or
 * inside a JSON string; in a URL's query ':' becomes "%3A".
 *
 * Pure; any thread.
 */
#ifndef DRONC_TEMPLATE_H
#define DRONC_TEMPLATE_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum template_name {
    TEMPLATE_JOB_ID,
    TEMPLATE_EXECUTION_ID,
    TEMPLATE_SCHEDULED_TIME,
    TEMPLATE_SCHEDULED_TIME_UNIX,
    TEMPLATE_ATTEMPT,
    TEMPLATE__COUNT
};

/* The value of a secret. Returns false if it has none that may be sent; then nothing stands in its place. */
typedef bool template_secret_fn(void *arg, struct slice name, struct slice *value);

/* The value of each name; none may be NULL. */
struct template_values {
    const char *of[TEMPLATE__COUNT];
    template_secret_fn *secret; /* NULL: there are no secrets */
    void *arg;                  /* for secret; borrowed */
};

enum template_place {
    TEMPLATE_IN_TEXT, /* a header's value, a body */
    TEMPLATE_IN_QUERY /* percent-encoded: everything but letters, digits, '-', '.', '_', '~' */
};

/* The length of the template, of any name, with which text begins; 0 if it begins with none. */
size_t template_length(struct slice text);

/* ERR_INVALID: text holds a template of an unknown name, or of a secret; info has that name, and those that
 * exist. */
NODISCARD enum err template_check(struct slice text, struct errinfo *info);
/* The same for a text that may hold secrets. *secrets is raised by how many it holds. */
NODISCARD enum err template_check_secrets(struct slice text, size_t *secrets, struct errinfo *info);
/* The number of secrets, of valid names, that text holds. */
size_t template_count_secrets(struct slice text);

/* True if text holds a template of any name. */
bool template_any(struct slice text);

/* Append text with its templates filled in. A template of an unknown name stays as it is, and so does a secret
 * in a query. */
void template_expand(struct buffer *out, struct slice text, const struct template_values *values,
                     enum template_place place);

#endif
