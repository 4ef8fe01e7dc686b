/* execution: one attempt at one occurrence of a job, and what came of it.
 *
 * An occurrence is (job, scheduled instant); attempts count from 1. The record is a line of text that Redis
 * keeps in the job's history and in the feed of all executions: `key:value` tokens separated by spaces,
 * unknown keys are skipped when reading, `e:` takes the rest of the line:
 *
 *     o:s s:1772953200000 x:1772953200003 t:12 h:200 a:1 l:3 r:web1-4711-9f2c
 *     o:f s:1772953200000 x:1772953200003 t:10002 h:0 a:6 l:2 r:web1-4711-9f2c c:connect e:Connection timed
 * out o:m s:1772953200000 u:1772956740000 n:60 a:0
 *
 * Pure.
 */
#ifndef DRONC_EXECUTION_H
#define DRONC_EXECUTION_H

#include "buffer.h"
#include "clock.h"
#include "err.h"
#include "job.h"

#include <stdbool.h>
#include <stdint.h>

#define EXECUTION_ERROR_MAX  200 /* bytes of error text kept */
#define EXECUTION_RUNNER_MAX 63  /* bytes of a runner's id */
/* "exec:<64 hex>:<scheduled ms>:<attempt>" */
#define EXECUTION_ID_SIZE 112

enum execution_outcome {
    EXECUTION_SUCCEEDED, /* s: the answer was a 2xx */
    EXECUTION_FAILED,    /* f: another answer, or none; the target may or may not have acted */
    EXECUTION_LOST,      /* l: the runner that had started it died; whether the call left is not known */
    EXECUTION_MISSED, /* m: never called, because nobody could in time; stands for `missed_count` occurrences
                       */
    EXECUTION_CANCELLED, /* c: it waited to be tried again while its job was paused: not called */
    EXECUTION_OUTCOME__COUNT
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
    bool truncated;              /* the answer was longer than what is read, and was cut: no failure */
    int64_t missed_count;        /* MISSED: how many occurrences */
    struct wall_ms missed_until; /* MISSED: the last of them */
    char runner[EXECUTION_RUNNER_MAX + 1]; /* who called; "" for records made for a dead runner */
    char error_class[16]; /* "dns", "connect", "tls", "timeout", "http", "redirect", "response", …; "": no
                             error */
    char error[EXECUTION_ERROR_MAX + 1];
};

/* "succeeded", "failed", "lost", "missed", "cancelled". */
const char *execution_outcome_name(enum execution_outcome outcome);

/* Append the record, without the job's id. Control characters in texts become spaces. */
void execution_encode(const struct execution *execution, struct buffer *out);
/* Read a record of job. ERR_PROTOCOL: it lacks what every record has (outcome, scheduled instant) or a number
 * is none. */
NODISCARD enum err execution_decode(struct execution *out, const struct job_id *job, struct slice record);

/* The public id of an attempt: unique, and it tells where its record is kept. */
void execution_id_format(char out[EXECUTION_ID_SIZE], const struct execution *execution);

/* The key that every attempt at one occurrence carries (Idempotency-Key): "<64 hex>-<scheduled ms>". */
#define EXECUTION_KEY_SIZE 96
void execution_idempotency_key(char out[EXECUTION_KEY_SIZE], const struct job_id *job,
                               struct wall_ms scheduled);

#endif
