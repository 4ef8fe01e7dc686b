/* err: how every function reports success or failure.
 *
 * A function returns an `enum err`, and writes details for a person into a `struct errinfo`, which the caller
 * owns and may leave out (NULL). Nothing here allocates. Any thread.
 */
#ifndef DRONC_ERR_H
#define DRONC_ERR_H

#include <stdbool.h>

#define NODISCARD              __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err {
    ERR_OK = 0,    /* done */
    ERR_NOMEM,     /* out of memory */
    ERR_INVALID,   /* the input breaks a rule; errinfo has the rule */
    ERR_LIMIT,     /* the input is larger than a stated limit */
    ERR_CONFIG,    /* a setting is wrong, or two parts of an installation disagree */
    ERR_SYSTEM,    /* a system call failed; errinfo has strerror's text */
    ERR_DOWN,      /* the peer cannot be reached, or the connection was lost: the effect is unknown */
    ERR_BUSY,      /* too much is pending; nothing has been done */
    ERR_TIMEOUT,   /* no answer in time: the effect is unknown */
    ERR_REFUSED,   /* Redis answered with an error, or the claim has another holder */
    ERR_PROTOCOL,  /* the reply does not have the shape of the contract */
    ERR_NOT_FOUND, /* what was asked for does not exist */
    ERR_BUG,       /* "cannot happen" happened */
    ERR__COUNT
};

/* What went wrong, for a person. Zero-initialised: nothing. */
struct errinfo {
    enum err code;
    char text[256]; /* one line; it may hold control characters, which the log escapes */
};

/* Fill info (unless it is NULL) with a formatted text. Returns code, so that a caller can write
 * `return err_set(info, ERR_LIMIT, "…", …)`. A text that is too long is cut between two characters. The
 * arguments may point into info, so that a caller can prepend a context. */
enum err err_set(struct errinfo *info, enum err code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set with ERR_SYSTEM, and ": <strerror(errno)>" appended. */
enum err err_set_errno(struct errinfo *info, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The name of a code in lower case ("timeout"); "unknown" for any other value. Static storage. */
const char *err_name(enum err code);

/* True if the same call may succeed later although nothing is changed. */
bool err_is_retryable(enum err code);

#endif
