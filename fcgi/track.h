/* track: how a record of an execution is shown. */
#ifndef DRONC_TRACK_H
#define DRONC_TRACK_H

#include "execution.h"
#include "json.h"

/* Put the object of one execution into w. */
void track_write_execution(struct json_writer *w, const struct execution *execution);

#endif
