/* http_move: see http_move.h. */
#include "http/http_move.h"

#include <string.h>
#include <strings.h>

/* Returns true if line, "Name: value" or "Name;", is a header that may go to anybody. */
static bool is_harmless(const char *line)
{
    static const char *const names[] = {"Accept", "Accept-Language", "User-Agent"};
    size_t len = strcspn(line, ":;");
    bool found = false;
    for (size_t i = 0; !found && i < sizeof names / sizeof names[0]; i++) {
        found = len == strlen(names[i]) && strncasecmp(line, names[i], len) == 0;
    }
    return found;
}

static void add_headers(struct buffer *out, const struct curl_slist *headers)
{
    for (const struct curl_slist *item = headers; item != NULL; item = item->next) {
        if (is_harmless(item->data)) {
            buffer_add(out, item->data, strlen(item->data) + 1);
        }
    }
}

/* The URL that easy is at, without user name and password. Returned memory is libcurl's; NULL if it runs out. */
static char *url_of(CURL *easy)
{
    char *text = NULL;
    char *out = NULL;
    CURLU *url = curl_url();
    (void)curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text);
    bool good = url != NULL && text != NULL &&
                curl_url_set(url, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK &&
                curl_url_set(url, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
                curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK;
    if (!good || curl_url_get(url, CURLUPART_URL, &out, 0) != CURLUE_OK) {
        out = NULL;
    }
    curl_url_cleanup(url);
    return out;
}

/* Returns true if the status asks for a GET, as http_easy_redirect has it. */
static bool becomes_get(const struct http_call *call)
{
    int status = call->answer.status;
    return (status == 303 && !call->headless) || (call->post && (status == 301 || status == 302));
}

void http_move_note_method(struct http_call *call)
{
    if (becomes_get(call)) {
        call->plan.method = "GET";
        call->plan.has_body = false;
        call->post = false;
    }
}

bool http_move_make(struct http_move *move, struct http_request *request, const struct http_call *call,
                    int64_t left_ms)
{
    const struct http_plan *plan = &call->plan;
    long left = (long)plan->max_redirects - http_call_redirects(call);
    move->url = url_of(call->easy);
    add_headers(&move->headers, call->headers);
    *request = (struct http_request){.method = plan->method,
                                     .url = move->url,
                                     .user_agent = plan->user_agent,
                                     .headers = {buffer_str(&move->headers), move->headers.len},
                                     .body = {plan->has_body ? "" : NULL, 0},
                                     .timeout_ms = left_ms > 1 ? left_ms : 1,
                                     .connect_timeout_ms = plan->connect_timeout_ms,
                                     .max_redirects = left > 0 ? (int)left : 0,
                                     .is_redirect = true};
    return move->url != NULL && buffer_error(&move->headers) == ERR_OK;
}

void http_move_fini(struct http_move *move)
{
    curl_free(move->url);
    buffer_fini(&move->headers);
}
