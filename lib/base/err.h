/* err: the one way in which functions of Dronc say how they went.
 *
 * An `enum err` is the return value; what a person needs to know besides goes into a `struct errinfo`, which
 * the caller owns and may leave out (NULL). Nothing here allocates. Any thread.
 */
#ifndef DRONC_ERR_H
#define DRONC_ERR_H

#include <stdbool.h>

#define NODISCARD              __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err {
    ERR_OK = 0,    /* done */
    ERR_NOMEM,     /* out of memory */
    ERR_INVALID,   /* the input breaks a rule; errinfo says which */
    ERR_LIMIT,     /* the input is larger than a stated limit */
    ERR_CONFIG,    /* a setting is wrong, or two parts of an installation disagree */
    ERR_SYSTEM,    /* a system call failed; errinfo carries strerror's words */
    ERR_DOWN,      /* the other side cannot be reached, or the connection was lost: the effect is unknown */
    ERR_BUSY,      /* too much is pending; nothing was done */
    ERR_TIMEOUT,   /* no answer in time: the effect is unknown */
    ERR_REFUSED,   /* Redis answered with an error, or the holder of a claim is another one */
    ERR_PROTOCOL,  /* what came back is not shaped as the contract says */
    ERR_NOT_FOUND, /* there is no such thing */
    ERR_BUG,       /* "cannot happen" happened */
    ERR__COUNT
};

/* What went wrong, for a person. Zero-initialised means: nothing. */
struct errinfo {
    enum err code;
    char text[256]; /* one line, no control characters promised: the logger escapes */
};

/* Fill info (when not NULL) with a formatted text and return code, so that a caller can write
 * `return err_set(info, ERR_LIMIT, "…", …)`. A text that is too long is cut between two characters. The
 * arguments may point into info, so that a caller can put a context before what is there. */
enum err err_set(struct errinfo *info, enum err code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set with ERR_SYSTEM, and ": <strerror(errno)>" appended. */
enum err err_set_errno(struct errinfo *info, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The name of a code in lower case ("timeout"); "unknown" for what is none. Static storage. */
const char *err_name(enum err code);

/* True where the same call may succeed later without anybody changing anything. */
bool err_is_retryable(enum err code);

#endif
