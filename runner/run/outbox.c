/* outbox: see outbox.h. Queues by kind and shard, the batches under way, and their answers. */
#include "run/outbox.h"

#include "base/log.h"

#include <stdlib.h>

enum {
    OUTBOX_QUEUES = OUTBOX_KIND__COUNT * STORE_SHARDS
};

/* One script call under way. */
struct batch {
    struct outbox *outbox;
    struct outbox_queue *queue; /* the queue that the batch is from */
    size_t count;
    struct attempt *attempts[STORE_BATCH_MAX];
};

static enum outbox_kind kind_of(const struct attempt *attempt)
{
    bool is_stateful = stateful_is_needed(&attempt->job.stateful);
    switch (attempt->state) {
    case ATTEMPT_STARTING:
        return is_stateful ? OUTBOX_START_STATEFUL : OUTBOX_START;
    case ATTEMPT_CONFIRMING:
        return OUTBOX_CONFIRM;
    case ATTEMPT_FINISHING:
        return attempt->is_notice ? OUTBOX_FINISH_NOTICE
               : is_stateful      ? OUTBOX_FINISH_STATEFUL
                                  : OUTBOX_FINISH;
    case ATTEMPT_SKIPPING:
        return OUTBOX_SKIP;
    default:
        return OUTBOX_RELEASE;
    }
}

static struct outbox_queue *queue_of(struct outbox *outbox, const struct attempt *attempt)
{
    return &outbox->queues[kind_of(attempt)][attempt->shard];
}

enum err outbox_init(struct outbox *outbox, const struct runner_context *context)
{
    *outbox = (struct outbox){.context = context};
    outbox->timer = loop_timer_new(context->loop, NULL, NULL);
    return outbox->timer != NULL ? ERR_OK : ERR_NOMEM;
}

void outbox_on_verdict(struct outbox *outbox, outbox_verdict_cb *cb, void *arg)
{
    outbox->on_verdict = cb;
    outbox->arg = arg;
}

void outbox_fini(struct outbox *outbox)
{
    loop_timer_free(outbox->timer);
    outbox->timer = NULL;
}

static struct mono_ms now(const struct outbox *outbox)
{
    return clock_mono(&outbox->context->cluster_clock->clock);
}

/* ---- queues ---- */

void outbox_put(struct outbox *outbox, struct attempt *attempt)
{
    attempt->under_way = false;
    list_append(&queue_of(outbox, attempt)->attempts, &attempt->outgoing);
    outbox->waiting++;
}

bool outbox_withdraw(struct outbox *outbox, struct attempt *attempt)
{
    if (attempt->under_way) {
        return false;
    }
    list_remove(&queue_of(outbox, attempt)->attempts, &attempt->outgoing);
    outbox->waiting--;
    return true;
}

size_t outbox_waiting(const struct outbox *outbox)
{
    return outbox->waiting;
}

/* ---- answers ---- */

static void put_back(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        outbox_put(batch->outbox, batch->attempts[i]);
    }
}

/* Only the queue that was refused pauses: perhaps only one shard is in trouble. */
static void pause_queue(const struct batch *batch, const char *why)
{
    struct outbox *outbox = batch->outbox;
    batch->queue->paused_until.ms = now(outbox).ms + OUTBOX_RETRY_MS;
    loop_timer_set(outbox->timer, OUTBOX_RETRY_MS);
    if (!batch->queue->refused && outbox->refused++ == 0) {
        log_warn("redis refuses to write", log_i64("shard", batch->attempts[0]->shard), log_str("error", why),
                 log_i64("waiting", (int64_t)outbox->waiting));
    }
    batch->queue->refused = true;
}

/* Redis did what it was asked to do: pass on its verdict on each attempt. */
static void pass_verdicts(struct batch *batch, const struct reply *reply)
{
    struct outbox *outbox = batch->outbox;
    if (batch->queue->refused && --outbox->refused == 0) {
        log_info("redis writes again", log_i64("waiting", (int64_t)outbox->waiting));
    }
    batch->queue->refused = false;
    for (size_t i = 0; i < batch->count; i++) {
        enum store_verdict verdict;
        struct errinfo info;
        if (store_verdict_at(reply, i, &verdict, &info) != ERR_OK) {
            /* No script of ours answers so. Something else ran in its place, so do not rely on the claim. */
            log_error("bug: unreadable verdict", log_str("error", info.text));
            verdict = STORE_LOST;
        }
        batch->attempts[i]->under_way = false;
        outbox->on_verdict(outbox->arg, batch->attempts[i], verdict);
    }
}

static void on_reply(void *arg, const struct reply *reply)
{
    struct batch *batch = arg;
    struct errinfo info;
    batch->outbox->under_way--;
    if (reply == NULL) {
        for (size_t i = 0; i < batch->count; i++) {
            batch->attempts[i]->sent_again = true;
        }
        put_back(batch);
    } else if (reply_check(reply, &info) != ERR_OK) {
        put_back(batch);
        pause_queue(batch, info.text);
    } else {
        pass_verdicts(batch, reply);
    }
    free(batch);
}

/* ---- sending ---- */

static void begin(const struct outbox *outbox, struct cmd *cmd, enum outbox_kind kind, unsigned shard)
{
    const char *runner = outbox->context->runner;
    const struct store_keep *keep = &outbox->context->keep;
    switch (kind) {
    case OUTBOX_START:
        store_start(cmd, shard, runner);
        break;
    case OUTBOX_START_STATEFUL:
        store_start_stateful(cmd, shard, runner, keep);
        break;
    case OUTBOX_CONFIRM:
        store_confirm(cmd, shard, runner);
        break;
    case OUTBOX_FINISH:
        store_finish(cmd, shard, runner, keep);
        break;
    case OUTBOX_FINISH_STATEFUL:
        store_finish_stateful(cmd, shard, runner, keep);
        break;
    case OUTBOX_FINISH_NOTICE:
        store_finish_notice(cmd, shard, runner);
        break;
    case OUTBOX_SKIP:
        store_skip(cmd, shard, runner, keep);
        break;
    default:
        store_release(cmd, shard, runner);
        break;
    }
}

static void add(struct cmd *cmd, const struct attempt *attempt)
{
    const struct store_ending ending = {.after = attempt->after,
                                        .retry_at = attempt->next_due,
                                        .api = attempt->job.api,
                                        .next = attempt->following};
    switch (kind_of(attempt)) {
    case OUTBOX_START:
    case OUTBOX_START_STATEFUL:
        store_start_add(cmd, &attempt->claim, attempt->following);
        break;
    case OUTBOX_CONFIRM:
        store_confirm_add(cmd, &attempt->claim);
        break;
    case OUTBOX_FINISH:
    case OUTBOX_FINISH_STATEFUL:
    case OUTBOX_FINISH_NOTICE:
        store_finish_add(cmd, &attempt->claim, &attempt->execution, &ending);
        break;
    case OUTBOX_SKIP:
        store_skip_add(cmd, &attempt->claim, &attempt->execution, attempt->next_due);
        break;
    default:
        store_release_add(cmd, &attempt->claim, attempt->due);
        break;
    }
}

/* Send up to a batch of a queue. Returns false if it could not be sent. */
static bool send_batch(struct outbox *outbox, enum outbox_kind kind, unsigned shard)
{
    struct outbox_queue *queue = &outbox->queues[kind][shard];
    struct batch *batch = calloc(1, sizeof *batch);
    struct cmd cmd;
    if (batch == NULL) {
        return false;
    }
    batch->outbox = outbox;
    batch->queue = queue;
    begin(outbox, &cmd, kind, shard);
    while (queue->attempts.count > 0 && batch->count < STORE_BATCH_MAX) {
        struct attempt *attempt = LIST_OWNER(list_pop(&queue->attempts), struct attempt, outgoing);
        outbox->waiting--;
        attempt->under_way = true;
        add(&cmd, attempt);
        batch->attempts[batch->count++] = attempt;
    }
    if (redis_link_submit(outbox->context->link, &cmd, on_reply, batch) != ERR_OK) {
        put_back(batch);
        free(batch);
        return false;
    }
    outbox->under_way++;
    return true;
}

static bool may_send(const struct outbox_queue *queue, struct mono_ms at)
{
    return queue->attempts.count > 0 && at.ms >= queue->paused_until.ms;
}

void outbox_turn(struct outbox *outbox)
{
    if (outbox->waiting == 0 || !redis_link_is_up(outbox->context->link)) {
        return;
    }
    struct mono_ms at = now(outbox);
    for (unsigned i = 0; i < OUTBOX_QUEUES && outbox->under_way < OUTBOX_UNDER_WAY_MAX; i++) {
        unsigned kind = outbox->next / STORE_SHARDS;
        unsigned shard = outbox->next % STORE_SHARDS;
        if (may_send(&outbox->queues[kind][shard], at) &&
            !send_batch(outbox, (enum outbox_kind)kind, shard)) {
            return;
        }
        outbox->next = (outbox->next + 1) % OUTBOX_QUEUES;
    }
}
