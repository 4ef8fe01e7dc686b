/* http_client: see http_client.h. One easy handle per call, all in one multi handle (http_multi).
 *
 * A handle serves one call and is never reused. Resetting it leaves state behind: in libcurl before 8.1 a
 * pointer to a header of the call before, through which an answer can make it write; in later versions parts
 * of credentials and of the referer (docs/libcurl.md). What a target answers must not reach another target's
 * call.
 */
#include "http/http_client.h"

#include "http/http_call.h"
#include "http/http_move.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

struct http_client {
    struct http_client_options options;
    struct http_multi multi;
    struct http_names names;
    struct list calls; /* all of them */
    bool is_ending;    /* the next turn ends at least one of them */
};

static struct wall_ms now(const struct http_client *client)
{
    return client->options.now(client->options.arg);
}

/* ---- libcurl's callbacks during a transfer ---- */

/* Returns false if the connection between these ends is over, so that nothing can be sent on it.
 *
 * What waits on a kept connection, be it bytes or its end, cannot be an answer to a request that has not been
 * sent (RFC 9112, 9.2). Such a connection is shut down: libcurl finds that it cannot send, and takes another
 * one, as it does whenever a kept connection dies before a request leaves. */
static bool take_line(struct http_call *call, const struct http_ends *ends, bool is_allowed)
{
    if (call->line.is_over) {
        call->error[0] = '\0'; /* libcurl's text about the connection that was shut down on purpose */
    }
    enum http_line_state state = http_line_take(&call->line, call->easy, ends, is_allowed);
    http_easy_keep_connection(call->easy, state != HTTP_LINE_UNKNOWN);
    return state != HTTP_LINE_OVER;
}

/* A request that follows a redirect belongs to a call that was allowed to begin. The same request again must be allowed
 * again: this process may have been suspended in between. Returns false if it must not be sent. */
static bool may_be_sent(struct http_call *call, bool follows)
{
    const struct http_client_options *options = &call->client->options;
    if (!follows && options->may_send != NULL && !options->may_send(options->arg)) {
        call->sending_forbidden = true;
    } else if (call->once && call->sent && !follows) {
        call->resend_blocked = true;
    } else if (follows && call->answer.open) {
        call->fault = http_broke_off;
    } else if (follows && call->answer.leads_nowhere) {
        call->leads_nowhere = true;
    } else {
        return true;
    }
    return false;
}

static void note_request(struct http_call *call, long redirects)
{
    call->answer = (struct http_answer){.headless = call->headless};
    call->chunks = (struct http_chunks){0};
    call->asked = clock_mono(&call->client->options.clock);
    http_name_is_known(&call->name);
    http_guard_note_sent(&call->guard);
    call->redirects_sent = redirects;
    call->sent = true;
}

/* Called right before each request is sent. */
static int on_before_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct http_call *call = arg;
    const struct http_ends ends = {ip, local_ip, port, local_port};
    long redirects = http_call_redirects(call);
    bool follows = call->sent && redirects > call->redirects_sent;
    if (!may_be_sent(call, follows)) {
        return CURL_PREREQFUNC_ABORT;
    }
    bool is_allowed = http_guard_may_send(&call->guard, call->easy, ip, port, redirects > 0);
    if (call->guard.moves) {
        return CURL_PREREQFUNC_ABORT;
    }
    if (!take_line(call, &ends, is_allowed)) {
        return CURL_PREREQFUNC_OK;
    }
    if (!is_allowed) {
        return CURL_PREREQFUNC_ABORT;
    }
    if (follows && http_easy_redirect(call->easy, call->headers, call->instead, call->answer.status,
                                      call->post) != CURLE_OK) {
        call->out_of_memory = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (follows) {
        http_move_note_method(call);
    }
    note_request(call, redirects);
    return CURL_PREREQFUNC_OK;
}

/* Called before each connection is opened. */
static bool on_may_open(void *arg, const struct sockaddr *address)
{
    struct http_call *call = arg;
    return http_guard_may_open(&call->guard, call->easy, address, http_call_redirects(call) > 0);
}

/* Keep as much of the body as is asked for, or less if memory runs out: that must not fail a call. */
static void keep_body(struct http_call *call, const char *data, size_t len)
{
    size_t room = call->keep_max - call->kept.len;
    buffer_add(&call->kept, data, len < room ? len : room);
}

/* Count the body, search it and drop it. The transfer ends at the limit. */
static void take_body(void *arg, const char *data, size_t len)
{
    struct http_call *call = arg;
    int64_t room = call->response_max - call->body_bytes;
    size_t wanted = room <= 0 ? 0 : (int64_t)len < room ? len : (size_t)room;
    if (call->search != NULL) {
        text_search_feed(call->search, data, wanted);
    }
    if (call->kept.len < call->keep_max) {
        keep_body(call, data, wanted);
    }
    call->body_bytes += (int64_t)len;
    call->truncated = call->body_bytes > call->response_max;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct http_call *call = arg;
    size_t len = size * count;
    if (call->line.is_over) {
        return 0;
    }
    if (call->answer.open) {
        call->fault = http_no_end; /* libcurl took something else for the end of the headers */
    } else if (!call->answer.chunked) {
        take_body(call, data, len);
    } else if (!http_chunks_feed(&call->chunks, data, len, take_body, call) && !call->truncated) {
        call->fault = http_bad_chunks;
    }
    if (call->chunks.excess) {
        http_easy_keep_connection(call->easy, false);
    }
    return call->truncated || call->fault != NULL ? 0 : len;
}

/* libcurl reads and drops the body of a redirect that it follows, however long it is; on_body does not see
 * it.
 */
static int on_progress(void *arg, curl_off_t total, curl_off_t read, curl_off_t total_sent, curl_off_t sent)
{
    (void)total;
    (void)total_sent;
    (void)sent;
    struct http_call *call = arg;
    call->redirect_too_large = (int64_t)read > call->response_max + HTTP_HEADERS_MAX;
    return call->redirect_too_large ? 1 : 0;
}

/* A status line has come. */
static void begin_answer(struct http_call *call)
{
    call->answer_ms = clock_mono(&call->client->options.clock).ms - call->asked.ms;
    if (http_easy_heed_status(call->easy, &call->answer) != CURLE_OK) {
        call->out_of_memory = true;
    }
    if (http_answer_is_redirect(&call->answer)) {
        (void)http_origin_read(&call->guard.origin, call->easy); /* to compare the redirect's with */
    }
}

/* All headers of an answer have come. libcurl drops the body of a redirect unseen, so it is uncertain where
 * its chunks end. */
static void end_head(struct http_call *call)
{
    const struct http_answer *answer = &call->answer;
    http_line_note(&call->line, call->answer_ms, http_answer_keeps_ms(answer));
    if (answer->closes || (answer->chunked && http_answer_is_redirect(answer))) {
        http_easy_keep_connection(call->easy, false);
    }
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct http_call *call = arg;
    struct http_answer *answer = &call->answer;
    size_t len = size * count;
    bool was_open = answer->open;
    call->header_bytes += (int64_t)len;
    if (call->line.is_over) {
        return 0;
    }
    http_answer_line(answer, data, len);
    if (!was_open && answer->open) {
        begin_answer(call);
    } else if (was_open && !answer->open) {
        end_head(call);
    }
    call->headers_too_large = call->header_bytes > HTTP_HEADERS_MAX;
    call->fault = answer->fault;
    return call->headers_too_large || call->out_of_memory || call->fault != NULL ? 0 : len;
}

/* ---- life of a call ---- */

static void call_free(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    http_name_fini(&call->name);
    free(call->headers);
    free(call->instead);
    free(call->search);
    buffer_fini(&call->kept);
    free(call);
}

static void finish_call(struct http_call *call, CURLcode code)
{
    struct http_result result;
    http_call_result(call, code, now(call->client), clock_mono(&call->client->options.clock), &result);
    (void)curl_multi_remove_handle(call->client->multi.curl, call->easy);
    if (code == CURLE_COULDNT_RESOLVE_HOST) {
        http_name_is_known(&call->name); /* there was no look-up */
    }
    list_remove(&call->client->calls, &call->item);
    call->cb(call->arg, &result);
    call_free(call);
}

#define SET(option, value) (rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, (option), (value)))

static CURLcode set_callbacks(struct http_call *call)
{
    CURL *easy = call->easy;
    CURLcode rc = CURLE_OK;
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
    CURLcode rc = http_easy_set_up(call->easy, request, &call->headers);
    rc = rc != CURLE_OK ? rc : set_callbacks(call);
    rc = rc != CURLE_OK ? rc : http_multi_adopt(&call->client->multi, call->easy, &call->line, call);
    return rc == CURLE_OK ? ERR_OK : rc == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_SYSTEM;
}

/* A redirect leads to another origin. Go on there, with a transfer of its own. Returns false if that is impossible. */
static bool move(struct http_call *call)
{
    struct http_timings timings;
    struct http_request request;
    struct http_move to = {0};
    const struct http_client *client = call->client;
    int64_t left_ms = call->plan.timeout_ms - (clock_mono(&client->options.clock).ms - call->began.ms);
    http_move_note_method(call);
    bool good = http_move_make(&to, &request, call, left_ms);
    http_easy_timings(call->easy, &timings);
    http_easy_add_timings(&timings, &call->before);
    call->before = timings;
    call->redirects_before = http_call_redirects(call);
    (void)curl_multi_remove_handle(client->multi.curl, call->easy);
    curl_easy_cleanup(call->easy);
    free(call->headers);
    call->headers = NULL;
    call->error[0] = '\0';
    call->guard.moves = false;
    call->guard.origin = (struct http_origin){0};
    call->easy = curl_easy_init();
    good = good && call->easy != NULL && http_name_renew(&call->name, call->easy) == CURLE_OK &&
           set_up(call, &request) == ERR_OK &&
           curl_multi_add_handle(client->multi.curl, call->easy) == CURLM_OK;
    http_move_fini(&to);
    return good;
}

/* A transfer is over. */
static void end_transfer(struct http_call *call, CURLcode code)
{
    bool moves = call->guard.moves && call->end_code == CURLE_OK && call->fault == NULL;
    if (moves && (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK)) {
        call->out_of_memory = !move(call);
        if (!call->out_of_memory) {
            return;
        }
    }
    finish_call(call, code);
}

static enum err set_up_search(struct http_call *call, const struct http_request *request)
{
    if (request->find.data == NULL) {
        return ERR_OK;
    }
    call->search = calloc(1, sizeof *call->search);
    if (call->search == NULL) {
        return ERR_NOMEM;
    }
    text_search_init(call->search, request->find);
    return ERR_OK;
}

static enum err keep_instead(struct http_call *call, const struct http_request *request)
{
    call->instead = request->instead.data != NULL ? strdup(request->instead.data) : NULL;
    return request->instead.data == NULL || call->instead != NULL ? ERR_OK : ERR_NOMEM;
}

/* Hosts of tests may be unknown: the guard reads them of the URL then. */
static void note_host(struct http_origin *origin, const struct http_request *request)
{
    size_t len = request->host.len < HTTP_HOST_SIZE ? request->host.len : 0;
    if (len > 0) {
        memcpy(origin->host, request->host.data, len);
    }
    origin->port = request->port;
}

static struct http_call *call_new(struct http_client *client, const struct http_request *request,
                                  http_done_cb *cb, void *arg)
{
    struct http_call *call = malloc(sizeof *call);
    if (call == NULL) {
        return NULL;
    }
    *call = (struct http_call){.client = client,
                               .cb = cb,
                               .arg = arg,
                               .started = now(client),
                               .began = clock_mono(&client->options.clock),
                               .response_max = request->response_max,
                               .keep_max = request->keep_max,
                               .plan = {.method = request->method,
                                        .user_agent = request->user_agent,
                                        .has_body = request->body.data != NULL,
                                        .timeout_ms = request->timeout_ms,
                                        .connect_timeout_ms = request->connect_timeout_ms,
                                        .max_redirects = request->max_redirects},
                               .guard = {.targets = client->options.targets},
                               .post = strcmp(request->method, "POST") == 0,
                               .headless = strcmp(request->method, "HEAD") == 0,
                               .once = request->once};
    note_host(&call->guard.origin, request);
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
    CURLcode rc = http_name_init(&call->name, &client->names, call->easy, request);
    enum err err = rc != CURLE_OK ? ERR_NOMEM : set_up(call, request);
    err = err != ERR_OK ? err : set_up_search(call, request);
    err = err != ERR_OK ? err : keep_instead(call, request);
    if (err == ERR_OK && curl_multi_add_handle(client->multi.curl, call->easy) != CURLM_OK) {
        err = ERR_SYSTEM;
    }
    if (err != ERR_OK) {
        call_free(call);
        return err;
    }
    list_insert(&client->calls, NULL, &call->item);
    *out = call;
    return ERR_OK;
}

static void end_soon(struct http_call *call, CURLcode code)
{
    call->end_code = code;
    call->client->is_ending = true;
}

void http_client_cancel(struct http_call *call)
{
    end_soon(call, CURLE_ABORTED_BY_CALLBACK);
}

/* ---- the turn ---- */

static struct http_call *call_of(struct list_item *item)
{
    return LIST_OWNER(item, struct http_call, item);
}

/* The analyzer does not see that finish_call removes a call from the list. */
static struct http_call *first_ending(const struct http_client *client)
{
    struct list_item *item = client->calls.first;
    while (item != NULL && call_of(item)->end_code == CURLE_OK) { /* NOLINT(clang-analyzer-unix.Malloc) */
        item = item->next;                                        /* NOLINT(clang-analyzer-unix.Malloc) */
    }
    return call_of(item);
}

static void finish_ending(struct http_client *client)
{
    struct http_call *call;
    client->is_ending = false;
    while ((call = first_ending(client)) != NULL) {
        finish_call(call, call->end_code);
    }
}

void http_client_turn(struct http_client *client)
{
    CURLMsg *message;
    int left;
    if (client->multi.broken) {
        /* The state of its transfers is unknown: end them all, and go on with the same handle. */
        client->multi.broken = false;
        for (struct list_item *item = client->calls.first; item != NULL; item = item->next) {
            end_soon(call_of(item), CURLE_FAILED_INIT);
        }
    }
    if (client->is_ending) {
        finish_ending(client);
    }
    while ((message = curl_multi_info_read(client->multi.curl, &left)) != NULL) {
        const struct http_line *line = http_multi_line(message->easy_handle);
        if (message->msg == CURLMSG_DONE && line != NULL) {
            end_transfer(line->owner, message->data.result);
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
    client->names.clock = options->clock;
    enum err err = http_multi_init(&client->multi, options->loop, options->clock, options->max_calls);
    if (err != ERR_OK) {
        free(client);
        curl_global_cleanup();
        return err_set(info, err, "no memory for the HTTP client");
    }
    client->multi.may_open = on_may_open;
    *out = client;
    return ERR_OK;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    struct http_call *call;
    while ((call = call_of(list_pop(&client->calls))) != NULL) {
        (void)curl_multi_remove_handle(client->multi.curl, call->easy);
        call_free(call);
    }
    http_multi_fini(&client->multi);
    free(client);
    curl_global_cleanup();
}
