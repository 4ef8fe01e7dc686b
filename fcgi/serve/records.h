/* records: checks the bytes of a FastCGI request before libfcgi gets them.
 *
 * Decides when a request is complete, and whether libfcgi can read it safely: one request for a responder,
 * its records in order, each name and value within the parameters. libfcgi itself would wait for missing
 * bytes, and would end the process for lengths whose sum overflows. Some of what is refused here is legal
 * (padding after the first record, a question about values, an abort), but no known web server sends it.
 *
 * Pure. Life cycle: zero-initialise; records_read as bytes come; records_answer.
 */
#ifndef DRONC_RECORDS_H
#define DRONC_RECORDS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define RECORDS_PARAMS_MAX 262144 /* bytes of all parameters */

enum records_state {
    RECORDS_MORE,  /* the request is incomplete */
    RECORDS_WHOLE, /* the request is complete */
    RECORDS_BAD    /* libfcgi must not get it */
};

/* Zero-initialised: nothing is read yet. */
struct records {
    size_t at;           /* bytes that were read: complete records */
    unsigned id;         /* of the request; 0: it has not begun */
    size_t params_len;   /* bytes of parameters so far */
    bool params_whole;   /* all parameters were read */
    const char *problem; /* what is wrong; static; NULL: nothing */
};

/* Read on in bytes, which has all that came of the request so far. */
enum records_state records_read(struct records *records, struct slice bytes);

/* Append the records that answer the request id with text (a CGI response of at most 65,535 bytes). */
void records_answer(struct buffer *out, unsigned id, const char *text);

#endif
