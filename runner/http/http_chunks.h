/* http_chunks: the chunked transfer coding (RFC 9112, 7.1), read strictly. Private to http_client.
 *
 * libcurl reads it, too, and so knows where the answer ends, but lets much pass: "5zz" for a size, a chunk
 * that is one byte longer than its size says. It hands the coded bytes out, and this module takes the body
 * out of them. Blanks behind a size are fine (old servers pad it with them); a line feed alone is no line
 * end.
 *
 * Pure.
 */
#ifndef DRONC_HTTP_CHUNKS_H
#define DRONC_HTTP_CHUNKS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_CHUNK_EXTRAS_MAX 65536 /* bytes of chunk extensions and trailers, all together */

enum http_chunks_state {
    HTTP_CHUNKS_SIZE,      /* the first digit of a size comes */
    HTTP_CHUNKS_DIGITS,    /* another digit, or what is behind it */
    HTTP_CHUNKS_PADDING,   /* blanks behind the size */
    HTTP_CHUNKS_EXTENSION, /* to the end of the line */
    HTTP_CHUNKS_SIZE_END,  /* the line feed behind the size */
    HTTP_CHUNKS_DATA,
    HTTP_CHUNKS_DATA_CR,  /* the end of the line behind the data */
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
    int64_t left;   /* bytes of this chunk that are still to come; its size while that is read */
    int64_t extras; /* bytes of extensions and trailers so far */
    bool excess;    /* something came behind the end */
};

/* Takes what was in a chunk. */
typedef void http_chunks_cb(void *arg, const char *data, size_t len);

/* Take the next coded bytes. False: this is not the coding; nothing more may come. */
bool http_chunks_feed(struct http_chunks *chunks, const char *data, size_t len, http_chunks_cb *cb,
                      void *arg);

#endif
