/* http_error: the names of http_client.h's errors in records. */
#include "http/http_client.h"

static const char *const error_names[HTTP_ERROR__COUNT] = {
    [HTTP_OK] = "",
    [HTTP_ERROR_DNS] = "dns",
    [HTTP_ERROR_CONNECT] = "connect",
    [HTTP_ERROR_FORBIDDEN] = "forbidden",
    [HTTP_ERROR_TLS] = "tls",
    [HTTP_ERROR_TIMEOUT] = "timeout",
    [HTTP_ERROR_REDIRECT] = "redirect",
    [HTTP_ERROR_REDIRECTS] = "too_many_redirects",
    [HTTP_ERROR_RESPONSE] = "response",
    [HTTP_ERROR_ABORTED] = "aborted",
    [HTTP_ERROR_SECRET] = "secret",
    [HTTP_ERROR_SIGNING] = "signing",
    [HTTP_ERROR_INTERNAL] = "internal",
};

const char *http_error_name(enum http_error error)
{
    return error < HTTP_ERROR__COUNT ? error_names[error] : "internal";
}
