/* track_query: the parameters of the lists of executions. Pure. */
#ifndef DRONC_TRACK_QUERY_H
#define DRONC_TRACK_QUERY_H

#include "api/feed.h"
#include "http/api_error.h"
#include "http/request.h"

struct track_query {
    int limit; /* 1 to MERGE_PAGE_MAX */
    struct feed_filter filter;
    struct feed_cursor from;
};

/* Read "limit", "success", "outcome", "since", "until" and "cursor", which must be of kind. Returns false on
 * failure; error is filled. */
NODISCARD bool track_query_read(struct track_query *out, const struct request *req,
                                enum feed_cursor_kind kind, struct api_error *error);

#endif
