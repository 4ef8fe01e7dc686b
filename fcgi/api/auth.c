/* auth: see auth.h. */
#include "api/auth.h"

#include "api/key_cache.h"
#include "http/front.h"

#include <string.h>
#include <strings.h>

#define SCHEME "Bearer "

static const char ASKS[] = "Bearer realm=\"dronc\"";
static const char ASKS_AGAIN[] = "Bearer realm=\"dronc\", error=\"invalid_token\"";
static const char ASKS_FOR_MORE[] = "Bearer realm=\"dronc\", error=\"insufficient_scope\"";

static const char *meta(const struct context *ctx, const char *name)
{
    const struct request_source *source = ctx->request.source;
    const char *value = source->meta(source->arg, name);

    return value != NULL ? value : "";
}

/* ---- who ---- */

/* The token of `Authorization: Bearer …`; data NULL: there is no such header, or it has another scheme, which is
 * the web server's business. Borrowed from the request. */
static struct slice token_of(struct context *ctx)
{
    const char *value = request_header(&ctx->request, "HTTP_AUTHORIZATION");

    return strncasecmp(value, SCHEME, sizeof SCHEME - 1) == 0 ? slice_of(value + sizeof SCHEME - 1)
                                                              : (struct slice){NULL, 0};
}

static struct slice certificate_of(const struct context *ctx)
{
    bool verified = strcmp(meta(ctx, "SSL_CLIENT_VERIFY"), "SUCCESS") == 0;
    struct slice dn = slice_of(meta(ctx, "SSL_CLIENT_S_DN"));

    return verified && dn.len > 0 ? dn : (struct slice){NULL, 0};
}

static void bar(struct context *ctx, const struct errinfo *info)
{
    ctx->barred = *info;
    ctx->caller.scopes = SCOPE_ALL; /* each handler says in its own words that Redis is down */
}

/* The client shows that it has the key of this id. Returns false if there is no such key. */
static bool check_key(struct context *ctx, const char *id, const struct key_proof *proof)
{
    struct caller *caller = &ctx->caller;
    struct errinfo info = {0};
    const struct key *key;
    struct wall_ms now;

    if (key_cache_find(ctx, id, &key, &now, &info) != ERR_OK) {
        bar(ctx, &info);
        return true;
    }
    if (key == NULL) {
        return false;
    }
    caller->verdict = key_judge(key, proof, now);
    if (caller->verdict == KEY_GOOD) {
        caller->key = *key;
        caller->scopes = key->scopes;
        key_cache_note_use(ctx, id, now);
    }
    return caller->verdict != KEY_UNKNOWN;
}

static void check_token(struct context *ctx, struct slice token)
{
    struct key_proof proof = {.token = token, .source = slice_of(meta(ctx, "REMOTE_ADDR"))};
    char id[TOKEN_ID_SIZE];

    if (token_parse(id, token)) {
        (void)check_key(ctx, id, &proof);
    }
}

/* Returns false if no key has the certificate: many an installation asks for one for reasons of its own. */
static bool check_certificate(struct context *ctx, struct slice dn)
{
    struct key_proof proof = {.dn = dn, .source = slice_of(meta(ctx, "REMOTE_ADDR"))};
    char id[TOKEN_ID_SIZE];

    return dn.data != NULL && token_id_of(id, dn) == ERR_OK && check_key(ctx, id, &proof);
}

/* The client shows nothing. */
static void check_place(struct context *ctx)
{
    struct errinfo info = {0};
    bool any = true;

    ctx->caller.verdict = KEY_MISSING;
    if (ctx->auth == API_AUTH_KEYS || !front_is_local(&ctx->request)) {
        return;
    }
    if (key_cache_any(ctx, &any, &info) != ERR_OK) {
        bar(ctx, &info);
    } else if (!any) {
        ctx->caller.scopes = SCOPE_KEYLESS;
    }
}

/* Where calls may go depends on whether there are keys. Who may ask without one has found out that there is none, but
 * for API_AUTH=none, where that is asked only now. What Redis does not tell stays as it was known last. */
static void note_keys(struct context *ctx)
{
    struct errinfo info = {0};
    bool any = ctx->caller.key.id[0] != '\0';

    if (ctx->barred.code != ERR_OK || ctx->caller.scopes == 0) {
        return;
    }
    if (ctx->auth != API_AUTH_NONE || key_cache_any(ctx, &any, &info) == ERR_OK) {
        targets_note_keys(&ctx->targets, any);
    }
}

static void identify(struct context *ctx)
{
    if (ctx->auth == API_AUTH_NONE) {
        ctx->caller.scopes = SCOPE_KEYLESS;
        return;
    }
    struct slice token = token_of(ctx);
    if (token.data != NULL) {
        check_token(ctx, token);
    } else if (!check_certificate(ctx, certificate_of(ctx))) {
        check_place(ctx);
    }
}

void auth_identify(struct context *ctx)
{
    ctx->caller = (struct caller){.verdict = KEY_UNKNOWN};
    identify(ctx);
    note_keys(ctx);
}

/* ---- may that client? ---- */

/* Without a key. Always returns false. */
static bool refuse(struct context *ctx, struct api_error *error)
{
    static const char *const TEXTS[] = {
        [KEY_GOOD] = "",
        [KEY_UNKNOWN] = "the key in Authorization is not one of this API",
        [KEY_REVOKED] = "this key is revoked",
        [KEY_EXPIRED] = "this key has expired",
        [KEY_TOO_EARLY] = "this key is not valid yet",
        [KEY_MISSING] = "a key is missing: send Authorization: Bearer and its token (dronc-admin key create)",
        [KEY_ELSEWHERE] = "this key may not be used from this address",
    };
    enum key_verdict verdict = ctx->caller.verdict;
    bool is_elsewhere = verdict == KEY_ELSEWHERE;

    if (!is_elsewhere) {
        ctx->response.challenge = verdict == KEY_MISSING ? ASKS : ASKS_AGAIN;
    }
    return api_error_set(error, is_elsewhere ? API_FORBIDDEN : API_UNAUTHORIZED, "%s", TEXTS[verdict]);
}

bool auth_require(struct context *ctx, enum scope scope, struct api_error *error)
{
    const struct caller *caller = &ctx->caller;

    if (scope == SCOPE_NONE || (caller->scopes & (unsigned)scope) != 0) {
        return true;
    }
    if (caller->scopes == 0) {
        return refuse(ctx, error);
    }
    if (caller->key.id[0] == '\0') {
        return api_error_set(error, API_FORBIDDEN,
                             "this needs a key with the scope %s: dronc-admin key create makes the first one",
                             scope_name(scope));
    }
    ctx->response.challenge = ASKS_FOR_MORE;
    return api_error_set(error, API_FORBIDDEN, "this key lacks the scope %s", scope_name(scope));
}
