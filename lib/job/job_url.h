/* job_url: what all URLs of a definition have in common: `api`, `on_failure_url` and `on_recovery_url`. Pure. */
#ifndef DRONC_JOB_URL_H
#define DRONC_JOB_URL_H

#include "base/err.h"
#include "net/targets.h"
#include "text/url.h"

/* Parse text as a URL whose query may have templates, and whose host may be called, as far as that can be judged without
 * a look-up. targets NULL: any host may. On a fault, info has the mistake. */
NODISCARD enum url_fault job_url_parse(struct url *out, struct slice text, const struct targets *targets,
                                       struct errinfo *info);

#endif
