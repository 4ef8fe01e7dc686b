/* call_spec: what a job's call looks like besides its URL: method, headers, body, how long and how far it may
 * go, and whether the beginning of what is answered is kept.
 *
 * Owns those fields of a definition, their limits (those of numbers stand in job_fields' table, and whoever
 * reads has checked them), and what holds where they are absent: a GET with nothing but the system's own
 * headers. The texts are kept as they were given; templates (template.h) are filled in
 * for each call anew, in the values of headers and in `body`. `body_base64` is bytes: sent as they are.
 *
 * Header names are tokens (RFC 9110); values hold no control characters but tabs, and no blanks at their
 * ends; two names that differ in case only are the same header, given twice. What belongs to the connection
 * (Connection, Transfer-Encoding, …), Host, Content-Length and Expect are refused: they are HTTP's business.
 * The system's own headers (Dronc-…, Idempotency-Key) may be given, and are not sent: the system's win.
 *
 * Life cycle: call_spec_read makes one, call_spec_fini gives its memory back. Messages never repeat a value,
 * which may be a secret.
 */
#ifndef DRONC_CALL_SPEC_H
#define DRONC_CALL_SPEC_H

#include "base/buffer.h"
#include "base/err.h"
#include "job/job_fields.h"
#include "text/template.h"

#include <stdbool.h>
#include <stddef.h>

#define CALL_HEADERS_MAX        32
#define CALL_HEADER_BYTES_MAX   4096  /* of one: name and value together */
#define CALL_HEADERS_BYTES_MAX  16384 /* of all: names and values */
#define CALL_BODY_MAX           32768 /* bytes, as sent without templates */
#define CALL_TIMEOUT_MS         90000 /* default; likewise the next two */
#define CALL_CONNECT_TIMEOUT_MS 10000
#define CALL_REDIRECTS          5

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

struct call_spec {
    enum call_method method;
    bool body_is_base64;
    bool keep_response;     /* records hold the first EXECUTION_RESPONSE_MAX bytes of the answer's body */
    int timeout_ms;         /* for all of it, redirects included */
    int connect_timeout_ms; /* for looking the name up, connecting and TLS */
    int max_redirects;      /* 0: a redirect is the answer */
    struct slice headers;   /* a JSON object of strings; data NULL: none */
    struct slice body;      /* as given: text, or base64; data NULL: none */
    char *memory;           /* owned: what headers and body point into; NULL: nothing */
};

/* "GET", … */
const char *call_method_name(enum call_method method);

/* What the fields say. ERR_INVALID: *field (static) is the one at fault, info says why. ERR_NOMEM. On failure
 * there is nothing to free. */
NODISCARD enum err call_spec_read(struct call_spec *out, const struct job_fields *fields, const char **field,
                                  struct errinfo *info);
/* It must not be used after that; a zero-initialised one may be ended, too. */
void call_spec_fini(struct call_spec *spec);

/* The other way: fill the fields so that call_spec_read gives the same again; those at their default are left
 * absent. Texts are borrowed from spec. */
void call_spec_describe(const struct call_spec *spec, struct job_fields *fields);

/* Append what differs from the default in one canonical form, a line each (a body may hold more of them):
 * nothing for the default, and equal texts for what is the same call. */
void call_spec_print(const struct call_spec *spec, struct buffer *out);

/* Append the headers to send as "Name: value" ("Name;" where the value is empty), each with a NUL behind it.
 * Failures: see buffer.h. */
void call_spec_add_headers(const struct call_spec *spec, const struct template_values *values,
                           struct buffer *out);

/* Append the body to send. */
void call_spec_add_body(const struct call_spec *spec, const struct template_values *values,
                        struct buffer *out);
/* Is the body to send spec->body, byte for byte? Then it need not be copied. */
bool call_spec_body_is_plain(const struct call_spec *spec);

#endif
