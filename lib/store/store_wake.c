/* store_wake: see store_wake.h. */
#include "store/store_wake.h"

#include <stdio.h>
#include <string.h>

bool store_wake_parse(struct slice message, unsigned *shard, struct wall_ms *due)
{
    const char *space = message.data == NULL ? NULL : memchr(message.data, ' ', message.len);
    int64_t number;
    if (space == NULL) {
        return false;
    }
    size_t head = (size_t)(space - message.data);
    if (!slice_i64((struct slice){message.data, head}, &number) || number < 0 || number >= STORE_SHARDS ||
        !slice_i64((struct slice){space + 1, message.len - head - 1}, &due->ms)) {
        return false;
    }
    *shard = (unsigned)number;
    return true;
}

/* "cancel <64 hex>:<scheduled>:<attempt>.<token>": without its first word and its token, an execution's id.
 */
bool store_cancel_parse(struct slice message, struct store_attempt *attempt)
{
    const size_t head = sizeof STORE_WAKE_CANCEL - 1;
    const char *dot = message.data == NULL ? NULL : memrchr(message.data, '.', message.len);
    struct execution execution;
    char id[EXECUTION_ID_SIZE];
    if (dot == NULL || message.len < head || memcmp(message.data, STORE_WAKE_CANCEL, head) != 0) {
        return false;
    }
    size_t name = (size_t)(dot - message.data);
    if (name < head || name - head >= sizeof id - 6) {
        return false;
    }
    (void)snprintf(id, sizeof id, "%s%.*s", STORE_EXECUTION_ID, (int)(name - head), message.data + head);
    if (!execution_id_parse(&execution, slice_of(id)) ||
        !slice_i64((struct slice){dot + 1, message.len - name - 1}, &attempt->token)) {
        return false;
    }
    attempt->job = execution.job;
    attempt->scheduled = execution.scheduled;
    attempt->number = execution.attempt;
    return true;
}

static bool begins_with(struct slice message, struct slice head)
{
    return message.data != NULL && message.len >= head.len && memcmp(message.data, head.data, head.len) == 0;
}

bool store_sealed_was_changed(struct slice message)
{
    return begins_with(message, slice_of(STORE_WAKE_SEALED));
}

bool store_level_was_raised(struct slice message)
{
    return begins_with(message, slice_of(STORE_WAKE_LEVEL));
}
