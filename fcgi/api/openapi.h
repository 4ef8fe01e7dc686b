/* openapi: GET /openapi.json, the API described in OpenAPI 3.1.
 *
 * The document is fcgi/api/openapi.json, written by hand and compiled in. Tests keep it true:
 * tests/unit/test_openapi.c compares it with the tables of routes, fields and error codes, and
 * tests/system/test_openapi.py requests everything in it.
 */
#ifndef DRONC_OPENAPI_H
#define DRONC_OPENAPI_H

#include <stddef.h>

/* The compiled-in document. */
struct openapi_document {
    const char *text; /* JSON */
    size_t len;       /* bytes, without the NUL */
    const char *tag;  /* hex digits that change with the text */
};

extern const struct openapi_document openapi_document;

#endif
