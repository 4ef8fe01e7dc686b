/* etag: entity tags, and whether an If-Match or If-None-Match header names one (RFC 9110, 8.8.3). Dronc's
 * tags consist of letters and digits. Pure. */
#ifndef DRONC_ETAG_H
#define DRONC_ETAG_H

#include <stdbool.h>
#include <stdint.h>

#define ETAG_SIZE 24 /* bytes, with the NUL; without the quotes */

/* The tag of a version. */
void etag_of_version(char out[ETAG_SIZE], int64_t version);

/* If-Match: does the list contain tag, or is it "*"? A weak tag (W/"…") never matches. */
bool etag_matches(const char *list, const char *tag);

/* If-None-Match: the same, but a weak tag matches, too: a proxy that compresses a response makes its tag
 * weak. */
bool etag_is_known(const char *list, const char *tag);

#endif
