/* query: see query.h. */
#include "http/query.h"

#include "text/number.h"
#include "text/rfc3339.h"

bool query_refuse(struct api_error *error, const char *name, const char *text)
{
    api_error_set(error, API_INVALID_REQUEST, "%s %s", name, text);
    return api_error_at(error, slice_of(name));
}

bool query_refuse_cursor(struct api_error *error)
{
    return query_refuse(error, "cursor", "must be the next_cursor of an answer to the same query");
}

static bool refuse_number(struct api_error *error, const char *name, struct query_range range)
{
    if (range.max == INT64_MAX) {
        api_error_set(error, API_INVALID_REQUEST, "%s must be a whole number from %lld on", name,
                      (long long)range.min);
    } else {
        api_error_set(error, API_INVALID_REQUEST, "%s must be a whole number from %lld to %lld", name,
                      (long long)range.min, (long long)range.max);
    }
    return api_error_at(error, slice_of(name));
}

bool query_whole(const struct request *req, const char *name, struct query_range range, int64_t *value,
                 struct api_error *error)
{
    struct slice text = request_param(req, name);
    if (text.data == NULL) {
        return true;
    }
    int64_t read = 0;
    enum number_kind kind = number_read(text, &read);
    bool is_whole = kind == NUMBER_WHOLE || kind == NUMBER_WIDE;
    if (!is_whole || read < range.min || read > range.max) {
        return refuse_number(error, name, range);
    }
    *value = read;
    return true;
}

bool query_limit(const struct request *req, int *limit, struct api_error *error)
{
    int64_t value = QUERY_LIMIT_DEFAULT;
    if (!query_whole(req, "limit", (struct query_range){1, INT64_MAX}, &value, error)) {
        return false;
    }
    *limit = value < QUERY_LIMIT_MAX ? (int)value : QUERY_LIMIT_MAX;
    return true;
}

bool query_job_id(const struct request *req, struct job_id *id, bool *given, struct api_error *error)
{
    struct slice text = request_param(req, "job_id");
    *given = text.data != NULL;
    return !*given || job_id_parse(id, text) ||
           query_refuse(error, "job_id", "must be \"capi:\" and 64 lower-case hex digits");
}

static bool refuse_instant(struct api_error *error, const char *name, const char *why)
{
    api_error_set(error, API_INVALID_REQUEST, "%s: %s (RFC 3339; a + in a query is written %%2B)", name, why);
    return api_error_at(error, slice_of(name));
}

bool query_instant(const struct request *req, const char *name, struct wall_ms *at, struct api_error *error)
{
    struct slice text = request_param(req, name);
    struct errinfo info;
    return text.data == NULL || rfc3339_parse(at, text, &info) == ERR_OK ||
           refuse_instant(error, name, info.text);
}

bool query_required_instant(const struct request *req, const char *name, struct wall_ms *at,
                            struct api_error *error)
{
    bool given = request_param(req, name).data != NULL;
    return given ? query_instant(req, name, at, error) : refuse_instant(error, name, "is required");
}

bool query_bool(const struct request *req, const char *name, bool *given, bool *value,
                struct api_error *error)
{
    struct slice text = request_param(req, name);
    *given = text.data != NULL;
    if (!*given) {
        return true;
    }
    *value = slice_eq(text, "true");
    return *value || slice_eq(text, "false") || query_refuse(error, name, "must be true or false");
}

bool query_text(const struct request *req, const char *name, size_t max, struct slice *text,
                struct api_error *error)
{
    struct slice given = request_param(req, name);
    if (given.data == NULL) {
        return true;
    }
    if (given.len < 1 || given.len > max) {
        api_error_set(error, API_INVALID_REQUEST, "%s must have 1 to %zu bytes", name, max);
        return api_error_at(error, slice_of(name));
    }
    *text = given;
    return true;
}
