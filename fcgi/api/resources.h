/* resources: the handlers that the route table names, each in the file of its resource. Their contract is
 * route_handler's. */
#ifndef DRONC_RESOURCES_H
#define DRONC_RESOURCES_H

#include "serve/route.h"

/* health.c */
route_handler health_greet;      /* GET / */
route_handler health_check;      /* GET /health */
route_handler health_check_deep; /* GET /health/deep */

/* openapi.c */
route_handler openapi_show; /* GET /openapi.json */

/* schedule.c */
route_handler schedule_create; /* POST /v1/schedule/api-caller */

/* job_read.c */
route_handler job_show;  /* GET /v1/jobs/{id} */
route_handler jobs_list; /* GET /v1/jobs */

/* job_export.c */
route_handler jobs_export; /* GET /v1/jobs:export */

/* job_batch.c */
route_handler jobs_batch; /* POST /v1/jobs:batch */

/* job_why.c */
route_handler job_why; /* GET /v1/jobs/{id}/why */

/* job_patch.c */
route_handler job_patch; /* PATCH /v1/jobs/{id} */

/* job_command.c */
route_handler job_delete; /* DELETE /v1/jobs/{id} */
route_handler job_pause;  /* POST /v1/jobs/{id}/pause */
route_handler job_resume; /* POST /v1/jobs/{id}/resume */
route_handler job_run;    /* POST /v1/jobs/{id}/run */

/* preview.c */
route_handler preview_schedule; /* GET /v1/schedule/preview */

/* dead_list.c */
route_handler dead_list; /* GET /v1/dead */

/* dead_act.c */
route_handler dead_redrive;      /* POST /v1/dead/{id}/redrive */
route_handler dead_delete;       /* DELETE /v1/dead/{id} */
route_handler dead_redrive_many; /* POST /v1/dead:redrive */
route_handler dead_delete_many;  /* DELETE /v1/dead */

/* track.c */
route_handler track_list_executions; /* GET /v1/track/executions */
route_handler track_list_of_job;     /* GET /v1/jobs/{id}/executions */
route_handler track_show_execution;  /* GET /v1/executions/{id} */

#endif
