/* run_call: the call of a run: what is sent, what its outcome means, what is next, and the one line that the
 * log gets. */
#ifndef DRONC_RUN_CALL_H
#define DRONC_RUN_CALL_H

#include "http_client.h"
#include "run.h"

/* The request of a run: the system's headers, the limits, at most once or not. request borrows from run. */
void run_make_request(const struct run *run, struct http_request *request);

/* Fill run->execution from what came of the call. runner: this runner's id. */
void run_note_result(struct run *run, const char *runner, const struct http_result *result);

/* Fill run->after and run->next_due from run->execution: nothing, a retry, or dead. */
void run_decide_after(struct run *run, struct wall_ms now);

/* One line for a call; for a gap of occurrences that are not called; for a record that Redis refused. */
void run_log_call(const struct run *run);
void run_log_missed(const struct run *run);
void run_log_refused(const struct run *run);

#endif
