/* run_call: see run_call.h. No I/O but the log. */
#include "run_call.h"

#include "log.h"
#include "policy.h"
#include "runs.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>

void run_make_request(const struct run *run, struct http_request *request)
{
    char id[JOB_ID_TEXT_SIZE];
    char scheduled[CLOCK_RFC3339_SIZE];
    char key[EXECUTION_KEY_SIZE];
    job_id_format(id, &run->attempt.job);
    (void)clock_format_rfc3339(scheduled, run->attempt.scheduled);
    execution_idempotency_key(key, &run->attempt.job, run->attempt.scheduled);
    *request = (struct http_request){.url = run->job.api,
                                     .user_agent = "dronc/" DRONC_VERSION,
                                     .timeout_ms = RUNS_TIMEOUT_MS,
                                     .connect_timeout_ms = RUNS_CONNECT_TIMEOUT_MS,
                                     .max_redirects = RUNS_REDIRECTS_MAX,
                                     .response_max = RUNS_RESPONSE_MAX,
                                     .once = run->job.type == JOB_ATMOST_ONCE};
    (void)snprintf(request->headers[0], HTTP_REQUEST_HEADER_MAX, "Dronc-Job-Id: %s", id);
    (void)snprintf(request->headers[1], HTTP_REQUEST_HEADER_MAX, "Dronc-Scheduled-Time: %s", scheduled);
    (void)snprintf(request->headers[2], HTTP_REQUEST_HEADER_MAX, "Dronc-Attempt: %d", run->attempt.number);
    (void)snprintf(request->headers[3], HTTP_REQUEST_HEADER_MAX, "Idempotency-Key: %s", key);
}

static bool is_success(const struct http_result *result)
{
    return result->error == HTTP_OK && result->status >= 200 && result->status <= 299;
}

static void note_failure(struct execution *execution, const struct http_result *result)
{
    execution->outcome = EXECUTION_FAILED;
    if (result->error == HTTP_OK) {
        (void)snprintf(execution->error_class, sizeof execution->error_class, "http");
        (void)snprintf(execution->error, sizeof execution->error, "status %d", result->status);
        return;
    }
    (void)snprintf(execution->error_class, sizeof execution->error_class, "%s",
                   http_error_name(result->error));
    (void)snprintf(execution->error, sizeof execution->error, "%s", result->text);
}

static struct execution_timings timings_of(const struct http_timings *timings)
{
    return (struct execution_timings){.dns_us = timings->dns_us,
                                      .connect_us = timings->connect_us,
                                      .tls_us = timings->tls_us,
                                      .first_byte_us = timings->first_byte_us,
                                      .total_us = timings->total_us};
}

void run_note_result(struct run *run, const char *runner, const struct http_result *result)
{
    struct execution *execution = &run->execution;
    /* A first attempt may have been put off: it is late all the same. */
    struct wall_ms wanted = run->attempt.number == 1 ? run->attempt.scheduled : run->due;
    *execution = (struct execution){.job = run->attempt.job,
                                    .scheduled = run->attempt.scheduled,
                                    .started = result->started,
                                    .took_ms = result->took_ms,
                                    .lateness_ms = result->started.ms - wanted.ms,
                                    .status = result->status,
                                    .attempt = run->attempt.number,
                                    .outcome = EXECUTION_SUCCEEDED,
                                    .timings = timings_of(&result->timings),
                                    .response_bytes = result->body_bytes,
                                    .truncated = result->truncated};
    (void)snprintf(execution->runner, sizeof execution->runner, "%s", runner);
    if (!is_success(result)) {
        note_failure(execution, result);
    }
}

void run_decide_after(struct run *run, struct wall_ms now)
{
    int attempt = policy_attempt_in_round(run->attempt.number, POLICY_ATTEMPTS);
    run->after = STORE_AFTER_NOTHING;
    run->next_due = now;
    if (run->execution.outcome == EXECUTION_SUCCEEDED || run->job.type == JOB_ATMOST_ONCE) {
        return;
    }
    if (attempt >= POLICY_ATTEMPTS) {
        run->after = STORE_AFTER_DEAD;
        return;
    }
    run->after = STORE_AFTER_RETRY;
    run->retry_in_ms = policy_backoff_ms(attempt, arc4random());
    run->next_due.ms += run->retry_in_ms;
}

/* ---- the log ---- */

enum {
    API_SHOWN_SIZE = 512
};

static void show_api(const struct run *run, char out[API_SHOWN_SIZE])
{
    struct url url;
    struct buffer text;
    buffer_init(&text, 0);
    if (url_parse(&url, slice_of(run->job.api), NULL) == URL_OK) {
        url_redact(&url, &text);
    }
    (void)snprintf(out, API_SHOWN_SIZE, "%s", buffer_str(&text));
    buffer_fini(&text);
}

void run_log_call(const struct run *run)
{
    const struct execution *e = &run->execution;
    bool good = e->outcome == EXECUTION_SUCCEEDED;
    enum log_level level = good ? LOG_INFO : LOG_WARN;
    char id[JOB_ID_TEXT_SIZE];
    char scheduled[CLOCK_RFC3339_SIZE];
    char api[API_SHOWN_SIZE];
    static const char *const next[] = {
        [STORE_AFTER_NOTHING] = NULL, [STORE_AFTER_RETRY] = "retry", [STORE_AFTER_DEAD] = "dead"};
    if (level < log_get_level()) {
        return;
    }
    job_id_format(id, &e->job);
    (void)clock_format_rfc3339(scheduled, e->scheduled);
    show_api(run, api);
    /* The last one is left out unless there is a retry to wait for. */
    const struct log_field fields[] = {
        log_str("job", id),
        log_str("scheduled", scheduled),
        log_i64("lateness_ms", e->lateness_ms),
        log_i64("attempt", e->attempt),
        log_i64("status", e->status),
        log_i64("took_ms", e->took_ms),
        log_str("error", e->error[0] != '\0' ? e->error : NULL),
        log_str("api", api),
        log_str("next", next[run->after]),
        log_i64("retry_in_ms", run->retry_in_ms),
    };
    size_t count = sizeof fields / sizeof fields[0] - (run->after == STORE_AFTER_RETRY ? 0 : 1);
    log_event(level, good ? "call succeeded" : "call failed", fields, count);
}

void run_log_missed(const struct run *run)
{
    char id[JOB_ID_TEXT_SIZE];
    char from[CLOCK_RFC3339_SIZE];
    char until[CLOCK_RFC3339_SIZE];
    job_id_format(id, &run->attempt.job);
    (void)clock_format_rfc3339(from, run->execution.scheduled);
    (void)clock_format_rfc3339(until, run->execution.missed_until);
    log_warn("occurrences missed", log_str("job", id), log_i64("count", run->execution.missed_count),
             log_str("from", from), log_str("until", until));
}

void run_log_refused(const struct run *run)
{
    char id[JOB_ID_TEXT_SIZE];
    char scheduled[CLOCK_RFC3339_SIZE];
    job_id_format(id, &run->attempt.job);
    (void)clock_format_rfc3339(scheduled, run->attempt.scheduled);
    const struct log_field fields[] = {
        log_str("job", id), log_str("scheduled", scheduled), log_i64("attempt", run->attempt.number),
        log_str("why", run->sent_again ? "sent before the connection was lost, and recorded then"
                                       : "the claim has been handed on: this runner counted as dead")};
    log_event(run->sent_again ? LOG_DEBUG : LOG_WARN, "record refused", fields,
              sizeof fields / sizeof fields[0]);
}
