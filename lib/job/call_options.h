/* call_options: what a job's call is besides its URL: method, headers, body, time-outs, redirects, and
 * whether the beginning of the answer is kept. By default, a GET with nothing but Dronc's own headers.
 *
 * A group of fields (group.h): `method`, `headers`, `body`, `body_base64`, `timeout_ms`,
 * `connect_timeout_ms`, `follow_redirects`, `keep_response`, `signing`. The texts are kept as given. Templates
 * (template.h) in `body` and in the values of headers are filled in anew for each call; the bytes of
 * `body_base64` are sent as they are.
 *
 * Header names are tokens (RFC 9110). Values hold no control characters but tabs, and neither begin nor end
 * with a space or a tab. Names that differ only in case are the same header, given twice. Headers that
 * belong to the connection (Connection, Transfer-Encoding, …), Host, Content-Length and Expect are refused:
 * HTTP itself sets them. Dronc's own headers (Dronc-…, Idempotency-Key) are accepted but not sent, since
 * Dronc sends its own. So are those of a signature (Webhook-Id, Webhook-Timestamp, Webhook-Signature).
 *
 * Life cycle: call_options_read makes one, call_options_fini frees its memory.
 */
#ifndef DRONC_CALL_OPTIONS_H
#define DRONC_CALL_OPTIONS_H

#include "base/buffer.h"
#include "job/job_fault.h"
#include "job/job_fields.h"
#include "text/template.h"

#include <stdbool.h>
#include <stddef.h>

#define CALL_HEADERS_MAX        32
#define CALL_HEADER_BYTES_MAX   4096  /* of one header: name and value */
#define CALL_HEADERS_BYTES_MAX  16384 /* of all headers: names and values */
#define CALL_BODY_MAX           32768 /* bytes of a body before its templates are filled in */
#define CALL_TIMEOUT_MS         90000 /* default; likewise the next two */
#define CALL_CONNECT_TIMEOUT_MS 10000
#define CALL_REDIRECTS          5
#define CALL_SECRETS_MAX        16 /* templates of secrets, in headers and body together: each may be long */

enum call_method {
    CALL_GET,
    CALL_POST,
    CALL_PUT,
    CALL_PATCH,
    CALL_DELETE,
    CALL_HEAD,
    CALL_OPTIONS,
    CALL_METHOD__COUNT
};

struct call_options {
    enum call_method method;
    bool body_is_base64;
    bool keep_response;     /* records hold the first EXECUTION_RESPONSE_MAX bytes of the answer's body */
    int timeout_ms;         /* for the whole call, redirects included */
    int connect_timeout_ms; /* for the name's look-up, connecting and TLS */
    int max_redirects;      /* 0: a redirect is the answer */
    struct slice headers;   /* a JSON object of strings; data NULL: none */
    struct slice body;      /* as given: text, or base64; data NULL: none */
    struct slice signing;   /* the name of the keys that sign it; data NULL: it is not signed */
    bool has_secrets;       /* headers or body hold templates of secrets */
    char *memory;           /* owned: what these three point into; NULL: nothing */
};

/* "GET", … Static. */
const char *call_method_name(enum call_method method);

/* See group.h. */
NODISCARD bool call_options_read(struct call_options *out, const struct job_fields *fields,
                                 struct job_fault *fault);
void call_options_describe(const struct call_options *options, struct job_fields *fields);
void call_options_print(const struct call_options *options, struct buffer *out);
void call_options_fini(struct call_options *options);

/* Append the headers to send as "Name: value" ("Name;" if the value is empty), each followed by a NUL.
 * Failures: see buffer.h. */
void call_options_add_headers(const struct call_options *options, const struct template_values *values,
                              struct buffer *out);

/* Append the body to send. */
void call_options_add_body(const struct call_options *options, const struct template_values *values,
                           struct buffer *out);
/* Does a header Authorization hold its value in clear? Everyone who may read the job may read that, too. */
bool call_options_has_clear_credentials(const struct call_options *options);

/* True if the body to send is options->body, byte for byte, so that it need not be copied. */
bool call_options_body_is_plain(const struct call_options *options);

#endif
