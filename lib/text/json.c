/* json: see json.h. json-c builds the tree and keeps it.
 *
 * json_scan decides what is JSON before json-c sees a byte, so that neither its leniency nor its modes
 * matter. Writing is in json_write.c.
 */
#include "text/json.h"

#include "base/utf8.h"
#include "text/json_scan.h"

#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN_MAX 100 /* bytes of a duplicate key that a message shows */

struct json_doc {
    struct json_object *root; /* owned; NULL is JSON's null */
};

/* A `const struct json_value *` is json-c's object. json-c has no object for null; this one stands for it. */
struct json_value {
    char unused;
};
static const struct json_value NULL_VALUE;

static const struct json_value *value_of(struct json_object *object)
{
    return object != NULL ? (const struct json_value *)object : &NULL_VALUE;
}

/* The inverse. json-c's getters take no const pointers, though they change nothing that shows. */
static struct json_object *object_of(const struct json_value *value)
{
    return value == &NULL_VALUE ? NULL : (struct json_object *)value;
}

/* ---- building the tree ---- */

/* A tokener, fed piece by piece. */
struct feed {
    struct json_tokener *tokener;
    struct json_object *root; /* owned; set with complete; NULL is JSON's null */
    bool complete;            /* the value is read; only white space may follow */
    const char *text;
    size_t done; /* bytes of text fed so far */
};

/* Feed len bytes. ERR_BUG: json-c refuses what json_scan accepted. */
static enum err feed_bytes(struct feed *feed, const char *bytes, size_t len)
{
    if (feed->complete) { /* more would start another value */
        return ERR_OK;
    }
    feed->root = json_tokener_parse_ex(feed->tokener, bytes, (int)len);
    enum json_tokener_error error = json_tokener_get_error(feed->tokener);
    feed->complete = error == json_tokener_success;
    return feed->complete || error == json_tokener_continue ? ERR_OK : ERR_BUG;
}

/* Feed what comes before a byte of the text. */
static enum err feed_until(struct feed *feed, size_t end)
{
    size_t from = feed->done;
    feed->done = end;
    return end > from ? feed_bytes(feed, feed->text + from, end - from) : ERR_OK;
}

/* json-c would make a double of a whole number with a fraction or an exponent, so it gets the digits instead.
 * It would clamp an integer beyond 64 bits; with an exponent of 0 it reads the same number as a double. */
static enum err feed_odd_number(const struct json_sight *sight, void *arg)
{
    struct feed *feed = arg;
    char digits[I64_DIGITS];
    if (sight->kind != JSON_SIGHT_ODD_NUMBER) {
        return ERR_OK;
    }
    size_t begin = sight->at - 1;
    size_t end = begin + sight->token.len;
    enum err err = feed_until(feed, sight->whole ? begin : end);
    feed->done = end;
    if (err != ERR_OK) {
        return err;
    }
    return sight->whole ? feed_bytes(feed, digits, i64_format(digits, sight->value))
                        : feed_bytes(feed, "e0", 2);
}

/* True if a valid text is the bare word null, the only one without an object. */
static bool is_null(struct slice text)
{
    size_t pos = 0;
    while (text.data[pos] == ' ' || text.data[pos] == '\t' || text.data[pos] == '\n' ||
           text.data[pos] == '\r') {
        pos++;
    }
    return text.data[pos] == 'n';
}

static enum err build_tree(struct json_object **root, struct slice text, const struct json_counts *counts)
{
    struct feed feed = {.tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1), .text = text.data};
    if (feed.tokener == NULL) {
        return ERR_NOMEM;
    }
    enum err err = counts->odd_numbers > 0 ? json_scan_sights(text, feed_odd_number, &feed) : ERR_OK;
    if (err == ERR_OK) {
        err = feed_bytes(&feed, text.data + feed.done, text.len - feed.done);
    }
    if (err == ERR_OK) {
        err = feed_bytes(&feed, "", 1); /* the NUL tells json-c that a bare number or word is complete */
    }
    if (err == ERR_OK && (!feed.complete || (feed.root == NULL && !is_null(text)))) {
        err = ERR_NOMEM; /* json-c reports a failed allocation so */
    }
    json_tokener_free(feed.tokener);
    *root = feed.root;
    return err;
}

/* ---- duplicate keys ---- */

/* The number of members of all objects in the tree. Recursion is at most JSON_DEPTH_MAX deep. */
static size_t count_members(struct json_object *object)
{
    size_t count = 0;
    if (json_object_is_type(object, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(object); i++) {
            count += count_members(json_object_array_get_idx(object, i));
        }
    } else if (json_object_is_type(object, json_type_object)) {
        struct json_object_iterator it = json_object_iter_begin(object);
        struct json_object_iterator end = json_object_iter_end(object);
        for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
            count += 1 + count_members(json_object_iter_peek_value(&it));
        }
    }
    return count;
}

/* The names seen so far in each open object, as keys of json-c's own hash table. */
struct names {
    struct json_object *seen[JSON_DEPTH_MAX]; /* owned; NULL: none yet */
    struct errinfo *info;
};

static enum err name_duplicate(struct errinfo *info, const char *name, size_t at)
{
    size_t len = strlen(name);
    size_t shown = len > NAME_SHOWN_MAX ? utf8_cut(name, NAME_SHOWN_MAX) : len;
    return err_set(info, ERR_INVALID, "character %zu: the name \"%.*s%s\" stands twice in one object", at,
                   (int)shown, name, shown < len ? "…" : "");
}

/* Note the name, or report that it was there before. */
static enum err note_name(struct names *names, const struct json_sight *sight, const char *name)
{
    struct json_object **seen = &names->seen[sight->depth - 1];
    if (sight->first) {
        json_object_put(*seen);
        *seen = NULL;
    }
    if (*seen == NULL && (*seen = json_object_new_object()) == NULL) {
        return ERR_NOMEM;
    }
    if (json_object_object_get_ex(*seen, name, NULL)) {
        return name_duplicate(names->info, name, sight->at);
    }
    return json_object_object_add(*seen, name, NULL) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err look_at_name(const struct json_sight *sight, void *arg)
{
    if (sight->kind != JSON_SIGHT_KEY) {
        return ERR_OK;
    }
    struct json_object *name = NULL;
    enum err err = build_tree(&name, sight->token, &(struct json_counts){0});
    if (err == ERR_OK) {
        err = note_name(arg, sight, json_object_get_string(name));
    }
    json_object_put(name);
    return err;
}

/* Report a duplicate name, and where it occurs for the second time. */
static enum err find_duplicate(struct slice text, struct errinfo *info)
{
    struct names names = {.info = info};
    enum err err = json_scan_sights(text, look_at_name, &names);
    for (size_t i = 0; i < JSON_DEPTH_MAX; i++) {
        json_object_put(names.seen[i]);
    }
    return err != ERR_OK ? err : ERR_BUG;
}

/* ---- the document ---- */

static enum err read_document(struct json_doc *doc, struct slice text, struct errinfo *info)
{
    struct json_counts counts;
    enum err err = json_scan(text, &counts, info);
    if (err != ERR_OK) {
        return err;
    }
    err = build_tree(&doc->root, text, &counts);
    if (err == ERR_OK && count_members(doc->root) != counts.members) {
        err = find_duplicate(text, info);
    }
    return err == ERR_OK || err == ERR_INVALID ? err : err_set(info, err, "cannot build the document");
}

enum err json_parse(struct json_doc **out, const char *text, size_t len, struct errinfo *info)
{
    *out = NULL;
    if (len >= INT_MAX) { /* json-c counts in int */
        return err_set(info, ERR_LIMIT, "longer than %d bytes", INT_MAX - 1);
    }
    struct json_doc *doc = calloc(1, sizeof *doc);
    if (doc == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    enum err err = read_document(doc, (struct slice){text, len}, info);
    if (err != ERR_OK) {
        json_free(doc);
        return err;
    }
    *out = doc;
    return ERR_OK;
}

void json_free(struct json_doc *doc)
{
    if (doc != NULL) {
        json_object_put(doc->root);
        free(doc);
    }
}

const struct json_value *json_root(const struct json_doc *doc)
{
    return value_of(doc->root);
}

/* From INT64_MAX to UINT64_MAX, json-c has a kind of int that this module does not; build_tree() avoids it. */
enum json_kind json_kind_of(const struct json_value *value)
{
    switch (json_object_get_type(object_of(value))) {
    case json_type_boolean:
        return JSON_BOOL;
    case json_type_int:
        return JSON_INT;
    case json_type_double:
        return JSON_NUMBER;
    case json_type_string:
        return JSON_STRING;
    case json_type_array:
        return JSON_ARRAY;
    case json_type_object:
        return JSON_OBJECT;
    case json_type_null:
    default:
        return JSON_NULL;
    }
}

const char *json_kind_name(enum json_kind kind)
{
    static const char *const NAMES[] = {
        [JSON_NULL] = "null",       [JSON_BOOL] = "a boolean",  [JSON_INT] = "a whole number",
        [JSON_NUMBER] = "a number", [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",
        [JSON_OBJECT] = "an object"};
    return (unsigned)kind < sizeof NAMES / sizeof NAMES[0] ? NAMES[kind] : "unknown";
}

const struct json_value *json_member(const struct json_value *object, const char *name)
{
    struct json_object *value;
    if (json_kind_of(object) != JSON_OBJECT || !json_object_object_get_ex(object_of(object), name, &value)) {
        return NULL;
    }
    return value_of(value);
}

bool json_each(const struct json_value *object, json_visit *cb, void *arg)
{
    if (json_kind_of(object) != JSON_OBJECT) {
        return true;
    }
    struct json_object_iterator it = json_object_iter_begin(object_of(object));
    struct json_object_iterator end = json_object_iter_end(object_of(object));
    for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        struct slice key = slice_of(json_object_iter_peek_name(&it));
        if (!cb(key, value_of(json_object_iter_peek_value(&it)), arg)) {
            return false;
        }
    }
    return true;
}

struct slice json_string(const struct json_value *value)
{
    if (json_kind_of(value) != JSON_STRING) {
        return (struct slice){NULL, 0};
    }
    struct json_object *string = object_of(value);
    return (struct slice){json_object_get_string(string), (size_t)json_object_get_string_len(string)};
}

int64_t json_int(const struct json_value *value)
{
    return json_kind_of(value) == JSON_INT ? json_object_get_int64(object_of(value)) : 0;
}

bool json_each_item(const struct json_value *array, json_visit_item *cb, void *arg)
{
    size_t count = json_kind_of(array) == JSON_ARRAY ? json_count(array) : 0;
    for (size_t i = 0; i < count; i++) {
        if (!cb(value_of(json_object_array_get_idx(object_of(array), i)), arg)) {
            return false;
        }
    }
    return true;
}

size_t json_count(const struct json_value *container)
{
    switch (json_kind_of(container)) {
    case JSON_ARRAY:
        return json_object_array_length(object_of(container));
    case JSON_OBJECT:
        return (size_t)json_object_object_length(object_of(container));
    default:
        return 0;
    }
}

bool json_is_true(const struct json_value *value)
{
    return json_kind_of(value) == JSON_BOOL && json_object_get_boolean(object_of(value)) != 0;
}

double json_double(const struct json_value *value)
{
    enum json_kind kind = json_kind_of(value);
    return kind == JSON_INT || kind == JSON_NUMBER ? json_object_get_double(object_of(value)) : 0;
}

/* ---- merging ---- */

static enum err merge_objects(struct json_object *into, struct json_object *patch);

/* Set into's member of that name to value; an object is merged into one that is already there. */
static enum err merge_member(struct json_object *into, const char *name, struct json_object *value)
{
    struct json_object *old = NULL;
    if (value == NULL) {
        json_object_object_del(into, name);
        return ERR_OK;
    }
    bool both = json_object_is_type(value, json_type_object) && json_object_object_get_ex(into, name, &old) &&
                json_object_is_type(old, json_type_object);
    if (both) {
        return merge_objects(old, value);
    }
    if (!json_object_is_type(value, json_type_object)) {
        struct json_object *shared = json_object_get(value);
        if (json_object_object_add(into, name, shared) == 0) {
            return ERR_OK;
        }
        json_object_put(shared);
        return ERR_NOMEM;
    }
    struct json_object *fresh = json_object_new_object(); /* without the members of value that are null */
    if (fresh == NULL || json_object_object_add(into, name, fresh) != 0) {
        json_object_put(fresh);
        return ERR_NOMEM;
    }
    return merge_objects(fresh, value);
}

/* Recursion is at most JSON_DEPTH_MAX deep. */
static enum err merge_objects(struct json_object *into, struct json_object *patch)
{
    enum err err = ERR_OK;
    struct json_object_iterator it = json_object_iter_begin(patch);
    struct json_object_iterator end = json_object_iter_end(patch);
    for (; err == ERR_OK && !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        err = merge_member(into, json_object_iter_peek_name(&it), json_object_iter_peek_value(&it));
    }
    return err;
}

enum err json_merge(struct json_doc *into, const struct json_value *patch)
{
    if (json_kind_of(json_root(into)) != JSON_OBJECT || json_kind_of(patch) != JSON_OBJECT) {
        return ERR_INVALID;
    }
    return merge_objects(into->root, object_of(patch));
}

/* ---- writing what was read ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Write the members of the given names, in that order. */
static void put_members(struct json_writer *w, const struct json_value *object, const char *const *names,
                        size_t count)
{
    json_object_begin(w);
    for (size_t i = 0; i < count; i++) {
        json_key(w, names[i]);
        json_put_value(w, json_member(object, names[i]));
    }
    json_object_end(w);
}

static void put_object(struct json_writer *w, const struct json_value *object)
{
    size_t count = 0;
    const char **names = calloc(json_count(object) + 1, sizeof *names);
    if (names == NULL) {
        w->out->error = ERR_NOMEM;
        return;
    }
    struct json_object_iterator it = json_object_iter_begin(object_of(object));
    struct json_object_iterator end = json_object_iter_end(object_of(object));
    for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        names[count++] = json_object_iter_peek_name(&it);
    }
    qsort(names, count, sizeof *names, compare_names);
    put_members(w, object, names, count);
    free(names);
}

static bool put_item(const struct json_value *value, void *arg)
{
    json_put_value(arg, value);
    return true;
}

/* Recursion is at most JSON_DEPTH_MAX deep. */
void json_put_value(struct json_writer *w, const struct json_value *value)
{
    switch (json_kind_of(value)) {
    case JSON_NULL:
        json_put_null(w);
        break;
    case JSON_BOOL:
        json_put_bool(w, json_is_true(value));
        break;
    case JSON_INT:
        json_put_i64(w, json_int(value));
        break;
    case JSON_NUMBER: /* json-c keeps the original text */
        json_put_raw(w, slice_of(json_object_get_string(object_of(value))));
        break;
    case JSON_STRING:
        json_put_bytes(w, json_string(value));
        break;
    case JSON_ARRAY:
        json_array_begin(w);
        (void)json_each_item(value, put_item, w);
        json_array_end(w);
        break;
    case JSON_OBJECT:
        put_object(w, value);
        break;
    }
}
