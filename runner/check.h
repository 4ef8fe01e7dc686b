/* check: `dronc-runner --check`: is Redis there, does it let us in, and is it one that keeps jobs? */
#ifndef DRONC_CHECK_H
#define DRONC_CHECK_H

#include "base/buffer.h"
#include "base/config.h"
#include "base/err.h"

/* Reach Redis once, within timeout_ms, greet it, and write to out what was found: a line, and one for each
 * warning. ERR_DOWN: not reached. ERR_CONFIG: that cannot get better by waiting. */
NODISCARD enum err check_redis(const struct config *config, int timeout_ms, struct buffer *out,
                               struct errinfo *info);

#endif
