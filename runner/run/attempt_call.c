/* attempt_call: see attempt_call.h. No I/O but the log. */
#include "run/attempt_call.h"

#include "base/log.h"
#include "base/version.h"
#include "run/attempt_secrets.h"
#include "run/attempts.h"
#include "run/policy.h"
#include "text/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the request ---- */

/* The values of templates, and the texts that they point to. */
struct values {
    char job_id[JOB_ID_TEXT_SIZE];
    char execution_id[EXECUTION_ID_SIZE];
    char scheduled[CLOCK_RFC3339_SIZE];
    char unix_time[I64_DIGITS + 1];
    char attempt[I64_DIGITS + 1];
    struct template_values values;
};

static void put_number(char out[I64_DIGITS + 1], int64_t value)
{
    out[i64_format(out, value)] = '\0';
}

static void fill_values(struct values *v, const struct attempt *attempt)
{
    const struct store_attempt *claim = &attempt->claim;
    const struct execution execution = {
        .job = claim->job, .scheduled = claim->scheduled, .attempt = claim->number};
    job_id_format(v->job_id, &claim->job);
    execution_id_format(v->execution_id, &execution);
    (void)clock_format_rfc3339(v->scheduled, claim->scheduled);
    put_number(v->unix_time, claim->scheduled.ms / 1000);
    put_number(v->attempt, claim->number);
    v->values = (struct template_values){.of = {[TEMPLATE_JOB_ID] = v->job_id,
                                                [TEMPLATE_EXECUTION_ID] = v->execution_id,
                                                [TEMPLATE_SCHEDULED_TIME] = v->scheduled,
                                                [TEMPLATE_SCHEDULED_TIME_UNIX] = v->unix_time,
                                                [TEMPLATE_ATTEMPT] = v->attempt}};
}

/* Write the job's URL, with the templates in its query filled in. Resolves dot segments here, and lets
 * libcurl leave the path alone: its versions disagree about what a dot segment is. */
static void make_url(struct buffer *out, const struct job *job, const struct template_values *values)
{
    if (memmem(job->url.path.data, job->url.path.len, "/.", 2) == NULL) {
        template_expand(out, slice_of(job->api), values, TEMPLATE_IN_QUERY);
        return;
    }
    struct buffer resolved = {0};
    url_resolve(&job->url, &resolved);
    template_expand(out, (struct slice){buffer_str(&resolved), resolved.len}, values, TEMPLATE_IN_QUERY);
    out->error = out->error != ERR_OK ? out->error : buffer_error(&resolved);
    buffer_fini(&resolved);
}

/* name: with the colon and the space. */
static void add_header(struct buffer *out, const char *name, const char *value)
{
    buffer_add_str(out, name);
    buffer_add(out, value, strlen(value) + 1);
}

static void add_system_headers(struct buffer *out, const struct attempt *attempt, const struct values *v)
{
    char key[EXECUTION_KEY_SIZE];
    execution_idempotency_key(key, &attempt->claim.job, attempt->claim.scheduled);
    add_header(out, "Dronc-Job-Id: ", v->job_id);
    add_header(out, "Dronc-Scheduled-Time: ", v->scheduled);
    add_header(out, "Dronc-Attempt: ", v->attempt);
    add_header(out, "Idempotency-Key: ", key);
}

/* Methods that normally have a body state an empty one explicitly. */
static bool wants_body(enum call_method method)
{
    return method == CALL_POST || method == CALL_PUT || method == CALL_PATCH;
}

static struct slice make_body(struct attempt *attempt, const struct template_values *values)
{
    const struct call_options *call = &attempt->job.call;
    if (call->body.data == NULL) {
        return (struct slice){wants_body(call->method) ? "" : NULL, 0};
    }
    if (call_options_body_is_plain(call)) {
        return call->body;
    }
    call_options_add_body(call, values, &attempt->body);
    return (struct slice){buffer_str(&attempt->body), attempt->body.len};
}

void attempt_texts_fini(struct attempt_texts *texts)
{
    buffer_fini(&texts->url);
    buffer_wipe(&texts->headers);
    buffer_fini(&texts->instead);
}

void attempt_texts_forget(struct attempt_texts *texts, const struct attempt *attempt)
{
    if (attempt->secrets.count > 0) {
        buffer_wipe(&texts->headers);
    }
}

/* Sign what is to be sent. */
static enum err sign(struct attempt *attempt, struct wall_ms now, struct attempt_texts *texts,
                     struct slice body)
{
    char key[EXECUTION_KEY_SIZE];
    struct slice name = attempt->job.call.signing;
    const struct signature_of of = {.id = key, .timestamp = now.ms / 1000, .body = body};
    if (name.data == NULL || attempt->secrets.refused != HTTP_OK) {
        return ERR_OK;
    }
    execution_idempotency_key(key, &attempt->claim.job, attempt->claim.scheduled);
    enum err err = attempt_secrets_sign(&attempt->secrets, name, &of, &texts->headers, &texts->instead);
    return err != ERR_OK ? err : buffer_error(&texts->instead);
}

/* Bytes of the answer that are kept. A secret in it must not be cut, or it would not be found. */
static size_t keep_max(const struct attempt *attempt)
{
    size_t more = attempt_secrets_longest(&attempt->secrets);
    return attempt->job.call.keep_response ? EXECUTION_RESPONSE_MAX + more : 0;
}

enum err attempt_make_request(struct attempt *attempt, struct vault *vault, struct wall_ms now,
                              struct attempt_texts *texts, struct http_request *request)
{
    struct values v;
    fill_values(&v, attempt);
    attempt_secrets_fini(&attempt->secrets);
    attempt->secrets.vault = vault;
    attempt->secrets.url = &attempt->job.url;
    v.values.secret = attempt_secrets_find;
    v.values.arg = &attempt->secrets;
    buffer_clear(&texts->url);
    buffer_clear(&texts->headers);
    buffer_clear(&texts->instead);
    make_url(&texts->url, &attempt->job, &v.values);
    add_system_headers(&texts->headers, attempt, &v);
    call_options_add_headers(&attempt->job.call, &v.values, &texts->headers);
    struct slice body = make_body(attempt, &v.values);
    enum err err = sign(attempt, now, texts, body);
    *request = (struct http_request){.method = call_method_name(attempt->job.call.method),
                                     .url = buffer_str(&texts->url),
                                     .user_agent = "dronc/" DRONC_VERSION,
                                     .headers = {buffer_str(&texts->headers), texts->headers.len},
                                     .instead = {texts->instead.data, texts->instead.len},
                                     .body = body,
                                     .timeout_ms = attempt->job.call.timeout_ms,
                                     .connect_timeout_ms = attempt->job.call.connect_timeout_ms,
                                     .max_redirects = attempt->job.call.max_redirects,
                                     .response_max = ATTEMPTS_RESPONSE_MAX,
                                     .find = attempt->job.success.contains,
                                     .keep_max = keep_max(attempt),
                                     .once = attempt->job.type == JOB_ATMOST_ONCE};
    err = err != ERR_OK ? err : buffer_error(&texts->url);
    err = err != ERR_OK ? err : buffer_error(&texts->headers);
    return err != ERR_OK ? err : buffer_error(&attempt->body);
}

/* ---- the outcome ---- */

/* Copy text, cut to the size of out. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

static void note_failure(struct execution *execution, const char *class, const char *text)
{
    execution->outcome = EXECUTION_FAILED;
    copy_text(execution->error_class, sizeof execution->error_class, class);
    copy_text(execution->error, sizeof execution->error, text);
}

/* Returns true if a complete answer came, even if it is a redirect that was not followed. */
static bool is_answered(const struct http_result *result)
{
    return result->error == HTTP_OK || result->error == HTTP_ERROR_REDIRECT ||
           result->error == HTTP_ERROR_REDIRECTS || result->error == HTTP_ERROR_FORBIDDEN;
}

/* Judge a call by the job's own rule. */
static void judge(struct execution *execution, const struct job *job, const struct http_result *result)
{
    const struct success *rule = &job->success;
    char text[32];
    if (result->error != HTTP_OK) {
        note_failure(execution, http_error_name(result->error), result->text);
        if (job->type == JOB_ATMOST_ONCE && result->sent && !is_answered(result)) {
            execution->outcome = EXECUTION_UNKNOWN;
        }
    } else if (!success_has_status(rule, result->status)) {
        (void)snprintf(text, sizeof text, "status %d", result->status);
        note_failure(execution, "http", text);
    } else if (rule->contains.data != NULL && !result->found) {
        note_failure(execution, "http", "the answer does not hold what success.body_contains asks for");
    }
}

static struct execution_timings timings_of(const struct http_timings *timings)
{
    return (struct execution_timings){.dns_us = timings->dns_us,
                                      .connect_us = timings->connect_us,
                                      .tls_us = timings->tls_us,
                                      .first_byte_us = timings->first_byte_us,
                                      .total_us = timings->total_us};
}

/* Keep the beginning of the answer; if memory is short, keep nothing. attempt->body is empty by now. */
static struct slice keep_response(struct attempt *attempt, struct slice kept)
{
    struct buffer blanked = {0};
    if (attempt->secrets.count > 0) {
        attempt_secrets_blank(&attempt->secrets, kept, EXECUTION_RESPONSE_MAX, &blanked);
        kept = (struct slice){buffer_str(&blanked), blanked.len};
    }
    kept.len = kept.len < EXECUTION_RESPONSE_MAX ? kept.len : EXECUTION_RESPONSE_MAX;
    base64_encode(&attempt->body, kept);
    buffer_fini(&blanked);
    bool whole = kept.len > 0 && buffer_error(&attempt->body) == ERR_OK;
    return whole ? (struct slice){attempt->body.data, attempt->body.len} : (struct slice){NULL, 0};
}

/* libcurl's words may repeat what an answer says, such as where it redirects to. */
static void blank_error(struct attempt *attempt)
{
    struct buffer text = {0};
    if (attempt->secrets.count > 0 && attempt->execution.error[0] != '\0') {
        attempt_secrets_blank(&attempt->secrets, slice_of(attempt->execution.error), EXECUTION_ERROR_MAX,
                              &text);
        copy_text(attempt->execution.error, sizeof attempt->execution.error, buffer_str(&text));
        buffer_fini(&text);
    }
}

void attempt_note_result(struct attempt *attempt, const char *runner, const struct http_result *result)
{
    struct execution *execution = &attempt->execution;
    /* A first attempt that was put off is late all the same. (The instant of a manual run may lie ahead.) */
    bool is_first = attempt->claim.number == 1 && attempt->claim.scheduled.ms < attempt->due.ms;
    struct wall_ms wanted = is_first ? attempt->claim.scheduled : attempt->due;
    *execution = (struct execution){.job = attempt->claim.job,
                                    .scheduled = attempt->claim.scheduled,
                                    .started = result->started,
                                    .took_ms = result->took_ms,
                                    .lateness_ms = result->started.ms - wanted.ms,
                                    .status = result->status,
                                    .attempt = attempt->claim.number,
                                    .outcome = EXECUTION_SUCCEEDED,
                                    .timings = timings_of(&result->timings),
                                    .response_bytes = result->body_bytes,
                                    .truncated = result->truncated,
                                    .response = keep_response(attempt, result->kept)};
    copy_text(execution->runner, sizeof execution->runner, runner);
    judge(execution, &attempt->job, result);
    blank_error(attempt);
    attempt->failure = (struct policy_failure){.attempt = attempt->claim.number,
                                               .answered = result->error == HTTP_OK,
                                               .unsent = !result->sent,
                                               .forbidden = result->error == HTTP_ERROR_FORBIDDEN,
                                               .status = result->status,
                                               .retry_after_ms = result->retry_after_ms};
}

void attempt_decide_after(struct attempt *attempt, struct wall_ms now)
{
    attempt->after = STORE_AFTER_NOTHING;
    attempt->next_due = now;
    if (attempt->execution.outcome == EXECUTION_SUCCEEDED) {
        return;
    }
    attempt->failure.scheduled = attempt->claim.scheduled;
    attempt->failure.now = now;
    attempt->after =
        policy_after_failure(&attempt->job, &attempt->failure, arc4random(), &attempt->retry_in_ms);
    attempt->next_due.ms += attempt->after == STORE_AFTER_RETRY ? attempt->retry_in_ms : 0;
}

/* ---- the log ---- */

#define API_SHOWN_MAX 511 /* bytes */

/* Returns the field that shows what was called; text holds its value. */
static struct log_field field_of_api(const struct attempt *attempt, struct buffer *text)
{
    url_redact(&attempt->job.url, text);
    return log_bytes("api", buffer_str(text), text->len < API_SHOWN_MAX ? text->len : API_SHOWN_MAX);
}

/* Returns the log's word for the outcome. */
static const char *event_of(const struct attempt *attempt)
{
    bool good = attempt->execution.outcome == EXECUTION_SUCCEEDED;
    if (!attempt->is_notice) {
        return good ? "call succeeded" : "call failed";
    }
    return good                                  ? "notice delivered"
           : attempt->after == STORE_AFTER_RETRY ? "notice failed"
                                                 : "notice given up";
}

void attempt_log_call(const struct attempt *attempt)
{
    const struct execution *e = &attempt->execution;
    enum log_level level = e->outcome == EXECUTION_SUCCEEDED ? LOG_INFO : LOG_WARN;
    char id[JOB_ID_TEXT_SIZE];
    char scheduled[CLOCK_RFC3339_SIZE];
    struct buffer api = {0};
    static const char *const next[] = {[STORE_AFTER_NOTHING] = NULL,
                                       [STORE_AFTER_RETRY] = "retry",
                                       [STORE_AFTER_DEAD] = "dead",
                                       [STORE_AFTER_GONE] = "pause the job"};
    if (level < log_get_level()) {
        return;
    }
    job_id_format(id, &e->job);
    (void)clock_format_rfc3339(scheduled, e->scheduled);
    /* The last field is left out unless there is a retry. */
    const struct log_field fields[] = {
        log_str("job", id),
        log_str("scheduled", scheduled),
        log_i64("lateness_ms", e->lateness_ms),
        log_i64("attempt", e->attempt),
        log_i64("status", e->status),
        log_i64("took_ms", e->took_ms),
        log_str("error", e->error[0] != '\0' ? e->error : NULL),
        field_of_api(attempt, &api),
        log_str("next", attempt->is_notice ? NULL : next[attempt->after]),
        log_i64("retry_in_ms", attempt->retry_in_ms),
    };
    size_t count = sizeof fields / sizeof fields[0] - (attempt->after == STORE_AFTER_RETRY ? 0 : 1);
    log_event(level, event_of(attempt), fields, count);
    buffer_fini(&api);
}

void attempt_log_missed(const struct attempt *attempt)
{
    char id[JOB_ID_TEXT_SIZE];
    char from[CLOCK_RFC3339_SIZE];
    char until[CLOCK_RFC3339_SIZE];
    job_id_format(id, &attempt->claim.job);
    (void)clock_format_rfc3339(from, attempt->execution.scheduled);
    (void)clock_format_rfc3339(until, attempt->execution.missed_until);
    log_warn("occurrences missed", log_str("job", id), log_i64("count", attempt->execution.missed_count),
             log_str("from", from), log_str("until", until));
}

void attempt_log_refused(const struct attempt *attempt)
{
    char id[JOB_ID_TEXT_SIZE];
    char scheduled[CLOCK_RFC3339_SIZE];
    job_id_format(id, &attempt->claim.job);
    (void)clock_format_rfc3339(scheduled, attempt->claim.scheduled);
    /* The runner that cancelled this claim announces it, but the message may get lost. */
    bool alarming =
        !attempt->sent_again && !attempt->cancelled && attempt->job.stateful.overlap != OVERLAP_CANCEL;
    const struct log_field fields[] = {
        log_str("job", id), log_str("scheduled", scheduled), log_i64("attempt", attempt->claim.number),
        log_str("why", alarming              ? "the claim has been handed on: this runner counted as dead"
                       : attempt->sent_again ? "sent before the connection was lost, and recorded then"
                                             : "a later occurrence of the job has taken its place")};
    log_event(alarming ? LOG_WARN : LOG_DEBUG, "record refused", fields, sizeof fields / sizeof fields[0]);
}

void attempt_log_cancelled(const struct attempt *attempt)
{
    char id[JOB_ID_TEXT_SIZE];
    char scheduled[CLOCK_RFC3339_SIZE];
    job_id_format(id, &attempt->claim.job);
    (void)clock_format_rfc3339(scheduled, attempt->claim.scheduled);
    log_info("call cancelled", log_str("job", id), log_str("scheduled", scheduled),
             log_i64("attempt", attempt->claim.number),
             log_str("why", "a later occurrence of the job has taken its place"));
}
