/* fake_target: an HTTP client whose calls wait until a test answers them, beside a name server that does likewise
 * (fake_dns.h). It takes the place of the runner's http_client when a test is linked, so include it in one file of
 * a program.
 */
#ifndef DRONC_FAKE_TARGET_H
#define DRONC_FAKE_TARGET_H

#include "http/http_client.h"

#include "fake_dns.h"
#include "fake_loop.h"

#include <stdio.h>
#include <string.h>

#define FAKE_CALLS_MAX 64

struct http_call {
    http_done_cb *cb;
    void *arg;
    char url[256];
    int64_t at_ms; /* when it was made, since the test began */
    bool cancelled;
    bool done;
};

static struct http_call fake_calls[FAKE_CALLS_MAX]; /* all that were made, in order */
static size_t fake_call_count;
static bool fake_calls_fail; /* no call can be started */

/* ---- what the runner calls ---- */

enum err http_client_call(struct http_client *client, const struct http_request *request, http_done_cb *cb,
                          void *arg, struct http_call **out)
{
    (void)client;
    if (fake_calls_fail) {
        return ERR_NOMEM;
    }
    assert_true(fake_call_count < FAKE_CALLS_MAX);
    struct http_call *call = &fake_calls[fake_call_count++];
    *call = (struct http_call){.cb = cb, .arg = arg, .at_ms = fake_us / 1000};
    (void)snprintf(call->url, sizeof call->url, "%s", request->url);
    *out = call;
    return ERR_OK;
}

void http_client_cancel(struct http_call *call)
{
    call->cancelled = true;
}

/* ---- what tests call ---- */

static inline void fake_target_reset(void)
{
    fake_call_count = 0;
    fake_calls_fail = false;
    fake_question_count = 0;
}

/* Calls that have not come to their end. */
static inline size_t fake_calls_open(void)
{
    size_t open = 0;
    for (size_t i = 0; i < fake_call_count; i++) {
        open += fake_calls[i].done ? 0 : 1;
    }
    return open;
}

static inline void fake_call_end(size_t index, const struct http_result *result)
{
    assert_true(index < fake_call_count && !fake_calls[index].done);
    fake_calls[index].done = true;
    fake_calls[index].cb(fake_calls[index].arg, result);
}

/* The call at index, from 0, gets an answer with this status. */
static inline void fake_call_answer(size_t index, int status)
{
    const struct http_result result = {.status = status,
                                       .started = {T0 + fake_calls[index].at_ms},
                                       .took_ms = fake_us / 1000 - fake_calls[index].at_ms,
                                       .sent = true,
                                       .retry_after_ms = -1};
    fake_call_end(index, &result);
}

/* The call at index fails before an answer. */
static inline void fake_call_fail(size_t index, enum http_error error, bool sent)
{
    const struct http_result result = {.error = error,
                                       .started = {T0 + fake_calls[index].at_ms},
                                       .sent = sent,
                                       .retry_after_ms = -1,
                                       .text = "it failed"};
    fake_call_end(index, &result);
}

#endif
