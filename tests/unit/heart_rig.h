/* heart_rig: the heart of the runner (attempts, outbox) between a fake Redis, a fake target and a fake
 * clock, and claims to feed it with. Include it in one file of a program.
 */
#ifndef DRONC_HEART_RIG_H
#define DRONC_HEART_RIG_H

#include "run/attempt_step.h"
#include "run/attempts.h"
#include "run/outbox.h"

#include "fake_link.h"
#include "fake_loop.h"
#include "fake_target.h"
#include "job_maker.h"
#include "log_capture.h"

#define RUNNER "me"

/* Verdicts as scripts return them. */
#define LOST    "0"
#define DONE    "1"
#define GONE    "2"
#define SETTLED "3"

struct heart {
    struct cluster_clock cluster_clock;
    struct runner_context context;
    struct redis_link *link;
    struct outbox outbox;
    struct attempts attempts;
    struct log_capture log;
    unsigned due_shard; /* what on_due was called with last */
    struct wall_ms due_at;
    size_t due_count; /* how often it was called */
    char broken[160]; /* why on_broken was called; "": it was not */
};

static struct heart heart;

static inline void heart_on_due(void *arg, unsigned shard, struct wall_ms at)
{
    (void)arg;
    heart.due_shard = shard;
    heart.due_at = at;
    heart.due_count++;
}

static inline void heart_on_broken(void *arg, const struct store_attempt *claim, const char *why)
{
    (void)arg;
    (void)claim;
    (void)snprintf(heart.broken, sizeof heart.broken, "%s", why);
}

/* A heart whose link is up and whose lease is valid. */
static inline void heart_open(size_t max_in_flight, size_t max_per_host)
{
    memset(&heart, 0, sizeof heart);
    fake_at(0);
    fake_target_reset();
    log_capture_begin(&heart.log, LOG_DEBUG);
    cluster_clock_init(&heart.cluster_clock, fake_clock());
    heart.link = fake_link_new();
    heart.context = (struct runner_context){.link = heart.link,
                                            .cluster_clock = &heart.cluster_clock,
                                            .zones = zones_new(JOB_MAKER_ZONES),
                                            .runner = RUNNER,
                                            .keep = STORE_KEEP_STANDARD};
    const struct attempts_options options = {.context = &heart.context,
                                             .outbox = &heart.outbox,
                                             .max_in_flight = max_in_flight,
                                             .max_per_host = max_per_host,
                                             .on_broken = heart_on_broken,
                                             .on_due = heart_on_due};
    assert_int_equal(outbox_init(&heart.outbox, &heart.context), ERR_OK);
    assert_int_equal(attempts_init(&heart.attempts, &options), ERR_OK);
    attempts_set_lease(&heart.attempts, true);
}

static inline void heart_close(void)
{
    fake_link_free(heart.link);
    attempts_fini(&heart.attempts);
    outbox_fini(&heart.outbox);
    zones_free(heart.context.zones);
    log_capture_end(&heart.log);
}

/* What a turn of the runner does with them, in its order. */
static inline void heart_turn(void)
{
    attempts_turn(&heart.attempts);
    outbox_turn(&heart.outbox);
    attempts_sweep(&heart.attempts);
}

/* It is so many ms after the test began: a turn. */
static inline void heart_at(int64_t ms)
{
    fake_at(ms);
    heart_turn();
}

/* Redis answers the oldest command of this name with one verdict, and a turn acts on it. */
static inline void heart_answer(const char *name, const char *verdict)
{
    fake_link_answer(heart.link, name, MAKE_ARRAY(verdict));
    heart_turn();
}

/* A claim of a job that is called every minute at a numeric address, due at_ms after the test began. Tests
 * change what matters to them. */
static inline struct store_claimed make_claim(int64_t at_ms)
{
    static int64_t token;
    struct store_claimed claimed = {.due = {T0 + at_ms}, .created = {T0 - 1000}};
    memset(claimed.attempt.job.bytes, 'j', JOB_ID_SIZE);
    claimed.attempt.scheduled = claimed.due;
    claimed.attempt.number = 1;
    claimed.attempt.token = ++token;
    claimed.fields.schedule = slice_of("* * * * *");
    claimed.fields.api = slice_of("http://192.0.2.1/");
    claimed.fields.type = slice_of("ATLEAST_ONCE");
    return claimed;
}

/* It is claimed, and looked at. */
static inline void heart_claim(const struct store_claimed *claimed)
{
    assert_int_equal(attempts_add(&heart.attempts, 0, claimed), ERR_OK);
    heart_turn();
}

/* The log has this line or part of a line. */
static inline bool heart_logged(const char *text)
{
    return strstr(log_capture_text(&heart.log), text) != NULL;
}

#endif
