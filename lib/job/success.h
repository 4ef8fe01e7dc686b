/* success: which answers to a job's call count as success.
 *
 * Owns the field `success`, its limits, and what holds where it is absent: any 2xx.
 *
 *     {"status": ["2xx", 304, "400-404"], "body_contains": "\"ok\":true"}
 *
 * status: 1 to 16 of: a number from 100 to 599 (or the same as a string), a class "1xx" to "5xx", a range.
 * body_contains: 1 to 256 bytes that must stand somewhere in what is read of the answer's body.
 * Both are optional; what is absent is as if there were no field.
 *
 * Life cycle: success_read makes a rule, success_fini gives its memory back. Pure; any thread.
 */
#ifndef DRONC_SUCCESS_H
#define DRONC_SUCCESS_H

#include "base/buffer.h"
#include "base/err.h"
#include "job/job_fields.h"

#include <stdbool.h>
#include <stdint.h>

#define SUCCESS_STATUS_MIN   100
#define SUCCESS_STATUS_MAX   599
#define SUCCESS_STATUSES_MAX 16  /* entries of `status` */
#define SUCCESS_CONTAINS_MAX 256 /* bytes */

struct success {
    uint64_t statuses[8];  /* a bit for each from SUCCESS_STATUS_MIN on */
    struct slice contains; /* data NULL: the body does not matter */
    struct slice text;     /* the field as JSON; data NULL: at its default */
    char *memory;          /* owned: what contains and text point into */
};

/* What the field says. ERR_INVALID: info says why. ERR_NOMEM. On failure there is nothing to free. */
NODISCARD enum err success_read(struct success *out, const struct job_fields *fields, struct errinfo *info);
/* It must not be used after that; a zero-initialised one may be ended, too. */
void success_fini(struct success *rule);

/* The other way: fill the field, unless it is at its default. Borrowed from rule. */
void success_describe(const struct success *rule, struct job_fields *fields);

/* Append the rule in one canonical form, a line for each part that is not at its default. */
void success_print(const struct success *rule, struct buffer *out);

/* Does an answer with that status count, as far as that goes? */
bool success_has_status(const struct success *rule, int status);

#endif
