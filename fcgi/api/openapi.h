/* openapi: GET /openapi.json, the API as OpenAPI 3.1 has it.
 *
 * The document is fcgi/api/openapi.json, written by hand and compiled in. It cannot drift:
 * tests/unit/test_openapi.c holds it against the table of routes, the table of fields and that of error
 * codes, and tests/system/test_openapi.py asks everything that is in it. Who adds a route adds it there, and
 * is told so.
 */
#ifndef DRONC_OPENAPI_H
#define DRONC_OPENAPI_H

#include <stddef.h>

/* The document as it is compiled in. */
struct openapi_document {
    const char *text; /* JSON */
    size_t len;       /* bytes, without the NUL */
    const char *tag;  /* changes with the text; hex digits */
};

extern const struct openapi_document openapi_document;

#endif
