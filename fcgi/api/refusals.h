/* refusals: how many requests were refused lately, by who asked, from where, and why.
 *
 * Owns the counts until they are noted in the trail. Each of them is noted at once, and then at most once in
 * REFUSALS_EACH_MS: a flood of refused requests costs little, and little room. Of more than REFUSALS_MAX in
 * that time the rest are counted together, by why alone. Leaves noting them to audit. Pure; one thread.
 *
 * Life cycle: zero-initialised; refusals_add for each refused request; refusals_take when refusals_wait_ms says
 * so. Nothing to end.
 */
#ifndef DRONC_REFUSALS_H
#define DRONC_REFUSALS_H

#include "base/clock.h"
#include "http/api_error.h"
#include "store/store_audit.h"

#define REFUSALS_MAX     64
#define REFUSALS_EACH_MS 60000
#define REFUSALS_OTHERS  "others" /* stands for the addresses that are counted together */

struct refusal {
    char who[STORE_ACTOR_TEXT_MAX + 1];
    char address[STORE_ACTOR_TEXT_MAX + 1]; /* "": not known */
    enum api_code code;
    char method[16];      /* of the latest request, … */
    const char *route;    /* … as this; NULL: none. Static storage */
    int64_t count;        /* not noted yet */
    struct mono_ms quiet; /* not noted again before */
};

struct refusals {
    struct refusal of[REFUSALS_MAX];        /* in use while count > 0, or before quiet */
    struct refusal others[API_CODE__COUNT]; /* the rest, by code */
    int64_t waiting;                        /* requests that are not noted yet: the sum of all counts */
};

/* Count a request of that actor. */
void refusals_add(struct refusals *refusals, const struct store_actor *actor, enum api_code code,
                  struct mono_ms now);

/* Returns the ms until one is to be noted; 0: now; -1: there is none. */
int refusals_wait_ms(const struct refusals *refusals, struct mono_ms now);

/* Collect those that are to be noted (all: whenever they were noted last): at most REFUSALS_NOTED_MAX. None of
 * them is collected again before REFUSALS_EACH_MS have passed. Returns how many there are. */
#define REFUSALS_NOTED_MAX (REFUSALS_MAX + API_CODE__COUNT)
size_t refusals_take(struct refusals *refusals, struct mono_ms now, bool all,
                     struct refusal *out[REFUSALS_NOTED_MAX]);
/* It is noted. (What is not, is counted on.) */
void refusals_noted(struct refusals *refusals, struct refusal *refusal);

#endif
