/* dead_list: GET /v1/dead. The shards are asked in one round trip for a page each, and the page is what of
 * all of them died last; of one job it is one shard, of which a bounded part is looked at. */
#include "api/dead.h"
#include "api/resources.h"
#include "job/execution.h"
#include "job/execution_json.h"
#include "serve/app.h"

#include <string.h>

#define LOOK_AT 2000 /* entries of a shard that are looked at for one job's */

_Static_assert(STORE_SHARDS <= REDIS_SYNC_PIPELINE_MAX, "all shards are asked in one round trip");

/* What one shard answered. */
struct list {
    struct store_dead_page page;
    size_t next;            /* the first entry that is not taken yet */
    struct store_dead head; /* that entry */
    bool has_head;
};

/* Which entry of which answer. */
struct pick {
    size_t list;
    size_t index;
};

struct dead_list {
    struct list lists[STORE_SHARDS];
    size_t list_count;
    struct pick picks[STORE_DEAD_PAGE_MAX];
    size_t count;
    struct store_dead_position last; /* of the page */
};

static enum err read_head(const struct app *app, struct dead_list *all, size_t i, struct errinfo *info)
{
    struct list *list = &all->lists[i];

    list->has_head = list->next < list->page.count;
    return list->has_head ? store_dead_page_at(redis_sync_reply(app->redis, i), list->next, &list->head, info)
                          : ERR_OK;
}

static enum err ask(struct app *app, const struct dead_query *query, struct dead_list *all,
                    struct errinfo *info)
{
    struct cmd cmds[STORE_SHARDS];
    const struct store_dead_query wanted = {.newest_first = true,
                                            .after = query->from.inside ? &query->from.position : NULL,
                                            .job = query->one_job ? &query->job : NULL,
                                            .before = query->before,
                                            .limit = query->limit,
                                            .look_at = query->one_job ? LOOK_AT : query->limit};
    enum err err;

    all->list_count = query->one_job ? 1 : STORE_SHARDS;
    for (unsigned i = 0; i < all->list_count; i++) {
        store_dead_page(&cmds[i], query->one_job ? store_shard(&query->job) : i, &wanted);
    }
    err = app_ask(app, cmds, all->list_count, info);
    for (size_t i = 0; i < all->list_count && err == ERR_OK; i++) {
        err = store_dead_page_reply(redis_sync_reply(app->redis, i), &all->lists[i].page, info);
        err = err == ERR_OK ? read_head(app, all, i, info) : err;
    }
    return err;
}

/* The list whose next entry died last. */
static struct list *latest(struct dead_list *all)
{
    struct list *best = NULL;

    for (size_t i = 0; i < all->list_count; i++) {
        struct list *list = &all->lists[i];
        if (list->has_head && (!best || store_dead_compare(&list->head.position, &best->head.position) > 0)) {
            best = list;
        }
    }
    return best;
}

/* Of the lists that have nothing left here, though their shards have, the one that was read least far:
 * nothing is known of what died before that. */
static const struct list *least_known(const struct dead_list *all)
{
    const struct list *least = NULL;

    for (size_t i = 0; i < all->list_count; i++) {
        const struct list *list = &all->lists[i];
        if (!list->has_head && list->page.more &&
            (!least || store_dead_compare(&list->page.position, &least->page.position) > 0)) {
            least = list;
        }
    }
    return least;
}

static enum err merge(const struct app *app, struct dead_list *all, size_t limit, struct errinfo *info)
{
    enum err err = ERR_OK;
    struct list *list;

    while (err == ERR_OK && all->count < limit && (list = latest(all)) != NULL) {
        const struct list *least = least_known(all);
        if (least && store_dead_compare(&list->head.position, &least->page.position) < 0) {
            break;
        }
        size_t i = (size_t)(list - all->lists);
        all->picks[all->count++] = (struct pick){i, list->next++};
        all->last = list->head.position;
        err = read_head(app, all, i, info);
    }
    return err;
}

/* Where the next page begins. False: there is nothing behind this one. */
static bool find_next(struct dead_list *all, size_t limit, struct dead_cursor *next)
{
    const struct list *least = least_known(all);
    bool full = all->count == limit;

    *next =
        (struct dead_cursor){.inside = true, .position = full || !least ? all->last : least->page.position};
    return least || latest(all);
}

static void put_dead(struct json_writer *w, const struct store_dead *dead)
{
    char id[DEAD_ID_SIZE];
    char job_id[JOB_ID_TEXT_SIZE];

    dead_id_format(id, &dead->position.job, dead->position.scheduled);
    job_id_format(job_id, &dead->position.job);
    json_object_begin(w);
    json_key(w, "id");
    json_put_str(w, id);
    json_key(w, "job_id");
    json_put_str(w, job_id);
    json_member_i64(w, "scheduled_time", dead->position.scheduled.ms / 1000);
    json_member_i64(w, "scheduled_time_ms", dead->position.scheduled.ms);
    json_member_i64(w, "died_time", dead->position.died.ms / 1000);
    json_member_i64(w, "died_time_ms", dead->position.died.ms);
    json_key(w, "last_execution");
    if (dead->known) {
        execution_json_write(w, &dead->last);
    } else {
        json_put_null(w);
    }
    json_object_end(w);
}

static void write_page(struct app *app, struct dead_list *all, size_t limit)
{
    char cursor[DEAD_CURSOR_SIZE];
    struct dead_cursor next;
    struct json_writer w;

    response_json(&app->response, 200, &w);
    json_object_begin(&w);
    json_member_i64(&w, "count", (int64_t)all->count);
    json_key(&w, "dead");
    json_array_begin(&w);
    for (size_t i = 0; i < all->count; i++) {
        const struct reply *reply = redis_sync_reply(app->redis, all->picks[i].list);
        struct errinfo info;
        struct store_dead dead;
        if (store_dead_page_at(reply, all->picks[i].index, &dead, &info) == ERR_OK) {
            put_dead(&w, &dead);
        }
    }
    json_array_end(&w);
    json_key(&w, "next_cursor");
    if (find_next(all, limit, &next)) {
        dead_cursor_format(cursor, &next);
        json_put_str(&w, cursor);
    } else {
        json_put_null(&w);
    }
    json_object_end(&w);
}

bool dead_list(struct app *app, struct api_error *error)
{
    struct dead_query query;
    struct dead_list all;
    struct errinfo info = {0};
    enum err err;

    if (!dead_query_read(&query, &app->request, error)) {
        return false;
    }
    memset(&all, 0, sizeof all);
    err = ask(app, &query, &all, &info);
    err = err == ERR_OK ? merge(app, &all, (size_t)query.limit, &info) : err;
    if (err != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "what is dead cannot be read", &info);
    }
    write_page(app, &all, (size_t)query.limit);
    return true;
}
