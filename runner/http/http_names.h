/* http_names: controls which names libcurl looks up.
 *
 * The names of jobs' own URLs have been looked up already (lookups): libcurl gets their addresses, or must
 * not look them up. It looks up those of redirects itself, each in a thread with two descriptors, which
 * outlive the call if no name server answers. They are counted, at most HTTP_NAMES_MAX, the abandoned ones
 * for as long as they can live. No job's host can take them all: it gets one more only while it has fewer
 * than are left. Private to http_client.
 */
#ifndef DRONC_HTTP_NAMES_H
#define DRONC_HTTP_NAMES_H

#include "http/http_client.h"

#include <curl/curl.h>

#define HTTP_NAMES_MAX 64
#define HTTP_NAMES_MS  30000 /* the longest that getaddrinfo takes: 2 rounds of 5 s, 3 name servers */

/* A look-up by libcurl. */
struct http_lookup {
    uint64_t origin;      /* the job's host, as a hash */
    struct mono_ms until; /* left: when it is over at the latest */
    bool taken;
    bool left; /* its call has ended */
};

/* Set clock; the rest zero-initialised: no look-up is under way. */
struct http_names {
    struct clock clock;
    struct http_lookup lookups[HTTP_NAMES_MAX];
};

/* The part of one call. Zero-initialised: it has no names. */
struct http_name {
    struct http_names *names;   /* borrowed */
    CURL *easy;                 /* borrowed */
    struct http_lookup *lookup; /* under way; borrowed */
    struct curl_slist *list;    /* owned: addresses, in one piece */
    uint64_t origin;
    enum http_error error;     /* why no look-up is allowed; HTTP_OK: it is allowed */
    char why[HTTP_ERROR_SIZE]; /* the same, for a person */
};

/* Call before the transfer: tells easy what is known of request's host. name must not move until
 * http_name_fini.
 */
NODISCARD CURLcode http_name_init(struct http_name *name, struct http_names *names, CURL *easy,
                                  const struct http_request *request);
/* The same for another transfer of the call, to another host, of which nothing is known. The one before must be over. */
NODISCARD CURLcode http_name_renew(struct http_name *name, CURL *easy);
/* The call's look-up is over, if there was one. */
void http_name_is_known(struct http_name *name);
/* The transfer is over, and easy is reset, or freed. */
void http_name_fini(struct http_name *name);

#endif
