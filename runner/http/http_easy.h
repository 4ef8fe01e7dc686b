/* http_easy: turns a request into options of libcurl's easy handle, and reads results from the handle. Makes
 * no transfers, and has no callbacks. Private to http_client.
 *
 * libcurl knows GET, POST and HEAD. The other methods are a POST or a GET of another name, which libcurl
 * would keep through every redirect. http_easy_redirect corrects that: 303 asks for a GET after any method
 * but HEAD, 301 and 302 turn a POST into a GET as browsers do, and everything else is repeated, body
 * included.
 */
#ifndef DRONC_HTTP_EASY_H
#define DRONC_HTTP_EASY_H

#include "http/http_answer.h"
#include "http/http_client.h"

#include <curl/curl.h>

/* Set easy up for request. *headers (NULL before) returns the list that easy borrows until it is reset, in
 * one piece of memory; the caller always frees it. The body is borrowed from request. */
NODISCARD CURLcode http_easy_set_up(CURL *easy, const struct http_request *request,
                                    struct curl_slist **headers);

/* An answer with this status has led to another request, which easy is about to send: make it the one that
 * the status asks for. post: the first request was a POST. instead: the line that takes the place of the one
 * of its name where the body is dropped, borrowed as long as headers; NULL: none. */
NODISCARD CURLcode http_easy_redirect(CURL *easy, struct curl_slist *headers, char *instead, int status,
                                      bool post);

/* The status line of an answer has come, and nothing after it: make libcurl follow the answer if, and only
 * if, it is a redirect. By itself it follows every answer with a Location, even a 304 and a 305. */
NODISCARD CURLcode http_easy_heed_status(CURL *easy, const struct http_answer *answer);
/* Decide whether the connection of easy's request may be reused. Holds until the next request or answer. */
void http_easy_keep_connection(CURL *easy, bool keep);

/* The error that libcurl's result code of a transfer means. redirected: an answer was a redirect, and nothing
 * has been sent to its place yet. */
enum http_error http_easy_classify(CURLcode code, bool redirected);
/* The wait that Retry-After asks for: in seconds, or until a date, which counts from the answer's own Date
 * (from now if that is "" or malformed), so that clocks need not agree. -1 if it is "" or malformed. */
int64_t http_easy_retry_after_ms(const char *retry_after, const char *date, struct wall_ms now);
/* How long the phases of the transfer took. */
void http_easy_timings(CURL *easy, struct http_timings *out);
/* Add those of an earlier transfer of the same call. */
void http_easy_add_timings(struct http_timings *timings, const struct http_timings *before);

#endif
