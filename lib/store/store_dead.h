/* store_dead: dead letters, occurrences whose retries are exhausted: list, redrive or drop them. Builders and
 * decoders, as in store.h.
 */
#ifndef DRONC_STORE_DEAD_H
#define DRONC_STORE_DEAD_H

#include "store/store.h"

#define STORE_DEAD_PAGE_MAX 200 /* entries that one command lists, redrives or drops */

/* A position in the order in which occurrences of a shard died. The instant and the occurrence decide it, so
 * it is one in the order of all shards, too. */
struct store_dead_position {
    struct wall_ms died;
    struct job_id job;
    struct wall_ms scheduled;
};

/* Which dead occurrences of a shard to list. */
struct store_dead_query {
    bool newest_first;
    const struct store_dead_position *after; /* only those after it; NULL: from the beginning */
    const struct job_id *job;                /* only those of this job; NULL: of all */
    struct wall_ms before;                   /* only those that died earlier; INT64_MAX: whenever */
    int limit;                               /* 1 … STORE_DEAD_PAGE_MAX */
    int look_at;                             /* how many to look at, at most */
};
void store_dead_page(struct cmd *cmd, unsigned shard, const struct store_dead_query *query);

struct store_dead_page {
    size_t count;                        /* of the entries */
    int64_t looked_at;                   /* entries that were looked at, listed or not */
    bool more;                           /* there may be more after these */
    struct store_dead_position position; /* the last that was looked at; undefined if none was */
};
NODISCARD enum err store_dead_page_reply(const struct reply *reply, struct store_dead_page *out,
                                         struct errinfo *info);
struct store_dead {
    struct store_dead_position position;
    bool known;            /* `last` is known */
    struct execution last; /* the attempt that it died of */
};
NODISCARD enum err store_dead_page_at(const struct reply *reply, size_t index, struct store_dead *out,
                                      struct errinfo *info);

/* Returns less than, equal to or more than 0 if a comes before, equals or comes after b in the order in which
 * occurrences died. */
int store_dead_compare(const struct store_dead_position *a, const struct store_dead_position *b);

/* When redriven occurrences are attempted: the first at first_us (microseconds since the epoch; what is
 * over means now), each of the next step_us later. */
struct store_pace {
    int64_t first_us;
    int64_t step_us;
};
/* Give dead occurrences another round of `attempts` attempts. Begin with store_dead_redrive, add 1 to
 * STORE_DEAD_PAGE_MAX occurrences of that shard. Sent twice, the second time does nothing. */
void store_dead_redrive(struct cmd *cmd, unsigned shard, int attempts, const struct store_pace *pace);
void store_dead_add(struct cmd *cmd, const struct job_id *job, struct wall_ms scheduled);
/* What became of the occurrence that was added at index; attempt: its number. */
NODISCARD enum err store_dead_redrive_at(const struct reply *reply, size_t index, enum store_redriven *out,
                                         int *attempt, struct errinfo *info);
/* When the one after the last would be attempted. */
NODISCARD enum err store_dead_redrive_next(const struct reply *reply, int64_t *next_us, struct errinfo *info);

/* Drop dead occurrences, which are added with store_dead_add. */
void store_dead_drop(struct cmd *cmd, unsigned shard);
NODISCARD enum err store_dead_drop_reply(const struct reply *reply, int64_t *dropped, struct errinfo *info);

#endif
