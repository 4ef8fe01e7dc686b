/* notice_job: see notice_job.h. */
#include "run/notice_job.h"

#include "job/notice.h"
#include "text/base64.h"

/* Write the JSON of the notice, in base64, so that nothing in it counts as a template. */
static enum err make_body(struct buffer *out, const struct notice *notice,
                          const struct store_claimed *claimed)
{
    struct json_writer w;
    struct buffer text;
    buffer_init(&text, 0);
    json_begin(&w, &text);
    notice_write(&w, notice, claimed->fields.name, claimed->attempt.scheduled);
    enum err err = buffer_error(&text);
    if (err == ERR_OK) {
        base64_encode(out, (struct slice){buffer_str(&text), text.len});
        err = buffer_error(out);
    }
    buffer_fini(&text);
    return err;
}

static struct job_fields fields_of(const struct notice *notice, const struct job_fields *job,
                                   struct slice body)
{
    return (struct job_fields){
        .schedule = job->schedule,
        .timezone = job->timezone,
        .type = slice_of("ATLEAST_ONCE"),
        .api = notice->event == NOTICE_FAILING ? job->on_failure_url : job->on_recovery_url,
        .method = slice_of("POST"),
        .headers = slice_of("{\"Content-Type\":\"application/json\"}"),
        .body_base64 = body,
        .timeout_ms = job->timeout_ms,
        .connect_timeout_ms = job->connect_timeout_ms,
        .retry = job->retry,
        .retry_client_errors = job->retry_client_errors,
        .signing = job->signing,
    };
}

enum err notice_job_restore(struct job *out, const struct store_claimed *claimed, struct zones *zones,
                            struct errinfo *info)
{
    struct notice notice;
    struct buffer body;
    if (notice_parse(&notice, &claimed->attempt.job, claimed->notice) != ERR_OK) {
        return err_set(info, ERR_PROTOCOL, "the text of the notice is malformed");
    }
    buffer_init(&body, 0);
    enum err err = make_body(&body, &notice, claimed);
    if (err == ERR_OK) {
        struct job_fields fields =
            fields_of(&notice, &claimed->fields, (struct slice){buffer_str(&body), body.len});
        const struct job_stored stored = {&claimed->attempt.job, &fields, claimed->created};
        err = job_restore(out, &stored, zones, info);
    }
    buffer_fini(&body);
    return err;
}
