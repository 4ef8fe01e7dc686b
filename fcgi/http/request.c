/* request: CGI meta-variables and a stream of bytes → path, parameters, body. Nothing is normalised:
 * "//health" and "/health/" are other paths than "/health". */
#include "http/request.h"

#include "http/media_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define READ_CHUNK 8192 /* bytes read from the source at once */
#define BAD_ESCAPE "a '%%' in the %s is not followed by two hex digits"

void request_init(struct request *req)
{
    memset(req, 0, sizeof *req);
    buffer_init(&req->uri, REQUEST_URI_MAX);
    buffer_init(&req->header, 0);
    buffer_init(&req->body, REQUEST_BODY_MAX);
}

void request_fini(struct request *req)
{
    buffer_fini(&req->uri);
    buffer_fini(&req->header);
    buffer_fini(&req->body);
}

static const char *meta(const struct request *req, const char *name)
{
    const char *value = req->source->meta(req->source->arg, name);
    return value != NULL ? value : "";
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo percent-encoding in place; with plus, "+" becomes a space. Returns false for a '%' without two hex
 * digits. */
static bool decode(char *text, size_t *len, bool plus)
{
    size_t out = 0;

    for (size_t in = 0; in < *len; in++) {
        if (text[in] == '%') {
            int high = in + 2 < *len ? hex_value(text[in + 1]) : -1;
            int low = in + 2 < *len ? hex_value(text[in + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            text[out++] = (char)(high * 16 + low);
            in += 2;
        } else {
            text[out] = text[in];
            if (plus && text[out] == '+') {
                text[out] = ' ';
            }
            out++;
        }
    }
    *len = out;
    return true;
}

/* A CGI program is mounted at SCRIPT_NAME; only the rest of the path (PATH_INFO) is its own. */
static size_t mount_len(const struct request *req, struct slice path)
{
    const char *script = meta(req, "SCRIPT_NAME");
    size_t len = strlen(script);

    if (*meta(req, "PATH_INFO") == '\0' || len > path.len || memcmp(path.data, script, len) != 0) {
        return 0;
    }
    return len < path.len && path.data[len] == '/' ? len : 0;
}

static bool split_uri(struct request *req, struct api_error *error)
{
    char *text = req->uri.data;
    char *mark = memchr(text, '?', req->uri.len);
    struct slice path = {text, mark != NULL ? (size_t)(mark - text) : req->uri.len};
    size_t skip = mount_len(req, path);

    if (mark != NULL) {
        req->query = (struct slice){mark + 1, req->uri.len - path.len - 1};
    }
    path.data += skip;
    path.len -= skip;
    if (!decode(text + skip, &path.len, false)) {
        return api_error_set(error, API_INVALID_REQUEST, BAD_ESCAPE, "path");
    }
    req->path = path;
    return true;
}

/* Without REQUEST_URI, which RFC 3875 does not have, the path comes decoded in PATH_INFO. */
static bool use_path_info(struct request *req)
{
    buffer_add_str(&req->uri, meta(req, "PATH_INFO"));
    size_t len = req->uri.len;
    buffer_add_str(&req->uri, meta(req, "QUERY_STRING"));
    req->path = (struct slice){buffer_str(&req->uri), len};
    req->query = (struct slice){req->path.data + len, req->uri.len - len};
    return buffer_error(&req->uri) == ERR_OK;
}

static bool read_uri(struct request *req, struct api_error *error)
{
    const char *uri = meta(req, "REQUEST_URI");

    if (*uri) {
        buffer_add_str(&req->uri, uri);
    }
    bool fits = *uri ? buffer_error(&req->uri) == ERR_OK : use_path_info(req);
    if (!fits && buffer_error(&req->uri) == ERR_NOMEM) {
        return api_error_set(error, API_INTERNAL_ERROR, "out of memory");
    }
    if (!fits) {
        return api_error_set(error, API_URI_TOO_LONG, "path and query are longer than %d bytes",
                             REQUEST_URI_MAX);
    }
    return *uri ? split_uri(req, error) : true;
}

static size_t measure_name(const char *variable)
{
    const char *end = strchr(variable, '=');
    return end != NULL ? (size_t)(end - variable) : 0;
}

static void measure_names(struct request *req)
{
    const char *const *all = req->source->all;

    for (size_t i = 0; all != NULL && all[i] != NULL && i < REQUEST_NAMES_MAX; i++) {
        size_t len = measure_name(all[i]);
        req->name_lens[i] = (uint16_t)(len < UINT16_MAX ? len : 0);
    }
}

bool request_read_head(struct request *req, const struct request_source *source, struct api_error *error)
{
    req->source = source;
    measure_names(req);
    req->method = meta(req, "REQUEST_METHOD");
    req->head = strcmp(req->method, "HEAD") == 0;
    if (req->head) {
        req->method = "GET";
    }
    req->path = req->query = req->id = (struct slice){NULL, 0};
    req->param_count = 0;
    buffer_clear(&req->uri);
    buffer_clear(&req->body);
    if (req->body.size > 2 * (size_t)REQUEST_BODY_MAX) { /* large bodies are rare, so their memory is freed */
        buffer_fini(&req->body);
    }
    return read_uri(req, error);
}

static bool is_allowed(struct slice name, const char *const *allowed)
{
    for (; *allowed != NULL; allowed++) {
        if (slice_eq(name, *allowed)) {
            return true;
        }
    }
    return false;
}

/* Check a decoded parameter and keep it. */
static bool keep_param(struct request *req, struct request_param param, const char *const *allowed,
                       struct api_error *error)
{
    int shown = param.name.len < 64 ? (int)param.name.len : 64;

    if (!is_allowed(param.name, allowed)) {
        api_error_set(error, API_INVALID_REQUEST, "unknown query parameter \"%.*s\"", shown, param.name.data);
        return api_error_at(error, param.name);
    }
    for (size_t i = 0; i < req->param_count; i++) {
        const struct slice *other = &req->params[i].name;
        if (other->len == param.name.len && memcmp(other->data, param.name.data, other->len) == 0) {
            api_error_set(error, API_INVALID_REQUEST, "query parameter \"%.*s\" is given more than once",
                          shown, param.name.data);
            return api_error_at(error, param.name);
        }
    }
    if (req->param_count == REQUEST_PARAMS_MAX) {
        return api_error_set(error, API_INVALID_REQUEST, "more than %d query parameters", REQUEST_PARAMS_MAX);
    }
    req->params[req->param_count++] = param;
    return true;
}

/* text: "name=value" or "name", raw. */
static bool read_param(struct request *req, struct slice text, const char *const *allowed,
                       struct api_error *error)
{
    char *name = req->uri.data + (text.data - req->uri.data);
    char *sign = memchr(name, '=', text.len);
    char *value = sign != NULL ? sign + 1 : name + text.len;
    size_t name_len = sign != NULL ? (size_t)(sign - name) : text.len;
    size_t value_len = text.len - (size_t)(value - name);

    if (!decode(name, &name_len, true)) {
        return api_error_set(error, API_INVALID_REQUEST, BAD_ESCAPE, "query");
    }
    if (!decode(value, &value_len, true)) {
        api_error_set(error, API_INVALID_REQUEST, BAD_ESCAPE, "query");
        return api_error_at(error, (struct slice){name, name_len});
    }
    return keep_param(req, (struct request_param){{name, name_len}, {value, value_len}}, allowed, error);
}

bool request_read_query(struct request *req, const char *const *allowed, struct api_error *error)
{
    struct slice rest = req->query;

    while (rest.len > 0) {
        const char *mark = memchr(rest.data, '&', rest.len);
        size_t len = mark != NULL ? (size_t)(mark - rest.data) : rest.len;
        size_t step = mark != NULL ? len + 1 : len;

        if (len > 0 && !read_param(req, (struct slice){rest.data, len}, allowed, error)) {
            return false;
        }
        rest.data += step;
        rest.len -= step;
    }
    return true;
}

struct slice request_param(const struct request *req, const char *name)
{
    for (size_t i = 0; i < req->param_count; i++) {
        if (slice_eq(req->params[i].name, name)) {
            return req->params[i].value;
        }
    }
    return (struct slice){NULL, 0};
}

void request_make_name(char out[REQUEST_NAME_SIZE])
{
    (void)snprintf(out, REQUEST_NAME_SIZE, "%08x%08x", arc4random(), arc4random());
}

/* Returns the value of the i-th of all variables, "NAME=value"; NULL: its name is another. */
static const char *value_of(const struct request *req, size_t i, struct slice name)
{
    const char *variable = req->source->all[i];
    size_t len = i < REQUEST_NAMES_MAX ? req->name_lens[i] : measure_name(variable);

    return len == name.len && len > 0 && memcmp(variable, name.data, len) == 0 ? variable + len + 1 : NULL;
}

/* Add a line to a list. first: what it begins with; NULL: it has begun. */
static void join_line(struct buffer *list, const char *first, const char *line)
{
    if (first != NULL) {
        buffer_clear(list);
        buffer_add_str(list, first);
    }
    buffer_add_str(list, ", ");
    buffer_add_str(list, line);
}

const char *request_header(struct request *req, const char *name)
{
    const char *only = NULL;
    size_t lines = 0;
    struct slice wanted = slice_of(name);

    for (size_t i = 0; req->source->all != NULL && req->source->all[i] != NULL; i++) {
        const char *value = value_of(req, i, wanted);
        if (value != NULL && lines++ > 0) {
            join_line(&req->header, lines == 2 ? only : NULL, value);
        } else if (value != NULL) {
            only = value;
        }
    }
    if (lines > 1) { /* without memory, a list that is no value of any header */
        return buffer_error(&req->header) == ERR_OK ? buffer_str(&req->header) : ",";
    }
    if (only != NULL) {
        return only;
    }
    return req->source->all == NULL ? meta(req, name) : "";
}

/* Which bodies are allowed. */
struct body_rule {
    size_t max; /* bytes */
    bool (*fits)(const char *type);
    const char *kind;   /* the name of what fits */
    const char *advice; /* a type that fits */
};

static const struct body_rule one_value = {REQUEST_BODY_MAX, media_type_is_json, "JSON", "application/json"};
static const struct body_rule lines = {REQUEST_LINES_MAX, media_type_is_ndjson, "NDJSON",
                                       "application/x-ndjson"};

/* Prefer the header itself: of two headers a server may have copied only the first to CONTENT_TYPE. */
static const char *declared_type(struct request *req)
{
    const char *type = request_header(req, "HTTP_CONTENT_TYPE");

    return *type ? type : meta(req, "CONTENT_TYPE");
}

bool request_has_untyped_body(struct request *req)
{
    const char *length = meta(req, "CONTENT_LENGTH");
    bool has_body = length[strspn(length, "0")] != '\0' || *meta(req, "HTTP_TRANSFER_ENCODING") != '\0';

    return has_body && *declared_type(req) == '\0';
}

/* An encoded body is refused: a compressed one could unpack to any size. */
static bool check_coding(struct request *req, struct api_error *error)
{
    const char *codings = request_header(req, "HTTP_CONTENT_ENCODING");

    if (media_type_is_uncoded(codings)) {
        return true;
    }
    return api_error_set(error, API_UNSUPPORTED_MEDIA_TYPE,
                         "Content-Encoding \"%.100s\" is not taken: send the body as it is", codings);
}

static bool check_media_type(struct request *req, const struct body_rule *rule, struct api_error *error)
{
    const char *type = declared_type(req);

    if (*type == '\0' || rule->fits(type)) {
        return true;
    }
    return api_error_set(error, API_UNSUPPORTED_MEDIA_TYPE,
                         "Content-Type \"%.100s\" is not %s in UTF-8: send %s", type, rule->kind,
                         rule->advice);
}

static bool refuse_length(const struct body_rule *rule, struct api_error *error)
{
    return api_error_set(error, API_PAYLOAD_TOO_LARGE, "the body is longer than %zu bytes", rule->max);
}

/* Read the declared length of the body; -1: none is declared. */
static bool read_length(const struct request *req, const struct body_rule *rule, int64_t *length,
                        struct api_error *error)
{
    const char *text = meta(req, "CONTENT_LENGTH");

    *length = -1;
    if (*text == '\0') {
        return true;
    }
    if (text[strspn(text, "0123456789")] != '\0') {
        return api_error_set(error, API_INVALID_REQUEST, "Content-Length is not a number");
    }
    if (!slice_i64(slice_of(text), length) || *length > (int64_t)rule->max) {
        return refuse_length(rule, error);
    }
    return true;
}

/* Read up to wanted bytes into the body. Returns false if reading fails, the body is too long or memory is
 * short. */
static bool fill_body(struct request *req, size_t wanted)
{
    char chunk[READ_CHUNK];

    while (req->body.len < wanted) {
        size_t left = wanted - req->body.len;
        int64_t got = req->source->read(req->source->arg, chunk, left < sizeof chunk ? left : sizeof chunk);
        if (got < 0) {
            return false;
        }
        if (got == 0) {
            return true;
        }
        buffer_add(&req->body, chunk, (size_t)got);
        explicit_bzero(chunk, (size_t)got); /* it may hold a secret, which would stay on the stack */
        if (buffer_error(&req->body) != ERR_OK) {
            return false;
        }
    }
    return true;
}

static bool read_body(struct request *req, const struct body_rule *rule, struct api_error *error)
{
    int64_t length;

    if (!read_length(req, rule, &length, error) || !check_media_type(req, rule, error) ||
        !check_coding(req, error)) {
        return false;
    }
    req->body.limit = rule->max;
    size_t wanted = length >= 0 ? (size_t)length : req->source->framed ? rule->max + 1 : 0;
    bool whole = fill_body(req, wanted);
    if (buffer_error(&req->body) == ERR_LIMIT) {
        return refuse_length(rule, error);
    }
    if (buffer_error(&req->body) != ERR_OK) {
        return api_error_set(error, API_INTERNAL_ERROR, "out of memory");
    }
    if (!whole || (length >= 0 && req->body.len < wanted)) {
        return api_error_set(error, API_INVALID_REQUEST, "the body breaks off after %zu bytes",
                             req->body.len);
    }
    return true;
}

bool request_read_body(struct request *req, struct api_error *error)
{
    return read_body(req, &one_value, error);
}

bool request_read_lines(struct request *req, struct api_error *error)
{
    return read_body(req, &lines, error);
}
