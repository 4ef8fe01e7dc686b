/* template: `{{name}}` in what a job sends, filled in when it is sent.
 *
 * Owns the names that there are, where one begins and ends, and how its value is escaped for where it stands.
 * A template is "{{", a name of letters, digits, '_', '-' and '.', perhaps with blanks around it, and "}}";
 * any other braces are text like all else. Which texts may hold templates is for call_spec and url to say.
 *
 *     {{job_id}}              capi:… (64 hex digits)
 *     {{execution_id}}        exec:…:…:…
 *     {{scheduled_time}}      the occurrence, RFC 3339 in UTC: 2026-03-08T07:00:00Z
 *     {{scheduled_time_unix}} the same in whole seconds since the epoch
 *     {{attempt}}             1, 2, …
 *
 * Values are made of letters, digits, ':', '-', '.' and nothing else. So they need no escaping in a header or
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

/* What stands for each name; all must be there. */
struct template_values {
    const char *of[TEMPLATE__COUNT];
};

enum template_place {
    TEMPLATE_IN_TEXT, /* a header's value, a body */
    TEMPLATE_IN_QUERY /* percent-encoded: everything but letters, digits, '-', '.', '_', '~' */
};

/* How many bytes of text, from its first, are one template of whatever name; 0: it begins with none. */
size_t template_length(struct slice text);

/* ERR_INVALID: text holds a template of an unknown name; info has that name, and those that exist. */
NODISCARD enum err template_check(struct slice text, struct errinfo *info);

/* Does text hold any? */
bool template_any(struct slice text);

/* Append text, its templates filled in. A name that there is not stays as it stands. */
void template_expand(struct buffer *out, struct slice text, const struct template_values *values,
                     enum template_place place);

#endif
