/* job_fields: see job_fields.h. The table, and ways to go by it. */
#include "job/job_fields.h"

#define FIELD(member, kind, min, max, doc)                                \
    {                                                                     \
#member, kind, offsetof(struct job_fields, member), min, max, doc \
    }
#define TEXT(member, max, doc)        FIELD(member, JOB_FIELD_TEXT, 0, max, doc)
#define NUMBER(member, min, max, doc) FIELD(member, JOB_FIELD_NUMBER, min, max, doc)
#define BOOL(member, doc)             FIELD(member, JOB_FIELD_BOOL, 0, 0, doc)
#define OBJECT(member, doc)           FIELD(member, JOB_FIELD_OBJECT, 0, 0, doc)

#define ARRAY(member, doc)            FIELD(member, JOB_FIELD_ARRAY, 0, 0, doc)

static const struct job_field table[] = {
    TEXT(schedule, 1024, "When: a cron expression, @every, @at or @in. Required."),
    TEXT(api, 2048, "What to call: an absolute http or https URL; its query may hold templates. Required."),
    TEXT(type, 0, "ATMOST_ONCE or ATLEAST_ONCE. Required."),
    TEXT(timezone, 64,
         "The IANA time zone that schedule is read in. Default: the schedule's prefix, or UTC."),
    TEXT(catch_up, 0, "Which late occurrences are called: all, latest, none. Default: by type."),
    NUMBER(catch_up_window_s, 1, 2592000, "How late they may be, in seconds. Default: 86400."),
    NUMBER(catch_up_max, 1, 1000, "How many of them are called. Default: 100."),
    TEXT(method, 0, "GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS. Default: GET."),
    OBJECT(headers, "Names and values, both strings; values may hold templates. Default: none."),
    TEXT(body, 32768, "What is sent; may hold templates. Default: nothing."),
    TEXT(body_base64, 43692, "Instead of body: bytes in base64, sent as they are. Default: nothing."),
    NUMBER(timeout_ms, 100, 1800000, "How long a call may take, redirects included. Default: 90000."),
    NUMBER(connect_timeout_ms, 100, 60000, "How long connecting may take, TLS included. Default: 10000."),
    NUMBER(follow_redirects, 0, 10, "How many redirects are followed. Default: 5."),
    OBJECT(success, "Which answers count: status, body_contains. Default: any 2xx."),
    OBJECT(retry, "How often and when failed attempts are made again: max_attempts, min_backoff_ms, "
                  "max_backoff_ms, multiplier, jitter, max_duration_ms. Default: 6 within a minute or so."),
    BOOL(retry_unsent, "ATMOST_ONCE: try again what provably was not sent. Default: false."),
    BOOL(retry_client_errors, "ATLEAST_ONCE: try again after any 4xx and 501, too. Default: false."),
    TEXT(description, 1024, "For people. Default: nothing."),
    ARRAY(tags, "Up to 16 strings, for finding jobs. Default: none."),
    TEXT(name, 128, "Names the job: posted again, the definition takes the old one's place. Default: none."),
    TEXT(overlap, 0,
         "What becomes of an occurrence that is due while an earlier one is not over: allow, skip, "
         "queue, cancel. Default: allow."),
    NUMBER(pause_after_failures, 1, 1000000,
           "How many failed occurrences in a row pause the job. Default: none do."),
    TEXT(on_failure_url, 2048, "Called (POST) when the job goes from well to failing. Default: none."),
    TEXT(on_recovery_url, 2048, "Called (POST) when the job goes back to well. Default: none."),
    BOOL(keep_response, "Records hold the first 1,024 bytes of the answer's body. Default: false."),
    TEXT(starts_at, 64, "RFC 3339: nothing is called before. @every counts from it. Default: no limit."),
    TEXT(ends_at, 64, "RFC 3339: nothing is called after it. Default: no limit."),
    NUMBER(
        jitter_ms, 0, 3600000,
        "By how much all calls may be later, by the same offset that follows from the job's id. Default: 0."),
    NUMBER(max_runs, 1, 1000000000, "How many occurrences are called in all. Default: no limit."),
};
_Static_assert(sizeof table / sizeof table[0] == JOB_FIELD_COUNT, "JOB_FIELD_COUNT is how many there are");

const struct job_field *job_field_at(size_t index)
{
    return &table[index];
}

const struct job_field *job_field_find(struct slice name)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        if (slice_eq(name, table[i].name)) {
            return &table[i];
        }
    }
    return NULL;
}

bool job_field_is_slice(const struct job_field *field)
{
    return field->kind != JOB_FIELD_NUMBER && field->kind != JOB_FIELD_BOOL;
}

struct slice *job_field_text(struct job_fields *fields, const struct job_field *field)
{
    return (struct slice *)(void *)((char *)fields + field->offset);
}

struct job_number *job_field_number(struct job_fields *fields, const struct job_field *field)
{
    return (struct job_number *)(void *)((char *)fields + field->offset);
}
