/* http_client: see http_client.h. One easy handle per call, all in one multi handle (http_multi). */
#include "http_client.h"

#include "http_multi.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_client {
    struct http_client_options options;
    struct http_multi multi;
    struct http_call *calls; /* all of them */
    bool doomed;             /* at least one of them is to be ended in the next turn */
};

struct http_call {
    struct http_client *client;
    struct http_call *prev;
    struct http_call *next;
    CURL *easy;
    struct curl_slist *headers;
    http_done_cb *cb;
    void *arg;
    struct wall_ms started; /* when it was handed to libcurl */
    struct mono_ms began;   /* the same moment, by the clock that does not step */
    int64_t response_max;
    int64_t body_bytes;
    int64_t header_bytes;
    long redirects_sent; /* the redirect count of the last sending */
    bool once;
    bool sent;
    bool truncated;
    bool redirect_too_large;
    bool headers_too_large;
    bool headers_open; /* a status line has come, and not yet the empty line after its headers */
    bool resend_blocked;
    bool sending_forbidden;
    CURLcode doom; /* not CURLE_OK: to be ended in the next turn, with this */
    char error[CURL_ERROR_SIZE];
};

static const char *const error_names[HTTP_ERROR__COUNT] = {
    [HTTP_OK] = "",
    [HTTP_ERROR_DNS] = "dns",
    [HTTP_ERROR_CONNECT] = "connect",
    [HTTP_ERROR_TLS] = "tls",
    [HTTP_ERROR_TIMEOUT] = "timeout",
    [HTTP_ERROR_REDIRECTS] = "redirect",
    [HTTP_ERROR_RESPONSE] = "response",
    [HTTP_ERROR_ABORTED] = "aborted",
    [HTTP_ERROR_INTERNAL] = "internal",
};

const char *http_error_name(enum http_error error)
{
    return error < HTTP_ERROR__COUNT ? error_names[error] : "internal";
}

static struct wall_ms now(const struct http_client *client)
{
    return client->options.now(client->options.arg);
}

/* ---- what libcurl asks and tells during a transfer ---- */

/* Called before each sending of a request. */
static int on_before_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    struct http_call *call = arg;
    const struct http_client_options *options = &call->client->options;
    long redirects = 0;
    if (!call->sent && options->may_send != NULL && !options->may_send(options->arg)) {
        call->sending_forbidden = true;
        return CURL_PREREQFUNC_ABORT;
    }
    (void)curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    if (call->once && call->sent && redirects <= call->redirects_sent) {
        call->resend_blocked = true;
        return CURL_PREREQFUNC_ABORT;
    }
    call->redirects_sent = redirects;
    call->sent = true;
    return CURL_PREREQFUNC_OK;
}

/* The body is counted and thrown away; what is past the limit ends the transfer. */
static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    struct http_call *call = arg;
    call->body_bytes += (int64_t)(size * count);
    if (call->body_bytes > call->response_max) {
        call->truncated = true;
        return 0;
    }
    return size * count;
}

/* The body of a redirect that is followed is read and dropped inside libcurl, without end if need be: on_body
 * does not see it. */
static int on_progress(void *arg, curl_off_t total, curl_off_t read, curl_off_t total_sent, curl_off_t sent)
{
    (void)total;
    (void)total_sent;
    (void)sent;
    struct http_call *call = arg;
    call->redirect_too_large = (int64_t)read > call->response_max + HTTP_HEADERS_MAX;
    return call->redirect_too_large ? 1 : 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct http_call *call = arg;
    size_t len = size * count;
    call->header_bytes += (int64_t)len;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        call->headers_open = true;
    } else if (len > 0 && (data[0] == '\r' || data[0] == '\n')) {
        call->headers_open = false;
    }
    if (call->header_bytes > HTTP_HEADERS_MAX) {
        call->headers_too_large = true;
        return 0;
    }
    return size * count;
}

/* ---- results ---- */

/* Where a redirect leads is the target's doing; the job's own URL was checked when the job was taken in. */
static bool was_redirected(const struct http_call *call)
{
    long redirects = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    return redirects > 0;
}

static enum http_error classify(const struct http_call *call, CURLcode code)
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
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the redirect, or HTTP of a version that nobody speaks */
    case CURLE_URL_MALFORMAT:
        return was_redirected(call) ? HTTP_ERROR_REDIRECTS : HTTP_ERROR_RESPONSE;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        return HTTP_ERROR_INTERNAL;
    default:
        return HTTP_ERROR_RESPONSE;
    }
}

static void say(struct http_result *result, enum http_error error, const char *text)
{
    result->error = error;
    (void)snprintf(result->text, sizeof result->text, "%.*s", HTTP_ERROR_SIZE - 1, text);
}

static void describe_end(const struct http_call *call, CURLcode code, struct http_result *result)
{
    if (call->truncated && code == CURLE_WRITE_ERROR) {
        result->truncated = true;
    } else if (call->doom == CURLE_ABORTED_BY_CALLBACK) {
        say(result, HTTP_ERROR_ABORTED, "aborted by the runner");
    } else if (call->headers_too_large || (call->headers_open && code == CURLE_OUT_OF_MEMORY)) {
        /* The second is what libcurl says of a single line that grows past its own limit. */
        say(result, HTTP_ERROR_RESPONSE, "the answer's headers are larger than 64 KiB");
    } else if (call->redirect_too_large) {
        say(result, HTTP_ERROR_RESPONSE, "the body of a redirect is too large");
    } else if (call->sending_forbidden) {
        say(result, HTTP_ERROR_ABORTED, "the runner's lease had run out before the request was sent");
    } else if (call->resend_blocked) {
        say(result, HTTP_ERROR_RESPONSE,
            "the connection died before the answer; at most once, so the request was not sent again");
    } else if (code != CURLE_OK) {
        say(result, classify(call, code), call->error[0] != '\0' ? call->error : curl_easy_strerror(code));
    } else if (call->headers_open) {
        say(result, HTTP_ERROR_RESPONSE, "the answer broke off inside its headers");
    }
}

static void make_result(const struct http_call *call, CURLcode code, struct http_result *result)
{
    long status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    *result = (struct http_result){.status = (int)status, .sent = call->sent};
    result->started = call->started;
    result->took_ms = clock_mono(&call->client->options.clock).ms - call->began.ms;
    describe_end(call, code, result);
}

/* ---- life of a call ---- */

static void unlink_call(struct http_call *call)
{
    struct http_client *client = call->client;
    if (call->prev != NULL) {
        call->prev->next = call->next;
    } else {
        client->calls = call->next;
    }
    if (call->next != NULL) {
        call->next->prev = call->prev;
    }
}

static void call_free(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    free(call);
}

static void finish_call(struct http_call *call, CURLcode code)
{
    struct http_result result;
    make_result(call, code, &result);
    (void)curl_multi_remove_handle(call->client->multi.curl, call->easy);
    unlink_call(call);
    call->cb(call->arg, &result);
    call_free(call);
}

static enum err add_headers(struct http_call *call, const struct http_request *request)
{
    for (size_t i = 0; i < HTTP_REQUEST_HEADERS && request->headers[i][0] != '\0'; i++) {
        struct curl_slist *longer = curl_slist_append(call->headers, request->headers[i]);
        if (longer == NULL) {
            return ERR_NOMEM;
        }
        call->headers = longer;
    }
    return ERR_OK;
}

#define SET(option, value) (rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, (option), (value)))

static CURLcode set_limits(CURL *easy, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
    SET(CURLOPT_FOLLOWLOCATION, request->max_redirects > 0 ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, (long)request->max_redirects);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROXY, ""); /* not even from the environment */
    /* The bundle has them all. With a directory beside it, libcurl reads and parses the bundle anew for each
     * connection (20 ms in which nothing else happens), without one once a day. */
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for the thread of a look-up that came too late */
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    return rc;
}

static CURLcode set_callbacks(struct http_call *call)
{
    CURL *easy = call->easy;
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_PRIVATE, call);
    SET(CURLOPT_ERRORBUFFER, call->error);
    SET(CURLOPT_PREREQFUNCTION, on_before_request);
    SET(CURLOPT_PREREQDATA, call);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, call);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, call);
    return rc;
}

static enum err set_up(struct http_call *call, const struct http_request *request)
{
    CURL *easy = call->easy;
    CURLcode rc = CURLE_OK;
    enum err err = add_headers(call, request);
    if (err != ERR_OK) {
        return err;
    }
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_USERAGENT, request->user_agent);
    SET(CURLOPT_HTTPHEADER, call->headers);
    rc = rc != CURLE_OK ? rc : set_limits(easy, request);
    rc = rc != CURLE_OK ? rc : set_callbacks(call);
    return rc == CURLE_OK ? ERR_OK : rc == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_SYSTEM;
}

static struct http_call *call_new(struct http_client *client, const struct http_request *request,
                                  http_done_cb *cb, void *arg)
{
    struct http_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        return NULL;
    }
    *call = (struct http_call){.client = client,
                               .cb = cb,
                               .arg = arg,
                               .started = now(client),
                               .began = clock_mono(&client->options.clock),
                               .response_max = request->response_max,
                               .once = request->once};
    call->easy = curl_easy_init();
    if (call->easy == NULL) {
        free(call);
        return NULL;
    }
    return call;
}

enum err http_client_call(struct http_client *client, const struct http_request *request, http_done_cb *cb,
                          void *arg, struct http_call **out)
{
    struct http_call *call = call_new(client, request, cb, arg);
    if (call == NULL) {
        return ERR_NOMEM;
    }
    enum err err = set_up(call, request);
    if (err == ERR_OK && curl_multi_add_handle(client->multi.curl, call->easy) != CURLM_OK) {
        err = ERR_SYSTEM;
    }
    if (err != ERR_OK) {
        call_free(call);
        return err;
    }
    call->next = client->calls;
    if (call->next != NULL) {
        call->next->prev = call;
    }
    client->calls = call;
    *out = call;
    return ERR_OK;
}

static void doom(struct http_call *call, CURLcode code)
{
    call->doom = code;
    call->client->doomed = true;
}

void http_client_cancel(struct http_call *call)
{
    doom(call, CURLE_ABORTED_BY_CALLBACK);
}

/* ---- the turn ---- */

static struct http_call *first_doomed(const struct http_client *client)
{
    struct http_call *call = client->calls;
    /* The analyzer does not see that finish_call takes a call out of the list.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    while (call != NULL && call->doom == CURLE_OK) {
        call = call->next;
    }
    return call;
}

static void finish_doomed(struct http_client *client)
{
    struct http_call *call;
    client->doomed = false;
    while ((call = first_doomed(client)) != NULL) {
        finish_call(call, call->doom);
    }
}

void http_client_turn(struct http_client *client)
{
    CURLMsg *message;
    int left;
    if (client->multi.broken) {
        /* Nothing is known of the transfers in it: end them all, and go on with the same handle. */
        client->multi.broken = false;
        for (struct http_call *call = client->calls; call != NULL; call = call->next) {
            doom(call, CURLE_FAILED_INIT);
        }
    }
    if (client->doomed) {
        finish_doomed(client);
    }
    while ((message = curl_multi_info_read(client->multi.curl, &left)) != NULL) {
        struct http_call *call = NULL;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call) == CURLE_OK &&
            call != NULL) {
            finish_call(call, code);
        }
    }
}

/* ---- life of the client ---- */

enum err http_client_new(struct http_client **out, const struct http_client_options *options,
                         struct errinfo *info)
{
    *out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(info, ERR_SYSTEM, "libcurl cannot be set up");
    }
    struct http_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        curl_global_cleanup();
        return err_set(info, ERR_NOMEM, "no memory for the HTTP client");
    }
    client->options = *options;
    enum err err = http_multi_init(&client->multi, options->loop, options->max_calls);
    if (err != ERR_OK) {
        free(client);
        curl_global_cleanup();
        return err_set(info, err, "no memory for the HTTP client");
    }
    *out = client;
    return ERR_OK;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    for (struct http_call *call = client->calls, *next; call != NULL; call = next) {
        next = call->next;
        (void)curl_multi_remove_handle(client->multi.curl, call->easy);
        call_free(call);
    }
    http_multi_fini(&client->multi);
    free(client);
    curl_global_cleanup();
}
