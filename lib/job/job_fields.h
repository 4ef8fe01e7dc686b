/* job_fields: a job's definition as somebody wrote it, before anybody has judged it: which fields there are,
 * what each is called, and of which kind it is.
 *
 * A request's JSON (job_json) and what Redis holds (store) are both read into it, field by field from one
 * table, and job_build and job_restore make a job of it. What a field may hold is for them to say.
 *
 * A new field is a member here, a row of the table in job_fields.c, its name among the FIELDs of
 * lib/store/contract.def, and its judge: a group of fields that belong together has a module of
 * its own (catch_up, call_spec), which job.c asks to read, to tell and to print it.
 *
 * Plain data without ownership: texts are borrowed from whatever they were read from. Pure.
 */
#ifndef DRONC_JOB_FIELDS_H
#define DRONC_JOB_FIELDS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number that may be absent; of a yes or no, 1 or 0. */
struct job_number {
    bool given;
    int64_t value;
};

/* An absent text has data NULL. Zero-initialised is a definition without any field. */
struct job_fields {
    struct slice schedule;
    struct slice api;
    struct slice type;
    struct slice timezone; /* may be absent: then the schedule's prefix says it, or the default */
    struct slice catch_up; /* this and the next two: see catch_up.h; what is absent has its default */
    struct job_number catch_up_window_s;
    struct job_number catch_up_max;
    struct slice method; /* this to follow_redirects: see call_spec.h */
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
    struct slice overlap; /* this and the next three: see watch.h */
    struct job_number pause_after_failures;
    struct slice on_failure_url;
    struct slice on_recovery_url;
    struct job_number keep_response; /* see call_spec.h */
    struct slice starts_at;          /* this and the next two: see when.h */
    struct slice ends_at;
    struct job_number jitter_ms;
    struct job_number max_runs;   /* see watch.h */
    const char *timezone_default; /* NULL or "": UTC. No field: from the settings, never from Redis (what is
                                   * stored has its zone with it) */
    int64_t now_ms;               /* what @in counts from; 0: when the job was created. No field either */
};

enum job_field_kind {
    JOB_FIELD_TEXT,   /* a struct slice; a JSON string */
    JOB_FIELD_NUMBER, /* a struct job_number; a whole number in JSON */
    JOB_FIELD_BOOL,   /* a struct job_number; JSON's true or false, "1" or "0" in Redis */
    JOB_FIELD_OBJECT, /* a struct slice that holds a JSON object in the one form that json_put_value writes */
    JOB_FIELD_ARRAY   /* the same, an array */
};

/* A row of the table. */
struct job_field {
    const char *name; /* in JSON, in Redis and in messages; static */
    enum job_field_kind kind;
    size_t offset;   /* in struct job_fields */
    int64_t min;     /* NUMBER: the smallest value */
    int64_t max;     /* NUMBER: the largest value; TEXT: the most bytes; 0: see doc */
    const char *doc; /* one sentence for people: what it means, and its default */
};

#define JOB_FIELD_COUNT 30

/* The field at an index below JOB_FIELD_COUNT, in the order in which they are told. */
const struct job_field *job_field_at(size_t index);
/* The field of that name, NULL: there is none. */
const struct job_field *job_field_find(struct slice name);

/* Is its value a struct slice (TEXT, OBJECT, ARRAY), or a struct job_number (NUMBER, BOOL)? */
bool job_field_is_slice(const struct job_field *field);

/* Where a field's value is, in fields. The kind must be the right one. */
struct slice *job_field_text(struct job_fields *fields, const struct job_field *field);
struct job_number *job_field_number(struct job_fields *fields, const struct job_field *field);

#endif
