/* fake_source: a request_source made of constants, for tests of everything that takes a request. */
#ifndef DRONC_FAKE_SOURCE_H
#define DRONC_FAKE_SOURCE_H

#include "http/request.h"

#include <string.h>

#define FAKE_EXTRA_MAX 6

struct fake_request {
    const char *method;
    const char *uri;    /* REQUEST_URI; NULL: absent */
    const char *type;   /* Content-Type; NULL: absent */
    const char *length; /* Content-Length; NULL: absent */
    const char *body;
    size_t body_len;                      /* 0: that of the string */
    size_t fails_at;                      /* reading fails after so many bytes; 0: never */
    const char *extra[FAKE_EXTRA_MAX][2]; /* further meta-variables: name, value */
    bool unframed;
    const char *const *all; /* as of struct request_source */
    size_t done;            /* bytes of the body that were read */
    struct request_source source;
};

static inline const char *fake_meta(void *arg, const char *name)
{
    const struct fake_request *fake = arg;
    for (size_t i = 0; i < FAKE_EXTRA_MAX; i++) {
        if (fake->extra[i][0] && strcmp(fake->extra[i][0], name) == 0) {
            return fake->extra[i][1];
        }
    }
    return strcmp(name, "REQUEST_METHOD") == 0   ? fake->method
           : strcmp(name, "REQUEST_URI") == 0    ? fake->uri
           : strcmp(name, "CONTENT_TYPE") == 0   ? fake->type
           : strcmp(name, "CONTENT_LENGTH") == 0 ? fake->length
                                                 : NULL;
}

/* Hands out the body in pieces of at most 1,000 bytes. */
static inline int64_t fake_read(void *arg, char *out, size_t size)
{
    struct fake_request *fake = arg;
    size_t len = fake->body_len ? fake->body_len : fake->body ? strlen(fake->body) : 0;
    size_t piece = len - fake->done < 1000 ? len - fake->done : 1000;
    if (fake->fails_at && fake->done >= fake->fails_at) {
        return -1;
    }
    piece = piece < size ? piece : size;
    if (piece > 0) {
        memcpy(out, fake->body + fake->done, piece);
    }
    fake->done += piece;
    return (int64_t)piece;
}

static inline const struct request_source *fake_source(struct fake_request *fake)
{
    fake->done = 0;
    fake->source = (struct request_source){
        .meta = fake_meta, .read = fake_read, .framed = !fake->unframed, .arg = fake, .all = fake->all};
    return &fake->source;
}

#endif
