/* store: see store.h. The list of all scripts, and which shard a job lives in. */
#include "store/store.h"

#include "store/store_scripts.h"

unsigned store_shard(const struct job_id *id)
{
    /* The id is a hash already: any of its bytes is evenly spread. */
    return id->bytes[0] % STORE_SHARDS;
}

static const struct script *const scripts[] = {
#define SCRIPT(name, keys, args, rest) &store_script_##name.script,
#include "store/contract.def"
};

const struct script *store_script(size_t index)
{
    return index < sizeof scripts / sizeof scripts[0] ? scripts[index] : NULL;
}
