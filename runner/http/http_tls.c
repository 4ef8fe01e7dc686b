/* http_tls: see http_tls.h. */
#include "http/http_tls.h"

#include <openssl/ssl.h>
#include <stddef.h>

bool http_tls_has_more(CURL *easy)
{
    const struct curl_tlssessioninfo *session = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == NULL) {
        return false;
    }
    return session->backend == CURLSSLBACKEND_OPENSSL && session->internals != NULL &&
           SSL_has_pending(session->internals) == 1;
}
