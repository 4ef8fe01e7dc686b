/* track_query: see track_query.h. */
#include "api/track_query.h"

#include "http/query.h"

#include <stdio.h>
#include <string.h>

_Static_assert(QUERY_LIMIT_MAX <= MERGE_PAGE_MAX, "a page has room for it");

static bool refuse_outcome(struct api_error *error)
{
    char names[128] = "";
    for (unsigned i = 0; i < EXECUTION_OUTCOME__COUNT; i++) {
        size_t len = strlen(names);
        (void)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "",
                       execution_outcome_name((enum execution_outcome)i));
    }
    api_error_set(error, API_INVALID_REQUEST, "outcome must be one of %s", names);
    return api_error_at(error, slice_of("outcome"));
}

static bool read_outcome(struct feed_filter *filter, const struct request *req, struct api_error *error)
{
    struct slice text = request_param(req, "outcome");
    filter->by_outcome = text.data != NULL;
    return !filter->by_outcome || execution_outcome_parse(text, &filter->outcome) || refuse_outcome(error);
}

static bool read_cursor(struct feed_cursor *out, const struct request *req, enum feed_cursor_kind kind,
                        struct api_error *error)
{
    struct slice text = request_param(req, "cursor");
    *out = (struct feed_cursor){.kind = FEED_CURSOR_NONE};
    return text.data == NULL || (feed_cursor_parse(out, text) && out->kind == kind) ||
           query_refuse_cursor(error);
}

bool track_query_read(struct track_query *out, const struct request *req, enum feed_cursor_kind kind,
                      struct api_error *error)
{
    struct feed_filter *filter = &out->filter;
    *filter = FEED_FILTER_ALL;
    return query_limit(req, &out->limit, error) &&
           query_bool(req, "success", &filter->by_success, &filter->success, error) &&
           read_outcome(filter, req, error) && query_instant(req, "since", &filter->since, error) &&
           query_instant(req, "until", &filter->until, error) && read_cursor(&out->from, req, kind, error);
}
