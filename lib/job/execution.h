/* execution: one attempt at one occurrence of a job, and what came of it.
 *
 * An occurrence is (job, scheduled instant); attempts count from 1. The record is a line of text that Redis
 * keeps in the job's history and in the feed of all executions: `key:value` tokens separated by spaces,
 * unknown keys are skipped when reading, `e:` takes the rest of the line:
 *
 *     o:s s:1772953200000 a:1 x:1772953200003 t:12 h:200 l:3 p:11820,11874,210,95 z:512 r:web1-4711-9f2c
 *     o:f s:1772953200000 x:1772953200003 t:10002 h:0 a:6 l:2 r:web1-4711-9f2c c:connect e:Connection timed out
 *     o:m s:1772953200000 u:1772956740000 n:60 a:0
 *
 * `p:` holds the phases (first byte, total, dns, connect, tls; zeros at its end are left out), `z:` the size
 * of the answer, `k:` its beginning in base64, where the job keeps that. Every call leaves two of these lines
 * in Redis, so what is zero is not written.
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
/* Bytes of a record, whatever is in it: all else, and " k:". */
#define EXECUTION_RECORD_MAX (640 + 3 + BASE64_LEN(EXECUTION_RESPONSE_MAX))
/* "exec:<64 hex>:<scheduled ms>:<attempt>" */
#define EXECUTION_ID_SIZE 112

enum execution_outcome {
    EXECUTION_SUCCEEDED, /* s: the answer was a 2xx */
    EXECUTION_FAILED,    /* f: another answer, or none; the target may or may not have acted */
    EXECUTION_LOST,      /* l: the runner that had started it died; whether the call left is not known */
    EXECUTION_MISSED,    /* m: never called, because no runner could in time; `missed_count` occurrences */
    EXECUTION_CANCELLED, /* c: it waited to be tried again while its job was paused: not called; or it was
                            ended for the sake of a later occurrence, whatever had come of it by then */
    EXECUTION_UNKNOWN, /* u: at most once: it was sent, and there was no whole answer; what the target did is
                          not known */
    EXECUTION_SKIPPED, /* k: another occurrence of the job was under way: not called */
    EXECUTION_OUTCOME__COUNT
};

/* What a call spent its time on, in microseconds; redirects included. 0: there was no such phase (no name to
 * look up, a connection that was there already), or it was not reached. */
struct execution_timings {
    int64_t dns_us;        /* how long the look-up took */
    int64_t connect_us;    /* how long the connection took */
    int64_t tls_us;        /* how long the handshake took */
    int64_t first_byte_us; /* from the start of the call to the first byte of the answer */
    int64_t total_us;      /* from the start of the call to its end */
};

struct execution {
    struct job_id job;
    struct wall_ms scheduled; /* the occurrence; for MISSED the first of them */
    struct wall_ms started;   /* when the call was made; 0: it was not, or nobody knows */
    int64_t took_ms;          /* from started to the end of the transfer */
    int64_t lateness_ms;      /* started minus the instant at which this attempt was due */
    int status;               /* HTTP status; 0: no answer */
    int attempt;              /* from 1; 0 for MISSED */
    enum execution_outcome outcome;
    struct execution_timings timings;
    int64_t response_bytes;      /* of the answer's body that were read; 0 for none */
    bool truncated;              /* the answer was longer than what is read, and was cut: no failure */
    struct slice response;       /* the beginning of the answer's body, at most EXECUTION_RESPONSE_MAX bytes,
                                    in base64; borrowed. data NULL: not kept, or there was none */
    int64_t missed_count;        /* MISSED: how many occurrences */
    struct wall_ms missed_until; /* MISSED: the last of them */
    char runner[EXECUTION_RUNNER_MAX + 1]; /* who called; "" for records made for a dead runner */
    char error_class[24]; /* "dns", "connect", "tls", "timeout", "http", "redirect", "too_many_redirects",
                             "response", …; "": no error */
    char error[EXECUTION_ERROR_MAX + 1];
};

/* "succeeded", "failed", "lost", "missed", "cancelled", "unknown", "skipped". */
const char *execution_outcome_name(enum execution_outcome outcome);
/* And back. False: no outcome is called so. */
NODISCARD bool execution_outcome_parse(struct slice name, enum execution_outcome *out);

/* When the call was made; where none was, when it should have been (for MISSED the last of them). */
struct wall_ms execution_instant(const struct execution *execution);

/* Append the record, without the job's id. Control characters in texts become spaces. */
void execution_encode(const struct execution *execution, struct buffer *out);
/* Read a record of job; out->response is borrowed from it. ERR_PROTOCOL: it lacks what every record has
 * (outcome, scheduled instant) or a number is none. */
NODISCARD enum err execution_decode(struct execution *out, const struct job_id *job, struct slice record);

/* The public id of an attempt: unique, and it tells where its record is kept. */
void execution_id_format(char out[EXECUTION_ID_SIZE], const struct execution *execution);

/* Fill job, scheduled and attempt of out from such an id; the rest is zero. False: it is none. */
NODISCARD bool execution_id_parse(struct execution *out, struct slice id);

/* The key that every attempt at one occurrence carries (Idempotency-Key): "<64 hex>-<scheduled ms>". */
#define EXECUTION_KEY_SIZE 96
void execution_idempotency_key(char out[EXECUTION_KEY_SIZE], const struct job_id *job,
                               struct wall_ms scheduled);

#endif
