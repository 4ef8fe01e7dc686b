/* http_call: see http_call.h. */
#include "http/http_call.h"

#include <stdio.h>

const char http_bad_chunks[] = "the chunks of the answer's body are malformed";
const char http_no_end[] = "the answer's headers have no end";
const char http_broke_off[] = "the answer broke off inside its headers";

static void set_error(struct http_result *result, enum http_error error, const char *text)
{
    result->error = error;
    (void)snprintf(result->text, sizeof result->text, "%.*s", HTTP_ERROR_SIZE - 1, text);
}

/* A line that exceeds libcurl's own limit. libcurl reports it as if memory had run out, or (since 8.6, whose
 * headers have the name) as too large. */
static bool has_endless_line(const struct http_call *call, CURLcode code)
{
    enum {
        TOO_LARGE = 100
    };
    return call->sent && (code == CURLE_OUT_OF_MEMORY || (int)code == TOO_LARGE) &&
           http_answer_is_awaited(&call->answer);
}

/* Our own text, if libcurl has none, or a misleading one. */
static const char *text_of(const struct http_call *call, CURLcode code)
{
    bool has_text = call->error[0] != '\0' && !call->line.is_over;
    bool malformed = code == CURLE_BAD_FUNCTION_ARGUMENT && call->answer.open;
    return malformed  ? "the answer's headers are malformed"
           : has_text ? call->error
                      : curl_easy_strerror(code);
}

long http_call_redirects(const struct http_call *call)
{
    long redirects = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    return call->redirects_before + redirects;
}

/* True if an answer has redirected libcurl, and nothing has been sent there yet. */
static bool has_gone_on(const struct http_call *call)
{
    return http_call_redirects(call) > call->redirects_sent;
}

/* True if no address that the request leads to may be called. */
static bool is_forbidden(const struct http_call *call, CURLcode code)
{
    return http_guard_has_refused(&call->guard) &&
           (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK);
}

/* Why libcurl ended a transfer with a failure. (It also follows a redirect that breaks off inside its
 * headers.)
 */
static void describe_failure(const struct http_call *call, CURLcode code, struct http_result *result)
{
    bool gone_on = has_gone_on(call);
    if (call->answer.open && (gone_on || code == CURLE_TOO_MANY_REDIRECTS)) {
        set_error(result, HTTP_ERROR_RESPONSE, http_broke_off);
    } else {
        set_error(result, http_easy_classify(code, gone_on), text_of(call, code));
    }
}

static void describe_end(const struct http_call *call, CURLcode code, struct http_result *result)
{
    if (call->end_code == CURLE_ABORTED_BY_CALLBACK) {
        set_error(result, HTTP_ERROR_ABORTED, "aborted by the runner");
    } else if (call->fault != NULL) {
        set_error(result, HTTP_ERROR_RESPONSE, call->fault);
    } else if (call->truncated && code == CURLE_WRITE_ERROR) {
        result->truncated = true;
    } else if (call->headers_too_large || has_endless_line(call, code)) {
        set_error(result, HTTP_ERROR_RESPONSE, "the answer's headers are larger than 64 KiB");
    } else if (call->redirect_too_large) {
        set_error(result, HTTP_ERROR_RESPONSE, "the body of a redirect is too large");
    } else if (call->leads_nowhere) {
        set_error(result, HTTP_ERROR_REDIRECT, "the redirect leads to neither http nor https");
    } else if (call->sending_forbidden) {
        set_error(result, HTTP_ERROR_ABORTED, "the runner's lease had run out before the request was sent");
    } else if (call->resend_blocked) {
        set_error(result, HTTP_ERROR_RESPONSE,
                  "the connection died before the answer; at most once, so the request was not sent again");
    } else if (call->out_of_memory) {
        set_error(result, HTTP_ERROR_INTERNAL, "out of memory");
    } else if (is_forbidden(call, code)) {
        set_error(result, HTTP_ERROR_FORBIDDEN, call->guard.why);
    } else if (call->line.no_descriptor && code == CURLE_COULDNT_CONNECT) {
        set_error(result, HTTP_ERROR_INTERNAL, "no file descriptor is left for a connection");
    } else if (code == CURLE_COULDNT_RESOLVE_HOST && call->name.error != HTTP_OK) {
        set_error(result, call->name.error, call->name.why);
    } else if (code != CURLE_OK) {
        describe_failure(call, code, result);
    } else if (call->answer.open) {
        set_error(result, HTTP_ERROR_RESPONSE, http_broke_off);
    } else if (call->answer.chunked && call->chunks.state != HTTP_CHUNKS_END) {
        set_error(result, HTTP_ERROR_RESPONSE, http_bad_chunks);
    }
}

void http_call_result(const struct http_call *call, CURLcode code, struct wall_ms now, struct mono_ms mono,
                      struct http_result *result)
{
    const char(*values)[HTTP_FIELD_SIZE] = call->answer.values;
    *result = (struct http_result){.status = call->answer.status,
                                   .sent = call->sent,
                                   .found = call->search != NULL && call->search->found};
    result->retry_after_ms = http_easy_retry_after_ms(values[HTTP_RETRY_AFTER], values[HTTP_DATE], now);
    result->started = call->started;
    result->took_ms = mono.ms - call->began.ms;
    result->body_bytes = call->body_bytes < call->response_max ? call->body_bytes : call->response_max;
    result->kept = (struct slice){call->kept.data, call->kept.len};
    http_easy_timings(call->easy, &result->timings);
    http_easy_add_timings(&result->timings, &call->before);
    describe_end(call, code, result);
}
