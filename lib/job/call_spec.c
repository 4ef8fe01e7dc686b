/* call_spec: see call_spec.h. Checks once, when it is read; what is sent is put together from the same text
 * for each call. */
#include "job/call_spec.h"

#include "text/base64.h"
#include "text/json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_SHOWN_MAX 64 /* bytes of a header's name that a message repeats */

static const char *const method_names[CALL_METHOD__COUNT] = {
    [CALL_GET] = "GET",       [CALL_POST] = "POST", [CALL_PUT] = "PUT",         [CALL_PATCH] = "PATCH",
    [CALL_DELETE] = "DELETE", [CALL_HEAD] = "HEAD", [CALL_OPTIONS] = "OPTIONS",
};

/* Not the job's to say: they tell how the message is carried. */
static const char *const refused_headers[] = {
    "Connection",          "Content-Length",   "Expect", "Host",    "Keep-Alive",        "Proxy-Authenticate",
    "Proxy-Authorization", "Proxy-Connection", "TE",     "Trailer", "Transfer-Encoding", "Upgrade"};

const char *call_method_name(enum call_method method)
{
    return method < CALL_METHOD__COUNT ? method_names[method] : "unknown";
}

static enum err read_method(struct call_spec *out, struct slice name, struct errinfo *info)
{
    for (unsigned i = 0; i < CALL_METHOD__COUNT; i++) {
        if (slice_eq(name, method_names[i])) {
            out->method = (enum call_method)i;
            return ERR_OK;
        }
    }
    return name.data == NULL
               ? ERR_OK
               : err_set(info, ERR_INVALID, "method must be GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS");
}

/* ---- headers ---- */

/* A header as it stands in the definition. */
struct header {
    struct slice name;
    struct slice value;
};

/* Those that were seen so far. */
struct headers {
    struct header list[CALL_HEADERS_MAX];
    size_t count;
    size_t bytes;
    struct errinfo *info;
};

static bool is_token_char(char c)
{
    char lower = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_char(name.data[i])) {
            return false;
        }
    }
    return name.len > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Why text can be no header's value; NULL: it can. */
static const char *value_fault(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return "holds a control character";
        }
    }
    bool blank = text.len > 0 && (is_blank(text.data[0]) || is_blank(text.data[text.len - 1]));
    return blank ? "begins or ends with a blank" : NULL;
}

static bool is_named(struct slice name, const char *other)
{
    return name.len == strlen(other) && strncasecmp(name.data, other, name.len) == 0;
}

static bool is_refused(struct slice name)
{
    for (size_t i = 0; i < sizeof refused_headers / sizeof refused_headers[0]; i++) {
        if (is_named(name, refused_headers[i])) {
            return true;
        }
    }
    return false;
}

/* Is it one that the system sends itself, whatever the job says? */
static bool is_systems(struct slice name)
{
    return is_named(name, "Idempotency-Key") || (name.len >= 6 && strncasecmp(name.data, "Dronc-", 6) == 0);
}

static bool is_known(const struct headers *headers, struct slice name)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct slice other = headers->list[i].name;
        if (other.len == name.len && strncasecmp(other.data, name.data, name.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Always false. what: a sentence without its subject. */
static bool refuse_header(struct headers *headers, struct slice name, const char *what)
{
    int shown = name.len < NAME_SHOWN_MAX ? (int)name.len : NAME_SHOWN_MAX;
    (void)err_set(headers->info, ERR_INVALID, "headers: \"%.*s\" %s", shown, name.data, what);
    return false;
}

/* Check one header's text. */
static bool check_header(struct headers *headers, struct slice name, struct slice value)
{
    struct errinfo unknown = {0};
    const char *fault = value_fault(value);
    if (!is_token(name)) {
        return refuse_header(headers, name, "is not a header's name");
    }
    if (is_refused(name)) {
        return refuse_header(headers, name, "cannot be set: HTTP itself says it");
    }
    if (fault != NULL) {
        return refuse_header(headers, name, fault);
    }
    if (name.len + value.len > CALL_HEADER_BYTES_MAX) {
        return refuse_header(headers, name, "is longer than 4,096 bytes");
    }
    if (template_check(value, &unknown) != ERR_OK) {
        return refuse_header(headers, name, unknown.text);
    }
    return !is_known(headers, name) || refuse_header(headers, name, "stands there twice");
}

static bool take_header(struct slice name, const struct json_value *json, void *arg)
{
    struct headers *headers = arg;
    struct slice value = json_string(json);
    if (json_kind_of(json) != JSON_STRING) {
        return refuse_header(headers, name, "must be a string");
    }
    if (headers->count == CALL_HEADERS_MAX) {
        (void)err_set(headers->info, ERR_INVALID, "headers: there are more than %d", CALL_HEADERS_MAX);
        return false;
    }
    if (!check_header(headers, name, value)) {
        return false;
    }
    headers->list[headers->count++] = (struct header){name, value};
    headers->bytes += name.len + value.len;
    if (headers->bytes > CALL_HEADERS_BYTES_MAX) {
        (void)err_set(headers->info, ERR_INVALID, "headers: longer than %d bytes in all",
                      CALL_HEADERS_BYTES_MAX);
        return false;
    }
    return true;
}

/* Read and check text, an object of headers. They are borrowed from *doc, which the caller always frees. */
static enum err parse_headers(struct headers *out, struct json_doc **doc, struct slice text,
                              struct errinfo *info)
{
    struct errinfo bad = {0};
    *out = (struct headers){.info = info};
    enum err err = json_parse(doc, text.data, text.len, &bad);
    if (err != ERR_OK) {
        return err == ERR_NOMEM ? err : err_set(info, ERR_INVALID, "headers: %s", bad.text);
    }
    if (json_kind_of(json_root(*doc)) != JSON_OBJECT) {
        return err_set(info, ERR_INVALID, "headers must be an object");
    }
    return json_each(json_root(*doc), take_header, out) ? ERR_OK : ERR_INVALID;
}

/* *text is absent where there are no headers in it. */
static enum err check_headers(struct slice *text, struct errinfo *info)
{
    struct headers headers;
    struct json_doc *doc = NULL;
    if (text->data == NULL) {
        return ERR_OK;
    }
    enum err err = parse_headers(&headers, &doc, *text, info);
    json_free(doc);
    if (err == ERR_OK && headers.count == 0) {
        *text = (struct slice){NULL, 0};
    }
    return err;
}

/* ---- the body ---- */

static enum err check_body_size(size_t len, const char *field, struct errinfo *info)
{
    return len <= CALL_BODY_MAX
               ? ERR_OK
               : err_set(info, ERR_INVALID, "%s: longer than %d bytes", field, CALL_BODY_MAX);
}

static enum err check_base64(struct slice text, struct errinfo *info)
{
    size_t len;
    return base64_check(text, &len)
               ? check_body_size(len, "body_base64", info)
               : err_set(info, ERR_INVALID, "body_base64 is not base64 (RFC 4648, section 4, padded)");
}

static enum err check_text(struct slice text, struct errinfo *info)
{
    struct errinfo unknown = {0};
    enum err err = check_body_size(text.len, "body", info);
    if (err == ERR_OK && template_check(text, &unknown) != ERR_OK) {
        err = err_set(info, ERR_INVALID, "body: %s", unknown.text);
    }
    return err;
}

/* *body: the one that is given, absent where it is empty. */
static enum err check_body(struct call_spec *out, const struct job_fields *fields, struct slice *body,
                           const char **field, struct errinfo *info)
{
    out->body_is_base64 = fields->body_base64.data != NULL;
    *field = out->body_is_base64 ? "body_base64" : "body";
    *body = out->body_is_base64 ? fields->body_base64 : fields->body;
    if (out->body_is_base64 && fields->body.data != NULL) {
        return err_set(info, ERR_INVALID, "body and body_base64 cannot both be given");
    }
    enum err err = out->body_is_base64 ? check_base64(*body, info) : check_text(*body, info);
    if (err == ERR_OK && body->len == 0) {
        *body = (struct slice){NULL, 0};
    }
    if (err == ERR_OK && body->len > 0 && out->method == CALL_HEAD) {
        err = err_set(info, ERR_INVALID, "a HEAD has no %s", *field);
    }
    return err;
}

/* ---- reading and telling ---- */

/* Copy text to *at, and go on behind it. */
static struct slice keep(char **at, struct slice text)
{
    if (text.data == NULL) {
        return text;
    }
    char *copy = *at;
    memcpy(copy, text.data, text.len);
    *at += text.len;
    return (struct slice){copy, text.len};
}

static int number_or(const struct job_number *number, int otherwise)
{
    return number->given ? (int)number->value : otherwise;
}

static void read_numbers(struct call_spec *out, const struct job_fields *fields)
{
    out->timeout_ms = number_or(&fields->timeout_ms, CALL_TIMEOUT_MS);
    out->connect_timeout_ms = number_or(&fields->connect_timeout_ms, CALL_CONNECT_TIMEOUT_MS);
    out->max_redirects = number_or(&fields->follow_redirects, CALL_REDIRECTS);
    out->keep_response = number_or(&fields->keep_response, 0) != 0;
}

enum err call_spec_read(struct call_spec *out, const struct job_fields *fields, const char **field,
                        struct errinfo *info)
{
    struct slice headers = fields->headers;
    struct slice body = {NULL, 0};
    *out = (struct call_spec){0};
    read_numbers(out, fields);
    *field = "method";
    enum err err = read_method(out, fields->method, info);
    if (err == ERR_OK) {
        *field = "headers";
        err = check_headers(&headers, info);
    }
    if (err == ERR_OK) {
        err = check_body(out, fields, &body, field, info);
    }
    if (err != ERR_OK || headers.len + body.len == 0) {
        return err;
    }
    char *at = malloc(headers.len + body.len);
    if (at == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    out->memory = at;
    out->headers = keep(&at, headers);
    out->body = keep(&at, body);
    return ERR_OK;
}

void call_spec_fini(struct call_spec *spec)
{
    free(spec->memory);
    *spec = (struct call_spec){0};
}

void call_spec_describe(const struct call_spec *spec, struct job_fields *fields)
{
    if (spec->method != CALL_GET) {
        fields->method = slice_of(method_names[spec->method]);
    }
    if (spec->timeout_ms != CALL_TIMEOUT_MS) {
        fields->timeout_ms = (struct job_number){true, spec->timeout_ms};
    }
    if (spec->connect_timeout_ms != CALL_CONNECT_TIMEOUT_MS) {
        fields->connect_timeout_ms = (struct job_number){true, spec->connect_timeout_ms};
    }
    if (spec->max_redirects != CALL_REDIRECTS) {
        fields->follow_redirects = (struct job_number){true, spec->max_redirects};
    }
    if (spec->keep_response) {
        fields->keep_response = (struct job_number){true, 1};
    }
    fields->headers = spec->headers;
    *(spec->body_is_base64 ? &fields->body_base64 : &fields->body) = spec->body;
}

/* ---- the canonical form ---- */

static int compare_headers(const void *a, const void *b)
{
    const struct header *one = a;
    const struct header *other = b;
    size_t shorter = one->name.len < other->name.len ? one->name.len : other->name.len;
    int order = strncasecmp(one->name.data, other->name.data, shorter);
    return order != 0 ? order : (one->name.len > other->name.len) - (one->name.len < other->name.len);
}

static void print_header(const struct header *header, struct buffer *out)
{
    buffer_add_str(out, "header ");
    for (size_t i = 0; i < header->name.len; i++) {
        char c = header->name.data[i];
        buffer_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
    buffer_add_char(out, ' ');
    buffer_add(out, header->value.data, header->value.len);
    buffer_add_char(out, '\n');
}

static void print_headers(const struct call_spec *spec, struct buffer *out)
{
    struct headers headers;
    struct json_doc *doc = NULL;
    if (spec->headers.data == NULL) {
        return;
    }
    if (parse_headers(&headers, &doc, spec->headers, NULL) != ERR_OK) {
        out->error = ERR_NOMEM; /* it was good when it was read */
    } else {
        qsort(headers.list, headers.count, sizeof headers.list[0], compare_headers);
        for (size_t i = 0; i < headers.count; i++) {
            print_header(&headers.list[i], out);
        }
    }
    json_free(doc);
}

/* Bytes are the same body however they were given, but for templates. */
static void print_body(const struct call_spec *spec, struct buffer *out)
{
    struct buffer bytes;
    buffer_init(&bytes, 0);
    if (spec->body_is_base64) {
        base64_decode(&bytes, spec->body);
    } else {
        buffer_add(&bytes, spec->body.data, spec->body.len);
    }
    bool plain = spec->body_is_base64 || !template_any(spec->body);
    buffer_printf(out, "%s %zu ", plain ? "body" : "template", bytes.len);
    buffer_add(out, bytes.data, bytes.len);
    buffer_add_char(out, '\n');
    if (buffer_error(&bytes) != ERR_OK) {
        out->error = ERR_NOMEM;
    }
    buffer_fini(&bytes);
}

static void print_number(struct buffer *out, const char *name, int value, int otherwise)
{
    if (value != otherwise) {
        buffer_printf(out, "%s %d\n", name, value);
    }
}

void call_spec_print(const struct call_spec *spec, struct buffer *out)
{
    if (spec->method != CALL_GET) {
        buffer_printf(out, "method %s\n", method_names[spec->method]);
    }
    print_number(out, "timeout_ms", spec->timeout_ms, CALL_TIMEOUT_MS);
    print_number(out, "connect_timeout_ms", spec->connect_timeout_ms, CALL_CONNECT_TIMEOUT_MS);
    print_number(out, "follow_redirects", spec->max_redirects, CALL_REDIRECTS);
    print_number(out, "keep_response", spec->keep_response, 0);
    print_headers(spec, out);
    if (spec->body.data != NULL) {
        print_body(spec, out);
    }
}

/* ---- what is sent ---- */

static void add_header(const struct header *header, const struct template_values *values, struct buffer *out)
{
    buffer_add(out, header->name.data, header->name.len);
    if (header->value.len == 0) {
        buffer_add_char(out, ';');
    } else {
        buffer_add_str(out, ": ");
        template_expand(out, header->value, values, TEMPLATE_IN_TEXT);
    }
    buffer_add_char(out, '\0');
}

void call_spec_add_headers(const struct call_spec *spec, const struct template_values *values,
                           struct buffer *out)
{
    struct headers headers;
    struct json_doc *doc = NULL;
    if (spec->headers.data == NULL) {
        return;
    }
    if (parse_headers(&headers, &doc, spec->headers, NULL) != ERR_OK) {
        out->error = ERR_NOMEM; /* it was good when it was read */
    }
    for (size_t i = 0; i < headers.count; i++) {
        if (!is_systems(headers.list[i].name)) {
            add_header(&headers.list[i], values, out);
        }
    }
    json_free(doc);
}

bool call_spec_body_is_plain(const struct call_spec *spec)
{
    return !spec->body_is_base64 && !template_any(spec->body);
}

void call_spec_add_body(const struct call_spec *spec, const struct template_values *values,
                        struct buffer *out)
{
    if (spec->body_is_base64) {
        base64_decode(out, spec->body);
    } else {
        template_expand(out, spec->body, values, TEMPLATE_IN_TEXT);
    }
}
