/* url: see url.h. Reads a URL into its parts, or reports its first mistake.
 *
 * Walks from left to right, by the grammar of RFC 3986, appendix A. Resolves no names and judges no
 * addresses: the runner decides whether a host may be called. url_normalise.c writes the other forms.
 */
#include "text/url.h"

#include "text/template.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX  253 /* bytes of a DNS name */
#define LABEL_MAX 63  /* bytes of one of its labels */

/* What a part of a URL may hold besides letters, digits, "-._~" and percent-escapes. */
#define SUB_DELIMS     "!$&'()*+,;="
#define USERINFO_CHARS SUB_DELIMS ":"
#define PATH_CHARS     SUB_DELIMS ":@/"
/* RFC 3986 has no brackets in a query, but every client sends "?id[]=1" as it is. Braces that are left at
 * this point belong to templates. */
#define QUERY_CHARS SUB_DELIMS ":@/?[]{}"

struct parser {
    struct slice text;
    struct url *out;
    struct errinfo *info;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'z';
}

/* Most characters of a URL; none of them is special anywhere. Checking them first saves the search among the
 * others. */
static bool is_plain(char c)
{
    return is_letter(c) || is_digit(c);
}

static bool is_hex(char c)
{
    char lower = (char)(c | 0x20);
    return is_digit(c) || (lower >= 'a' && lower <= 'f');
}

static bool is_one_of(char c, const char *chars)
{
    return c != '\0' && strchr(chars, c) != NULL;
}

static bool is_unreserved(char c)
{
    return is_plain(c) || is_one_of(c, "-._~");
}

/* Refuse what is at byte pos (from 0) of the text. */
static enum url_fault malformed(const struct parser *p, size_t pos, const char *what)
{
    (void)err_set(p->info, ERR_INVALID, "character %zu: %s", pos + 1, what);
    return URL_MALFORMED;
}

/* The bytes from..end of the text. */
static struct slice cut(const struct parser *p, size_t from, size_t end)
{
    return (struct slice){p->text.data + from, end - from};
}

/* The first index from..end that holds one of chars, which are delimiters; end if there is none. */
static size_t find_any(const struct parser *p, size_t from, size_t end, const char *chars)
{
    for (const char *c = chars; *c != '\0' && from < end; c++) {
        const char *found = memchr(p->text.data + from, *c, end - from);
        end = found != NULL ? (size_t)(found - p->text.data) : end;
    }
    return end;
}

/* ---- characters ---- */

/* Why a character is not allowed anywhere in a URL; NULL if it is. */
static const char *forbidden(char c)
{
    if (c == ' ') {
        return "a space is not allowed (write %20)";
    }
    if ((unsigned char)c < 0x20 || c == 0x7F) {
        return "a control character is not allowed";
    }
    if ((unsigned char)c >= 0x80) {
        return "only ASCII is allowed (write a name in punycode, other bytes as %XX)";
    }
    if (c == '\\') {
        return "a backslash is not allowed (write / or %5C)";
    }
    return is_one_of(c, "\"<>^`{|}") ? "a character that a URL may only hold as %XX" : NULL;
}

/* Braces are allowed in a query, as those of a template. */
static enum url_fault check_alphabet(const struct parser *p)
{
    size_t query = find_any(p, 0, p->text.len, "?#");
    size_t query_end = find_any(p, query, p->text.len, "#");
    size_t template_end = 0;
    for (size_t i = 0; i < p->text.len; i++) {
        char c = p->text.data[i];
        if (is_plain(c)) {
            continue;
        }
        if (c == '{' && i >= query && i < query_end && i >= template_end) {
            template_end = i + template_length(cut(p, i, query_end));
        }
        bool brace = i < template_end && (c == '{' || c == '}');
        const char *why = brace ? NULL : forbidden(c);
        if (why != NULL) {
            return malformed(p, i, why);
        }
    }
    return URL_OK;
}

/* Check that from..end holds only unreserved characters, percent-escapes and extra. */
static enum url_fault check_part(const struct parser *p, size_t from, size_t end, const char *extra)
{
    const char *text = p->text.data;
    for (size_t i = from; i < end; i++) {
        if (text[i] == '%') {
            if (end - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
                return malformed(p, i, "'%' must be followed by two hexadecimal digits");
            }
        } else if (!is_unreserved(text[i]) && !is_one_of(text[i], extra)) {
            return malformed(p, i, "a character that may only stand here as %XX");
        }
    }
    return URL_OK;
}

/* The value of a hexadecimal digit. */
static unsigned hex_value(char c)
{
    return is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* Check user name and password. libcurl refuses a NUL in them when it makes the call. Other control
 * characters would end up in a header, where RFC 7617, 2, forbids them and some clients refuse them. */
static enum url_fault check_userinfo(const struct parser *p, size_t from, size_t end)
{
    const char *text = p->text.data;
    enum url_fault fault = check_part(p, from, end, USERINFO_CHARS);
    for (size_t i = from; fault == URL_OK && i < end; i++) {
        unsigned byte = text[i] == '%' ? hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]) : 0x20;
        if (byte < 0x20 || byte == 0x7F) {
            fault = malformed(p, i, "a user name or password has no control characters, not even as %XX");
        }
    }
    return fault;
}

/* ---- scheme ---- */

/* The length of a scheme at the front, before its ':'; 0 if there is none. */
static size_t scheme_length(struct slice text)
{
    size_t len = 0;
    while (len < text.len && (is_letter(text.data[len]) ||
                              (len > 0 && (is_digit(text.data[len]) || is_one_of(text.data[len], "+-."))))) {
        len++;
    }
    return len < text.len && text.data[len] == ':' ? len : 0;
}

/* True if "name:" is followed by digits, up to a path or the end: then it is a host and a port. */
static bool looks_like_port(const struct parser *p, size_t from)
{
    size_t pos = from;
    while (pos < p->text.len && is_digit(p->text.data[pos])) {
        pos++;
    }
    return pos > from && (pos == p->text.len || is_one_of(p->text.data[pos], "/?#"));
}

/* Read "http://" or "https://". *pos: after it. */
static enum url_fault take_scheme(struct parser *p, size_t *pos)
{
    size_t len = scheme_length(p->text);
    struct slice scheme = cut(p, 0, len);
    bool https = len == 5 && strncasecmp(scheme.data, "https", len) == 0;
    bool http = len == 4 && strncasecmp(scheme.data, "http", len) == 0;
    if (len == 0) {
        return malformed(p, 0, "expected http:// or https://");
    }
    bool slashes = p->text.len - len >= 3 && memcmp(p->text.data + len, "://", 3) == 0;
    if (!http && !https) {
        if (looks_like_port(p, len + 1)) {
            return malformed(p, 0, "expected http:// or https:// in front of the host");
        }
        (void)err_set(p->info, ERR_INVALID, "the scheme must be http or https");
        return URL_SCHEME;
    }
    if (!slashes) {
        return malformed(p, len + 1, "expected // behind the scheme");
    }
    p->out->scheme = scheme;
    p->out->https = https;
    *pos = len + 3;
    return URL_OK;
}

/* ---- host ---- */

/* family: AF_INET, four decimal numbers up to 255 without leading zeros (inet_pton knows no other form); or
 * AF_INET6. */
static bool is_address(int family, struct slice host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address; /* room for either */
    if (host.len >= sizeof text) {
        return false;
    }
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return inet_pton(family, text, &address) == 1;
}

/* True if some client may take the label for a number: digits, or 0x and hexadecimal digits. */
static bool is_numeric_label(struct slice label)
{
    bool hex = label.len >= 2 && label.data[0] == '0' && (label.data[1] | 0x20) == 'x';
    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        if (hex ? !is_hex(label.data[i]) : !is_digit(label.data[i])) {
            return false;
        }
    }
    return true;
}

static enum url_fault check_label(const struct parser *p, size_t from, size_t end)
{
    if (from == end) {
        return malformed(p, from, "an empty label in the host name");
    }
    if (end - from > LABEL_MAX) {
        return malformed(p, from, "a label of the host name is longer than 63 characters");
    }
    for (size_t i = from; i < end; i++) {
        char c = p->text.data[i];
        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_') {
            return malformed(p, i, "a host name is made of letters, digits, '-', '_' and '.'");
        }
    }
    return URL_OK;
}

/* Check the labels of a name, from..end without the dot at its end. *last: the last one. */
static enum url_fault check_labels(const struct parser *p, size_t from, size_t end, struct slice *last)
{
    size_t dot = from - 1;
    do {
        size_t start = dot + 1;
        dot = find_any(p, start, end, ".");
        *last = cut(p, start, dot);
        enum url_fault fault = check_label(p, start, dot);
        if (fault != URL_OK) {
            return fault;
        }
    } while (dot < end);
    return URL_OK;
}

static enum url_fault check_name(const struct parser *p, size_t from, size_t end)
{
    size_t name_end = end - (p->text.data[end - 1] == '.'); /* a dot at the end: the root of the DNS */
    if (name_end - from > HOST_MAX) {
        return malformed(p, from, "the host name is longer than 253 characters");
    }
    struct slice last;
    enum url_fault fault = check_labels(p, from, name_end, &last);
    if (fault == URL_OK && is_numeric_label(last) && !is_address(AF_INET, cut(p, from, end))) {
        return malformed(p, from, "an IPv4 address is four decimal numbers from 0 to 255");
    }
    return fault;
}

/* Read from..end, a host without its port. */
static enum url_fault take_host(struct parser *p, size_t from, size_t end)
{
    p->out->host = cut(p, from, end);
    if (from == end) {
        return malformed(p, from, "the host is missing");
    }
    if (p->text.data[from] != '[') {
        return check_name(p, from, end);
    }
    bool good = p->text.data[end - 1] == ']' && is_address(AF_INET6, cut(p, from + 1, end - 1));
    return good ? URL_OK : malformed(p, from, "not an IPv6 address in brackets");
}

/* Read from..end, a port without its ':'. An empty one means the scheme's default. */
static enum url_fault take_port(struct parser *p, size_t from, size_t end)
{
    unsigned port = 0;
    for (size_t i = from; i < end; i++) {
        if (!is_digit(p->text.data[i])) {
            return malformed(p, i, "expected a digit of the port");
        }
        port = port * 10 + (unsigned)(p->text.data[i] - '0');
        if (port > UINT16_MAX || i - from >= 5) {
            return malformed(p, from, "the port is larger than 65535");
        }
    }
    if (from < end && port == 0) {
        return malformed(p, from, "port 0 cannot be called");
    }
    if (port != 0) {
        p->out->port = (uint16_t)port;
    }
    return URL_OK;
}

/* Read from..end: [userinfo "@"] host [":" port]. */
static enum url_fault take_authority(struct parser *p, size_t from, size_t end)
{
    enum url_fault fault = URL_OK;
    size_t at = find_any(p, from, end, "@");
    if (at < end) {
        p->out->userinfo = cut(p, from, at);
        fault = check_userinfo(p, from, at);
        from = at + 1;
    }
    size_t name = from < end && p->text.data[from] == '[' ? find_any(p, from, end, "]") : from;
    size_t colon = find_any(p, name, end, ":");
    if (fault == URL_OK) {
        fault = take_host(p, from, colon);
    }
    if (fault == URL_OK) {
        fault = take_port(p, colon < end ? colon + 1 : end, end);
    }
    return fault;
}

/* ---- the whole ---- */

/* Read the part after mark, if mark is at *pos, up to one of ends. *pos: after the part. */
static enum url_fault take_tail(const struct parser *p, size_t *pos, char mark, const char *ends,
                                struct slice *part)
{
    if (*pos == p->text.len || p->text.data[*pos] != mark) {
        return URL_OK;
    }
    size_t end = find_any(p, *pos + 1, p->text.len, ends);
    enum url_fault fault = check_part(p, *pos + 1, end, QUERY_CHARS);
    *part = cut(p, *pos + 1, end);
    *pos = end;
    return fault;
}

static enum url_fault take_rest(struct parser *p, size_t pos)
{
    size_t end = find_any(p, pos, p->text.len, "?#");
    enum url_fault fault = check_part(p, pos, end, PATH_CHARS);
    p->out->path = cut(p, pos, end);
    if (fault == URL_OK) {
        fault = take_tail(p, &end, '?', "#", &p->out->query);
    }
    if (fault == URL_OK) {
        fault = take_tail(p, &end, '#', "", &p->out->fragment);
    }
    return fault;
}

enum url_fault url_parse(struct url *out, struct slice text, struct errinfo *info)
{
    struct parser p = {.text = text, .out = out, .info = info};
    *out = (struct url){.text = text};
    if (text.len > URL_MAX) {
        (void)err_set(info, ERR_LIMIT, "longer than %d bytes", URL_MAX);
        return URL_TOO_LONG;
    }
    size_t pos = 0;
    enum url_fault fault = check_alphabet(&p);
    if (fault == URL_OK) {
        fault = take_scheme(&p, &pos);
    }
    if (fault != URL_OK) {
        return fault;
    }
    out->port = out->https ? 443 : 80;
    size_t path = find_any(&p, pos, text.len, "/?#");
    fault = take_authority(&p, pos, path);
    return fault == URL_OK ? take_rest(&p, path) : fault;
}
