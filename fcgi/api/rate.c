/* rate: see rate.h. */
#include "api/rate.h"

#include "base/log.h"

#include <stdio.h>

static int64_t ceil_div(int64_t value, int64_t by)
{
    return (value + by - 1) / by;
}

/* A policy of `burst` requests in the time in which as many may follow. */
static void describe(struct response *res, const struct store_rate *rate, const struct store_rated *rated)
{
    (void)snprintf(res->rate_policy, sizeof res->rate_policy, "\"key\";q=%lld;w=%lld", (long long)rate->burst,
                   (long long)ceil_div(rate->burst, rate->per_s));
    (void)snprintf(res->rate, sizeof res->rate, "\"key\";r=%lld;t=%lld", (long long)rated->left,
                   (long long)ceil_div(rated->in_ms, 1000));
    res->retry_after_s = rated->is_allowed ? 0 : ceil_div(rated->in_ms, 1000);
}

bool rate_take(struct context *ctx, const char *id, const struct store_rate *rate, struct api_error *error)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct store_rated rated;
    struct cmd cmd;

    if (rate->per_s == 0) {
        return true;
    }
    store_rate_take(&cmd, id, rate);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_rate_take_reply(reply, &rated, &info) != ERR_OK) {
        log_warn("request not counted", log_str("key", id), log_str("error", info.text));
        return true;
    }
    describe(&ctx->response, rate, &rated);
    return rated.is_allowed || api_error_set(error, API_TOO_MANY_REQUESTS,
                                             "this key may send %lld requests a second, and %lld at once",
                                             (long long)rate->per_s, (long long)rate->burst);
}
