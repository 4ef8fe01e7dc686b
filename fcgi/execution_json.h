/* execution_json: the form in which clients see the record of an attempt (docs/api.md), wherever it is shown.
 * Pure. */
#ifndef DRONC_EXECUTION_JSON_H
#define DRONC_EXECUTION_JSON_H

#include "execution.h"
#include "json.h"

/* Put the record as an object. */
void execution_json_put(struct json_writer *w, const struct execution *execution);

#endif
