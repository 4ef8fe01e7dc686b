/* call_options: see call_options.h. call_options_read checks the texts once; each call is built from the same
 * texts. */
#include "job/call_options.h"

#include "job/group.h"
#include "secret/secret.h"
#include "text/base64.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_SHOWN_MAX 64 /* bytes of a header's name that a message repeats */

static const char *const method_names[CALL_METHOD__COUNT] = {
    [CALL_GET] = "GET",       [CALL_POST] = "POST", [CALL_PUT] = "PUT",         [CALL_PATCH] = "PATCH",
    [CALL_DELETE] = "DELETE", [CALL_HEAD] = "HEAD", [CALL_OPTIONS] = "OPTIONS",
};

/* A job cannot set these: they say how the message is carried. */
static const char *const refused_headers[] = {
    "Connection",          "Content-Length",   "Expect", "Host",    "Keep-Alive",        "Proxy-Authenticate",
    "Proxy-Authorization", "Proxy-Connection", "TE",     "Trailer", "Transfer-Encoding", "Upgrade"};

const char *call_method_name(enum call_method method)
{
    return method < CALL_METHOD__COUNT ? method_names[method] : "unknown";
}

static bool read_method(struct call_options *out, struct slice name, struct job_fault *fault)
{
    for (unsigned i = 0; i < CALL_METHOD__COUNT; i++) {
        if (slice_eq(name, method_names[i])) {
            out->method = (enum call_method)i;
            return true;
        }
    }
    return name.data == NULL ||
           job_fault_invalid(fault, "method",
                             "method must be GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS");
}

/* ---- headers ---- */

/* A header of the definition. */
struct header {
    struct slice name;
    struct slice value;
};

/* The headers that were read so far. */
struct headers {
    struct header list[CALL_HEADERS_MAX];
    size_t count;
    size_t bytes;
    size_t secrets; /* templates of secrets in their values */
    struct job_fault *fault;
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

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Why text cannot be a header's value; NULL if it can. */
static const char *value_fault(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return "holds a control character";
        }
    }
    bool spaced = text.len > 0 && (is_space(text.data[0]) || is_space(text.data[text.len - 1]));
    return spaced ? "begins or ends with a blank" : NULL;
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

/* True for a header that Dronc sends itself, whatever the job says. */
static bool is_our_own(struct slice name)
{
    return is_named(name, "Idempotency-Key") || is_named(name, "Webhook-Id") ||
           is_named(name, "Webhook-Timestamp") || is_named(name, "Webhook-Signature") ||
           (name.len >= 6 && strncasecmp(name.data, "Dronc-", 6) == 0);
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

/* Always false. what: the rest of a sentence that begins with the name. */
static bool refuse_header(struct headers *headers, struct slice name, const char *what)
{
    int shown = name.len < NAME_SHOWN_MAX ? (int)name.len : NAME_SHOWN_MAX;
    return job_fault_invalid(headers->fault, "headers", "headers: \"%.*s\" %s", shown, name.data, what);
}

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
    if (template_check_secrets(value, &headers->secrets, &unknown) != ERR_OK) {
        return refuse_header(headers, name, unknown.text);
    }
    return !is_known(headers, name) || refuse_header(headers, name, "stands there twice");
}

static bool visit_header(struct slice name, const struct json_value *json, void *arg)
{
    struct headers *headers = arg;
    struct slice value = json_string(json);
    if (json_kind_of(json) != JSON_STRING) {
        return refuse_header(headers, name, "must be a string");
    }
    if (headers->count == CALL_HEADERS_MAX) {
        return job_fault_invalid(headers->fault, "headers", "headers: there are more than %d",
                                 CALL_HEADERS_MAX);
    }
    if (!check_header(headers, name, value)) {
        return false;
    }
    headers->list[headers->count++] = (struct header){name, value};
    headers->bytes += name.len + value.len;
    return headers->bytes <= CALL_HEADERS_BYTES_MAX ||
           job_fault_invalid(headers->fault, "headers", "headers: longer than %d bytes in all",
                             CALL_HEADERS_BYTES_MAX);
}

/* Read and check text, an object of headers. Returns owned (json_free) what they are borrowed from; NULL if
 * they are no good, or memory runs out. */
static struct json_doc *parse_headers(struct headers *out, struct slice text, struct job_fault *fault)
{
    struct json_doc *doc = group_parse_object("headers", text, fault);
    out->count = 0;
    out->bytes = 0;
    out->secrets = 0;
    out->fault = fault;
    if (doc != NULL && !json_each(json_root(doc), visit_header, out)) {
        json_free(doc);
        return NULL;
    }
    return doc;
}

/* *text becomes absent if it is an object without headers. *secrets: how many templates of secrets it holds. */
static bool check_headers(struct slice *text, size_t *secrets, struct job_fault *fault)
{
    struct headers headers;
    if (text->data == NULL) {
        return true;
    }
    struct json_doc *doc = parse_headers(&headers, *text, fault);
    if (doc != NULL && headers.count == 0) {
        *text = (struct slice){NULL, 0};
    }
    *secrets = headers.secrets;
    json_free(doc);
    return doc != NULL;
}

/* ---- the body ---- */

static bool check_body_size(size_t len, const char *field, struct job_fault *fault)
{
    return len <= CALL_BODY_MAX ||
           job_fault_invalid(fault, field, "%s: longer than %d bytes", field, CALL_BODY_MAX);
}

static bool check_base64(struct slice text, struct job_fault *fault)
{
    size_t len;
    return base64_check(text, &len)
               ? check_body_size(len, "body_base64", fault)
               : job_fault_invalid(fault, "body_base64",
                                   "body_base64 is not base64 (RFC 4648, section 4, padded)");
}

static bool check_text(struct slice text, size_t *secrets, struct job_fault *fault)
{
    struct errinfo unknown = {0};
    return check_body_size(text.len, "body", fault) &&
           (template_check_secrets(text, secrets, &unknown) == ERR_OK ||
            job_fault_invalid(fault, "body", "body: %s", unknown.text));
}

/* Choose the body that is given, absent if it is empty. *secrets is raised by the templates of secrets in it. */
static bool read_body(struct call_options *out, const struct job_fields *fields, size_t *secrets,
                      struct job_fault *fault)
{
    out->body_is_base64 = fields->body_base64.data != NULL;
    const char *field = out->body_is_base64 ? "body_base64" : "body";
    struct slice body = out->body_is_base64 ? fields->body_base64 : fields->body;
    if (out->body_is_base64 && fields->body.data != NULL) {
        return job_fault_invalid(fault, field, "body and body_base64 cannot both be given");
    }
    if (out->body_is_base64 ? !check_base64(body, fault) : !check_text(body, secrets, fault)) {
        return false;
    }
    if (body.len > 0 && out->method == CALL_HEAD) {
        return job_fault_invalid(fault, field, "a HEAD has no %s", field);
    }
    out->body = body.len > 0 ? body : (struct slice){NULL, 0};
    return true;
}

/* ---- reading and describing ---- */

static int number_or(const struct job_number *number, int otherwise)
{
    return number->given ? (int)number->value : otherwise;
}

static void read_numbers(struct call_options *out, const struct job_fields *fields)
{
    out->timeout_ms = number_or(&fields->timeout_ms, CALL_TIMEOUT_MS);
    out->connect_timeout_ms = number_or(&fields->connect_timeout_ms, CALL_CONNECT_TIMEOUT_MS);
    out->max_redirects = number_or(&fields->follow_redirects, CALL_REDIRECTS);
    out->keep_response = number_or(&fields->keep_response, 0) != 0;
}

static bool check_signing(struct slice name, struct job_fault *fault)
{
    return name.data == NULL || secret_name_is_valid(name) ||
           job_fault_invalid(fault, "signing",
                             "signing must be a name of 1 to 64 letters, digits, '_', '-' and '.'");
}

/* All values of secrets together must stay small beside what a call may be. */
static bool check_secrets(struct call_options *out, size_t secrets, struct job_fault *fault)
{
    out->has_secrets = secrets > 0;
    return secrets <= CALL_SECRETS_MAX ||
           job_fault_invalid(fault, "headers", "headers and body hold more than %d secrets",
                             CALL_SECRETS_MAX);
}

bool call_options_read(struct call_options *out, const struct job_fields *fields, struct job_fault *fault)
{
    size_t secrets = 0;
    *out = (struct call_options){.headers = fields->headers, .signing = fields->signing};
    read_numbers(out, fields);
    return read_method(out, fields->method, fault) && check_headers(&out->headers, &secrets, fault) &&
           read_body(out, fields, &secrets, fault) && check_signing(out->signing, fault) &&
           check_secrets(out, secrets, fault) &&
           (group_keep(&out->memory, (struct slice *[]){&out->headers, &out->body, &out->signing}, 3) ||
            job_fault_nomem(fault, "body"));
}

void call_options_fini(struct call_options *options)
{
    free(options->memory);
    *options = (struct call_options){0};
}

void call_options_describe(const struct call_options *options, struct job_fields *fields)
{
    if (options->method != CALL_GET) {
        fields->method = slice_of(method_names[options->method]);
    }
    if (options->timeout_ms != CALL_TIMEOUT_MS) {
        fields->timeout_ms = (struct job_number){true, options->timeout_ms};
    }
    if (options->connect_timeout_ms != CALL_CONNECT_TIMEOUT_MS) {
        fields->connect_timeout_ms = (struct job_number){true, options->connect_timeout_ms};
    }
    if (options->max_redirects != CALL_REDIRECTS) {
        fields->follow_redirects = (struct job_number){true, options->max_redirects};
    }
    if (options->keep_response) {
        fields->keep_response = (struct job_number){true, 1};
    }
    fields->headers = options->headers;
    fields->signing = options->signing;
    *(options->body_is_base64 ? &fields->body_base64 : &fields->body) = options->body;
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

/* The headers of options, which were good when they were read. Returns owned (json_free) what they are borrowed
 * from; NULL if there are none. If memory runs out, out has the error. fault: not looked at. */
static struct json_doc *load_headers(struct headers *headers, const struct call_options *options,
                                     struct job_fault *fault, struct buffer *out)
{
    if (options->headers.data == NULL) {
        return NULL;
    }
    struct json_doc *doc = parse_headers(headers, options->headers, fault);
    if (doc == NULL) {
        out->error = ERR_NOMEM;
    }
    return doc;
}

static void print_headers(const struct call_options *options, struct buffer *out)
{
    struct headers headers;
    struct job_fault fault;
    struct json_doc *doc = load_headers(&headers, options, &fault, out);
    if (doc != NULL) {
        qsort(headers.list, headers.count, sizeof headers.list[0], compare_headers);
        for (size_t i = 0; i < headers.count; i++) {
            print_header(&headers.list[i], out);
        }
    }
    json_free(doc);
}

/* Equal bytes are the same body, however they were given; a text with templates is another body. */
static void print_body(const struct call_options *options, struct buffer *out)
{
    struct buffer bytes;
    buffer_init(&bytes, 0);
    if (options->body_is_base64) {
        base64_decode(&bytes, options->body);
    } else {
        buffer_add(&bytes, options->body.data, options->body.len);
    }
    bool plain = options->body_is_base64 || !template_any(options->body);
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

void call_options_print(const struct call_options *options, struct buffer *out)
{
    if (options->method != CALL_GET) {
        buffer_printf(out, "method %s\n", method_names[options->method]);
    }
    print_number(out, "timeout_ms", options->timeout_ms, CALL_TIMEOUT_MS);
    print_number(out, "connect_timeout_ms", options->connect_timeout_ms, CALL_CONNECT_TIMEOUT_MS);
    print_number(out, "follow_redirects", options->max_redirects, CALL_REDIRECTS);
    print_number(out, "keep_response", options->keep_response, 0);
    print_headers(options, out);
    if (options->body.data != NULL) {
        print_body(options, out);
    }
    if (options->signing.data != NULL) {
        buffer_printf(out, "signing %.*s\n", (int)options->signing.len, options->signing.data);
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

void call_options_add_headers(const struct call_options *options, const struct template_values *values,
                              struct buffer *out)
{
    struct headers headers;
    struct job_fault fault;
    struct json_doc *doc = load_headers(&headers, options, &fault, out);
    for (size_t i = 0; doc != NULL && i < headers.count; i++) {
        if (!is_our_own(headers.list[i].name)) {
            add_header(&headers.list[i], values, out);
        }
    }
    json_free(doc);
}

bool call_options_has_clear_credentials(const struct call_options *options)
{
    struct headers headers;
    struct job_fault fault;
    struct buffer ignored = {0};
    bool found = false;
    struct json_doc *doc = load_headers(&headers, options, &fault, &ignored);
    for (size_t i = 0; doc != NULL && i < headers.count; i++) {
        const struct header *header = &headers.list[i];
        found = found || (is_named(header->name, "Authorization") && header->value.len > 0 &&
                          template_count_secrets(header->value) == 0);
    }
    json_free(doc);
    return found;
}

bool call_options_body_is_plain(const struct call_options *options)
{
    return !options->body_is_base64 && !template_any(options->body);
}

void call_options_add_body(const struct call_options *options, const struct template_values *values,
                           struct buffer *out)
{
    if (options->body_is_base64) {
        base64_decode(out, options->body);
    } else {
        template_expand(out, options->body, values, TEMPLATE_IN_TEXT);
    }
}
