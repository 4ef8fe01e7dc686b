/* runner: the parts of dronc-runner put together, and its life: starting, running, draining, stopped.
 *
 *     RUNNING ──stop──▶ DRAINING ──all recorded, or too long──▶ STOPPED
 *                          └──stop again────────────────────────▶ STOPPED
 */
#ifndef DRONC_RUNNER_H
#define DRONC_RUNNER_H

#include "base/config.h"
#include "base/err.h"

struct runner;

/* Returns owned. Borrows config for the life of the runner; tzdir may be NULL. */
NODISCARD enum err runner_new(struct runner **out, const struct config *config, const char *tzdir,
                              struct errinfo *info);
void runner_free(struct runner *runner);

/* Run until a signal (SIGTERM, SIGINT) or a fatal error stops it. ERR_OK: it stopped in order; otherwise info
 * has the reason. */
NODISCARD enum err runner_run(struct runner *runner, struct errinfo *info);

#endif
