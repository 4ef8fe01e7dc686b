/* Any bytes as the head and the body of a request. The first line is its path and query; each line after it a
 * variable, chosen by its first character, which may come twice; behind an empty line stands the body.
 *
 * What the front door admits is compared with a second, plainer reading of the same headers. */
#include "http/front.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOSTS     "dronc.example.com, 10.0.0.7 ,proxy.example.com:8443"
#define LINES_MAX 16
#define LINE_MAX  9000

static const char *const NAMES[] = {"HTTP_HOST",
                                    "HTTP_ORIGIN",
                                    "HTTP_SEC_FETCH_SITE",
                                    "HTTP_CONTENT_TYPE",
                                    "HTTP_CONTENT_ENCODING",
                                    "HTTP_DRONC_JOB_ID",
                                    "HTTP_FORWARDED",
                                    "HTTP_AUTHORIZATION",
                                    "REMOTE_ADDR",
                                    "SERVER_ADDR",
                                    "CONTENT_LENGTH",
                                    "HTTP_TRANSFER_ENCODING",
                                    "SCRIPT_NAME",
                                    "PATH_INFO",
                                    "QUERY_STRING"};
#define NAME_COUNT (sizeof NAMES / sizeof NAMES[0])

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct sample {
    char text[LINES_MAX][LINE_MAX + 32];
    const char *all[LINES_MAX + 1]; /* "NAME=value" each */
    size_t count;
    struct slice body;
    size_t done;
};

static const char *meta(void *arg, const char *name)
{
    const struct sample *sample = arg;
    size_t len = strlen(name);
    for (size_t i = 0; i < sample->count; i++) {
        if (strncmp(sample->all[i], name, len) == 0 && sample->all[i][len] == '=') {
            return sample->all[i] + len + 1;
        }
    }
    return NULL;
}

static int64_t read_some(void *arg, char *out, size_t size)
{
    struct sample *sample = arg;
    size_t left = sample->body.len - sample->done;
    size_t len = left < size ? left : size;
    memcpy(out, sample->body.data + sample->done, len);
    sample->done += len;
    return (int64_t)len;
}

static void add_variable(struct sample *sample, const char *name, struct slice value)
{
    char *text = sample->text[sample->count];
    size_t name_len = strlen(name);
    size_t len = strnlen(value.data, value.len < LINE_MAX ? value.len : LINE_MAX); /* C strings hold no NUL */
    memcpy(text, name, name_len);
    text[name_len] = '=';
    memcpy(text + name_len + 1, value.data, len);
    text[name_len + 1 + len] = '\0';
    sample->all[sample->count++] = text;
    sample->all[sample->count] = NULL;
}

static void read_sample(struct sample *sample, struct slice rest)
{
    sample->count = 0;
    sample->done = 0;
    add_variable(sample, "REQUEST_METHOD", slice_of("POST"));
    add_variable(sample, "REQUEST_URI", slice_take_until(&rest, '\n'));
    while (rest.len > 0 && *rest.data != '\n' && sample->count < LINES_MAX) {
        struct slice line = slice_take_until(&rest, '\n');
        unsigned which = (unsigned char)line.data[0] - 'a';
        if (which < NAME_COUNT) {
            add_variable(sample, NAMES[which], (struct slice){line.data + 1, line.len - 1});
        }
    }
    sample->body = rest;
}

/* How many lines a header has; *first is the first of them. */
static size_t lines_of(const struct sample *sample, const char *name, const char **first)
{
    size_t lines = 0;
    size_t len = strlen(name);
    *first = "";
    for (size_t i = 0; i < sample->count; i++) {
        if (strncmp(sample->all[i], name, len) == 0 && sample->all[i][len] == '=') {
            *first = lines++ == 0 ? sample->all[i] + len + 1 : *first;
        }
    }
    return lines;
}

/* A name of this API, with any port: of those that HOSTS has and the three that always are. */
static bool is_ours(const char *host)
{
    char name[400];
    struct in_addr v4;
    struct in6_addr v6;
    const char *colon = strrchr(host, ':');
    const char *bracket = strrchr(host, ']');
    bool has_port = colon != NULL && (bracket == NULL ? host[0] != '[' : colon > bracket);
    size_t len = has_port ? (size_t)(colon - host) : strlen(host);
    if (len == 0 || len >= sizeof name ||
        (has_port && (colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1)))) {
        return false;
    }
    memcpy(name, host, len);
    name[len] = '\0';
    if (strcasecmp(host, "proxy.example.com:8443") == 0 || strcasecmp(name, "localhost") == 0 ||
        strcasecmp(name, "dronc.example.com") == 0 || strcmp(name, "10.0.0.7") == 0) {
        return true;
    }
    if (name[0] == '[' && name[len - 1] == ']') {
        name[len - 1] = '\0';
        return inet_pton(AF_INET6, name + 1, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return inet_pton(AF_INET, name, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

/* What is admitted is at home, from no other site, and no call of Dronc's own. */
static void check_admitted(const struct sample *sample)
{
    const char *host;
    const char *text;
    size_t hosts = lines_of(sample, "HTTP_HOST", &host);
    bool has_client = (lines_of(sample, "REMOTE_ADDR", &text) > 0 && *text != '\0') ||
                      (lines_of(sample, "SERVER_ADDR", &text) > 0 && *text != '\0') ||
                      lines_of(sample, "REMOTE_ADDR", &text) > 1 ||
                      lines_of(sample, "SERVER_ADDR", &text) > 1;
    if (has_client || *host != '\0') {
        check(hosts == 1 && is_ours(host));
    }
    check(lines_of(sample, "HTTP_DRONC_JOB_ID", &text) <= 1 && *text == '\0');
    check(lines_of(sample, "HTTP_SEC_FETCH_SITE", &text) <= 1);
    check(*text == '\0' || strcmp(text, "same-origin") == 0 || strcmp(text, "none") == 0);
    check(lines_of(sample, "HTTP_ORIGIN", &text) <= 1);
    if (*text != '\0') {
        const char *at = strstr(text, "://");
        check(at != NULL && hosts == 1);
        size_t name_len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
        check(strncasecmp(at + 3, host, name_len) == 0 &&
              (at[3 + name_len] == '\0' || at[3 + name_len] == ':'));
    }
}

static void check_query(struct request *request)
{
    static const char *const ALLOWED[] = {"limit", "tag", "a b", NULL};
    struct api_error error;
    api_error_clear(&error);
    if (request_read_query(request, ALLOWED, &error)) {
        for (size_t i = 0; i < request->param_count; i++) {
            const struct slice name = request->params[i].name;
            check(slice_eq(name, "limit") || slice_eq(name, "tag") || slice_eq(name, "a b"));
            for (size_t k = 0; k < i; k++) {
                check(!slice_same(name, request->params[k].name));
            }
        }
    } else {
        check(error.code != API_OK);
    }
}

static void check_body(struct request *request, const struct sample *sample)
{
    struct api_error error;
    api_error_clear(&error);
    if (request_read_body(request, &error)) {
        check(request->body.len <= REQUEST_BODY_MAX && request->body.len <= sample->body.len);
        check(request->body.len == 0 ||
              memcmp(request->body.data, sample->body.data, request->body.len) == 0);
    } else {
        check(error.code != API_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sample sample;
    static struct request request; /* kept, as a handler keeps its own */
    struct api_error error;
    read_sample(&sample, (struct slice){(const char *)data, size});
    const struct request_source source = {
        .meta = meta, .read = read_some, .framed = true, .arg = &sample, .all = sample.all};
    if (request.body.limit == 0) {
        request_init(&request);
    }
    api_error_clear(&error);
    if (!request_read_head(&request, &source, &error)) {
        check(error.code != API_OK);
        return 0;
    }
    check(request.path.len <= REQUEST_URI_MAX);
    if (front_admits(HOSTS, &request, (struct front_pass){0}, &error)) {
        check_admitted(&sample);
    } else {
        check(error.code != API_OK);
    }
    const char *text;
    check(!front_is_local(&request) || lines_of(&sample, "HTTP_FORWARDED", &text) == 0 || *text == '\0');
    check_query(&request);
    check_body(&request, &sample);
    return 0;
}
