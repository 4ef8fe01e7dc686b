/* notice: see notice.h. */
#include "job/notice.h"

#include "job/execution_json.h"

static const char *const names[NOTICE_EVENT__COUNT] = {
    [NOTICE_FAILING] = "failing", [NOTICE_RECOVERED] = "recovered"};

const char *notice_event_name(enum notice_event event)
{
    return names[event];
}

static bool read_event(struct slice word, enum notice_event *out)
{
    *out = slice_eq(word, "r") ? NOTICE_RECOVERED : NOTICE_FAILING;
    return slice_eq(word, "f") || slice_eq(word, "r");
}

enum err notice_parse(struct notice *out, const struct job_id *job, struct slice text)
{
    *out = (struct notice){0};
    if (!read_event(slice_take_word(&text), &out->event) ||
        !slice_i64(slice_take_word(&text), &out->failures)) {
        return ERR_PROTOCOL;
    }
    return execution_decode(&out->execution, job, text);
}

void notice_write(struct json_writer *w, const struct notice *notice, struct slice name, struct wall_ms at)
{
    char id[JOB_ID_TEXT_SIZE];
    job_id_format(id, &notice->execution.job);
    json_object_begin(w);
    json_member_str(w, "event", names[notice->event]);
    json_member_str(w, "job_id", id);
    if (name.data != NULL) {
        json_key(w, "name");
        json_put_bytes(w, name);
    }
    json_member_time(w, "at", at);
    json_member_i64(w, "failures", notice->failures);
    json_key(w, "execution");
    execution_json_write(w, &notice->execution);
    json_object_end(w);
}

void notice_write_fate(struct json_writer *w, const char *key, struct slice text)
{
    enum notice_event event;
    struct wall_ms at;
    int64_t status;
    int64_t attempts;
    if (!read_event(slice_take_word(&text), &event) || !slice_i64(slice_take_word(&text), &at.ms)) {
        return;
    }
    struct slice state = slice_take_word(&text);
    if (!slice_i64(slice_take_word(&text), &status) || !slice_i64(slice_take_word(&text), &attempts)) {
        return;
    }
    json_key(w, key);
    json_object_begin(w);
    json_member_str(w, "event", names[event]);
    json_member_time(w, "at", at);
    json_key(w, "state");
    json_put_bytes(w, state);
    json_member_i64(w, "status_code", status);
    json_member_i64(w, "attempts", attempts);
    json_object_end(w);
}
