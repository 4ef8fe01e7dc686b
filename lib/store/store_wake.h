/* store_wake: the messages on STORE_WAKE_CHANNEL, which scripts publish and runners read. Pure. */
#ifndef DRONC_STORE_WAKE_H
#define DRONC_STORE_WAKE_H

#include "store/store_attempt.h"

#include <stdbool.h>

/* Something is due in shard at `due`. Returns false if this is no such message. */
NODISCARD bool store_wake_parse(struct slice message, unsigned *shard, struct wall_ms *due);
/* A claim was taken from its runner, for the sake of a later occurrence of the job: its call must end, and is
 * recorded already. Returns false if this is no such message. */
NODISCARD bool store_cancel_parse(struct slice message, struct store_attempt *attempt);

/* Returns true if secrets or signing keys were changed just now. */
NODISCARD bool store_sealed_was_changed(struct slice message);

/* Returns true if the level was raised just now. */
NODISCARD bool store_level_was_raised(struct slice message);

#endif
