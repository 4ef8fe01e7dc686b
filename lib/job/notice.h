/* notice: the message that a stateful job (stateful.h) went from healthy to failing, or back: the changes that
 * there are, the text of a notice in Redis, and the JSON that is sent.
 *
 * A notice is sent like a call: the runner claims, starts, retries and records it in the same way, at an
 * instant of its own. lib/store/lua/part/health.lua writes it in the same step that records the occurrence
 * that made the change.
 *
 * Pure; any thread.
 */
#ifndef DRONC_NOTICE_H
#define DRONC_NOTICE_H

#include "job/execution.h"
#include "text/json.h"

enum notice_event {
    NOTICE_FAILING,
    NOTICE_RECOVERED,
    NOTICE_EVENT__COUNT
};

/* "failing", "recovered". */
const char *notice_event_name(enum notice_event event);

struct notice {
    enum notice_event event;
    int64_t failures;           /* consecutive ones: FAILING: so far; RECOVERED: before the recovery */
    struct execution execution; /* the last attempt at the occurrence that made the change */
};

/* Read the text of a notice of job in Redis: "<f|r> <failures> <record>". ERR_PROTOCOL: it is malformed. */
NODISCARD enum err notice_parse(struct notice *out, const struct job_id *job, struct slice text);

/* Write the JSON that is sent. name: the job's; data NULL: it has none. at: the instant of the notice. */
void notice_write(struct json_writer *w, const struct notice *notice, struct slice name, struct wall_ms at);

/* Write how the job's latest notice ended, as member `key` of the object that is open in w. text: its form in
 * Redis, "<f|r> <instant> <state> <status> <attempts>"; nothing is written if it is malformed. */
void notice_write_fate(struct json_writer *w, const char *key, struct slice text);

#endif
