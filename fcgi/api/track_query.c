/* track_query: see track_query.h. */
#include "api/track_query.h"

#include "text/rfc3339.h"

#define LIMIT_DEFAULT 50

bool track_query_limit(const struct request *req, int standard, int max, int *limit, struct api_error *error)
{
    int64_t value = standard;

    if (!request_param_whole(req, "limit", 1, INT64_MAX, &value, error)) {
        return false;
    }
    *limit = value < max ? (int)value : max;
    return true;
}

bool track_query_job_id(const struct request *req, struct job_id *id, bool *given, struct api_error *error)
{
    struct slice text = request_param(req, "job_id");

    *given = text.data != NULL;
    if (!*given || job_id_parse(id, text)) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST, "job_id must be \"capi:\" and 64 lower-case hex digits");
    return api_error_at(error, slice_of("job_id"));
}

static bool read_success(struct feed_filter *filter, const struct request *req, struct api_error *error)
{
    struct slice text = request_param(req, "success");

    filter->by_success = text.data != NULL;
    filter->success = slice_eq(text, "true");
    if (!filter->by_success || filter->success || slice_eq(text, "false")) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST, "success must be true or false");
    return api_error_at(error, slice_of("success"));
}

static bool read_outcome(struct feed_filter *filter, const struct request *req, struct api_error *error)
{
    struct slice text = request_param(req, "outcome");
    struct buffer names;

    filter->by_outcome = text.data != NULL;
    if (!filter->by_outcome || execution_outcome_parse(text, &filter->outcome)) {
        return true;
    }
    buffer_init(&names, 0);
    for (unsigned i = 0; i < EXECUTION_OUTCOME__COUNT; i++) {
        buffer_printf(&names, "%s%s", i > 0 ? ", " : "", execution_outcome_name((enum execution_outcome)i));
    }
    api_error_set(error, API_INVALID_REQUEST, "outcome must be one of %s", buffer_str(&names));
    buffer_fini(&names);
    return api_error_at(error, slice_of("outcome"));
}

/* An instant; *out stays what it is where the parameter is absent. */
static bool read_instant(struct wall_ms *out, const char *name, const struct request *req,
                         struct api_error *error)
{
    struct slice text = request_param(req, name);
    struct errinfo info;

    if (!text.data || rfc3339_parse(out, text, &info) == ERR_OK) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST, "%s: %s (RFC 3339; a + in a query is written %%2B)", name,
                  info.text);
    return api_error_at(error, slice_of(name));
}

static bool read_cursor(struct feed_cursor *out, const struct request *req, enum feed_cursor_kind kind,
                        struct api_error *error)
{
    struct slice text = request_param(req, "cursor");

    *out = (struct feed_cursor){.kind = FEED_CURSOR_NONE};
    if (!text.data || (feed_cursor_parse(out, text) && out->kind == kind)) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST,
                  "cursor must be the next_cursor of an answer to the same query");
    return api_error_at(error, slice_of("cursor"));
}

bool track_query_read(struct track_query *out, const struct request *req, enum feed_cursor_kind kind,
                      struct api_error *error)
{
    struct feed_filter *filter = &out->filter;

    *filter = FEED_FILTER_ALL;
    return track_query_limit(req, LIMIT_DEFAULT, FEED_PAGE_MAX, &out->limit, error) &&
           read_success(filter, req, error) && read_outcome(filter, req, error) &&
           read_instant(&filter->since, "since", req, error) &&
           read_instant(&filter->until, "until", req, error) && read_cursor(&out->from, req, kind, error);
}
