/* store_audit_json: see store_audit_json.h. */
#include "store/store_audit_json.h"

static void put_text(struct json_writer *w, const char *key, struct slice text)
{
    if (text.data != NULL) {
        json_key(w, key);
        json_put_bytes(w, text);
    }
}

static void put_number(struct json_writer *w, const char *key, int64_t number)
{
    if (number > 0) {
        json_member_i64(w, key, number);
    }
}

const char *store_audit_outcome(const struct store_audit_entry *entry)
{
    return slice_eq(entry->action, STORE_ACTION_REFUSE) ? "refused" : "done";
}

struct slice store_audit_object(const struct store_audit_entry *entry, char out[JOB_ID_TEXT_SIZE])
{
    if (!entry->is_job) {
        return entry->object;
    }
    job_id_format(out, &entry->job);
    return slice_of(out);
}

void store_audit_json_write(struct json_writer *w, const struct store_audit_entry *entry)
{
    char at[CLOCK_RFC3339_SIZE];
    char id[JOB_ID_TEXT_SIZE];

    (void)clock_format_rfc3339_ms(at, (struct wall_ms){entry->recorded_ms});
    json_object_begin(w);
    json_member_str(w, "at", at);
    put_text(w, "action", entry->action);
    json_member_str(w, "outcome", store_audit_outcome(entry));
    put_text(w, "by", entry->who);
    put_text(w, "address", entry->address);
    put_text(w, "method", entry->method);
    put_text(w, "route", entry->route);
    put_text(w, "request_id", entry->request_id);
    put_text(w, "object", store_audit_object(entry, id));
    put_number(w, "version", entry->version);
    if (entry->has_scheduled) {
        json_member_i64(w, "scheduled_time_ms", entry->scheduled.ms);
    }
    put_number(w, "count", entry->count);
    put_text(w, "error", entry->error);
    json_object_end(w);
}
