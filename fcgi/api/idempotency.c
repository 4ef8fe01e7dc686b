/* idempotency: see idempotency.h. */
#include "api/idempotency.h"

#include "base/log.h"
#include "store/store_idem.h"
#include "text/digest.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX 255 /* bytes */

/* Returns the key; NULL if there is none. (An empty one is a key, and malformed.) */
static const char *key_of(struct request *req)
{
    const char *first = req->source->meta(req->source->arg, "HTTP_IDEMPOTENCY_KEY");

    return first != NULL ? request_header(req, "HTTP_IDEMPOTENCY_KEY") : NULL;
}

static bool is_sound(const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < len; i++) {
        if (key[i] <= ' ' || key[i] > '~') {
            return false;
        }
    }
    return len > 0 && len <= KEY_MAX;
}

/* Digest what makes a request another one: its path and its body. */
static enum err digest_request(const struct request *req, uint8_t out[DIGEST_SHA256_SIZE])
{
    uint8_t both[2 * DIGEST_SHA256_SIZE];
    enum err err = digest_sha256(both, req->path.data, req->path.len);

    if (err == ERR_OK) {
        err = digest_sha256(both + DIGEST_SHA256_SIZE, buffer_str(&req->body), req->body.len);
    }
    return err == ERR_OK ? digest_sha256(out, both, sizeof both) : err;
}

/* Digest the key. Each API key has idempotency keys of its own: what one client takes first must not block the
 * others. A space stands in no idempotency key, so none of a client without an API key is the same. */
static enum err digest_key(const struct context *ctx, const char *key, uint8_t out[DIGEST_SHA256_SIZE])
{
    char both[TOKEN_ID_SIZE + 1 + KEY_MAX];
    const char *owner = ctx->caller.key.id;
    int len = snprintf(both, sizeof both, "%s%s%s", owner, *owner != '\0' ? " " : "", key);

    return digest_sha256(out, both, (size_t)len);
}

static bool identify(const struct context *ctx, const char *key, struct store_idem *out,
                     struct api_error *error)
{
    if (!is_sound(key)) {
        return api_error_set(error, API_INVALID_REQUEST,
                             "Idempotency-Key must have 1 to %d visible ASCII characters", KEY_MAX);
    }
    return (digest_key(ctx, key, out->key) == ERR_OK &&
            digest_request(&ctx->request, out->request) == ERR_OK) ||
           api_error_set(error, API_INTERNAL_ERROR, "out of memory");
}

/* Answer with the stored response. Always returns true. */
static bool replay(struct context *ctx, const struct store_idem_answer *answer)
{
    struct response *res = &ctx->response;
    bool lines = slice_eq(answer->type, "application/x-ndjson");

    buffer_clear(&res->body);
    buffer_add(&res->body, answer->body.data, answer->body.len);
    res->status = (int)answer->status;
    res->content_type = lines ? "application/x-ndjson" : "application/json";
    res->replayed = true;
    return true;
}

/* Store the response. If that fails, the job is stored all the same, and a repeat does the work again. */
static void keep(struct context *ctx, const struct store_idem *idem, bool good)
{
    const struct response *res = &ctx->response;
    struct store_idem_answer answer = {.status = res->status,
                                       .type = slice_of(res->content_type),
                                       .body = {buffer_str(&res->body), res->body.len}};
    const struct reply *reply;
    struct errinfo info = {0};
    struct cmd cmd;

    store_idem_close(&cmd, idem, good ? &answer : NULL);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK || reply_check(reply, &info) != ERR_OK) {
        log_warn("answer not kept for its idempotency key", log_str("error", info.text));
    }
}

static bool do_and_keep(struct context *ctx, const struct store_idem *idem, api_handler *work,
                        struct api_error *error)
{
    bool good = work(ctx, error);

    if (good ? !ctx->response.transient : api_code_status(error->code) < 500) {
        keep(ctx, idem, good);
    }
    return good;
}

bool idempotency_serve(struct context *ctx, api_handler *work, struct api_error *error)
{
    const char *key = key_of(&ctx->request);
    enum store_idem_state state = STORE_IDEM_NEW;
    struct store_idem_answer answer;
    const struct reply *reply;
    struct errinfo info = {0};
    struct store_idem idem;
    struct cmd cmd;

    if (key == NULL) {
        return work(ctx, error);
    }
    if (!identify(ctx, key, &idem, error)) {
        return false;
    }
    store_idem_open(&cmd, &idem);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_idem_open_reply(reply, &state, &answer, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "nothing was done", &info);
    }
    if (state == STORE_IDEM_OTHER) {
        return api_error_set(error, API_IDEMPOTENCY_KEY_REUSED,
                             "this Idempotency-Key was given to another request: take a new one");
    }
    return state == STORE_IDEM_ANSWERED ? replay(ctx, &answer) : do_and_keep(ctx, &idem, work, error);
}
