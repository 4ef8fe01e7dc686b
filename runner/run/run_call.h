/* run_call: the call of a run: what is sent, what its outcome means, what is next, and its one line in the
 * log. */
#ifndef DRONC_RUN_CALL_H
#define DRONC_RUN_CALL_H

#include "http/http_client.h"
#include "run/run.h"

/* What a request is made of that the run itself does not hold. Zero-initialised is empty. Serves one request
 * after the other, and keeps its memory in between, which is no more than the largest job needs. */
struct run_texts {
    struct buffer url;
    struct buffer headers;
};
void run_texts_fini(struct run_texts *texts);

/* Make the request of a run: templates filled in, the system's headers and the job's, the limits, at most
 * once or not. Overwrites texts. request borrows from texts and from run: its job, and run->body, which is
 * filled if needed. ERR_NOMEM. */
NODISCARD enum err run_make_request(struct run *run, struct run_texts *texts, struct http_request *request);

/* Fill run->execution and run->failure from the call's result. runner: this runner's id. run->body must be
 * empty; afterwards it holds what is kept of the answer. */
void run_note_result(struct run *run, const char *runner, const struct http_result *result);

/* Fill run->after, run->retry_in_ms and run->next_due from these two: what is next for the occurrence. */
void run_decide_after(struct run *run, struct wall_ms now);

/* Log one line: for a call; for occurrences that are not called; for a record that Redis refused; for a call
 * that a later occurrence cancelled. */
void run_log_call(const struct run *run);
void run_log_missed(const struct run *run);
void run_log_refused(const struct run *run);
void run_log_cancelled(const struct run *run);

#endif
