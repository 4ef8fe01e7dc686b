/* runner_id: the name that a runner has in Redis, in records and in the log. */
#ifndef DRONC_RUNNER_ID_H
#define DRONC_RUNNER_ID_H

#include "store/store.h"

/* Make one: host-pid-random. Unique for every start, and of use to a person at three in the morning. */
void runner_id_make(char out[STORE_RUNNER_ID_MAX + 1]);

#endif
