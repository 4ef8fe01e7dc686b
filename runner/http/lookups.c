/* lookups: see lookups.h. Keeps a tree of names, a list of them in the order in which they were asked for,
 * and a list of those under way. */
#include "http/lookups.h"

#include "net/targets.h"

#include <ctype.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lookups {
    struct clock clock;
    struct dns *dns; /* owned */
    lookups_done_cb *done;
    void *arg;
    void *names;          /* owned: a tree (tsearch) */
    struct list by_age;   /* all of them, in the order in which they were asked for */
    struct list asking;   /* those under way that are not overdue, the oldest first */
    struct list answered; /* those whose waiters must be called */
    size_t pending;       /* how many are under way */
};

static struct mono_ms now_of(const struct lookups *lookups)
{
    return clock_mono(&lookups->clock);
}

/* ---- names ---- */

bool lookups_are_for(struct slice host)
{
    return targets_host_is_name(host.data, host.len);
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b); /* each is a name, or a lookup, which begins with its name */
}

/* Returns false if it is too long for a name. */
static bool name_of(char name[LOOKUPS_NAME_SIZE], struct slice host)
{
    if (host.len >= LOOKUPS_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        name[i] = (char)tolower((unsigned char)host.data[i]);
    }
    name[host.len] = '\0';
    return true;
}

static struct lookup *by_age(struct list_item *item)
{
    return LIST_OWNER(item, struct lookup, by_age);
}

static void drop_lookup(struct lookups *lookups, struct lookup *lookup)
{
    list_remove(&lookups->by_age, &lookup->by_age);
    (void)tdelete(lookup, &lookups->names, compare);
    free(lookup->addresses);
    free(lookup);
}

/* Make room for one more: drop the name that was asked for the longest ago, unless it is in use. */
static void forget_oldest(struct lookups *lookups)
{
    struct lookup *lookup = lookups->by_age.count >= LOOKUPS_KEPT_MAX ? by_age(lookups->by_age.first) : NULL;
    while (lookup != NULL && (lookup->asking || lookup->answered || lookup->waiters.count > 0)) {
        lookup = by_age(lookup->by_age.next);
    }
    if (lookup != NULL) {
        drop_lookup(lookups, lookup);
    }
}

static struct lookup *find_lookup(struct lookups *lookups, const char *name)
{
    void **found = tfind(name, &lookups->names, compare);
    return found != NULL ? *found : NULL;
}

/* Returns NULL if memory runs out. */
static struct lookup *add(struct lookups *lookups, const char *name)
{
    forget_oldest(lookups);
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL) {
        return NULL;
    }
    lookup->owner = lookups;
    memcpy(lookup->name, name, strlen(name) + 1);
    if (tsearch(lookup, &lookups->names, compare) == NULL) {
        free(lookup);
        return NULL;
    }
    list_append(&lookups->by_age, &lookup->by_age);
    return lookup;
}

/* ---- those under way ---- */

static void asking_add(struct lookups *lookups, struct lookup *lookup)
{
    lookup->asking = true;
    lookup->overdue = false;
    lookup->asked = now_of(lookups);
    list_append(&lookups->asking, &lookup->in_asking);
    lookups->pending++;
}

static void asking_end(struct lookups *lookups, struct lookup *lookup)
{
    if (!lookup->overdue) {
        list_remove(&lookups->asking, &lookup->in_asking);
    }
    lookup->asking = false;
    lookups->pending--;
}

/* Let the next turn call its waiters. */
static void settle(struct lookups *lookups, struct lookup *lookup, enum lookup_state state, int64_t fresh_ms)
{
    lookup->state = state;
    lookup->known = now_of(lookups);
    lookup->fresh_ms = fresh_ms;
    if (!lookup->answered) {
        lookup->answered = true;
        list_insert(&lookups->answered, NULL, &lookup->in_answered);
    }
}

static void fail_lookup(struct lookups *lookups, struct lookup *lookup, int64_t for_ms, const char *why)
{
    (void)snprintf(lookup->why, sizeof lookup->why, "%s", why);
    settle(lookups, lookup, LOOKUP_FAILED, for_ms);
}

static void fail_silent(struct lookups *lookups, struct lookup *lookup)
{
    fail_lookup(lookups, lookup, LOOKUPS_SILENT_MS, "no name server answers for it");
}

static int64_t fresh_for(int64_t ttl_ms)
{
    return ttl_ms < LOOKUPS_FRESH_MIN_MS   ? LOOKUPS_FRESH_MIN_MS
           : ttl_ms > LOOKUPS_FRESH_MAX_MS ? LOOKUPS_FRESH_MAX_MS
                                           : ttl_ms;
}

static void take_addresses(struct lookups *lookups, struct lookup *lookup, const struct dns_answer *answer)
{
    char *addresses = strdup(answer->addresses);
    if (addresses == NULL) {
        fail_lookup(lookups, lookup, LOOKUPS_ABSENT_MS, "out of memory");
        return;
    }
    free(lookup->addresses);
    lookup->addresses = addresses;
    lookup->found = now_of(lookups);
    settle(lookups, lookup, LOOKUP_FOUND, fresh_for(answer->ttl_ms));
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
    struct lookup *lookup = arg;
    struct lookups *lookups = lookup->owner;
    asking_end(lookups, lookup);
    switch (answer->verdict) {
    case DNS_FOUND:
        take_addresses(lookups, lookup, answer);
        break;
    case DNS_ABSENT:
        free(lookup->addresses);
        lookup->addresses = NULL;
        fail_lookup(lookups, lookup, LOOKUPS_ABSENT_MS, answer->why);
        break;
    case DNS_SILENT:
        fail_silent(lookups, lookup);
        break;
    case DNS_FAILED:
        fail_lookup(lookups, lookup, LOOKUPS_ABSENT_MS, answer->why);
        break;
    }
}

/* Returns false if no look-up can begin now. */
static bool begin_lookup(struct lookups *lookups, struct lookup *lookup)
{
    if (lookups->pending >= LOOKUPS_MAX) {
        return false;
    }
    asking_add(lookups, lookup);
    if (dns_ask(lookups->dns, lookup->name, on_answer, lookup) != ERR_OK) {
        asking_end(lookups, lookup);
        return false;
    }
    return true;
}

bool lookups_are_fresh(const struct lookups *lookups, const struct lookup *lookup)
{
    return lookup->state != LOOKUP_NEW && now_of(lookups).ms - lookup->known.ms < lookup->fresh_ms;
}

bool lookups_have_old(const struct lookups *lookups, const struct lookup *lookup)
{
    return lookup->addresses != NULL && now_of(lookups).ms - lookup->found.ms < LOOKUPS_OLD_MS;
}

struct lookup *lookups_get(struct lookups *lookups, struct slice host)
{
    char name[LOOKUPS_NAME_SIZE];
    return name_of(name, host) ? find_lookup(lookups, name) : NULL;
}

struct lookup *lookups_ask(struct lookups *lookups, struct slice host)
{
    char name[LOOKUPS_NAME_SIZE];
    if (!name_of(name, host)) {
        return NULL;
    }
    struct lookup *lookup = find_lookup(lookups, name);
    if (lookup != NULL) {
        list_remove(&lookups->by_age, &lookup->by_age);
        list_append(&lookups->by_age, &lookup->by_age);
    } else if (lookups->pending >= LOOKUPS_MAX || (lookup = add(lookups, name)) == NULL) {
        return NULL;
    }
    if (lookups_are_fresh(lookups, lookup) || lookup->asking || begin_lookup(lookups, lookup)) {
        return lookup;
    }
    return lookups_have_old(lookups, lookup) ? lookup : NULL;
}

/* ---- waiters ---- */

void lookups_wait(struct lookup *lookup, struct lookup_waiter *waiter)
{
    *waiter = (struct lookup_waiter){.lookup = lookup};
    list_insert(&lookup->waiters, NULL, &waiter->item);
}

void lookups_leave(struct lookup_waiter *waiter)
{
    if (waiter->lookup == NULL) {
        return;
    }
    list_remove(&waiter->lookup->waiters, &waiter->item);
    *waiter = (struct lookup_waiter){0};
}

static void call_waiters(struct lookups *lookups, struct lookup *lookup)
{
    struct lookup_waiter *waiter;
    while ((waiter = LIST_OWNER(lookup->waiters.first, struct lookup_waiter, item)) != NULL) {
        lookups_leave(waiter);
        lookups->done(lookups->arg, waiter);
    }
}

/* Overdue look-ups stay under way until dns gives them up, but their waiters are called now. */
static void give_up_overdue(struct lookups *lookups)
{
    struct mono_ms now = lookups->asking.count > 0 ? now_of(lookups) : (struct mono_ms){0};
    struct lookup *lookup;
    while ((lookup = LIST_OWNER(lookups->asking.first, struct lookup, in_asking)) != NULL &&
           now.ms - lookup->asked.ms >= LOOKUPS_TIMEOUT_MS) {
        list_remove(&lookups->asking, &lookup->in_asking);
        lookup->overdue = true;
        fail_silent(lookups, lookup);
    }
}

void lookups_turn(struct lookups *lookups)
{
    give_up_overdue(lookups);
    struct lookup *lookup;
    while ((lookup = LIST_OWNER(list_pop(&lookups->answered), struct lookup, in_answered)) != NULL) {
        lookup->answered = false;
        call_waiters(lookups, lookup);
    }
}

size_t lookups_count(const struct lookups *lookups)
{
    return lookups->pending;
}

/* ---- life ---- */

enum err lookups_new(struct lookups **out, struct loop *loop, struct clock clock, lookups_done_cb *done,
                     void *arg)
{
    struct lookups *lookups = calloc(1, sizeof *lookups);
    *out = NULL;
    if (lookups == NULL) {
        return ERR_NOMEM;
    }
    *lookups = (struct lookups){.clock = clock, .done = done, .arg = arg};
    enum err err = dns_new(&lookups->dns, loop, clock);
    if (err != ERR_OK) {
        free(lookups);
        return err;
    }
    *out = lookups;
    return ERR_OK;
}

void lookups_free(struct lookups *lookups)
{
    if (lookups == NULL) {
        return;
    }
    dns_free(lookups->dns);
    while (lookups->by_age.count > 0) {
        drop_lookup(lookups, by_age(lookups->by_age.first));
    }
    free(lookups);
}
