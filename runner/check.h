/* check: what `dronc-runner --check` asks Redis: does it answer, does it accept the login, may it lose jobs,
 * and how many wait in it? */
#ifndef DRONC_RUNNER_CHECK_H
#define DRONC_RUNNER_CHECK_H

#include "base/startup.h"

/* A startup_check: tries to reach Redis for some seconds, as the runner would. */
startup_check check_redis;

#endif
