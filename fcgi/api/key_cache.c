/* key_cache: see key_cache.h. Each id has one place, by its digest; a later key takes it from an earlier one. */
#include "api/key_cache.h"

#include "base/log.h"
#include "store/store_database.h"
#include "store/store_key.h"

#include <stdlib.h>
#include <string.h>

struct place {
    struct key key;       /* id "": none */
    struct wall_ms as_of; /* Redis' clock when it was found … */
    struct mono_ms found; /* … and ours */
    int64_t used;         /* the last day that was noted */
};

struct key_cache {
    struct place places[KEY_CACHE_SIZE];
    bool any; /* there are keys */
    bool any_known;
    struct mono_ms looked; /* when that was found out */
};

struct key_cache *key_cache_new(void)
{
    return calloc(1, sizeof(struct key_cache));
}

void key_cache_free(struct key_cache *cache)
{
    free(cache);
}

void key_cache_forget(struct key_cache *cache)
{
    for (size_t i = 0; i < KEY_CACHE_SIZE; i++) {
        cache->places[i].key.id[0] = '\0';
    }
    cache->any_known = false;
}

/* FNV-1a. */
static struct place *place_of(struct key_cache *cache, const char *id)
{
    uint32_t hash = 2166136261U;
    for (; *id != '\0'; id++) {
        hash = (hash ^ (uint8_t)*id) * 16777619U;
    }
    return &cache->places[hash % KEY_CACHE_SIZE];
}

static struct mono_ms now_of(const struct context *ctx)
{
    return clock_mono(&ctx->clock);
}

/* Read what Redis says about a key into its place. */
static void keep(struct context *ctx, struct place *place, const struct key_fields *fields,
                 struct wall_ms now)
{
    if (!key_read(&place->key, fields)) {
        log_error("key is malformed", log_bytes("key", fields->id.data, fields->id.len));
        place->key.id[0] = '\0';
        return;
    }
    place->as_of = now;
    place->found = now_of(ctx);
    place->used = place->key.used;
}

/* Ask Redis for a key, and for the time. */
static enum err look_up(struct context *ctx, const char *id, struct place *place, struct errinfo *info)
{
    struct key_fields fields;
    const struct reply *replies;
    struct cmd cmds[2];
    struct wall_ms now = {0};
    bool found = false;
    store_time(&cmds[0]);
    store_key_get(&cmds[1], id);
    place->key.id[0] = '\0';
    enum err err = context_ask(ctx, cmds, 2, &replies, info);
    if (err == ERR_OK) {
        err = store_time_reply(&replies[0], &now, info);
    }
    if (err == ERR_OK) {
        err = store_key_get_reply(&replies[1], id, &fields, &found, info);
    }
    if (found) {
        keep(ctx, place, &fields, now);
    }
    return err;
}

enum err key_cache_find(struct context *ctx, const char *id, const struct key **out, struct wall_ms *now,
                        struct errinfo *info)
{
    struct place *place = place_of(ctx->keys, id);
    bool known = strcmp(place->key.id, id) == 0 && now_of(ctx).ms < place->found.ms + KEY_CACHE_MS;
    enum err err = known ? ERR_OK : look_up(ctx, id, place, info);
    *out = err == ERR_OK && place->key.id[0] != '\0' ? &place->key : NULL;
    now->ms = place->as_of.ms + (now_of(ctx).ms - place->found.ms);
    return err;
}

enum err key_cache_any(struct context *ctx, bool *out, struct errinfo *info)
{
    struct key_cache *cache = ctx->keys;
    const struct reply *reply;
    struct cmd cmd;
    enum err err = ERR_OK;
    if (!cache->any_known || now_of(ctx).ms >= cache->looked.ms + KEY_CACHE_MS) {
        store_keys_exist(&cmd);
        err = context_ask(ctx, &cmd, 1, &reply, info);
        err = err == ERR_OK ? store_keys_exist_reply(reply, &cache->any, info) : err;
        cache->any_known = err == ERR_OK;
        cache->looked = now_of(ctx);
    }
    *out = cache->any;
    return err;
}

void key_cache_note_use(struct context *ctx, const char *id, struct wall_ms now)
{
    struct place *place = place_of(ctx->keys, id);
    int64_t day = key_day_of(now);
    const struct reply *reply;
    struct errinfo info = {0};
    struct cmd cmd;
    if (place->used >= day) {
        return;
    }
    place->used = day; /* once: whether it is stored or not */
    store_key_use(&cmd, id, day);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK || reply_check(reply, &info) != ERR_OK) {
        log_warn("use of a key not noted", log_str("key", id), log_str("error", info.text));
    }
}
