/* refusals: see refusals.h. */
#include "api/refusals.h"

#include <string.h>

static void copy(char *out, size_t size, struct slice text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;

    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
}

/* Is it about the same, as far as it was kept? */
static bool is_same(const char *kept, struct slice text)
{
    size_t len = text.len < STORE_ACTOR_TEXT_MAX ? text.len : STORE_ACTOR_TEXT_MAX;

    return strlen(kept) == len && (len == 0 || memcmp(kept, text.data, len) == 0);
}

static bool is_free(const struct refusal *refusal, struct mono_ms now)
{
    return refusal->count == 0 && now.ms >= refusal->quiet.ms;
}

static struct refusal *find(struct refusals *refusals, const struct store_actor *actor, enum api_code code,
                            struct mono_ms now)
{
    struct refusal *room = NULL;

    for (size_t i = 0; i < REFUSALS_MAX; i++) {
        struct refusal *it = &refusals->of[i];
        if (is_free(it, now)) {
            room = room == NULL ? it : room;
        } else if (it->code == code && is_same(it->who, actor->who) && is_same(it->address, actor->address)) {
            return it;
        }
    }
    if (room != NULL) {
        copy(room->who, sizeof room->who, actor->who);
        copy(room->address, sizeof room->address, actor->address);
        room->code = code;
    }
    return room;
}

static struct refusal *find_others(struct refusals *refusals, enum api_code code)
{
    struct refusal *it = &refusals->others[code];

    it->code = code;
    copy(it->who, sizeof it->who, slice_of(REFUSALS_OTHERS));
    copy(it->address, sizeof it->address, slice_of(REFUSALS_OTHERS));
    return it;
}

void refusals_add(struct refusals *refusals, const struct store_actor *actor, enum api_code code,
                  struct mono_ms now)
{
    struct refusal *it = find(refusals, actor, code, now);

    it = it != NULL ? it : find_others(refusals, code);
    copy(it->method, sizeof it->method, slice_of(actor->method != NULL ? actor->method : ""));
    it->route = actor->route;
    it->count++;
    refusals->waiting++;
}

static struct refusal *at(struct refusals *refusals, size_t index)
{
    return index < REFUSALS_MAX ? &refusals->of[index] : &refusals->others[index - REFUSALS_MAX];
}

int refusals_wait_ms(const struct refusals *refusals, struct mono_ms now)
{
    int64_t least = -1;

    if (refusals->waiting == 0) {
        return -1;
    }
    for (size_t i = 0; i < REFUSALS_NOTED_MAX; i++) {
        const struct refusal *it = i < REFUSALS_MAX ? &refusals->of[i] : &refusals->others[i - REFUSALS_MAX];
        int64_t wait = it->quiet.ms > now.ms ? it->quiet.ms - now.ms : 0;
        least = it->count > 0 && (least < 0 || wait < least) ? wait : least;
    }
    return (int)least; /* at most REFUSALS_EACH_MS */
}

size_t refusals_take(struct refusals *refusals, struct mono_ms now, bool all,
                     struct refusal *out[REFUSALS_NOTED_MAX])
{
    size_t count = 0;

    for (size_t i = 0; refusals->waiting > 0 && i < REFUSALS_NOTED_MAX; i++) {
        struct refusal *it = at(refusals, i);
        if (it->count > 0 && (all || now.ms >= it->quiet.ms)) {
            it->quiet.ms = now.ms + REFUSALS_EACH_MS;
            out[count++] = it;
        }
    }
    return count;
}

void refusals_noted(struct refusals *refusals, struct refusal *refusal)
{
    refusals->waiting -= refusal->count;
    refusal->count = 0;
}
