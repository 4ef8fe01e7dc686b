/* store_dead: the part of the contract with Redis that is about occurrences whose attempts are spent: looking
 * at them, giving them another round of attempts, forgetting them. As in store.h: builders and decoders,
 * pure.
 */
#ifndef DRONC_STORE_DEAD_H
#define DRONC_STORE_DEAD_H

#include "store/store.h"

#define STORE_DEAD_PAGE_MAX 200 /* entries that are shown, or acted upon, in one command */

/* A place in the order in which occurrences of a shard died, and, because the instant and the occurrence
 * decide it, in that of all shards. */
struct store_dead_position {
    struct wall_ms died;
    struct job_id job;
    struct wall_ms scheduled;
};

/* Which dead occurrences of a shard to look at. */
struct store_dead_query {
    bool newest_first;
    const struct store_dead_position *after; /* only those behind it; NULL: from the beginning */
    const struct job_id *job;                /* only those of this job; NULL: of all */
    struct wall_ms before;                   /* only those that died earlier; INT64_MAX: whenever */
    int limit;                               /* 1 … STORE_DEAD_PAGE_MAX */
    int look_at;                             /* how many to look at, at most */
};
void store_dead_page(struct cmd *cmd, unsigned shard, const struct store_dead_query *query);

struct store_dead_page {
    size_t count;                        /* of the entries */
    int64_t looked_at;                   /* entries that were looked at, shown or not */
    bool more;                           /* there may be more behind these */
    struct store_dead_position position; /* the last that was looked at; of no use where none was */
};
NODISCARD enum err store_dead_page_reply(const struct reply *reply, struct store_dead_page *out,
                                         struct errinfo *info);
struct store_dead {
    struct store_dead_position position;
    bool known;            /* what it died of is known */
    struct execution last; /* that attempt */
};
NODISCARD enum err store_dead_page_at(const struct reply *reply, size_t index, struct store_dead *out,
                                      struct errinfo *info);

/* Where a comes before b in the order in which occurrences died: < 0, and so on. */
int store_dead_compare(const struct store_dead_position *a, const struct store_dead_position *b);

/* When redriven occurrences are called again: the first at first_us (microseconds since the epoch; what is
 * over means now), each of the next step_us later. */
struct store_pace {
    int64_t first_us;
    int64_t step_us;
};
/* Give dead occurrences another round of `attempts` attempts. Begin with store_dead_redrive, add 1 to
 * STORE_DEAD_PAGE_MAX occurrences of that shard. Sent twice, the second time there is nothing to do. */
void store_dead_redrive(struct cmd *cmd, unsigned shard, int attempts, const struct store_pace *pace);
void store_dead_add(struct cmd *cmd, const struct job_id *job, struct wall_ms scheduled);
/* What became of the occurrence that was added at index; attempt: the number of the attempt that is made. */
NODISCARD enum err store_dead_redrive_at(const struct reply *reply, size_t index, enum store_redriven *out,
                                         int *attempt, struct errinfo *info);
/* When the one after the last would be called. */
NODISCARD enum err store_dead_redrive_next(const struct reply *reply, int64_t *next_us, struct errinfo *info);

/* Forget dead occurrences, which are added with store_dead_add. */
void store_dead_drop(struct cmd *cmd, unsigned shard);
NODISCARD enum err store_dead_drop_reply(const struct reply *reply, int64_t *dropped, struct errinfo *info);

#endif
