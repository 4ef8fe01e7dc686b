/* store: what all of lib/store shares. Everything that Dronc keeps in Redis goes through this room: key
 * names, Lua scripts, and for each operation a builder (what to send) and a decoder (what came back).
 * contract.def has what C and Lua agree on, docs/redis.md what it means; lua/<name>.lua are the scripts.
 *
 * Pure: nothing here talks to Redis. A builder starts and fills a cmd; the caller sends it, and ends it with
 * cmd_fini. cmd_render reports a builder's failure (out of memory, or a builder that contract.def does not
 * allow). A decoder reads the reply; it returns ERR_REFUSED for an error of Redis (its text in info), and
 * ERR_PROTOCOL for a shape that the script never returns.
 *
 * Jobs live in STORE_SHARDS shards; all keys of a shard share a hash tag, so each script touches one slot.
 */
#ifndef DRONC_STORE_H
#define DRONC_STORE_H

#include "job/execution.h"
#include "job/job.h"
#include "resp/cmd.h"
#include "store/store_contract.h"

#include <stddef.h>
#include <stdint.h>

#define STORE_RUNNER_ID_MAX   EXECUTION_RUNNER_MAX /* bytes */
#define STORE_ATTEMPT_MAX     1000000              /* the largest number of an attempt that counts as one */
#define STORE_ATTEMPTS        6   /* of an at-least-once occurrence, unless its job says otherwise */
#define STORE_HISTORY_PER_JOB 200 /* attempts kept of each job, unless the settings say otherwise */

/* How much of the past is kept. */
struct store_keep {
    int64_t executions; /* attempts in each shard's feed (about: it is trimmed in whole nodes) */
    int64_t age_ms;     /* how old these may be (about); 0: any age */
    int64_t history;    /* attempts of each job, the latest: 1 … STORE_HISTORY_MAX */
    int64_t dead;       /* dead occurrences in each shard, the latest */
};
#define STORE_KEEP_STANDARD                                    \
    ((struct store_keep){.executions = 100000,                 \
                         .age_ms = INT64_C(30) * 86400 * 1000, \
                         .history = STORE_HISTORY_PER_JOB,     \
                         .dead = 10000})

/* Which shard a job lives in: 0 … STORE_SHARDS - 1. */
unsigned store_shard(const struct job_id *id);

/* All scripts, for loading them ahead (SCRIPT LOAD <source>). NULL past the end. */
const struct script *store_script(size_t index);

#endif
