/* zone_registry: zones by name, each read once and shared by all its users.
 *
 * There are a few hundred names at most, so they are in a sorted array with binary search. Zones that a
 * reload replaced stay in a list until zones_sweep or zones_free, since callers may still hold them.
 */
#include "zone/zone_internal.h"

#include <stdlib.h>
#include <string.h>

struct zones {
    char *tzdir;         /* owned; NULL: the default */
    struct zone **zones; /* owned, sorted by name */
    size_t count, room;
    struct zone **retired; /* owned: replaced, perhaps still held by callers */
    size_t retired_count, retired_room;
};

static bool grow(struct zone ***list, size_t count, size_t *room)
{
    const size_t wanted = *room ? *room * 2 : 16;
    struct zone **grown = NULL;

    if (count < *room) {
        return true;
    }
    grown = realloc(*list, wanted * sizeof(struct zone *));
    if (grown == NULL) {
        return false;
    }
    *list = grown;
    *room = wanted;
    return true;
}

struct zones *zones_new(const char *tzdir)
{
    struct zones *const zones = calloc(1, sizeof *zones);
    const size_t len = tzdir != NULL ? strlen(tzdir) + 1 : 0;

    if (zones == NULL || tzdir == NULL) {
        return zones;
    }
    zones->tzdir = malloc(len);
    if (zones->tzdir == NULL) {
        free(zones);
        return NULL;
    }
    memcpy(zones->tzdir, tzdir, len);
    return zones;
}

void zones_sweep(struct zones *zones)
{
    while (zones->retired_count > 0) {
        zone_free(zones->retired[--zones->retired_count]);
    }
}

void zones_free(struct zones *zones)
{
    if (zones == NULL) {
        return;
    }
    zones_sweep(zones);
    while (zones->count > 0) {
        zone_free(zones->zones[--zones->count]);
    }
    free(zones->retired);
    free(zones->zones);
    free(zones->tzdir);
    free(zones);
}

/* The index of a name: where it is, or where it belongs. */
static size_t find_index(const struct zones *zones, const char *name, bool *found)
{
    size_t low = 0;
    size_t high = zones->count;

    *found = false;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(zone_name(zones->zones[middle]), name);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum zone_err load_at(struct zones *zones, size_t place, const char *name)
{
    struct zone *zone = NULL;
    enum zone_err err = ZONE_NOMEM;

    if (!grow(&zones->zones, zones->count, &zones->room)) {
        return ZONE_NOMEM;
    }
    err = zone_load(&zone, zones->tzdir, name);
    if (err) {
        return err;
    }
    memmove(zones->zones + place + 1, zones->zones + place, (zones->count - place) * sizeof(struct zone *));
    zones->zones[place] = zone;
    zones->count++;
    return ZONE_OK;
}

enum zone_err zones_get(struct zones *zones, const char *name, size_t len, const struct zone **out)
{
    char copy[ZONE_NAME_MAX + 1];
    bool found = false;
    size_t place = 0;
    enum zone_err err = ZONE_OK;

    *out = NULL;
    if (!zone_name_is_valid(name, len)) {
        return ZONE_NAME;
    }
    memcpy(copy, name, len);
    copy[len] = '\0';
    place = find_index(zones, copy, &found);
    if (!found) {
        err = load_at(zones, place, copy);
    }
    if (err == ZONE_OK) {
        *out = zones->zones[place];
    }
    return err;
}

/* Read one zone again. *was: the replaced one; NULL with ZONE_OK if nothing has changed. */
static enum zone_err renew(struct zones *zones, size_t place, const struct zone **was)
{
    struct zone *fresh = NULL;
    enum zone_err err = ZONE_NOMEM;

    *was = NULL;
    if (!grow(&zones->retired, zones->retired_count, &zones->retired_room)) {
        return ZONE_NOMEM;
    }
    err = zone_load(&fresh, zones->tzdir, zone_name(zones->zones[place]));
    if (err) {
        return err;
    }
    if (zone_equal(fresh, zones->zones[place])) {
        zone_free(fresh);
        return ZONE_OK;
    }
    *was = zones->zones[place];
    zones->retired[zones->retired_count++] = zones->zones[place];
    zones->zones[place] = fresh;
    return ZONE_OK;
}

struct zones_reload zones_reload(struct zones *zones, zones_changed_cb *cb, void *arg)
{
    struct zones_reload result = {0};

    for (size_t i = 0; i < zones->count; i++) {
        const struct zone *was = NULL;
        const enum zone_err err = renew(zones, i, &was);

        result.checked++;
        if (err) {
            result.failed++;
            result.name = zone_name(zones->zones[i]);
            result.err = err;
        } else if (was != NULL) {
            result.changed++;
            if (cb != NULL) {
                cb(arg, zone_name(was), was, zones->zones[i]);
            }
        }
    }
    return result;
}
