/* check: what main asks Redis before it serves: for `dronc-fcgi --check`, and for the log at the start. */
#ifndef DRONC_FCGI_CHECK_H
#define DRONC_FCGI_CHECK_H

#include "base/startup.h"
#include "redis/redis_sync.h"

/* A startup_check: reaches Redis once, as a POST would. */
startup_check check_redis;

/* Reaches Redis, so that the first request finds the connection, and logs what is wrong. Returns ERR_CONFIG
 * only for a node of a cluster: every other trouble may pass. */
NODISCARD enum err check_at_start(struct redis_sync *redis, struct errinfo *info);

/* May it start? Returns ERR_CONFIG if the settings say that other machines reach the API, and there is no key that
 * would keep them out; info says what to do. Where Redis does not tell, it may: nothing is answered then that
 * needs a key. Warns where nothing keeps them out, because it was so asked for. */
NODISCARD enum err check_exposure(const struct config *config, struct errinfo *info);

#endif
