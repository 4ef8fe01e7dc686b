/* brief: what is kept of an answer that is too long to keep: of each of its lines the job's id, or the number
 * of the line and its status. Packed, a line of some hundred bytes is one of 33. Pure. */
#ifndef DRONC_BRIEF_H
#define DRONC_BRIEF_H

#include "base/buffer.h"

#include <stdbool.h>

/* Pack an answer of schedule_store, or one of a batch. Returns false if a line is neither a job nor an error.
 */
NODISCARD bool brief_pack(struct slice answer, struct buffer *out);

/* Write it as lines again: {"job_id":"capi:…"} and {"line":3,"status":400}. Returns false if it is damaged.
 */
NODISCARD bool brief_unpack(struct slice packed, struct buffer *out);

#endif
