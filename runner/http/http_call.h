/* http_call: a call under way, and its result in the end. Private to http_client. */
#ifndef DRONC_HTTP_CALL_H
#define DRONC_HTTP_CALL_H

#include "base/list.h"
#include "http/http_answer.h"
#include "http/http_chunks.h"
#include "http/http_client.h"
#include "http/http_easy.h"
#include "http/http_guard.h"
#include "http/http_multi.h"
#include "http/http_names.h"
#include "http/text_search.h"

/* What remains of a request while its call goes on. */
struct http_plan {
    const char *method;     /* borrowed */
    const char *user_agent; /* borrowed */
    bool has_body;
    int64_t timeout_ms;
    int64_t connect_timeout_ms;
    int max_redirects;
};

struct http_call {
    struct http_client *client;
    struct list_item item; /* of the client's calls */
    CURL *easy;
    struct http_line line;
    struct curl_slist *headers; /* owned, in one piece */
    char *instead;              /* owned: http_request's; NULL: none */
    struct http_name name;
    struct http_guard guard;
    struct text_search *search; /* owned; NULL: there is no text to find */
    struct buffer kept;         /* the beginning of the body; empty unless it is asked for */
    size_t keep_max;
    http_done_cb *cb;
    void *arg;
    struct wall_ms started; /* when libcurl got it */
    struct mono_ms began;   /* the same moment, by the monotonic clock */
    int64_t response_max;
    int64_t body_bytes;
    int64_t header_bytes;
    long redirects_before;      /* followed by earlier transfers of this call (http_move) */
    long redirects_sent;        /* the redirect count, with those, when the request was last sent */
    struct http_timings before; /* of the earlier transfers */
    struct http_plan plan;      /* what a transfer to another origin needs to know of the request */
    struct mono_ms asked;       /* when the last request was sent */
    int64_t answer_ms;          /* from then to the first byte of the answer */
    struct http_answer answer;  /* to the last request */
    struct http_chunks chunks;  /* its body, if it is chunked */
    const char *fault;          /* what is wrong with an answer, for a person, static; NULL: nothing */
    bool post;                  /* the first request was a POST */
    bool headless;              /* it is a HEAD */
    bool once;
    bool sent;
    bool truncated;
    bool redirect_too_large;
    bool leads_nowhere; /* the last answer redirects to neither http nor https */
    bool headers_too_large;
    bool resend_blocked;
    bool sending_forbidden;
    bool out_of_memory;
    CURLcode end_code; /* not CURLE_OK: the next turn ends the call with this */
    char error[CURL_ERROR_SIZE];
};

/* How many redirects the call has followed, or is about to follow. */
long http_call_redirects(const struct http_call *call);

extern const char http_bad_chunks[];
extern const char http_broke_off[];
extern const char http_no_end[];

/* The call is over, and libcurl's result is code: fill result, which borrows from call. now and mono: the
 * present moment. */
void http_call_result(const struct http_call *call, CURLcode code, struct wall_ms now, struct mono_ms mono,
                      struct http_result *result);

#endif
