/* job_fields: see job_fields.h. The table, and ways to go by it.
 *
 * A limit that a group checks itself is a constant of that group; the limits of numbers stand only here. */
#include "job/job_fields.h"

#include "cron/cron.h"
#include "job/call_options.h"
#include "job/catch_up.h"
#include "job/labels.h"
#include "secret/secret.h"
#include "text/base64.h"
#include "text/url.h"

/* clang-format off */
#define FIELD(member, kind, need, min, max, doc) \
    { #member, kind, need, offsetof(struct job_fields, member), min, max, doc }
/* clang-format on */
#define REQUIRED(member, max, doc)    FIELD(member, JOB_FIELD_TEXT, JOB_FIELD_REQUIRED, 0, max, doc)
#define NOT_EMPTY(member, max, doc)   FIELD(member, JOB_FIELD_TEXT, JOB_FIELD_NOT_EMPTY, 0, max, doc)
#define TEXT(member, max, doc)        FIELD(member, JOB_FIELD_TEXT, JOB_FIELD_OPTIONAL, 0, max, doc)
#define NUMBER(member, min, max, doc) FIELD(member, JOB_FIELD_NUMBER, JOB_FIELD_OPTIONAL, min, max, doc)
#define BOOL(member, doc)             FIELD(member, JOB_FIELD_BOOL, JOB_FIELD_OPTIONAL, 0, 0, doc)
#define OBJECT(member, doc)           FIELD(member, JOB_FIELD_OBJECT, JOB_FIELD_OPTIONAL, 0, 0, doc)
#define ARRAY(member, doc)            FIELD(member, JOB_FIELD_ARRAY, JOB_FIELD_OPTIONAL, 0, 0, doc)

/* The end of a number's doc. */
#define DEFAULT(number)  DEFAULT_(number)
#define DEFAULT_(number) " Default: " #number "."

static const struct job_field table[] = {
    REQUIRED(schedule, CRON_TEXT_MAX, "When: a cron expression, @every, @at or @in. Required."),
    REQUIRED(api, URL_MAX,
             "What to call: an absolute http or https URL; its query may hold templates. Required."),
    REQUIRED(type, 0, "ATMOST_ONCE or ATLEAST_ONCE. Required."),
    NOT_EMPTY(timezone, ZONE_NAME_MAX,
              "The IANA time zone that schedule is read in. Default: the schedule's prefix, or UTC."),
    NOT_EMPTY(catch_up, 0, "Which late occurrences are called: all, latest, none. Default: by type."),
    NUMBER(catch_up_window_s, 1, 2592000, "How late they may be, in seconds." DEFAULT(CATCH_UP_WINDOW_S)),
    NUMBER(catch_up_max, 1, 1000, "How many of them are called." DEFAULT(CATCH_UP_MAX)),
    NOT_EMPTY(method, 0, "GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS. Default: GET."),
    OBJECT(headers, "Names and values, both strings; values may hold templates. Default: none."),
    TEXT(body, CALL_BODY_MAX, "What is sent; may hold templates. Default: nothing."),
    TEXT(body_base64, BASE64_LEN((int64_t)CALL_BODY_MAX),
         "Instead of body: bytes in base64, sent as they are. Default: nothing."),
    NUMBER(timeout_ms, 100, 1800000,
           "How long a call may take, redirects included." DEFAULT(CALL_TIMEOUT_MS)),
    NUMBER(connect_timeout_ms, 100, 60000,
           "How long connecting may take, TLS included." DEFAULT(CALL_CONNECT_TIMEOUT_MS)),
    NUMBER(follow_redirects, 0, 10, "How many redirects are followed." DEFAULT(CALL_REDIRECTS)),
    OBJECT(success, "Which answers count: status, body_contains. Default: any 2xx."),
    OBJECT(retry, "How often and when failed attempts are retried: max_attempts, min_backoff_ms, "
                  "max_backoff_ms, multiplier, jitter, max_duration_ms. Default: 6 within a minute or so."),
    BOOL(retry_unsent, "ATMOST_ONCE: retry what provably was not sent. Default: false."),
    BOOL(retry_client_errors, "ATLEAST_ONCE: retry after any 4xx and 501, too. Default: false."),
    TEXT(description, LABELS_DESCRIPTION_MAX, "For people. Default: nothing."),
    ARRAY(tags, "Up to 16 strings, for finding jobs. Default: none."),
    TEXT(name, LABELS_NAME_MAX,
         "Names the job: a new definition of the same name replaces the old one. Default: none."),
    NOT_EMPTY(overlap, 0,
              "What happens to an occurrence that is due while an earlier one is under way: allow, skip, "
              "queue, cancel. Default: allow."),
    NUMBER(pause_after_failures, 1, 1000000,
           "How many consecutive failed occurrences pause the job. Default: no number does."),
    NOT_EMPTY(on_failure_url, URL_MAX,
              "Called (POST) when the job goes from healthy to failing. Default: none."),
    NOT_EMPTY(on_recovery_url, URL_MAX, "Called (POST) when the job goes back to healthy. Default: none."),
    BOOL(keep_response, "Records hold the first 1,024 bytes of the answer's body. Default: false."),
    NOT_EMPTY(starts_at, 64,
              "RFC 3339: nothing is called before it. @every counts from it. Default: no limit."),
    NOT_EMPTY(ends_at, 64, "RFC 3339: nothing is called after it. Default: no limit."),
    NUMBER(jitter_ms, 0, 3600000,
           "How much later all calls may be, by one offset that follows from the job's id. Default: 0."),
    NUMBER(max_runs, 1, 1000000000, "How many occurrences are called in all. Default: no limit."),
    NOT_EMPTY(signing, SECRET_NAME_MAX,
              "Names the signing key by which calls and notices are signed: letters, digits, _, - and '.'. "
              "Default: they are not."),
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

/* ---- what the table states ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_empty(struct slice text)
{
    size_t i = 0;
    while (i < text.len && is_space(text.data[i])) {
        i++;
    }
    return i == text.len;
}

bool job_field_check_need(const struct job_fields *fields, const struct job_field *field,
                          struct job_fault *fault)
{
    if (field->need == JOB_FIELD_OPTIONAL) {
        return true;
    }
    struct slice text = *job_field_text((struct job_fields *)fields, field);
    if (text.data == NULL) {
        return field->need != JOB_FIELD_REQUIRED ||
               job_fault_request(fault, field->name, "%s is required", field->name);
    }
    return !is_empty(text) || job_fault_request(fault, field->name, "%s must not be empty", field->name);
}

bool job_field_check_number(const struct job_fields *fields, const struct job_field *field,
                            struct job_fault *fault)
{
    if (field->kind != JOB_FIELD_NUMBER) {
        return true;
    }
    const struct job_number *number = job_field_number((struct job_fields *)fields, field);
    return !number->given || (number->value >= field->min && number->value <= field->max) ||
           job_fault_invalid(fault, field->name, "%s must be from %lld to %lld", field->name,
                             (long long)field->min, (long long)field->max);
}
