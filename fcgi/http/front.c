/* front: reads Host and Origin as a browser writes them, and compares whole names, never their beginnings. */
#include "http/front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#define AUTHORITY_MAX 300 /* bytes of a name of 253 with a port, and some more */
#define DIGITS        "0123456789"

/* Headers that a proxy adds, each of which says that the peer is not the client. */
static const char *const FORWARDED[] = {"HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST",
                                        "HTTP_X_REAL_IP", "HTTP_VIA"};

struct authority {
    char text[AUTHORITY_MAX];
    struct slice name; /* in text, without the port; of an IPv6 address with its brackets */
};

static bool same_text(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

/* Is it empty, or a colon and digits? */
static bool is_port(const char *text)
{
    return *text == '\0' || (*text == ':' && text[1] != '\0' && text[1 + strspn(text + 1, DIGITS)] == '\0');
}

/* Returns false if text is no name or address with or without a port. */
static bool read_authority(const char *text, struct authority *out)
{
    size_t len = strlen(text);

    if (len == 0 || len >= sizeof out->text) {
        return false;
    }
    memcpy(out->text, text, len + 1);
    size_t end = out->text[0] == '[' ? strcspn(out->text, "]") + 1 : strcspn(out->text, ":");
    if (end == 0 || end > len || !is_port(out->text + end)) {
        return false;
    }
    out->name = (struct slice){out->text, end};
    return true;
}

/* Is it an address of 127.0.0.0/8 or ::1, written in full? */
static bool is_loopback(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool is_local_name(struct slice name)
{
    char text[INET6_ADDRSTRLEN];
    bool bracketed = name.len > 2 && name.data[0] == '[';
    size_t skip = bracketed ? 1 : 0;

    if (same_text(name, slice_of("localhost"))) {
        return true;
    }
    if (name.len >= sizeof text) {
        return false;
    }
    memcpy(text, name.data + skip, name.len - 2 * skip);
    text[name.len - 2 * skip] = '\0';
    return bracketed == (strchr(text, ':') != NULL) && is_loopback(text);
}

static struct slice trim(struct slice part)
{
    while (part.len > 0 && part.data[0] == ' ') {
        part.data++;
        part.len--;
    }
    while (part.len > 0 && part.data[part.len - 1] == ' ') {
        part.len--;
    }
    return part;
}

/* Does the list have the name, with this port or without one? */
static bool lists(const char *hosts, const struct authority *host)
{
    struct slice rest = slice_of(hosts);

    while (rest.len > 0) {
        struct slice part = trim(slice_take_until(&rest, ','));
        if (part.len > 0 && (same_text(part, host->name) || same_text(part, slice_of(host->text)))) {
            return true;
        }
    }
    return false;
}

/* Without a web server there is neither an address nor a Host that must be there. */
static bool has_client(struct request *req)
{
    return *request_header(req, "REMOTE_ADDR") != '\0' || *request_header(req, "SERVER_ADDR") != '\0';
}

static bool check_host(const char *hosts, struct request *req, struct api_error *error)
{
    struct authority host;
    const char *text = request_header(req, "HTTP_HOST");

    if (*text == '\0' && !has_client(req)) {
        return true;
    }
    if (read_authority(text, &host) && (is_local_name(host.name) || lists(hosts, &host))) {
        return true;
    }
    return api_error_set(
        error, API_MISDIRECTED_REQUEST,
        "Host \"%.100s\" is no name of this API: use localhost, or add the name to API_HOSTS", text);
}

/* The port that an Origin leaves out, and a Host usually. */
static void drop_port(struct authority *at, const char *port)
{
    if (strcmp(at->text + at->name.len, port) == 0) {
        at->text[at->name.len] = '\0';
    }
}

/* Is origin ("http://localhost:8080") where the request goes to? "null" is no such place. */
static bool is_own(const char *origin, const char *host)
{
    struct authority from;
    struct authority to;
    bool tls = strncmp(origin, "https://", 8) == 0;

    if (!tls && strncmp(origin, "http://", 7) != 0) {
        return false;
    }
    if (!read_authority(origin + (tls ? 8 : 7), &from) || !read_authority(host, &to)) {
        return false;
    }
    drop_port(&from, tls ? ":443" : ":80");
    drop_port(&to, tls ? ":443" : ":80");
    return same_text(slice_of(from.text), slice_of(to.text));
}

static bool refuse_site(struct api_error *error)
{
    return api_error_set(error, API_FORBIDDEN_ORIGIN, "a page of another site may not ask this");
}

/* Browsers send it to addresses that they trust (loopback, TLS). */
static bool is_fetched_by_another_site(struct request *req)
{
    const char *site = request_header(req, "HTTP_SEC_FETCH_SITE");

    return *site != '\0' && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

/* Browsers send an Origin with all but GET and HEAD. */
static bool check_origin(struct request *req, struct api_error *error)
{
    char origin[AUTHORITY_MAX + sizeof "https://"];
    const char *text = request_header(req, "HTTP_ORIGIN");
    size_t len = strlen(text);

    if (len == 0) {
        return true;
    }
    bool fits = len < sizeof origin;
    memcpy(origin, text, fits ? len + 1 : 0);
    if (!fits || !is_own(origin, request_header(req, "HTTP_HOST"))) {
        return refuse_site(error);
    }
    if (request_has_untyped_body(req)) {
        return api_error_set(error, API_UNSUPPORTED_MEDIA_TYPE,
                             "a request with an Origin needs a Content-Type, such as application/json");
    }
    return true;
}

static bool check_site(struct request *req, struct api_error *error)
{
    return is_fetched_by_another_site(req) ? refuse_site(error) : check_origin(req, error);
}

static bool check_self(struct request *req, struct api_error *error)
{
    if (*request_header(req, "HTTP_DRONC_JOB_ID") == '\0') {
        return true;
    }
    return api_error_set(error, API_SELF_CALL, "a call of a job may not ask Dronc itself for this");
}

bool front_admits(const char *hosts, struct request *req, struct front_pass pass, struct api_error *error)
{
    return (pass.any_host || check_host(hosts, req, error)) && (pass.any_site || check_site(req, error)) &&
           (pass.dronc_self || check_self(req, error));
}

bool front_is_local(struct request *req)
{
    struct authority host;

    for (size_t i = 0; i < sizeof FORWARDED / sizeof FORWARDED[0]; i++) {
        if (*request_header(req, FORWARDED[i]) != '\0') {
            return false;
        }
    }
    if (!has_client(req)) {
        return true;
    }
    const char *ours = request_header(req, "SERVER_ADDR");
    const char *address = *ours != '\0' ? ours : request_header(req, "REMOTE_ADDR");
    return is_loopback(address) && read_authority(request_header(req, "HTTP_HOST"), &host) &&
           is_local_name(host.name);
}
