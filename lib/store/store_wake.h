/* store_wake: the messages on STORE_WAKE_CHANNEL, which scripts publish and runners read. Pure. */
#ifndef DRONC_STORE_WAKE_H
#define DRONC_STORE_WAKE_H

#include "store/store_run.h"

#include <stdbool.h>

/* A message on STORE_WAKE_CHANNEL: something is due in shard at `due`. False: not one of ours. */
NODISCARD bool store_wake_parse(struct slice message, unsigned *shard, struct wall_ms *due);
/* Another one on the same channel: a claim was taken away from whoever has it, for the sake of a later
 * occurrence of the job; its call is to end, and is recorded already. False: not one of these. */
NODISCARD bool store_cancel_parse(struct slice message, struct store_attempt *attempt);

/* A message on STORE_WAKE_CHANNEL: the level was raised just now. */
NODISCARD bool store_level_was_raised(struct slice message);

#endif
