/* job_fields: a job's definition before it is judged: which fields there are, their names, kinds and limits.
 *
 * A request's JSON (job_json) and what Redis holds (store) are both read into struct job_fields, field by
 * field, by one table. job_build and job_restore make a job of it: they check what the table states, and
 * leave the rest to the group that the field belongs to (group.h).
 *
 * A new field is a member here, a row of the table in job_fields.c, its name among the FIELDs of
 * lib/store/contract.def, and a line in each function of its group.
 *
 * Plain data without ownership: texts are borrowed from what they were read from. Pure.
 */
#ifndef DRONC_JOB_FIELDS_H
#define DRONC_JOB_FIELDS_H

#include "base/buffer.h"
#include "job/job_fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct targets;

/* A whole number that may be absent; 1 or 0 for a BOOL. */
struct job_number {
    bool given;
    int64_t value;
};

/* An absent text has data NULL. Zero-initialised is a definition without any field. */
struct job_fields {
    struct slice schedule;
    struct slice api;
    struct slice type;
    struct slice timezone; /* absent: the schedule's prefix, or the default */
    struct slice catch_up; /* this and the next two: see catch_up.h */
    struct job_number catch_up_window_s;
    struct job_number catch_up_max;
    struct slice method; /* this to follow_redirects: see call_options.h */
    struct slice headers;
    struct slice body;
    struct slice body_base64;
    struct job_number timeout_ms;
    struct job_number connect_timeout_ms;
    struct job_number follow_redirects;
    struct slice success; /* see success.h */
    struct slice retry;   /* this and the next two: see retry.h */
    struct job_number retry_unsent;
    struct job_number retry_client_errors;
    struct slice description; /* this and the next two: see labels.h */
    struct slice tags;
    struct slice name;
    struct slice overlap; /* this and the next three: see stateful.h */
    struct job_number pause_after_failures;
    struct slice on_failure_url;
    struct slice on_recovery_url;
    struct job_number keep_response; /* see call_options.h */
    struct slice starts_at;          /* this and the next two: see when.h */
    struct slice ends_at;
    struct job_number jitter_ms;
    struct job_number max_runs; /* see stateful.h */
    struct slice signing;       /* see call_options.h */

    /* Not fields of a definition, but what it is read with: */
    const char *timezone_default; /* from the settings; NULL or "": UTC. What is stored has its own zone */
    int64_t now_ms;               /* @in counts from it; 0: from the job's creation */
    const struct targets
        *targets; /* where its calls may go; NULL: any place. What is stored is judged when it is
                                      called */
};

enum job_field_kind {
    JOB_FIELD_TEXT,   /* a struct slice; a JSON string */
    JOB_FIELD_NUMBER, /* a struct job_number; a whole number in JSON */
    JOB_FIELD_BOOL,   /* a struct job_number; JSON's true or false, "1" or "0" in Redis */
    JOB_FIELD_OBJECT, /* a struct slice that holds a JSON object in the one form that json_put_value writes */
    JOB_FIELD_ARRAY   /* the same, an array */
};

enum job_field_need {
    JOB_FIELD_OPTIONAL,  /* may be absent, and may be empty as far as its group allows */
    JOB_FIELD_NOT_EMPTY, /* TEXT: may be absent, but not empty or all spaces */
    JOB_FIELD_REQUIRED   /* TEXT: must be there, and not be empty or all spaces */
};

/* A row of the table. */
struct job_field {
    const char *name; /* in JSON, in Redis and in messages; static */
    enum job_field_kind kind;
    enum job_field_need need;
    size_t offset;   /* in struct job_fields */
    int64_t min;     /* NUMBER: the smallest value */
    int64_t max;     /* NUMBER: the largest value; TEXT: the most bytes, which its group checks; 0: see doc */
    const char *doc; /* for a person: what it means, and its default */
};

#define JOB_FIELD_COUNT 31

/* The field at an index below JOB_FIELD_COUNT, in output order. */
const struct job_field *job_field_at(size_t index);
/* The field of that name; NULL if there is none. */
const struct job_field *job_field_find(struct slice name);

/* True if its value is a struct slice (TEXT, OBJECT, ARRAY), false for a struct job_number (NUMBER, BOOL). */
bool job_field_is_slice(const struct job_field *field);

/* Where a field's value is, in fields. The kind must be the right one. */
struct slice *job_field_text(struct job_fields *fields, const struct job_field *field);
struct job_number *job_field_number(struct job_fields *fields, const struct job_field *field);

/* Check what the table states: that the field is there and not empty, where it must be; and the limits of a
 * number. Return false and fill fault if it does not hold. A field of another kind passes. */
NODISCARD bool job_field_check_need(const struct job_fields *fields, const struct job_field *field,
                                    struct job_fault *fault);
NODISCARD bool job_field_check_number(const struct job_fields *fields, const struct job_field *field,
                                      struct job_fault *fault);

#endif
