/* trail: dronc-admin audit. The trail (store_audit.h), the latest entry first. */
#include "commands.h"
#include "options.h"
#include "store/store_audit_json.h"
#include "store/store_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MAX 10000
#define ASK       500 /* entries in one round trip */

/* What is asked for. */
struct query {
    struct wall_ms since;
    struct slice by;     /* data NULL, as in the next: any */
    struct slice object; /* what it is about */
    bool is_job;         /* it is about this job: */
    struct job_id job;
    size_t limit;
    bool as_json;
};

/* The latest entries so far: up to limit, and room for as many again. */
struct found {
    struct store_audit_entry *entries;
    size_t count;
};

/* ---- the command line ---- */

/* "2026-03-08T00:00:00Z", or "24h": so long ago. */
static int read_since(const char *text, struct wall_ms now, struct wall_ms *out)
{
    int64_t ago;
    if (text == NULL) {
        return 0;
    }
    if (options_duration(text, &ago)) {
        out->ms = now.ms - ago;
        return 0;
    }
    return options_instant(text, now, out) ? 0
                                           : admin_say(ADMIN_USAGE,
                                                       "--since: \"%.64s\" is not an instant such as "
                                                       "2026-01-01T00:00:00Z, nor a time such as 24h",
                                                       text);
}

static int read_limit(const char *text, size_t *out)
{
    int64_t limit;
    if (!slice_i64(slice_of(text), &limit) || limit < 1 || limit > LIMIT_MAX) {
        return admin_say(ADMIN_USAGE, "--limit: \"%.64s\" is not a whole number from 1 to %d", text,
                         LIMIT_MAX);
    }
    *out = (size_t)limit;
    return 0;
}

static int read_format(const char *text, bool *as_json)
{
    *as_json = text != NULL && strcmp(text, "json") == 0;
    return text == NULL || *as_json || strcmp(text, "table") == 0
               ? 0
               : admin_say(ADMIN_USAGE, "--format: \"%.64s\" is neither table nor json", text);
}

static int ask_time(struct admin *admin, struct wall_ms *now)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct cmd cmd;
    store_time(&cmd);
    int status = admin_ask(admin, &cmd, 1, &reply);
    return status == 0 && store_time_reply(reply, now, &info) != ERR_OK ? admin_fail(admin, &info) : status;
}

/* The values of the options; NULL: not given. */
struct words {
    const char *since;
    const char *by;
    const char *object;
    const char *limit;
    const char *format;
};

static int read_words(struct admin *admin, struct words *words)
{
    const struct option options[] = {{"--since", &words->since},   {"--by", &words->by},
                                     {"--object", &words->object}, {"--limit", &words->limit},
                                     {"--format", &words->format}, {NULL, NULL}};
    struct errinfo info = {0};
    return options_read(admin->argc, admin->argv, options, NULL, &info) == ERR_OK
               ? 0
               : admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
}

static int read_query(struct admin *admin, struct query *query)
{
    struct words words = {0};
    struct wall_ms now = {0};
    *query = (struct query){.limit = 1};
    int status = read_words(admin, &words);
    if (status != 0) {
        return status;
    }
    query->by = words.by != NULL ? slice_of(words.by) : query->by;
    query->object = words.object != NULL ? slice_of(words.object) : query->object;
    query->is_job = words.object != NULL && job_id_parse(&query->job, query->object);
    status = read_limit(words.limit != NULL ? words.limit : ADMIN_AUDIT_LIMIT, &query->limit);
    status = status != 0 ? status : read_format(words.format, &query->as_json);
    status = status != 0 ? status : ask_time(admin, &now);
    return status != 0 ? status : read_since(words.since, now, &query->since);
}

/* ---- reading ---- */

static bool is_about(const struct query *query, const struct store_audit_entry *entry)
{
    return query->is_job ? entry->is_job && memcmp(&entry->job, &query->job, sizeof query->job) == 0
                         : query->object.data == NULL || slice_same(entry->object, query->object);
}

static bool is_wanted(const struct query *query, const struct store_audit_entry *entry)
{
    return is_about(query, entry) && (query->by.data == NULL || slice_same(entry->who, query->by));
}

/* What Redis answered about a stream. */
struct answer {
    unsigned stream;
    const struct reply *reply;
    size_t count;
};

/* Add what is wanted of an answer. Returns false if the stream has nothing more that is. before: the position of the
 * last entry. */
static bool take(const struct query *query, const struct answer *answer, struct found *found,
                 char before[STORE_FEED_ID_MAX])
{
    struct errinfo info = {0};
    struct store_audit_entry entry;
    for (size_t i = 0; i < answer->count; i++) {
        enum err err = store_audit_at(answer->reply, answer->stream, i, &entry, &info);
        if (entry.position[0] == '\0' || entry.recorded_ms < query->since.ms) {
            return false;
        }
        memcpy(before, entry.position, STORE_FEED_ID_MAX);
        if (err == ERR_OK && is_wanted(query, &entry)) {
            found->entries[found->count++] = entry;
        }
        if (found->count == 2 * query->limit) {
            return false;
        }
    }
    return answer->count == ASK;
}

static int by_time(const void *left, const void *right)
{
    const struct store_audit_entry *a = left;
    const struct store_audit_entry *b = right;
    return (a->at_us < b->at_us) - (a->at_us > b->at_us);
}

/* The latest entries of one stream join those of the others. */
static int read_stream(struct admin *admin, const struct query *query, unsigned stream, struct found *found)
{
    char before[STORE_FEED_ID_MAX] = "";
    struct errinfo info = {0};
    struct answer answer = {.stream = stream};
    bool more = true;
    while (more) {
        struct cmd cmd;
        store_audit(&cmd, stream, before, ASK);
        int status = admin_ask(admin, &cmd, 1, &answer.reply);
        if (status != 0 || store_audit_count(answer.reply, &answer.count, &info) != ERR_OK) {
            return status != 0 ? status : admin_fail(admin, &info);
        }
        more = take(query, &answer, found, before);
    }
    qsort(found->entries, found->count, sizeof found->entries[0], by_time);
    found->count = found->count < query->limit ? found->count : query->limit;
    return 0;
}

/* Can the stream have what is wanted? */
static bool may_have(const struct query *query, unsigned stream)
{
    return query->object.data == NULL ||
           stream == (query->is_job ? store_shard(&query->job) : (unsigned)STORE_AUDIT_INSTALL);
}

static int read_all(struct admin *admin, const struct query *query, struct found *found)
{
    int status = 0;
    for (unsigned stream = 0; stream < STORE_AUDIT_STREAMS && status == 0; stream++) {
        if (may_have(query, stream)) {
            status = read_stream(admin, query, stream, found);
        }
    }
    return status;
}

/* ---- showing ---- */

static void print_json(const struct store_audit_entry *entry)
{
    struct buffer line = {0};
    struct json_writer w;
    json_begin(&w, &line);
    store_audit_json_write(&w, entry);
    puts(buffer_str(&line));
    buffer_fini(&line);
}

/* A column; "-": there is nothing. */
static void print_column(int width, struct slice text)
{
    struct slice shown = text.len > 0 ? text : slice_of("-");
    printf("%-*.*s  ", width, (int)shown.len, shown.data);
}

static void print_row(const struct store_audit_entry *entry)
{
    char at[CLOCK_RFC3339_SIZE];
    char id[JOB_ID_TEXT_SIZE];
    (void)clock_format_rfc3339_ms(at, (struct wall_ms){entry->recorded_ms});
    struct slice object = entry->error.data != NULL ? entry->error : store_audit_object(entry, id);
    print_column(24, slice_of(at));
    print_column(7, entry->action);
    print_column(12, entry->who);
    print_column(15, entry->address);
    printf("%5lld  ", (long long)(entry->count > 0 ? entry->count : 1));
    print_column(25, entry->route);
    printf("%.*s\n", (int)object.len, object.len > 0 ? object.data : "");
}

static void print_all(const struct query *query, const struct found *found)
{
    if (!query->as_json && found->count > 0) {
        printf("%-24s  %-7s  %-12s  %-15s  %5s  %-25s  %s\n", "AT", "ACTION", "BY", "ADDRESS", "COUNT",
               "ROUTE", "OBJECT OR ERROR");
    }
    for (size_t i = 0; i < found->count; i++) {
        (query->as_json ? print_json : print_row)(&found->entries[i]);
    }
}

int command_audit(struct admin *admin)
{
    struct found found = {0};
    struct query query;
    int status = read_query(admin, &query);
    if (status != 0) {
        return status;
    }
    found.entries = calloc(2 * query.limit, sizeof found.entries[0]);
    status =
        found.entries != NULL ? read_all(admin, &query, &found) : admin_say(ADMIN_REFUSED, "out of memory");
    if (status == 0) {
        print_all(&query, &found);
    }
    if (status == 0 && found.count == 0) {
        status = admin_say(0, "the trail has nothing of that");
    }
    free(found.entries);
    return status;
}
