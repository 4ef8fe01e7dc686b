/* http_names: what libcurl is to know of the names of hosts. Those of jobs' own URLs are looked up already
 * (lookups): libcurl gets their addresses, or may not look them up. Those of redirects it looks up itself,
 * each in a thread with two descriptors, which outlive the call where no name server answers: they are
 * counted, at most HTTP_NAMES_MAX, and the abandoned ones for as long as they can live. No job's host takes
 * them all: it may have one more only while it has fewer than are left. Private to http_client.
 */
#ifndef DRONC_HTTP_NAMES_H
#define DRONC_HTTP_NAMES_H

#include "http/http_client.h"

#include <curl/curl.h>

#define HTTP_NAMES_MAX 64
#define HTTP_NAMES_MS  30000 /* the longest that getaddrinfo takes: 2 rounds of 5 s, 3 name servers */

/* A look-up of libcurl's. */
struct http_lookup {
    uint64_t origin;      /* the job's host, as a hash */
    struct mono_ms until; /* `left`: when it is no more, at the latest */
    bool taken;
    bool left; /* by its call */
};

/* Zero-initialised but for clock: none under way. */
struct http_names {
    struct clock clock;
    struct http_lookup lookups[HTTP_NAMES_MAX];
};

/* The part of a call. Zero-initialised: it has no names. */
struct http_name {
    struct http_names *names;   /* borrowed */
    CURL *easy;                 /* likewise */
    struct http_lookup *lookup; /* under way; likewise */
    struct curl_slist *list;    /* owned: addresses, in one piece */
    uint64_t origin;
    enum http_error error;     /* why there may be no look-up; HTTP_OK: there may */
    char why[HTTP_ERROR_SIZE]; /* likewise */
};

/* Before the transfer: what is known of request's host. name must not move until http_name_fini. */
NODISCARD CURLcode http_name_init(struct http_name *name, struct http_names *names, CURL *easy,
                                  const struct http_request *request);
/* Its look-up is over, if there was one. */
void http_name_is_known(struct http_name *name);
/* The transfer is over, and easy is reset, or freed. */
void http_name_fini(struct http_name *name);

#endif
