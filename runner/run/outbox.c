/* outbox: see outbox.h. Queues by kind and shard, batches on their way, and what to do with their answers. */
#include "run/outbox.h"

#include "base/log.h"

#include <stdlib.h>

enum {
    OUTBOX_QUEUES = OUTBOX_KIND__COUNT * STORE_SHARDS
};

/* One script call under way. */
struct batch {
    struct outbox *outbox;
    struct outbox_queue *queue; /* where it comes from */
    size_t count;
    struct run *runs[STORE_BATCH_MAX];
};

static enum outbox_kind kind_of(const struct run *run)
{
    bool watched = watch_is_needed(&run->job.watch);
    switch (run->state) {
    case RUN_STARTING:
        return watched ? OUTBOX_START_WATCHED : OUTBOX_START;
    case RUN_CONFIRMING:
        return OUTBOX_CONFIRM;
    case RUN_FINISHING:
        return run->is_notice ? OUTBOX_FINISH_NOTICE : watched ? OUTBOX_FINISH_WATCHED : OUTBOX_FINISH;
    case RUN_SKIPPING:
        return OUTBOX_SKIP;
    default:
        return OUTBOX_RELEASE;
    }
}

static struct outbox_queue *queue_of(struct outbox *outbox, const struct run *run)
{
    return &outbox->queues[kind_of(run)][run->shard];
}

static void on_timer(void *arg)
{
    (void)arg; /* outbox_turn does the work */
}

enum err outbox_init(struct outbox *outbox, struct loop *loop, struct redis_link *link, const char *runner,
                     struct clock clock)
{
    *outbox = (struct outbox){.link = link, .runner = runner, .keep = STORE_KEEP_STANDARD, .clock = clock};
    outbox->timer = loop_timer_new(loop, on_timer, outbox);
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

void outbox_put(struct outbox *outbox, struct run *run)
{
    struct outbox_queue *queue = queue_of(outbox, run);
    run->queued = NULL;
    run->on_the_way = false;
    if (queue->last != NULL) {
        queue->last->queued = run;
    } else {
        queue->first = run;
    }
    queue->last = run;
    queue->count++;
    outbox->waiting++;
}

bool outbox_withdraw(struct outbox *outbox, struct run *run)
{
    struct outbox_queue *queue = queue_of(outbox, run);
    struct run *before = NULL;
    if (run->on_the_way) {
        return false;
    }
    for (struct run *r = queue->first; r != NULL && r != run; r = r->queued) {
        before = r;
    }
    if (before != NULL) {
        before->queued = run->queued;
    } else {
        queue->first = run->queued;
    }
    if (queue->last == run) {
        queue->last = before;
    }
    run->queued = NULL;
    queue->count--;
    outbox->waiting--;
    return true;
}

static struct run *pop(struct outbox *outbox, struct outbox_queue *queue)
{
    struct run *run = queue->first;
    queue->first = run->queued;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    run->queued = NULL;
    queue->count--;
    outbox->waiting--;
    return run;
}

/* ---- answers ---- */

static void put_back(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        outbox_put(batch->outbox, batch->runs[i]);
    }
}

/* Only what was refused waits: the trouble may be one shard's alone. */
static void hold(const struct batch *batch, const char *why)
{
    struct outbox *outbox = batch->outbox;
    batch->queue->hold.ms = clock_mono(&outbox->clock).ms + OUTBOX_RETRY_MS;
    loop_timer_set(outbox->timer, OUTBOX_RETRY_MS);
    if (!batch->queue->refused && outbox->refused++ == 0) {
        log_warn("redis refuses to write", log_i64("shard", batch->runs[0]->shard), log_str("error", why),
                 log_i64("waiting", (int64_t)outbox->waiting));
    }
    batch->queue->refused = true;
}

static void tell(struct batch *batch, const struct reply *reply)
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
            /* Our own script does not answer so: whoever replaced it, the claim cannot be counted on. */
            log_error("bug: unreadable verdict", log_str("error", info.text));
            verdict = STORE_LOST;
        }
        batch->runs[i]->on_the_way = false;
        outbox->on_verdict(outbox->arg, batch->runs[i], verdict);
    }
}

static void on_reply(void *arg, const struct reply *reply)
{
    struct batch *batch = arg;
    struct errinfo info;
    batch->outbox->under_way--;
    if (reply == NULL) {
        for (size_t i = 0; i < batch->count; i++) {
            batch->runs[i]->sent_again = true;
        }
        put_back(batch);
    } else if (reply_check(reply, &info) != ERR_OK) {
        put_back(batch);
        hold(batch, info.text);
    } else {
        tell(batch, reply);
    }
    free(batch);
}

/* ---- sending ---- */

static void begin(const struct outbox *outbox, struct cmd *cmd, enum outbox_kind kind, unsigned shard)
{
    switch (kind) {
    case OUTBOX_START:
        store_start(cmd, shard, outbox->runner);
        break;
    case OUTBOX_START_WATCHED:
        store_start_watched(cmd, shard, outbox->runner, &outbox->keep);
        break;
    case OUTBOX_CONFIRM:
        store_confirm(cmd, shard, outbox->runner);
        break;
    case OUTBOX_FINISH:
        store_finish(cmd, shard, outbox->runner, &outbox->keep);
        break;
    case OUTBOX_FINISH_WATCHED:
        store_finish_watched(cmd, shard, outbox->runner, &outbox->keep);
        break;
    case OUTBOX_FINISH_NOTICE:
        store_finish_notice(cmd, shard, outbox->runner);
        break;
    case OUTBOX_SKIP:
        store_skip(cmd, shard, outbox->runner, &outbox->keep);
        break;
    default:
        store_release(cmd, shard, outbox->runner);
        break;
    }
}

static void add(struct cmd *cmd, const struct run *run)
{
    const struct store_ending ending = {
        .after = run->after, .retry_at = run->next_due, .api = run->job.api, .next = run->following};
    switch (kind_of(run)) {
    case OUTBOX_START:
    case OUTBOX_START_WATCHED:
        store_start_add(cmd, &run->attempt, run->following);
        break;
    case OUTBOX_CONFIRM:
        store_confirm_add(cmd, &run->attempt);
        break;
    case OUTBOX_FINISH:
    case OUTBOX_FINISH_WATCHED:
    case OUTBOX_FINISH_NOTICE:
        store_finish_add(cmd, &run->attempt, &run->execution, &ending);
        break;
    case OUTBOX_SKIP:
        store_skip_add(cmd, &run->attempt, &run->execution, run->next_due);
        break;
    default:
        store_release_add(cmd, &run->attempt, run->due);
        break;
    }
}

/* Send up to a batch of queue. False: it could not be sent. */
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
    while (queue->count > 0 && batch->count < STORE_BATCH_MAX) {
        struct run *run = pop(outbox, queue);
        run->on_the_way = true;
        add(&cmd, run);
        batch->runs[batch->count++] = run;
    }
    if (redis_link_submit(outbox->link, &cmd, on_reply, batch) != ERR_OK) {
        put_back(batch);
        free(batch);
        return false;
    }
    outbox->under_way++;
    return true;
}

void outbox_turn(struct outbox *outbox)
{
    if (outbox->waiting == 0 || !redis_link_is_up(outbox->link)) {
        return;
    }
    struct mono_ms now = clock_mono(&outbox->clock);
    for (unsigned i = 0; i < OUTBOX_QUEUES && outbox->under_way < OUTBOX_UNDER_WAY_MAX; i++) {
        unsigned kind = outbox->next / STORE_SHARDS;
        unsigned shard = outbox->next % STORE_SHARDS;
        const struct outbox_queue *queue = &outbox->queues[kind][shard];
        if (queue->count > 0 && now.ms >= queue->hold.ms &&
            !send_batch(outbox, (enum outbox_kind)kind, shard)) {
            return;
        }
        outbox->next = (outbox->next + 1) % OUTBOX_QUEUES;
    }
}
