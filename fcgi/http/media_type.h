/* media_type: what Content-Type and Accept headers mean (RFC 9110, 8.3 and 12.5.1) to this API: whether a
 * body is JSON, or lines of it, and which of the two forms an error takes. Pure. */
#ifndef DRONC_MEDIA_TYPE_H
#define DRONC_MEDIA_TYPE_H

#include <stdbool.h>

/* Returns true for application/json and for any type that ends in +json, with any well-formed parameters; a
 * charset must be UTF-8 (or US-ASCII, a part of it). Ignores case. */
bool media_type_is_json(const char *text);

/* The same for application/x-ndjson, and its other names application/ndjson and application/jsonl. */
bool media_type_is_ndjson(const char *text);

/* Is a Content-Encoding header (RFC 9110, 8.4) empty or "identity", so that the body is not encoded? */
bool media_type_is_uncoded(const char *codings);

/* Does an Accept header ask for application/problem+json (RFC 9457)? It has to name it: a wildcard ("*",
 * "application/" and a star) means application/json. If it names both, the greater q wins; if they are equal,
 * problem+json wins, since a client must name that on purpose. Returns false for "" and for a malformed
 * header. */
bool media_type_wants_problem(const char *accept);

#endif
