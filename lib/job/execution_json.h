/* execution_json: an execution as the API and notices show it. Pure; any thread. */
#ifndef DRONC_EXECUTION_JSON_H
#define DRONC_EXECUTION_JSON_H

#include "job/execution.h"
#include "text/json.h"

/* Write the object of one execution. */
void execution_json_write(struct json_writer *w, const struct execution *execution);

#endif
