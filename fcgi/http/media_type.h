/* media_type: what a Content-Type and an Accept header say (RFC 9110, 8.3 and 12.5.1), as far as this API has
 * a choice: is a body JSON, or lines of it, and in which of its two forms is an error to be told? Pure. */
#ifndef DRONC_MEDIA_TYPE_H
#define DRONC_MEDIA_TYPE_H

#include <stdbool.h>

/* True for application/json and for any type that ends in +json, with any well-formed parameters as long as
 * charset, where it is given, is UTF-8 (or US-ASCII, a part of it). Case does not count. */
bool media_type_is_json(const char *text);

/* The same for application/x-ndjson, and application/ndjson, application/jsonl by other names. */
bool media_type_is_ndjson(const char *text);

/* Does a Content-Encoding header (RFC 9110, 8.4) say that the body is as it is: nothing, or "identity"? */
bool media_type_is_uncoded(const char *codings);

/* Does an Accept header ask for application/problem+json (RFC 9457)? It has to be named: what only fits in
 * with it ("*", "application/" and a star) means application/json, as ever. Where both are wanted the greater
 * q counts; where that is the same, it is problem+json, which nobody names without meaning it. False for "",
 * and for what is no Accept header. */
bool media_type_wants_problem(const char *accept);

#endif
