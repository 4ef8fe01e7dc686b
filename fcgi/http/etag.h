/* etag: is an entity tag among those of an If-Match or If-None-Match header (RFC 9110, 8.8.3)? Ours hold
 * letters and digits only. Pure. */
#ifndef DRONC_ETAG_H
#define DRONC_ETAG_H

#include <stdbool.h>

/* If-Match: is tag (without its quotes) in the list, or is that "*"? A weak one (W/"…") is never meant. */
bool etag_matches(const char *list, const char *tag);

/* If-None-Match: the same, but a weak one counts, too: what compresses an answer makes its tag weak. */
bool etag_is_known(const char *list, const char *tag);

#endif
