/* attempt_call: the call of an attempt: makes the request, interprets the outcome, decides what is next, and
 * writes the attempt's one line in the log. */
#ifndef DRONC_ATTEMPT_CALL_H
#define DRONC_ATTEMPT_CALL_H

#include "http/http_client.h"
#include "run/attempt.h"

/* The texts of a request that the attempt itself does not hold. Zero-initialised is empty. Serves one request
 * after the other, and keeps its memory in between, which is at most what the largest job needs. */
struct attempt_texts {
    struct buffer url;
    struct buffer headers;
};
void attempt_texts_fini(struct attempt_texts *texts);

/* Make the request of an attempt: fill in its templates, its headers (the system's and the job's), its
 * limits, and whether it may be sent more than once. Overwrites texts. request borrows from texts and from
 * attempt: its job, and attempt->body, which is filled if needed. ERR_NOMEM. */
NODISCARD enum err attempt_make_request(struct attempt *attempt, struct attempt_texts *texts,
                                        struct http_request *request);

/* Fill attempt->execution and attempt->failure from the call's result. runner: this runner's id.
 * attempt->body must be empty; afterwards it holds what is kept of the answer. */
void attempt_note_result(struct attempt *attempt, const char *runner, const struct http_result *result);

/* Decide what is next for the occurrence: fill attempt->after, attempt->retry_in_ms and attempt->next_due
 * from the execution and the failure. */
void attempt_decide_after(struct attempt *attempt, struct wall_ms now);

/* Log one line: for a call; for occurrences that are not called; for a record that Redis refused; for a call
 * that a later occurrence cancelled. */
void attempt_log_call(const struct attempt *attempt);
void attempt_log_missed(const struct attempt *attempt);
void attempt_log_refused(const struct attempt *attempt);
void attempt_log_cancelled(const struct attempt *attempt);

#endif
