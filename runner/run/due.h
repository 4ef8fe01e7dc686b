/* due: claims what is due. It does not poll: it sleeps until shortly before the earliest instant that its
 * plan (due_plan.h) knows. Loop thread only.
 */
#ifndef DRONC_DUE_H
#define DRONC_DUE_H

#include "run/attempts.h"
#include "run/due_plan.h"
#include "run/runner_context.h"

struct due {
    const struct runner_context *context; /* borrowed */
    struct attempts *attempts;            /* borrowed */
    struct loop_timer *timer;             /* owned */
    struct due_plan plan;
    bool complained; /* that Redis refuses claims has been logged */
};

/* Borrows context and attempts for its life. capacity: attempts at once, besides those outside the gate.
 * ERR_NOMEM. */
NODISCARD enum err due_init(struct due *due, const struct runner_context *context, struct attempts *attempts,
                            size_t capacity);
void due_fini(struct due *due);

/* Something is due in shard at `at`. */
void due_note(struct due *due, unsigned shard, struct wall_ms at);
/* What the plan knows may be wrong: ask every shard. */
void due_ask_all(struct due *due);
/* Returns true if Redis has yet to answer a claim. */
bool due_is_asking(const struct due *due);

/* Claim what is due within the look-ahead, if there is room, and set the timer for what is next. */
void due_turn(struct due *due);

#endif
