/* store_scripts: the Lua of lib/store, compiled in by scripts/embed-lua. Private to lib/store*.c. */
#ifndef DRONC_STORE_SCRIPTS_H
#define DRONC_STORE_SCRIPTS_H

#include "resp/cmd.h"

extern const struct script store_script_claim;
extern const struct script store_script_confirm;
extern const struct script store_script_dead_drop;
extern const struct script store_script_dead_page;
extern const struct script store_script_dead_redrive;
extern const struct script store_script_due_page;
extern const struct script store_script_finish;
extern const struct script store_script_finish_notice;
extern const struct script store_script_finish_watched;
extern const struct script store_script_forget;
extern const struct script store_script_heartbeat;
extern const struct script store_script_idem_close;
extern const struct script store_script_idem_open;
extern const struct script store_script_job_change;
extern const struct script store_script_job_create;
extern const struct script store_script_job_delete;
extern const struct script store_script_job_get;
extern const struct script store_script_job_page;
extern const struct script store_script_job_pause;
extern const struct script store_script_job_run;
extern const struct script store_script_job_waits;
extern const struct script store_script_probe;
extern const struct script store_script_recover;
extern const struct script store_script_release;
extern const struct script store_script_rezone;
extern const struct script store_script_set_aside;
extern const struct script store_script_setup;
extern const struct script store_script_skip;
extern const struct script store_script_start;
extern const struct script store_script_start_watched;
extern const struct script store_script_tidy;
extern const struct script store_script_trim;

#endif
