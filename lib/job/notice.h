/* notice: what a job that is watched (watch.h) has to tell when it goes from well to failing, or back: which
 * changes there are, what Redis keeps of a notice, and the JSON that is sent.
 *
 * A notice is sent as a call is: claimed, started, retried and recorded by the same runner's machinery, at an
 * instant of its own that stands for it. lib/store/lua/part/health.lua writes it in the very step that
 * records the occurrence which made the change.
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
    int64_t failures;           /* FAILING: how many in a row by now; RECOVERED: how many there had been */
    struct execution execution; /* the one that made the change: the last attempt at its occurrence */
};

/* Read what Redis keeps of a notice of job: "<f|r> <failures> <record>". ERR_PROTOCOL: it cannot be read. */
NODISCARD enum err notice_parse(struct notice *out, const struct job_id *job, struct slice text);

/* Put what is sent into w. name: the job's; data NULL: it has none. at: the instant of the notice. */
void notice_write(struct json_writer *w, const struct notice *notice, struct slice name, struct wall_ms at);

/* Put what became of the job's latest notice, as Redis keeps it ("<f|r> <instant> <state> <status>
 * <attempts>"), as member `key` of the object that is open in w; nothing where it cannot be read. */
void notice_write_fate(struct json_writer *w, const char *key, struct slice text);

#endif
