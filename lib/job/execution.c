/* execution: see execution.h. Encodes and decodes the one-line record. Knows neither Redis nor JSON. */
#include "job/execution.h"

#include "text/digest.h"

#include <stdio.h>
#include <string.h>

#define ID_PREFIX "exec:"
#define HEX_LEN   ((size_t)2 * JOB_ID_SIZE) /* of a job's id */

_Static_assert(sizeof ID_PREFIX - 1 + HEX_LEN + 1 + I64_DIGITS + 1 + I64_DIGITS < EXECUTION_ID_SIZE,
               "an id fits");
_Static_assert(HEX_LEN + 1 + I64_DIGITS < EXECUTION_KEY_SIZE, "a key fits");

static const char *const outcome_names[EXECUTION_OUTCOME__COUNT] = {
    [EXECUTION_SUCCEEDED] = "succeeded", [EXECUTION_FAILED] = "failed",       [EXECUTION_LOST] = "lost",
    [EXECUTION_MISSED] = "missed",       [EXECUTION_CANCELLED] = "cancelled", [EXECUTION_UNKNOWN] = "unknown",
    [EXECUTION_SKIPPED] = "skipped",
};

/* As written after "o:". */
static const char outcome_letters[EXECUTION_OUTCOME__COUNT] = {
    [EXECUTION_SUCCEEDED] = 's', [EXECUTION_FAILED] = 'f',    [EXECUTION_LOST] = 'l',
    [EXECUTION_MISSED] = 'm',    [EXECUTION_CANCELLED] = 'c', [EXECUTION_UNKNOWN] = 'u',
    [EXECUTION_SKIPPED] = 'k',
};

const char *execution_outcome_name(enum execution_outcome outcome)
{
    return outcome < EXECUTION_OUTCOME__COUNT ? outcome_names[outcome] : "unknown";
}

bool execution_outcome_parse(struct slice name, enum execution_outcome *out)
{
    for (unsigned i = 0; i < EXECUTION_OUTCOME__COUNT; i++) {
        if (slice_eq(name, outcome_names[i])) {
            *out = (enum execution_outcome)i;
            return true;
        }
    }
    return false;
}

struct wall_ms execution_instant(const struct execution *execution)
{
    if (execution->started.ms > 0) {
        return execution->started;
    }
    return execution->outcome == EXECUTION_MISSED ? execution->missed_until : execution->scheduled;
}

static void add_number(struct buffer *out, char key, int64_t value)
{
    const char head[] = {' ', key, ':'};
    buffer_add(out, head, sizeof head);
    buffer_add_i64(out, value);
}

/* A token ends at a space, and a record holds no control characters: both become spaces in the text that
 * reaches to the end, and underscores in any other. */
static void add_text(struct buffer *out, char key, const char *text, bool to_end)
{
    if (text[0] == '\0') {
        return;
    }
    const char head[] = {' ', key, ':'};
    buffer_add(out, head, sizeof head);
    for (const char *p = text; *p != '\0'; p++) {
        bool plain = (unsigned char)*p > 0x20 && *p != 0x7f;
        buffer_add_char(out, plain ? *p : to_end ? ' ' : '_');
    }
}

/* Numbers with commas between them. Zeros at the end are left out; if all are zero, so is the token. The two
 * that every answered call has come first. */
static void add_timings(const struct execution_timings *timings, struct buffer *out)
{
    const int64_t values[] = {timings->first_byte_us, timings->total_us, timings->dns_us, timings->connect_us,
                              timings->tls_us};
    size_t count = sizeof values / sizeof values[0];
    while (count > 0 && values[count - 1] == 0) {
        count--;
    }
    for (size_t i = 0; i < count; i++) {
        buffer_add_str(out, i == 0 ? " p:" : ",");
        buffer_add_i64(out, values[i]);
    }
}

static void add_call(const struct execution *execution, struct buffer *out)
{
    add_number(out, 'x', execution->started.ms);
    add_number(out, 't', execution->took_ms);
    add_number(out, 'h', execution->status);
    add_number(out, 'l', execution->lateness_ms);
    add_timings(&execution->timings, out);
    if (execution->response_bytes != 0) {
        add_number(out, 'z', execution->response_bytes);
    }
    if (execution->truncated) {
        add_number(out, 'b', 1);
    }
    if (execution->response.len > 0) {
        buffer_add_str(out, " k:");
        buffer_add(out, execution->response.data, execution->response.len);
    }
}

void execution_encode(const struct execution *execution, struct buffer *out)
{
    const char head[] = {'o', ':', outcome_letters[execution->outcome]};
    buffer_add(out, head, sizeof head);
    add_number(out, 's', execution->scheduled.ms);
    add_number(out, 'a', execution->attempt);
    if (execution->outcome == EXECUTION_MISSED) {
        add_number(out, 'u', execution->missed_until.ms);
        add_number(out, 'n', execution->missed_count);
    } else {
        add_call(execution, out);
    }
    add_text(out, 'r', execution->runner, false);
    add_text(out, 'c', execution->error_class, false);
    add_text(out, 'e', execution->error, true);
}

static void copy_text(char *out, size_t size, struct slice text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    memcpy(out, text.data, len);
    out[len] = '\0';
}

static bool read_outcome(struct slice text, enum execution_outcome *out)
{
    for (unsigned i = 0; i < EXECUTION_OUTCOME__COUNT; i++) {
        if (text.len == 1 && text.data[0] == outcome_letters[i]) {
            *out = (enum execution_outcome)i;
            return true;
        }
    }
    return false;
}

static bool read_int(struct slice text, int *out)
{
    int64_t value;
    if (!slice_i64(text, &value) || value < INT32_MIN || value > INT32_MAX) {
        return false;
    }
    *out = (int)value;
    return true;
}

static bool read_flag(struct slice text, bool *out)
{
    *out = slice_eq(text, "1");
    return true;
}

/* A malformed response is dropped; the rest of the record is kept. */
static bool read_response(struct slice text, struct slice *out)
{
    size_t len;
    if (base64_check(text, &len) && len > 0 && len <= EXECUTION_RESPONSE_MAX) {
        *out = text;
    }
    return true;
}

/* As add_timings writes them. Skips what a later version appends. */
static bool read_timings(struct slice text, struct execution_timings *out)
{
    int64_t *const fields[] = {&out->first_byte_us, &out->total_us, &out->dns_us, &out->connect_us,
                               &out->tls_us};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        bool last = memchr(text.data, ',', text.len) == NULL;
        if (!slice_i64(slice_take_until(&text, ','), fields[i])) {
            return false;
        }
        if (last) {
            return true;
        }
    }
    return true;
}

/* One `key:value`. Returns false if the value is malformed. */
static bool read_token(struct execution *out, char key, struct slice value)
{
    switch (key) {
    case 'o':
        return read_outcome(value, &out->outcome);
    case 's':
        return slice_i64(value, &out->scheduled.ms);
    case 'x':
        return slice_i64(value, &out->started.ms);
    case 't':
        return slice_i64(value, &out->took_ms);
    case 'l':
        return slice_i64(value, &out->lateness_ms);
    case 'u':
        return slice_i64(value, &out->missed_until.ms);
    case 'n':
        return slice_i64(value, &out->missed_count);
    case 'h':
        return read_int(value, &out->status);
    case 'a':
        return read_int(value, &out->attempt);
    case 'p':
        return read_timings(value, &out->timings);
    case 'z':
        return slice_i64(value, &out->response_bytes);
    case 'b':
        return read_flag(value, &out->truncated);
    case 'k':
        return read_response(value, &out->response);
    case 'r':
        copy_text(out->runner, sizeof out->runner, value);
        return true;
    case 'c':
        copy_text(out->error_class, sizeof out->error_class, value);
        return true;
    case 'e':
        copy_text(out->error, sizeof out->error, value);
        return true;
    default:
        return true; /* a key of a later version */
    }
}

/* Take the next token off rest. `e:` reaches to the end. */
static struct slice next_token(struct slice *rest)
{
    if (rest->len >= 2 && rest->data[0] == 'e' && rest->data[1] == ':') {
        struct slice token = *rest;
        rest->len = 0;
        return token;
    }
    return slice_take_word(rest);
}

enum err execution_decode(struct execution *out, const struct job_id *job, struct slice record)
{
    bool has_outcome = false;
    bool has_scheduled = false;
    *out = (struct execution){.job = *job};
    while (record.len > 0) {
        struct slice token = next_token(&record);
        if (token.len == 0) {
            continue;
        }
        if (token.len < 2 || token.data[1] != ':' ||
            !read_token(out, token.data[0], (struct slice){token.data + 2, token.len - 2})) {
            return ERR_PROTOCOL;
        }
        has_outcome = has_outcome || token.data[0] == 'o';
        has_scheduled = has_scheduled || token.data[0] == 's';
    }
    return has_outcome && has_scheduled ? ERR_OK : ERR_PROTOCOL;
}

void execution_id_format(char out[EXECUTION_ID_SIZE], const struct execution *execution)
{
    size_t len = sizeof ID_PREFIX - 1;
    memcpy(out, ID_PREFIX, len);
    digest_hex(out + len, execution->job.bytes, JOB_ID_SIZE);
    len += HEX_LEN;
    out[len++] = ':';
    len += i64_format(out + len, execution->scheduled.ms);
    out[len++] = ':';
    len += i64_format(out + len, execution->attempt);
    out[len] = '\0';
}

/* Ids are only good in the form in which they are given out: what was read must come out the same. */
bool execution_id_parse(struct execution *out, struct slice id)
{
    char text[EXECUTION_ID_SIZE];
    struct slice rest = id;
    *out = (struct execution){0};
    if (id.data == NULL || id.len >= sizeof text || !slice_eq(slice_take_until(&rest, ':'), "exec")) {
        return false;
    }
    if (!job_id_parse_hex(&out->job, slice_take_until(&rest, ':')) ||
        !slice_i64(slice_take_until(&rest, ':'), &out->scheduled.ms) || !read_int(rest, &out->attempt)) {
        return false;
    }
    execution_id_format(text, out);
    return slice_eq(id, text);
}

void execution_idempotency_key(char out[EXECUTION_KEY_SIZE], const struct job_id *job,
                               struct wall_ms scheduled)
{
    size_t len = HEX_LEN;
    digest_hex(out, job->bytes, JOB_ID_SIZE);
    out[len++] = '-';
    len += i64_format(out + len, scheduled.ms);
    out[len] = '\0';
}
