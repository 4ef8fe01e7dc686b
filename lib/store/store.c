/* store: see store.h. The list of all scripts, and which shard a job lives in. */
#include "store/store.h"

#include "store/store_scripts.h"

unsigned store_shard(const struct job_id *id)
{
    /* The id is a hash already: any of its bytes is evenly spread. */
    return id->bytes[0] % STORE_SHARDS;
}

static const struct script *const scripts[] = {
    &store_script_claim,      &store_script_confirm,       &store_script_dead_drop,
    &store_script_dead_page,  &store_script_dead_redrive,  &store_script_due_page,
    &store_script_finish,     &store_script_finish_notice, &store_script_finish_watched,
    &store_script_forget,     &store_script_heartbeat,     &store_script_idem_close,
    &store_script_idem_open,  &store_script_job_change,    &store_script_job_create,
    &store_script_job_delete, &store_script_job_get,       &store_script_job_page,
    &store_script_job_pause,  &store_script_job_run,       &store_script_job_waits,
    &store_script_probe,      &store_script_recover,       &store_script_release,
    &store_script_rezone,     &store_script_set_aside,     &store_script_setup,
    &store_script_skip,       &store_script_start,         &store_script_start_watched,
    &store_script_tidy,       &store_script_trim,
};

const struct script *store_script(size_t index)
{
    return index < sizeof scripts / sizeof scripts[0] ? scripts[index] : NULL;
}
