/* http_tls: what only OpenSSL knows about a connection. Private to http_client. */
#ifndef DRONC_HTTP_TLS_H
#define DRONC_HTTP_TLS_H

#include <curl/curl.h>
#include <stdbool.h>

/* True if OpenSSL has read bytes on the connection of easy's transfer that libcurl has not taken. libcurl
 * reads no further than an answer's end, which may be inside a record. */
bool http_tls_has_more(CURL *easy);

#endif
