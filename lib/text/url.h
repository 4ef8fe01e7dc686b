/* url: the absolute http and https URLs that Dronc calls. RFC 3986, read strictly.
 *
 * Accepts only what every HTTP client reads in the same way:
 *
 *     scheme "://" [userinfo "@"] host [":" port] [path] ["?" query] ["#" fragment]
 *
 *     all       ASCII (an international name as punycode, other bytes percent-encoded); no spaces, control
 *               characters, backslashes or other characters that RFC 3986 does not have; every '%' is
 *               followed by two hex digits; '[' and ']' only around an IPv6 address and in a query (RFC 3986 forbids
 *               them there, but every client sends them)
 *     userinfo  no control characters, not even percent-encoded, so that it can be sent
 *     host      a DNS name (labels of letters, digits, '-', '_'; 63 bytes each, 253 together; a dot may end
 *               it), an IPv4 address in four decimal parts, or an IPv6 address in brackets, without a zone. A
 *               name whose last label is a number ("0x7f.1", "2130706433", "1.2.3.4.5") is refused
 *     port      1 to 65535 in at most 5 digits, or empty
 *     query     may hold templates, `{{name}}` (template.h), which are filled in for each call
 *
 * Another text is URL_SCHEME if it is a URI of another scheme ("ftp://h", "mailto:a@b"), else URL_MALFORMED.
 * By RFC 3986 "localhost:8080/x" is a URI whose scheme is "localhost", but its author meant a host and a
 * port. So a name, ':', and digits up to '/', '?', '#' or the end are URL_MALFORMED.
 *
 * Pure; any thread.
 */
#ifndef DRONC_URL_H
#define DRONC_URL_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdint.h>

#define URL_MAX 2048 /* bytes, as given */

enum url_fault {
    URL_OK = 0,
    URL_TOO_LONG,
    URL_MALFORMED, /* not an absolute URL, or a part of it breaks a rule */
    URL_SCHEME     /* an absolute URL, but neither http nor https */
};

/* Views into the text that was parsed; an absent part has data NULL. */
struct url {
    struct slice text;     /* all of it */
    struct slice scheme;   /* as written */
    struct slice userinfo; /* without the '@' */
    struct slice host;     /* as written, brackets of an IPv6 address included */
    struct slice path;     /* "" or starting with '/' */
    struct slice query;    /* without the '?' */
    struct slice fragment; /* without the '#' */
    uint16_t port;         /* the scheme's default if none is given */
    bool https;
};

/* Parse text; out borrows it. On a fault, info (may be NULL) has the mistake and its character (from 1), but
 * no part of text; info->code is ERR_LIMIT for URL_TOO_LONG, else ERR_INVALID. */
NODISCARD enum url_fault url_parse(struct url *out, struct slice text, struct errinfo *info);

/* Append the normal form (RFC 3986, 6.2.2 and 6.2.3): scheme and host in lower case, no default port, "/"
 * for an empty path, hex digits of percent-escapes in upper case, dot segments resolved, no fragment.
 * Escapes such as "%7E" are not resolved, against 6.2.2.2: servers may distinguish them. Equal normal forms
 * mean equal calls. At most 1 byte longer than the text. */
void url_normalise(const struct url *url, struct buffer *out);

/* Append the URL that is called: the text with the dot segments of its path resolved, without the fragment.
 * "%2e" stays as it is, though some clients (libcurl 8.14, but not 7.88) take it for a dot. */
void url_resolve(const struct url *url, struct buffer *out);

/* Append what a log may show: scheme, host, port (unless it is the scheme's default), the first segment of the
 * path as written, "…" for the rest of it, "?…" for a query; no userinfo, no fragment. Many services have a
 * token in the path, and some (hc-ping.com, api.telegram.org) in its first segment, so "…" stands for one that
 * is long or has a ':' too. */
void url_redact(const struct url *url, struct buffer *out);

#endif
