/* store_rezone: moving next instants when the rules of time zones have changed. Builders and decoders, as in
 * store.h.
 */
#ifndef DRONC_STORE_REZONE_H
#define DRONC_STORE_REZONE_H

#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* Jobs that a page looks at, about; at most what Redis keeps in one piece (128). */
#define STORE_DUE_PAGE    64
#define STORE_CURSOR_SIZE 24 /* bytes, with the NUL */

/* Read a part of the jobs in a shard that wait for their next instant, from cursor on ("0": from the start).
 */
void store_due_page(struct cmd *cmd, unsigned shard, const char *cursor);
/* cursor: where to go on, "0" where that was all. count: of the jobs in this page whose schedule depends on a
 * time zone. */
NODISCARD enum err store_due_page_reply(const struct reply *reply, char cursor[STORE_CURSOR_SIZE],
                                        size_t *count, struct errinfo *info);
struct store_pending {
    struct job_id job;
    struct wall_ms due; /* its next instant */
    struct wall_ms created;
    struct slice stamp;       /* another one if its time was changed since; borrowed from the reply */
    struct job_fields fields; /* borrowed from the reply */
};
NODISCARD enum err store_due_page_at(const struct reply *reply, size_t index, struct store_pending *out,
                                     struct errinfo *info);

/* Make jobs due at another instant, if they are still due at the one that was read, by the schedule that was
 * read. Begin with store_rezone, add 1 to as many as a page has. */
void store_rezone(struct cmd *cmd, unsigned shard);
void store_rezone_add(struct cmd *cmd, const struct store_pending *pending, struct wall_ms due);
/* moved: how many got another instant. */
NODISCARD enum err store_rezone_reply(const struct reply *reply, int64_t *moved, struct errinfo *info);

#endif
