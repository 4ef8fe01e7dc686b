/* group: what the groups of a job's fields have in common.
 *
 * A group is the fields of a definition that belong together: catch_up, call_options, success, retry, labels,
 * stateful, when. Each has a module, a struct in struct job, and the same four functions, which job.c lists
 * in one table:
 *
 *     bool x_read(struct x *out, const struct job_fields *fields, struct job_fault *fault)
 *         Fills out from the fields of the group, and borrows nothing from them. Returns false and fills
 *         fault if a value is wrong or memory runs out; then out must not be used, and owns nothing. A
 *         message never repeats a value that may be a secret.
 *         job.c has checked before what the table of job_fields.h states: which text must not be empty, and
 *         the limits of numbers. (catch_up checks its own numbers, since it is read first.)
 *
 *     void x_describe(const struct x *x, struct job_fields *fields)
 *         The inverse: fills the fields that are not at their default. Texts are borrowed from x.
 *
 *     void x_print(const struct x *x, struct buffer *out)
 *         Appends what differs from the default, in one canonical form: equal text for equal meaning, and
 *         nothing for the default. It is part of what a job's id is made of, so it must never change.
 *
 *     void x_fini(struct x *x)
 *         Frees what x owns. A zero-initialised one may be ended, too.
 *
 * This module has the parts of x_read that several of them need. Pure; any thread.
 */
#ifndef DRONC_GROUP_H
#define DRONC_GROUP_H

#include "base/buffer.h"
#include "job/job_fault.h"
#include "text/json.h"

#include <stdbool.h>
#include <stddef.h>

/* Parse a field that holds JSON. Returns owned (json_free). Returns NULL and fills fault if text is not JSON,
 * or memory runs out. */
struct json_doc *group_parse(const char *field, struct slice text, struct job_fault *fault);

/* The same for a field that must hold an object. */
struct json_doc *group_parse_object(const char *field, struct slice text, struct job_fault *fault);

/* A member that an object may have, and the function that reads it: false stops, and has filled the fault. */
struct group_member {
    const char *name;
    json_visit *read;
};

/* A field that holds an object with members of known names. */
struct group_object {
    const char *field;
    const struct group_member *members;
    size_t count;
};

/* Parse text, and pass each member, with arg, to its function. Returns owned (json_free), for the values that
 * the functions kept are borrowed from it. Returns NULL if one of them failed, or if there is a member of
 * another name; then fault is filled. */
struct json_doc *group_read_object(const struct group_object *object, struct slice text, void *arg,
                                   struct job_fault *fault);

/* Copy texts, which are borrowed, into one piece of memory, and let them point there; a NUL follows each.
 * Absent texts stay absent. *memory returns owned (free); NULL if there is no text. Returns false if memory
 * runs out; then nothing has changed. */
NODISCARD bool group_keep(char **memory, struct slice *const texts[], size_t count);

#endif
