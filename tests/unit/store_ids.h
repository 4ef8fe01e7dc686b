/* store_ids: a job of shard 3 and an instant, for tests of commands and replies without a Redis, and texts that
 * are no numbers. */
#ifndef DRONC_STORE_IDS_H
#define DRONC_STORE_IDS_H

#include "job/job.h"

#include <string.h>

#define T0   1772953200000
#define NONE INT64_MAX
/* Ids whose first byte is 'c' (99): shard 3. */
#define ID    "cdefghijklmnopqrstuvwxyzABCDEFGH"
#define SHARD 3
#define TAG   "dronc:{3}:"

static const char *const GARBAGE_NUMBERS[] = {
    "", "x", "1x", " 1", "1.5", "1e3", "0x1", "99999999999999999999", NULL};
#define GARBAGE_COUNT (sizeof GARBAGE_NUMBERS / sizeof GARBAGE_NUMBERS[0])

static inline struct job_id the_id(void)
{
    struct job_id id;
    memcpy(id.bytes, ID, JOB_ID_SIZE);
    return id;
}

#endif
