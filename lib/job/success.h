/* success: which answers to a job's call count as success. By default, any 2xx does.
 *
 * A group of one field (group.h), `success`:
 *
 *     {"status": ["2xx", 304, "400-404"], "body_contains": "\"ok\":true"}
 *
 * status: 1 to 16 entries, each a number from 100 to 599 (or the same as a string), a class "1xx" to "5xx",
 * or a range. body_contains: 1 to 256 bytes that must occur in the part of the answer's body that is read.
 * Both are optional; an absent member has its default.
 *
 * Life cycle: success_read makes a rule, success_fini frees its memory. Pure; any thread.
 */
#ifndef DRONC_SUCCESS_H
#define DRONC_SUCCESS_H

#include "base/buffer.h"
#include "job/job_fault.h"
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

/* See group.h. success_read also needs fields->method: the answer to a HEAD has no body. */
NODISCARD bool success_read(struct success *out, const struct job_fields *fields, struct job_fault *fault);
void success_describe(const struct success *rule, struct job_fields *fields);
void success_print(const struct success *rule, struct buffer *out);
void success_fini(struct success *rule);

/* True if the rule accepts the status; body_contains may still refuse the answer. */
bool success_has_status(const struct success *rule, int status);

#endif
