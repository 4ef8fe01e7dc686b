/* http_easy: see http_easy.h. */
#include "http/http_easy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HTTP_NAME_S        30L /* how long libcurl keeps the address of a name */

#define SET(option, value) (rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, (option), (value)))

/* ---- headers ---- */

/* Headers that libcurl would add to any body, but must not: that it waits to be asked for, and is a form. */
static const char no_expect[] = "Expect:";
static const char no_expect_no_type[] = "Expect:\0Content-Type:";

static const char *next_line(const char *line)
{
    return line + strlen(line) + 1;
}

static bool has_type(struct slice lines)
{
    static const char name[] = "Content-Type";
    bool found = false;
    for (const char *line = lines.data; !found && line != lines.data + lines.len; line = next_line(line)) {
        char end = strncasecmp(line, name, sizeof name - 1) == 0 ? line[sizeof name - 1] : '\0';
        found = end == ':' || end == ';';
    }
    return found;
}

static size_t count_lines(struct slice lines)
{
    size_t count = 0;
    for (size_t i = 0; i < lines.len; i++) {
        count += lines.data[i] == '\0' ? 1 : 0;
    }
    return count;
}

/* The list of lines and of those behind them, in one piece of memory; with curl_slist_append, each line
 * would be two. There is at least one line. NULL if memory runs out. */
static struct curl_slist *make_list(struct slice lines, struct slice behind)
{
    size_t count = count_lines(lines) + count_lines(behind);
    struct curl_slist *list = malloc(count * sizeof *list + lines.len + behind.len);
    if (list == NULL) {
        return NULL;
    }
    char *text = (char *)(list + count);
    memcpy(text, lines.data, lines.len);
    memcpy(text + lines.len, behind.data, behind.len);
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct curl_slist){.data = text, .next = i + 1 < count ? &list[i + 1] : NULL};
        text += strlen(text) + 1;
    }
    return list;
}

static CURLcode add_headers(struct curl_slist **headers, const struct http_request *request)
{
    struct slice lines = request->headers;
    struct slice behind = {"", 0};
    if (request->body.data != NULL && has_type(lines)) {
        behind = (struct slice){no_expect, sizeof no_expect};
    } else if (request->body.data != NULL) {
        behind = (struct slice){no_expect_no_type, sizeof no_expect_no_type};
    }
    if (lines.len + behind.len > 0) {
        *headers = make_list(lines, behind);
    }
    return lines.len + behind.len == 0 || *headers != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* ---- method and body ---- */

static CURLcode set_method(CURL *easy, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    bool get = strcmp(request->method, "GET") == 0;
    bool post = strcmp(request->method, "POST") == 0;
    if (strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
        return rc;
    }
    if (request->body.data != NULL) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDS, request->body.data);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        /* Of all these, only a real POST becomes a GET on a 301 or 302. */
        SET(CURLOPT_POSTREDIR, post ? 0L : (long)(CURL_REDIR_POST_301 | CURL_REDIR_POST_302));
    }
    if (request->body.data != NULL ? !post : !get) {
        SET(CURLOPT_CUSTOMREQUEST, request->method);
    }
    return rc;
}

/* Is line of the same header as other? */
static bool is_same_header(const char *line, const char *other)
{
    size_t len = strcspn(line, ":;");
    return len == strcspn(other, ":;") && strncasecmp(line, other, len) == 0;
}

CURLcode http_easy_redirect(CURL *easy, struct curl_slist *headers, char *instead, int status, bool post)
{
    bool to_get = status == 303 || (post && (status == 301 || status == 302));
    if (!to_get) {
        return CURLE_OK;
    }
    /* The headers about the body go with it: libcurl removes a header if it gets only its name. */
    for (struct curl_slist *item = headers; item != NULL; item = item->next) {
        char *colon = strpbrk(item->data, ":;");
        if (strncasecmp(item->data, "Content-", 8) == 0 && colon != NULL) {
            colon[0] = ':';
            colon[1] = '\0';
        } else if (instead != NULL && is_same_header(item->data, instead)) {
            item->data = instead;
        }
    }
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
}

CURLcode http_easy_heed_status(CURL *easy, const struct http_answer *answer)
{
    CURLcode rc = CURLE_OK;
    if (http_answer_is_redirect(answer)) {
        SET(CURLOPT_PATH_AS_IS, 0L); /* libcurl resolves the path of a redirect */
    } else if (answer->status >= 300 && answer->status <= 399) {
        SET(CURLOPT_FOLLOWLOCATION, 0L);
    }
    return rc;
}

void http_easy_keep_connection(CURL *easy, bool keep)
{
    (void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, keep ? 0L : 1L);
}

/* ---- the rest ---- */

static CURLcode set_limits(CURL *easy, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    SET(CURLOPT_FOLLOWLOCATION, request->max_redirects > 0 || request->is_redirect ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, (long)request->max_redirects);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* libcurl passes the chunks of a body as they are: http_chunks decodes them. It decodes nothing else either. */
    SET(CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    SET(CURLOPT_PROXY, ""); /* not from the environment either */
    /* The bundle has all certificates. With a directory beside it, libcurl would read and parse the bundle for
     * each connection (20 ms in which nothing else happens); without one, once a day. */
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, HTTP_NAME_S);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for the thread of a look-up that is too late */
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    return rc;
}

CURLcode http_easy_set_up(CURL *easy, const struct http_request *request, struct curl_slist **headers)
{
    CURLcode rc = add_headers(headers, request);
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_USERAGENT, request->user_agent);
    SET(CURLOPT_HTTPHEADER, *headers);
    rc = rc != CURLE_OK ? rc : set_method(easy, request);
    return rc != CURLE_OK ? rc : set_limits(easy, request);
}

/* ---- results ---- */

enum http_error http_easy_classify(CURLcode code, bool redirected)
{
    switch (code) {
    case CURLE_OK:
        return HTTP_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_ERROR_DNS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        return HTTP_ERROR_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return HTTP_ERROR_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_ERROR_TIMEOUT;
    case CURLE_TOO_MANY_REDIRECTS:
        return HTTP_ERROR_REDIRECTS;
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the redirect, or an unknown version of HTTP */
    case CURLE_URL_MALFORMAT:        /* of the redirect: the job's own was checked when it was stored */
        return redirected ? HTTP_ERROR_REDIRECT : HTTP_ERROR_RESPONSE;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return HTTP_ERROR_INTERNAL;
    default:
        return HTTP_ERROR_RESPONSE;
    }
}

static int64_t info_us(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(easy, what, &us) == CURLE_OK && us > 0 ? (int64_t)us : 0;
}

/* libcurl reports when each phase was over, counted from the beginning and summed over redirects, so a phase
 * took the difference. For a kept connection it reports the few microseconds that finding it took, which are
 * not a phase. */
void http_easy_timings(CURL *easy, struct http_timings *out)
{
    long connections = 0;
    int64_t dns = info_us(easy, CURLINFO_NAMELOOKUP_TIME_T);
    int64_t connected = info_us(easy, CURLINFO_CONNECT_TIME_T);
    int64_t secured = info_us(easy, CURLINFO_APPCONNECT_TIME_T);
    (void)curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
    *out = (struct http_timings){.first_byte_us = info_us(easy, CURLINFO_STARTTRANSFER_TIME_T),
                                 .total_us = info_us(easy, CURLINFO_TOTAL_TIME_T)};
    if (connections > 0) {
        out->dns_us = dns;
        out->connect_us = connected > dns ? connected - dns : 0;
        out->tls_us = secured > connected ? secured - connected : 0;
    }
}

void http_easy_add_timings(struct http_timings *timings, const struct http_timings *before)
{
    timings->dns_us += before->dns_us;
    timings->connect_us += before->connect_us;
    timings->tls_us += before->tls_us;
    timings->first_byte_us += timings->first_byte_us > 0 ? before->total_us : before->first_byte_us;
    timings->total_us += before->total_us;
}

/* Seconds, of any number of digits; -1 for any other text. */
static int64_t read_seconds(const char *text)
{
    int64_t seconds = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        seconds = seconds < 1000000000 ? seconds * 10 + (*p - '0') : seconds;
    }
    return p > text && *p == '\0' ? seconds : -1;
}

int64_t http_easy_retry_after_ms(const char *retry_after, const char *date, struct wall_ms now)
{
    int64_t seconds = read_seconds(retry_after);
    if (seconds >= 0) {
        return seconds * 1000;
    }
    time_t until = retry_after[0] != '\0' ? curl_getdate(retry_after, NULL) : -1;
    if (until < 0) {
        return -1; /* before the other date is parsed: every answer has one, and parsing takes 11,000
                      instructions */
    }
    time_t from = date[0] != '\0' ? curl_getdate(date, NULL) : -1;
    int64_t wait_ms = (int64_t)until * 1000 - (from >= 0 ? (int64_t)from * 1000 : now.ms);
    return wait_ms > 0 ? wait_ms : 0;
}
