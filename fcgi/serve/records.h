/* records: a look at the bytes of a FastCGI request before libfcgi gets them.
 *
 * Decides when a request is whole, and whether it is one that libfcgi reads without harm: one request for a
 * responder, its records in their order, names and values that end where the parameters do. libfcgi itself
 * waits for what is missing, and ends the process for lengths whose sum overflows. What is refused here is
 * legal in part (padding behind a beginning, a question about values, an abort), but no web server that we
 * know sends it.
 *
 * Pure. Life cycle: zero-initialise, records_read as bytes come, records_answer.
 */
#ifndef DRONC_RECORDS_H
#define DRONC_RECORDS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

#define RECORDS_PARAMS_MAX 262144 /* bytes of all parameters */

enum records_state {
    RECORDS_MORE,  /* it may go on */
    RECORDS_WHOLE, /* all of it is there */
    RECORDS_BAD    /* nothing that may be answered */
};

/* Zero-initialised: nothing was read yet. */
struct records {
    size_t at;           /* bytes that were looked at: whole records */
    unsigned id;         /* of the request; 0: it has not begun */
    size_t params_len;   /* bytes of parameters so far */
    bool params_whole;   /* all parameters are there */
    const char *problem; /* what is wrong with it, static; NULL: nothing */
};

/* Look at bytes, all that came of a request so far: what was seen before, and more. */
enum records_state records_read(struct records *records, struct slice bytes);

/* Append the records of an answer to the request id: text, as CGI wants it (at most 65,535 bytes), and the
 * end. */
void records_answer(struct buffer *out, unsigned id, const char *text);

#endif
