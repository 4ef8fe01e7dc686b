/* media_type: is a body, by its Content-Type (RFC 9110, 8.3), JSON, or lines of it? Pure. */
#ifndef DRONC_MEDIA_TYPE_H
#define DRONC_MEDIA_TYPE_H

#include <stdbool.h>

/* True for application/json and for any type that ends in +json, with any well-formed parameters as long as
 * charset, where it is given, is UTF-8 (or US-ASCII, a part of it). Case does not count. */
bool media_type_is_json(const char *text);

/* The same for application/x-ndjson, and application/ndjson, application/jsonl by other names. */
bool media_type_is_ndjson(const char *text);

#endif
