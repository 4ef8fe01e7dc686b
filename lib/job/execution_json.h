/* execution_json: how a record of an execution is shown to the world, in answers of the API and in notices.
 * Pure. */
#ifndef DRONC_EXECUTION_JSON_H
#define DRONC_EXECUTION_JSON_H

#include "job/execution.h"
#include "text/json.h"

/* Put the object of one execution into w. */
void execution_json_write(struct json_writer *w, const struct execution *execution);

#endif
