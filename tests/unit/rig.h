/* rig: an event loop for tests, run until a condition holds. */
#ifndef DRONC_RIG_H
#define DRONC_RIG_H

#include "loop/loop.h"

#include "test.h"

#define RIG_LIMIT_MS 5000 /* far more than any condition takes */
#define RIG_TICK_MS  1

struct rig {
    struct loop *loop;
    struct loop_timer *limit;
    struct loop_timer *tick;
    void (*turn)(void);  /* runs once per turn; NULL: nothing to do */
    bool (*until)(void); /* asked after each turn */
    bool ticking;        /* make turns happen although nothing does; for clocks that the test moves */
    bool came;           /* the condition holds */
};

static inline void rig_on_turn(void *arg)
{
    struct rig *rig = arg;
    if (rig->turn != NULL) {
        rig->turn();
    }
    if (rig->until != NULL && rig->until()) {
        rig->came = true;
        loop_stop(rig->loop);
    }
}

static inline void rig_on_limit(void *arg)
{
    struct rig *rig = arg;
    loop_stop(rig->loop);
}

static inline void rig_on_tick(void *arg)
{
    struct rig *rig = arg;
    loop_timer_set(rig->tick, RIG_TICK_MS);
}

static inline void rig_init(struct rig *rig)
{
    *rig = (struct rig){0};
    assert_int_equal(loop_new(&rig->loop, NULL), ERR_OK);
    rig->limit = loop_timer_new(rig->loop, rig_on_limit, rig);
    rig->tick = loop_timer_new(rig->loop, rig_on_tick, rig);
    loop_on_turn(rig->loop, rig_on_turn, rig);
}

static inline void rig_fini(struct rig *rig)
{
    rig->turn = NULL;
    rig->until = NULL;
    loop_timer_free(rig->limit);
    loop_timer_free(rig->tick);
    loop_free(rig->loop);
}

/* Run until `until` is true; false after limit_ms. */
static inline bool rig_run(struct rig *rig, bool (*until)(void), int64_t limit_ms)
{
    rig->until = until;
    rig->came = false;
    loop_timer_set(rig->limit, limit_ms);
    if (rig->ticking) {
        loop_timer_set(rig->tick, RIG_TICK_MS);
    }
    loop_run(rig->loop);
    loop_timer_stop(rig->limit);
    loop_timer_stop(rig->tick);
    rig->until = NULL;
    return rig->came;
}

/* Run for a while, to see that something does not happen. */
static inline void rig_idle(struct rig *rig, int64_t ms)
{
    (void)rig_run(rig, NULL, ms);
}

#endif
