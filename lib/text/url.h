/* url: the absolute http and https URLs that Dronc calls. RFC 3986, read strictly.
 *
 * What this module accepts, every HTTP client reads in the same way: scheme "://" [userinfo "@"] host [":"
 * port] [path] ["?" query] ["#" fragment]; ASCII only (an international name comes as punycode, other bytes
 * percent-encoded), no spaces, control characters, backslashes or other characters that RFC 3986 does not
 * know, '[' and ']' only around an IPv6 address and (as every client sends
 * them, though RFC 3986 does not) in a query, every '%' followed by two hex digits. userinfo holds no control
 * characters, not even percent-encoded: it can be sent. host is a DNS name
 * (labels of letters, digits, '-', '_'; 63 bytes each, 253 together, and possibly a dot behind them), an IPv4
 * address in four decimal parts, or an IPv6 address in brackets, without a zone; names whose last label is a
 * number ("0x7f.1", "2130706433", "1.2.3.4.5") are refused. port is 1 to 65535 in at most 5 digits, or empty.
 * In a query `{{name}}` may stand, which is a template (template.h): such a URL is called with that filled
 * in.
 *
 * A text that is no http or https URL is URL_SCHEME where it is a URI of another scheme ("ftp://h",
 * "mailto:a@b"), else URL_MALFORMED. By RFC 3986 "localhost:8080/x" is a URI whose scheme is "localhost";
 * what was meant is a host and a port, so a name, ':', and digits up to '/', '?', '#' or the end are
 * URL_MALFORMED.
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
    uint16_t port;         /* the scheme's own where none is written */
    bool https;
};

/* Parse text. out borrows text. On a fault, info (may be NULL) says what is wrong and at which character
 * (from 1), without quoting any of it; info->code is ERR_LIMIT for URL_TOO_LONG, else ERR_INVALID. */
NODISCARD enum url_fault url_parse(struct url *out, struct slice text, struct errinfo *info);

/* Append the normal form (RFC 3986, 6.2.2 and 6.2.3): scheme and host in lower case, no default port, "/" for
 * an empty path, hex digits of percent-escapes in upper case, dot segments resolved, no fragment. Escapes are
 * not resolved, though 6.2.2.2 would have it for "%7E" and its like: servers may tell them apart. Equal
 * normal forms are the same resource to call. At most 1 byte longer than the text. */
void url_normalise(const struct url *url, struct buffer *out);

/* Append what is called: the text, but with the dot segments of its path resolved and without the fragment.
 * "%2e" stays as it is, though some clients (libcurl 8.14, but not 7.88) take it for a dot. */
void url_resolve(const struct url *url, struct buffer *out);

/* Append what may be shown in a log: scheme, host, port (not the scheme's own), path as written; "?…" in
 * place of a query, no userinfo, no fragment. */
void url_redact(const struct url *url, struct buffer *out);

#endif
