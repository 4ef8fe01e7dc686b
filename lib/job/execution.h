/* execution: the record of one attempt at one occurrence of a job.
 *
 * An occurrence is (job, scheduled instant); attempts count from 1. The record is a line of text that Redis
 * keeps in the job's history and in the feed of all executions. It has `key:value` tokens with a space
 * between them; readers skip unknown keys; `e:` takes the rest of the line:
 *
 *     o:s s:1772953200000 a:1 x:1772953200003 t:12 h:200 l:3 p:11820,11874,210,95 z:512 r:web1-4711-9f2c
 *     o:f s:1772953200000 x:1772953200003 t:10002 h:0 a:6 l:2 r:web1-4711-9f2c c:connect e:Connection timed out
 *     o:m s:1772953200000 u:1772956740000 n:60 a:0
 *
 * `p:` holds the phases in microseconds (first byte, total, dns, connect, tls; zeros at the end are left
 * out), `z:` the size of the answer, `k:` its beginning in base64 if the job keeps it. Every call leaves two
 * of these lines in Redis, so `p:`, `z:` and `b:` are left out if they are zero.
 *
 * Pure.
 */
#ifndef DRONC_EXECUTION_H
#define DRONC_EXECUTION_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "job/job.h"
#include "text/base64.h"

#include <stdbool.h>
#include <stdint.h>

#define EXECUTION_ERROR_MAX    200  /* bytes of error text kept */
#define EXECUTION_RUNNER_MAX   63   /* bytes of a runner's id */
#define EXECUTION_RESPONSE_MAX 1024 /* bytes of an answer's body that a record may hold */
/* Bytes of the longest record: everything else, and " k:" with the response. */
#define EXECUTION_RECORD_MAX (640 + 3 + BASE64_LEN(EXECUTION_RESPONSE_MAX))
/* "exec:<64 hex>:<scheduled ms>:<attempt>" */
#define EXECUTION_ID_SIZE 112

enum execution_outcome {
    EXECUTION_SUCCEEDED, /* s: the answer counts as success (success.h) */
    EXECUTION_FAILED,    /* f: another answer, or none; the target may or may not have acted */
    EXECUTION_LOST,      /* l: the runner that started it died; the request may or may not have left */
    EXECUTION_MISSED,    /* m: never called, because no runner could in time; `missed_count` occurrences */
    EXECUTION_CANCELLED, /* c: its job was paused while it waited for a retry, so it was not called; or it was
                            aborted in favour of a later occurrence, whatever it had come to by then */
    EXECUTION_UNKNOWN,   /* u: ATMOST_ONCE: sent, but no whole answer came; the target may have acted */
    EXECUTION_SKIPPED,   /* k: not called, because another occurrence of the job was under way */
    EXECUTION_OUTCOME__COUNT
};

/* How long each phase of a call took, in microseconds, redirects included. 0: there was no such phase (no
 * name to look up, a connection that was reused), or the call did not reach it. */
struct execution_timings {
    int64_t dns_us;        /* the look-up of the name */
    int64_t connect_us;    /* the connection */
    int64_t tls_us;        /* the handshake */
    int64_t first_byte_us; /* from the start of the call to the first byte of the answer */
    int64_t total_us;      /* from the start of the call to its end */
};

struct execution {
    struct job_id job;
    struct wall_ms scheduled; /* the occurrence; MISSED: the first one */
    struct wall_ms started;   /* when the call started; 0: never, or unknown */
    int64_t took_ms;          /* from started to the end of the call */
    int64_t lateness_ms;      /* started minus the instant at which this attempt was due */
    int status;               /* HTTP status; 0: no answer */
    int attempt;              /* from 1; 0 for MISSED */
    enum execution_outcome outcome;
    struct execution_timings timings;
    int64_t response_bytes;      /* of the answer's body that were read */
    bool truncated;              /* the answer was longer than the limit; the rest was not read. No failure */
    struct slice response;       /* the beginning of the answer's body, at most EXECUTION_RESPONSE_MAX bytes,
                                    in base64; borrowed. data NULL: not kept, or no answer */
    int64_t missed_count;        /* MISSED: the number of occurrences */
    struct wall_ms missed_until; /* MISSED: the last of them */
    char
        runner[EXECUTION_RUNNER_MAX + 1]; /* the one that called; "": the record was written for a dead one */
    char error_class[24]; /* "dns", "connect", "forbidden", "tls", "http", "redirect", "too_many_redirects",
                             "timeout", "response", …; "": no error */
    char error[EXECUTION_ERROR_MAX + 1];
};

/* "succeeded", "failed", "lost", "missed", "cancelled", "unknown", "skipped". */
const char *execution_outcome_name(enum execution_outcome outcome);
/* The inverse. Returns false if there is no outcome of that name. */
NODISCARD bool execution_outcome_parse(struct slice name, enum execution_outcome *out);

/* When the call started; if it never did, when it was due (MISSED: the last occurrence). */
struct wall_ms execution_instant(const struct execution *execution);

/* Append the record, without the job's id. Control characters in texts become spaces or underscores. */
void execution_encode(const struct execution *execution, struct buffer *out);
/* Read a record of job; out->response is borrowed from it. ERR_PROTOCOL: it has no outcome or no scheduled
 * instant, or a value is malformed. */
NODISCARD enum err execution_decode(struct execution *out, const struct job_id *job, struct slice record);

/* The public id of an attempt. It is unique, and has what is needed to find the record. */
void execution_id_format(char out[EXECUTION_ID_SIZE], const struct execution *execution);

/* The inverse: fill job, scheduled and attempt of out; the rest is zero. Returns false if id is malformed. */
NODISCARD bool execution_id_parse(struct execution *out, struct slice id);

/* The key that all attempts at one occurrence share (Idempotency-Key): "<64 hex>-<scheduled ms>". */
#define EXECUTION_KEY_SIZE 96
void execution_idempotency_key(char out[EXECUTION_KEY_SIZE], const struct job_id *job,
                               struct wall_ms scheduled);

#endif
