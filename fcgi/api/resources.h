/* resources: the handlers in the route table, each in the file of its resource. Their contract is that of
 * api_handler. */
#ifndef DRONC_RESOURCES_H
#define DRONC_RESOURCES_H

#include "api/context.h"

/* health.c */
api_handler health_greet;      /* GET / */
api_handler health_check;      /* GET /health */
api_handler health_check_deep; /* GET /health/deep */

/* openapi.c */
api_handler openapi_show; /* GET /openapi.json */

/* schedule.c */
api_handler schedule_create; /* POST /v1/schedule/api-caller */

/* job_read.c */
api_handler job_show;  /* GET /v1/jobs/{id} */
api_handler jobs_list; /* GET /v1/jobs */

/* job_export.c */
api_handler jobs_export; /* GET /v1/jobs:export */

/* job_batch.c */
api_handler jobs_batch; /* POST /v1/jobs:batch */

/* job_why.c */
api_handler job_why; /* GET /v1/jobs/{id}/why */

/* job_patch.c */
api_handler job_patch; /* PATCH /v1/jobs/{id} */

/* job_command.c */
api_handler job_delete; /* DELETE /v1/jobs/{id} */
api_handler job_pause;  /* POST /v1/jobs/{id}/pause */
api_handler job_resume; /* POST /v1/jobs/{id}/resume */
api_handler job_run;    /* POST /v1/jobs/{id}/run */

/* preview.c */
api_handler preview_schedule; /* GET /v1/schedule/preview */

/* audit_list.c */
api_handler audit_list; /* GET /v1/audit */

/* dead_list.c */
api_handler dead_list; /* GET /v1/dead */

/* dead_act.c */
api_handler dead_redrive;      /* POST /v1/dead/{id}/redrive */
api_handler dead_delete;       /* DELETE /v1/dead/{id} */
api_handler dead_redrive_many; /* POST /v1/dead:redrive */
api_handler dead_delete_many;  /* DELETE /v1/dead */

/* keys.c */
api_handler keys_list;  /* GET /v1/keys */
api_handler key_create; /* POST /v1/keys */
api_handler key_revoke; /* DELETE /v1/keys/{id} */
api_handler key_rotate; /* POST /v1/keys/{id}/rotate */

/* secret.c */
api_handler secret_put;    /* PUT /v1/secrets/{id} */
api_handler secret_delete; /* DELETE /v1/secrets/{id} */
api_handler secrets_list;  /* GET /v1/secrets */

/* signing.c */
api_handler signing_make;   /* POST /v1/signing/{id} */
api_handler signing_delete; /* DELETE /v1/signing/{id} */
api_handler signing_list;   /* GET /v1/signing */

/* track.c */
api_handler track_list_executions; /* GET /v1/track/executions */
api_handler track_list_of_job;     /* GET /v1/jobs/{id}/executions */
api_handler track_show_execution;  /* GET /v1/executions/{id} */

#endif
