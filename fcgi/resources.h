/* resources: the handlers that the route table names, each in the file of its resource. Their contract is
 * route_handler's. */
#ifndef DRONC_RESOURCES_H
#define DRONC_RESOURCES_H

#include "route.h"

/* health.c */
route_handler health_greet;      /* GET / */
route_handler health_check;      /* GET /health */
route_handler health_check_deep; /* GET /health/deep */

/* schedule.c */
route_handler schedule_create; /* POST /v1/schedule/api-caller */

/* preview.c */
route_handler preview_schedule; /* GET /v1/schedule/preview */

/* track.c */
route_handler track_list_executions; /* GET /v1/track/executions */

#endif
