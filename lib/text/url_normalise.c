/* url_normalise: the writing part of url.h: a parsed URL in its normal form, in the form that is called, and
 * in the form for logs. Unescapes nothing: a server may distinguish "%7E" from "~", and definitions of equal
 * meaning must be equal calls.
 */
#include "text/url.h"

#include <string.h>

#define SEGMENT_SHOWN_MAX 24 /* bytes; a token is longer */

static char to_lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c | 0x20);
    }
    return c;
}

static char to_upper(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (char)(c & ~0x20);
    }
    return c;
}

static void add_slice(struct buffer *out, struct slice text)
{
    buffer_add(out, text.data, text.len);
}

static void add_lower(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        buffer_add_char(out, to_lower(text.data[i]));
    }
}

/* With the digits of percent-escapes in upper case. */
static void add_escapes_upper(struct buffer *out, struct slice text)
{
    size_t digits = 0; /* of an escape, still to come */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (digits > 0) {
            buffer_add_char(out, to_upper(c));
            digits--;
        } else {
            buffer_add_char(out, c);
            digits = c == '%' ? 2 : 0;
        }
    }
}

/* Scheme, "://", userinfo if asked for, host, and port unless it is the scheme's default. */
static void add_origin(struct buffer *out, const struct url *url, bool userinfo)
{
    buffer_add_str(out, url->https ? "https://" : "http://");
    if (userinfo && url->userinfo.data != NULL) {
        add_escapes_upper(out, url->userinfo);
        buffer_add_char(out, '@');
    }
    add_lower(out, url->host);
    if (url->port != (url->https ? 443 : 80)) {
        buffer_add_char(out, ':');
        buffer_add_i64(out, url->port);
    }
}

/* Remove the last "/segment" that was written behind root. */
static void drop_segment(struct buffer *out, size_t root)
{
    if (out->error != ERR_OK) {
        return;
    }
    while (out->len > root && out->data[out->len - 1] != '/') {
        out->len--;
    }
    if (out->len > root) {
        out->len--;
    }
    out->data[out->len] = '\0';
}

/* Write a path with "." and ".." resolved (RFC 3986, 5.2.4); add writes a segment. A dot segment at the end
 * leaves its '/'. */
static void add_path(struct buffer *out, struct slice path, void (*add)(struct buffer *, struct slice))
{
    size_t root = out->len;
    for (size_t pos = 0; pos < path.len;) {
        size_t end = pos + 1; /* path[pos] is the '/' in front of the segment */
        while (end < path.len && path.data[end] != '/') {
            end++;
        }
        struct slice segment = {path.data + pos + 1, end - pos - 1};
        bool up = slice_eq(segment, "..");
        if (up) {
            drop_segment(out, root);
        }
        if (up || slice_eq(segment, ".")) {
            if (end == path.len) {
                buffer_add_char(out, '/');
            }
        } else {
            buffer_add_char(out, '/');
            add(out, segment);
        }
        pos = end;
    }
    if (path.len == 0) {
        buffer_add_char(out, '/');
    }
}

void url_normalise(const struct url *url, struct buffer *out)
{
    add_origin(out, url, true);
    add_path(out, url->path, add_escapes_upper);
    if (url->query.data != NULL) {
        buffer_add_char(out, '?');
        add_escapes_upper(out, url->query);
    }
}

void url_resolve(const struct url *url, struct buffer *out)
{
    buffer_add(out, url->text.data, (size_t)(url->path.data - url->text.data));
    add_path(out, url->path, add_slice);
    if (url->query.data != NULL) {
        buffer_add_char(out, '?');
        add_slice(out, url->query);
    }
}

/* Add a path without what may be a token in it. */
static void add_path_shown(struct buffer *out, struct slice path)
{
    struct slice rest = path;
    (void)slice_take_until(&rest, '/'); /* the path is empty or begins with it */
    struct slice first = slice_take_until(&rest, '/');
    bool hidden =
        first.len > SEGMENT_SHOWN_MAX || (first.len > 0 && memchr(first.data, ':', first.len) != NULL);
    if (hidden) {
        buffer_add_str(out, "/…");
        return;
    }
    buffer_add(out, path.data, path.len - rest.len);
    if (rest.len > 0) {
        buffer_add_str(out, "…");
    }
}

void url_redact(const struct url *url, struct buffer *out)
{
    add_origin(out, url, false);
    add_path_shown(out, url->path);
    if (url->query.data != NULL) {
        buffer_add_str(out, "?…");
    }
}
