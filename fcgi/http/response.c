/* response: status line, headers, JSON body, as one piece of bytes. */
#include "http/response.h"

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Payload Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 421:
        return "Misdirected Request";
    case 422:
        return "Unprocessable Content";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

void response_init(struct response *res)
{
    buffer_init(&res->body, 0);
    response_clear(res);
}

void response_fini(struct response *res)
{
    buffer_fini(&res->body);
}

void response_clear(struct response *res)
{
    res->status = 0;
    res->content_type = "application/json";
    res->allow[0] = '\0';
    res->etag[0] = '\0';
    res->challenge = NULL;
    res->as_problem = res->more = res->may_keep = res->replayed = res->transient = false;
    buffer_clear(&res->body);
}

void response_set_version(struct response *res, int64_t version)
{
    res->etag[0] = '\0';
    if (version > 0) {
        etag_of_version(res->etag, version);
    }
}

void response_empty(struct response *res, int status)
{
    buffer_clear(&res->body);
    res->status = status;
    res->content_type = NULL;
}

void response_text(struct response *res, int status, const char *text)
{
    buffer_clear(&res->body);
    res->status = status;
    res->content_type = "text/plain; charset=utf-8";
    buffer_add_str(&res->body, text);
}

void response_json(struct response *res, int status, struct json_writer *w)
{
    buffer_clear(&res->body);
    res->status = status;
    res->content_type = "application/json";
    json_begin(w, &res->body);
}

void response_lines(struct response *res, int status)
{
    buffer_clear(&res->body);
    res->status = status;
    res->content_type = "application/x-ndjson";
}

/* Write where the error is, as far as that is known. */
static void put_position(struct json_writer *w, const struct api_error *error)
{
    if (error->field.data != NULL) {
        json_key(w, "field");
        json_put_bytes(w, error->field);
    }
    if (error->offset >= 0) {
        json_key(w, "offset");
        json_put_i64(w, error->offset);
    }
}

void response_put_error(struct json_writer *w, const struct api_error *error)
{
    json_key(w, "error");
    json_object_begin(w);
    json_member_str(w, "code", api_code_name(error->code));
    json_member_str(w, "message", error->text);
    put_position(w, error);
    json_object_end(w);
}

/* With the type "about:blank" the title is that of the status (RFC 9457, 4.2.1); `code` identifies the error.
 */
static void put_problem(struct json_writer *w, const struct api_error *error)
{
    int status = api_code_status(error->code);

    json_member_str(w, "type", "about:blank");
    json_member_str(w, "title", reason_of(status));
    json_key(w, "status");
    json_put_i64(w, status);
    json_member_str(w, "detail", error->text);
    json_member_str(w, "code", api_code_name(error->code));
    put_position(w, error);
}

void response_error(struct response *res, const struct api_error *error)
{
    struct json_writer w;

    res->etag[0] = '\0';
    res->more = res->may_keep = false;
    response_json(res, api_code_status(error->code), &w);
    json_object_begin(&w);
    if (res->as_problem) {
        res->content_type = "application/problem+json";
        put_problem(&w, error);
    } else {
        response_put_error(&w, error);
    }
    json_object_end(&w);
}

/* Every response has this. printf would take a tenth of the cost of a small one. */
static void put_status(struct buffer *out, int status)
{
    buffer_add_str(out, "Status: ");
    buffer_add_i64(out, status);
    buffer_add_char(out, ' ');
    buffer_add_str(out, reason_of(status));
    buffer_add_str(out, "\r\n");
}

static void put_header(struct buffer *out, const char *name, const char *value)
{
    buffer_add_str(out, name);
    buffer_add_str(out, ": ");
    buffer_add_str(out, value);
    buffer_add_str(out, "\r\n");
}

static void put_length(struct buffer *out, size_t length)
{
    buffer_add_str(out, "Content-Length: ");
    buffer_add_i64(out, (int64_t)length);
    buffer_add_str(out, "\r\n");
}

enum err response_render(const struct response *res, bool head, struct buffer *out)
{
    buffer_clear(out);
    put_status(out, res->status);
    if (res->content_type != NULL) {
        put_header(out, "Content-Type", res->content_type);
    }
    if (res->content_type != NULL && !res->more) {
        put_length(out, res->body.len);
    }
    put_header(out, "Cache-Control", res->may_keep ? "no-cache" : "no-store");
    if (res->etag[0] != '\0') {
        buffer_add_str(out, "ETag: \"");
        buffer_add_str(out, res->etag);
        buffer_add_str(out, "\"\r\n");
    }
    if (res->replayed) {
        put_header(out, "Idempotent-Replayed", "true");
    }
    if (res->allow[0]) {
        put_header(out, "Allow", res->allow);
    }
    if (res->challenge != NULL) {
        put_header(out, "WWW-Authenticate", res->challenge);
    }
    buffer_add_str(out, "\r\n");
    if (!head) {
        buffer_add(out, res->body.data, res->body.len);
    }
    return buffer_error(out);
}
