/* http_easy: what libcurl has to be told before it makes a call (a request, as options of an easy handle),
 * and what it can be asked afterwards. No transfer, no callbacks: those are http_client's, and this is
 * private to it.
 *
 * libcurl knows GET, POST and HEAD; the other methods are a POST or a GET by another name, which libcurl
 * keeps through every redirect. http_easy_redirect mends that: 303 asks for a GET whatever it was (but HEAD),
 * 301 and 302 turn a POST into a GET as browsers do, and everything else is repeated as it was, body
 * included.
 */
#ifndef DRONC_HTTP_EASY_H
#define DRONC_HTTP_EASY_H

#include "http/http_answer.h"
#include "http/http_client.h"

#include <curl/curl.h>

/* Set easy up for request. *headers (NULL before): the list that easy borrows until it is reset, in one piece
 * of memory, which the caller gives back to free, in any case. The body is borrowed from request, too. */
NODISCARD CURLcode http_easy_set_up(CURL *easy, const struct http_request *request,
                                    struct curl_slist **headers);

/* An answer with this status led to another request, which is about to be sent on easy: make it the one that
 * the status asks for. post: the first request was a POST. */
NODISCARD CURLcode http_easy_redirect(CURL *easy, struct curl_slist *headers, int status, bool post);

/* The status line of an answer has come, and nothing behind it: see to it that libcurl follows the answer if
 * it is a redirect, and only then. By itself it follows whatever has a Location, a 304 and a 305, too. */
NODISCARD CURLcode http_easy_heed_status(CURL *easy, const struct http_answer *answer);
/* May the connection that a request of easy is sent on be used again? Until the next request, or answer. */
void http_easy_keep_connection(CURL *easy, bool keep);

/* What libcurl's result code of a transfer means. redirected: an answer asked to go elsewhere, and nothing
 * has been sent there yet. */
enum http_error http_easy_classify(CURLcode code, bool redirected);
/* How long Retry-After asks to wait: seconds, or a date, which counts from the answer's own Date (from now
 * where that is "" or none), so that clocks need not agree. -1: it is "", or neither. */
int64_t http_easy_retry_after_ms(const char *retry_after, const char *date, struct wall_ms now);
/* What the transfer spent its time on. */
void http_easy_timings(CURL *easy, struct http_timings *out);

#endif
