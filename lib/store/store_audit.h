/* store_audit: the trail: what was changed or refused, who asked for it, and from where. Builders and
 * decoders, as in store.h.
 *
 * Each script that changes something appends an entry, in the same step, to a stream of its shard: what
 * changed has an entry, and what has none did not change. Changes that belong to no shard have a stream of
 * their own, and so have refused requests, which are counted before they are written: however many there are,
 * they displace no entry about a change.
 */
#ifndef DRONC_STORE_AUDIT_H
#define DRONC_STORE_AUDIT_H

#include "store/store_executions.h"

/* Who asks for a change. Borrowed. Of each text STORE_ACTOR_TEXT_MAX bytes are kept, and '_' for what is no
 * visible ASCII. */
struct store_actor {
    struct slice who;        /* "local", or the id of a key */
    struct slice address;    /* that the request comes from; data NULL: not known */
    const char *method;      /* NULL: not known */
    const char *route;       /* as the table of routes has it, "/v1/jobs/{id}"; NULL: none */
    struct slice request_id; /* what the client calls the request; data NULL: nothing */
    int64_t keep;            /* entries of each shard that are kept, about */
};
#define STORE_ACTOR_TEXT_MAX 64

/* Append the argument of that name. For lib/store. */
void store_audit_put_actor(struct cmd *cmd, const struct store_actor *actor);

/* Note that so many requests of the actor were refused. error: the code of the error. */
void store_audit_refuse(struct cmd *cmd, const struct store_actor *actor, const char *error, int64_t count);

/* The streams: one of each shard, and these. */
enum {
    STORE_AUDIT_INSTALL = STORE_SHARDS, /* what belongs to no shard, such as keys */
    STORE_AUDIT_REFUSALS,
    STORE_AUDIT_STREAMS
};

/* The latest `limit` entries of a stream before the position `before` ("": from the end). */
void store_audit(struct cmd *cmd, unsigned stream, const char *before, int limit);

/* An entry. The slices are borrowed from the reply; data NULL: not there. */
struct store_audit_entry {
    char position[STORE_FEED_ID_MAX];
    int64_t recorded_ms; /* as in struct store_execution */
    int64_t
        at_us; /* when, by Redis' clock: puts entries of one millisecond in order (those of refused requests last) */
    bool is_job; /* it is about a job, or occurrences of it */
    struct job_id job;
    struct slice object;      /* what else it is about */
    struct slice action;      /* STORE_ACTION_… */
    int64_t version;          /* of the job, after it; 0: does not matter */
    bool has_scheduled;       /* it is about one occurrence, … */
    struct wall_ms scheduled; /* … this one */
    int64_t count;            /* of occurrences or requests; 0: one */
    struct slice error;
    struct slice who;
    struct slice address;
    struct slice method;
    struct slice route;
    struct slice request_id;
};
/* How many entries a reply holds, and the one at index. ERR_PROTOCOL: it cannot be read; position is "" then,
 * or good. */
NODISCARD enum err store_audit_count(const struct reply *reply, size_t *count, struct errinfo *info);
NODISCARD enum err store_audit_at(const struct reply *reply, unsigned stream, size_t index,
                                  struct store_audit_entry *out, struct errinfo *info);

#endif
