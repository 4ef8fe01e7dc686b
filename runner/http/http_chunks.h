/* http_chunks: the chunked transfer coding (RFC 9112, 7.1), read strictly. Private to http_client.
 *
 * libcurl reads it, too, to find where the answer ends, but it accepts too much: "5zz" as a size, or a chunk
 * that is one byte longer than its size. It passes the coded bytes, and this module takes the body out of
 * them. Spaces after a size are accepted (old servers pad it with them); a line feed alone is not a line
 * end.
 *
 * Pure.
 */
#ifndef DRONC_HTTP_CHUNKS_H
#define DRONC_HTTP_CHUNKS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_CHUNK_EXTRAS_MAX 65536 /* bytes of all chunk extensions and trailers */

enum http_chunks_state {
    HTTP_CHUNKS_SIZE,      /* the first digit of a size */
    HTTP_CHUNKS_DIGITS,    /* another digit, or what follows the size */
    HTTP_CHUNKS_PADDING,   /* spaces and tabs after the size */
    HTTP_CHUNKS_EXTENSION, /* to the end of the line */
    HTTP_CHUNKS_SIZE_END,  /* the line feed after the size */
    HTTP_CHUNKS_DATA,
    HTTP_CHUNKS_DATA_CR,  /* the end of the line after the data */
    HTTP_CHUNKS_DATA_END, /* its line feed */
    HTTP_CHUNKS_TRAILER,  /* the beginning of a trailer, or of the empty line that ends all */
    HTTP_CHUNKS_TRAILER_NAME,
    HTTP_CHUNKS_TRAILER_VALUE, /* to the end of the line */
    HTTP_CHUNKS_LAST,          /* the line feed that ends all */
    HTTP_CHUNKS_END,
    HTTP_CHUNKS_BAD
};

/* Zero-initialised: at the beginning. */
struct http_chunks {
    enum http_chunks_state state;
    int64_t left;   /* bytes of this chunk to come; while its size is read, the size so far */
    int64_t extras; /* bytes of extensions and trailers so far */
    bool excess;    /* bytes came after the end */
};

/* Gets the data of a chunk, or a part of it. */
typedef void http_chunks_cb(void *arg, const char *data, size_t len);

/* Take the next coded bytes. Returns false if they break the coding; then nothing more may be fed. */
bool http_chunks_feed(struct http_chunks *chunks, const char *data, size_t len, http_chunks_cb *cb,
                      void *arg);

#endif
