/* sealed: see sealed.h. */
#include "api/sealed.h"

#include "api/audit.h"
#include "secret/secret.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 8 /* of a change, each of which another request may be faster than */

bool sealed_name(const struct context *ctx, struct slice *name, struct api_error *error)
{
    *name = ctx->request.id;
    return secret_name_is_valid(*name) ||
           api_error_set(error, API_VALIDATION_ERROR, "a name has 1 to %d letters, digits, '_', '-' and '.'",
                         SECRET_NAME_MAX);
}

bool sealed_key(const struct context *ctx, struct seal_public *out, struct api_error *error)
{
    struct errinfo info = {0};

    if (ctx->seal_path == NULL || ctx->seal_path[0] == '\0') {
        return api_error_set(error, API_CONFLICT,
                             "SECRETS_PUBLIC_KEY is not set, so nothing can be sealed (docs/secrets.md)");
    }
    if (seal_file_read_public(out, ctx->seal_path, &info) != ERR_OK) {
        api_error_set(error, API_INTERNAL_ERROR, "the file of SECRETS_PUBLIC_KEY cannot be used");
        memcpy(error->detail, info.text, sizeof error->detail - 1);
        error->detail[sizeof error->detail - 1] = '\0';
        return false;
    }
    return true;
}

/* ---- the body ---- */

static void free_doc(void *doc)
{
    json_free(doc);
}

const struct json_value *sealed_body(struct context *ctx, bool may_be_empty, struct api_error *error)
{
    struct errinfo info = {0};
    struct json_doc *doc;

    if (!request_read_body(&ctx->request, error)) {
        return NULL;
    }
    const struct buffer *body = &ctx->request.body;
    struct slice text =
        body->len == 0 && may_be_empty ? slice_of("{}") : (struct slice){buffer_str(body), body->len};
    if (json_parse(&doc, text.data, text.len, &info) != ERR_OK) {
        api_error_set(error, API_INVALID_REQUEST, "the body is not JSON: %s", info.text);
        return NULL;
    }
    if (!context_own(ctx, free_doc, doc, error)) {
        return NULL;
    }
    if (json_kind_of(json_root(doc)) != JSON_OBJECT) {
        api_error_set(error, API_INVALID_REQUEST, "the body must be a JSON object");
        return NULL;
    }
    return json_root(doc);
}

struct members {
    struct context *ctx;
    const char *const *names;
    struct api_error *error;
};

static bool check_member(struct slice name, const struct json_value *value, void *arg)
{
    const struct members *members = arg;
    size_t i = 0;

    (void)value;
    while (members->names[i] != NULL && !slice_eq(name, members->names[i])) {
        i++;
    }
    return members->names[i] != NULL ||
           api_error_set(members->error, API_INVALID_REQUEST, "unknown field \"%.*s\"",
                         (int)(name.len < 64 ? name.len : 64), name.data);
}

bool sealed_check_members(struct context *ctx, const struct json_value *body, const char *const *names,
                          struct api_error *error)
{
    struct members members = {ctx, names, error};

    return json_each(body, check_member, &members);
}

/* ---- Redis ---- */

static bool fail(struct api_error *error, const char *what, const struct errinfo *info)
{
    return api_error_redis(error, API_STORAGE_ERROR, what, info);
}

static bool read_one(struct context *ctx, enum store_sealed_kind kind, struct slice name, struct slice *old,
                     struct api_error *error)
{
    struct errinfo info = {0};
    const struct reply *reply;
    struct cmd cmd;

    store_sealed_get(&cmd, kind, name);
    return (context_ask(ctx, &cmd, 1, &reply, &info) == ERR_OK &&
            store_sealed_get_reply(reply, old, &info) == ERR_OK) ||
           fail(error, "it cannot be read", &info);
}

static bool store(struct context *ctx, struct cmd *cmd, enum store_sealed_answer *answer,
                  struct api_error *error)
{
    struct errinfo info = {0};
    const struct reply *reply;

    return (context_ask(ctx, cmd, 1, &reply, &info) == ERR_OK &&
            store_sealed_put_reply(reply, answer, &info) == ERR_OK) ||
           fail(error, "it is not known to be stored", &info);
}

/* Try once. */
static bool try_once(struct context *ctx, const struct sealed_change *change,
                     enum store_sealed_answer *answer, struct api_error *error)
{
    struct buffer content = {0};
    struct slice old = {NULL, 0};
    int64_t known = 0;
    struct cmd cmd;

    if (!read_one(ctx, change->kind, change->name, &old, error)) {
        return false;
    }
    bool good = change->make(change->arg, old, &content, &known, error);
    if (good && buffer_error(&content) != ERR_OK) {
        good = api_error_set(error, API_INTERNAL_ERROR, "out of memory");
    }
    if (good) {
        const struct store_sealed sealed = {change->name, {content.data, content.len}};
        store_sealed_put(&cmd, change->kind, &sealed, known, &ctx->actor);
        good = store(ctx, &cmd, answer, error);
    }
    if (good && *answer == STORE_SEALED_STORED) {
        audit_object_changed(ctx, known > 0 ? STORE_ACTION_CHANGE : STORE_ACTION_CREATE,
                             store_sealed_kind_name(change->kind), change->name);
    }
    buffer_fini(&content);
    return good;
}

bool sealed_apply(struct context *ctx, const struct sealed_change *change, struct api_error *error)
{
    enum store_sealed_answer answer = STORE_SEALED_OTHER;

    for (int i = 0; i < TRIES && answer == STORE_SEALED_OTHER; i++) {
        if (!try_once(ctx, change, &answer, error)) {
            return false;
        }
    }
    if (answer == STORE_SEALED_TOO_MANY) {
        return api_error_set(error, API_CONFLICT, "there are %d names already", STORE_SEALED_MAX);
    }
    return answer == STORE_SEALED_STORED ||
           api_error_set(error, API_CONFLICT, "other requests change it at the same time: try again");
}

bool sealed_delete(struct context *ctx, enum store_sealed_kind kind, const char *what,
                   struct api_error *error)
{
    struct errinfo info = {0};
    const struct reply *reply;
    struct slice name;
    bool there = false;
    struct cmd cmd;

    if (!sealed_name(ctx, &name, error)) {
        return false;
    }
    store_sealed_drop(&cmd, kind, name, &ctx->actor);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_sealed_drop_reply(reply, &there, &info) != ERR_OK) {
        return fail(error, "it is not known to be deleted", &info);
    }
    if (!there) {
        return api_error_set(error, API_NOT_FOUND, "there is no such %s", what);
    }
    audit_object_changed(ctx, STORE_ACTION_DELETE, store_sealed_kind_name(kind), name);
    response_empty(&ctx->response, 204);
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct store_sealed *one = a;
    const struct store_sealed *other = b;
    size_t shorter = one->name.len < other->name.len ? one->name.len : other->name.len;
    int order = memcmp(one->name.data, other->name.data, shorter);

    return order != 0 ? order : (one->name.len > other->name.len) - (one->name.len < other->name.len);
}

bool sealed_all(struct context *ctx, enum store_sealed_kind kind, struct store_sealed **out, size_t *count,
                struct api_error *error)
{
    struct errinfo info = {0};
    const struct reply *reply;
    size_t pairs = 0;
    int64_t changes;
    struct cmd cmd;

    store_sealed_all(&cmd, kind);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_sealed_all_reply(reply, &pairs, &info) != ERR_OK) {
        return fail(error, "they cannot be read", &info);
    }
    *out = context_alloc(ctx, (pairs + 1) * sizeof **out, error);
    *count = 0;
    for (size_t i = 0; i < pairs && *out != NULL; i++) {
        *count += store_sealed_at(reply, i, &(*out)[*count], &changes) ? 1 : 0;
    }
    if (*out != NULL && *count > 0) {
        qsort(*out, *count, sizeof **out, compare);
    }
    return *out != NULL;
}
