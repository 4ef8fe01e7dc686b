/* dead_list: GET /v1/dead. Asks all shards for a page each in one round trip, and merges the latest deaths
 * into one page. For one job it asks one shard, which looks at a bounded number of entries. */
#include "api/context.h"
#include "api/dead.h"
#include "api/resources.h"
#include "job/execution.h"
#include "job/execution_json.h"

#include <string.h>

#define LOOK_AT 2000 /* entries of a shard that a query for one job looks at */

_Static_assert(STORE_SHARDS <= REDIS_SYNC_PIPELINE_MAX, "all shards are asked in one round trip");

/* The reply of one shard. */
struct list {
    const struct reply *reply;
    struct store_dead_page page;
    size_t next;                   /* the first entry that is not in the page yet */
    const struct store_dead *head; /* that entry; NULL: none is left */
};

struct dead_list {
    struct list lists[STORE_SHARDS];
    size_t list_count;
    const struct store_dead *page[STORE_DEAD_PAGE_MAX];
    size_t count;
};

/* Decode the next entry of the list. */
static enum err read_head(struct context *ctx, struct list *list, struct errinfo *info)
{
    list->head = NULL;
    if (list->next == list->page.count) {
        return ERR_OK;
    }
    struct store_dead *head = arena_alloc(&ctx->memory, sizeof *head);
    if (head == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory for a dead occurrence");
    }
    list->head = head;
    return store_dead_page_at(list->reply, list->next, head, info);
}

static enum err ask(struct context *ctx, const struct dead_query *query, struct dead_list *all,
                    struct errinfo *info)
{
    struct cmd cmds[STORE_SHARDS];
    const struct store_dead_query wanted = {.newest_first = true,
                                            .after = query->from.inside ? &query->from.position : NULL,
                                            .job = query->one_job ? &query->job : NULL,
                                            .before = query->before,
                                            .limit = query->limit,
                                            .look_at = query->one_job ? LOOK_AT : query->limit};
    const struct reply *replies;

    all->list_count = query->one_job ? 1 : STORE_SHARDS;
    for (unsigned i = 0; i < all->list_count; i++) {
        store_dead_page(&cmds[i], query->one_job ? store_shard(&query->job) : i, &wanted);
    }
    enum err err = context_ask(ctx, cmds, all->list_count, &replies, info);
    for (size_t i = 0; i < all->list_count && err == ERR_OK; i++) {
        struct list *list = &all->lists[i];
        list->reply = &replies[i];
        err = store_dead_page_reply(list->reply, &list->page, info);
        err = err == ERR_OK ? read_head(ctx, list, info) : err;
    }
    return err;
}

/* Returns the list whose next entry died last. */
static struct list *latest(struct dead_list *all)
{
    struct list *best = NULL;

    for (size_t i = 0; i < all->list_count; i++) {
        struct list *list = &all->lists[i];
        if (list->head != NULL &&
            (best == NULL || store_dead_compare(&list->head->position, &best->head->position) > 0)) {
            best = list;
        }
    }
    return best;
}

/* Of the lists that are used up here but not in their shards, returns the one that was read least far: deaths
 * before that are unknown. */
static const struct list *least_known(const struct dead_list *all)
{
    const struct list *least = NULL;

    for (size_t i = 0; i < all->list_count; i++) {
        const struct list *list = &all->lists[i];
        if (list->head == NULL && list->page.more &&
            (least == NULL || store_dead_compare(&list->page.position, &least->page.position) > 0)) {
            least = list;
        }
    }
    return least;
}

static enum err merge(struct context *ctx, struct dead_list *all, size_t limit, struct errinfo *info)
{
    enum err err = ERR_OK;
    struct list *list;

    while (err == ERR_OK && all->count < limit && (list = latest(all)) != NULL) {
        const struct list *least = least_known(all);
        if (least != NULL && store_dead_compare(&list->head->position, &least->page.position) < 0) {
            break;
        }
        all->page[all->count++] = list->head;
        list->next++;
        err = read_head(ctx, list, info);
    }
    return err;
}

/* Find where the next page begins. Returns false if this is the last one. */
static bool find_next(struct dead_list *all, size_t limit, struct dead_cursor *next)
{
    const struct list *least = least_known(all);

    if (least == NULL && latest(all) == NULL) {
        return false;
    }
    *next = (struct dead_cursor){.inside = true,
                                 .position = all->count == limit || least == NULL
                                                 ? all->page[all->count - 1]->position
                                                 : least->page.position};
    return true;
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

static void write_page(struct context *ctx, struct dead_list *all, size_t limit)
{
    char cursor[DEAD_CURSOR_SIZE];
    struct dead_cursor next;
    struct json_writer w;

    response_json(&ctx->response, 200, &w);
    json_object_begin(&w);
    json_member_i64(&w, "count", (int64_t)all->count);
    json_key(&w, "dead");
    json_array_begin(&w);
    for (size_t i = 0; i < all->count; i++) {
        put_dead(&w, all->page[i]);
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

bool dead_list(struct context *ctx, struct api_error *error)
{
    struct dead_query query;
    struct dead_list all;
    struct errinfo info = {0};

    if (!dead_query_read(&query, &ctx->request, error)) {
        return false;
    }
    memset(&all, 0, sizeof all);
    enum err err = ask(ctx, &query, &all, &info);
    err = err == ERR_OK ? merge(ctx, &all, (size_t)query.limit, &info) : err;
    if (err != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "what is dead cannot be read", &info);
    }
    write_page(ctx, &all, (size_t)query.limit);
    return true;
}
