/* execution_json: see execution_json.h. The members of the API's first version come first, and are always
 * there; later ones are left out if they say nothing. */
#include "job/execution_json.h"

#include "base/utf8.h"

static void put_ids(struct json_writer *w, const struct execution *execution)
{
    char id[EXECUTION_ID_SIZE];
    char job_id[JOB_ID_TEXT_SIZE];

    execution_id_format(id, execution);
    job_id_format(job_id, &execution->job);
    json_member_str(w, "id", id);
    json_member_str(w, "job_id", job_id);
}

static void put_phase(struct json_writer *w, const char *key, int64_t us)
{
    if (us > 0) {
        json_member_i64(w, key, us);
    }
}

/* Phases and size. Records of versions that did not keep them have no total. */
static void put_transfer(struct json_writer *w, const struct execution *execution)
{
    const struct execution_timings *timings = &execution->timings;

    if (timings->total_us > 0) {
        json_key(w, "timings_us");
        json_object_begin(w);
        put_phase(w, "dns", timings->dns_us);
        put_phase(w, "connect", timings->connect_us);
        put_phase(w, "tls", timings->tls_us);
        put_phase(w, "first_byte", timings->first_byte_us);
        put_phase(w, "total", timings->total_us);
        json_object_end(w);
        json_member_i64(w, "response_bytes", execution->response_bytes);
    }
    if (execution->truncated) {
        json_key(w, "truncated");
        json_put_bool(w, true);
    }
}

static bool is_text(struct slice bytes)
{
    uint32_t code_point;
    size_t len = 1;

    for (size_t at = 0; at < bytes.len && len > 0; at += len) {
        len = utf8_decode(bytes.data + at, bytes.len - at, &code_point);
    }
    return len > 0;
}

/* The kept beginning of the answer: as text if it is text, without the piece of a character that the cut may
 * have left at its end. */
static void put_response(struct json_writer *w, const struct execution *execution)
{
    struct buffer bytes;

    if (execution->response.data == NULL) {
        return;
    }
    buffer_init(&bytes, 0);
    base64_decode(&bytes, execution->response);
    struct slice text = (struct slice){buffer_str(&bytes), bytes.len};
    if (execution->response_bytes > (int64_t)text.len) {
        text.len = utf8_cut(text.data, text.len);
    }
    if (buffer_error(&bytes) == ERR_OK && is_text(text)) {
        json_key(w, "response");
        json_put_bytes(w, text);
    } else {
        json_key(w, "response_base64");
        json_put_bytes(w, execution->response);
    }
    buffer_fini(&bytes);
}

static void put_details(struct json_writer *w, const struct execution *execution)
{
    json_member_str(w, "outcome", execution_outcome_name(execution->outcome));
    json_member_i64(w, "attempt", execution->attempt);
    json_member_i64(w, "lateness_ms", execution->lateness_ms);
    json_member_i64(w, "scheduled_time_ms", execution->scheduled.ms);
    json_member_i64(w, "execution_time_ms", execution->started.ms);
    if (execution->error_class[0]) {
        json_member_str(w, "error_class", execution->error_class);
    }
    if (execution->error[0]) {
        json_member_str(w, "error", execution->error);
    }
    if (execution->outcome == EXECUTION_MISSED) {
        json_member_i64(w, "missed_count", execution->missed_count);
        json_member_i64(w, "missed_until", execution->missed_until.ms / 1000);
    }
    put_transfer(w, execution);
    put_response(w, execution);
    if (execution->runner[0]) {
        json_member_str(w, "runner", execution->runner);
    }
}

void execution_json_write(struct json_writer *w, const struct execution *execution)
{
    json_object_begin(w);
    put_ids(w, execution);
    json_member_i64(w, "scheduled_time", execution->scheduled.ms / 1000);
    json_member_i64(w, "execution_time", execution->started.ms / 1000);
    json_member_i64(w, "status_code", execution->status);
    json_key(w, "success");
    json_put_bool(w, execution->outcome == EXECUTION_SUCCEEDED);
    json_member_i64(w, "time_taken_ms", execution->took_ms);
    put_details(w, execution);
    json_object_end(w);
}
