/* job_json: reading goes over the members in the order of the text, so that the first mistake is the one
 * reported. */
#include "job_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KNOWN_FIELDS "schedule, api, type, timezone"

/* What the visitor of the members works on. */
struct reading {
    struct job_json *out;
    struct job_fault *fault;
};

/* Always false. */
static bool refuse(struct job_fault *fault, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);
static bool refuse(struct job_fault *fault, const char *field, const char *fmt, ...)
{
    va_list args;

    fault->code = JOB_FAULT_INVALID_REQUEST;
    fault->field = field;
    fault->offset = -1;
    va_start(args, fmt);
    vsnprintf(fault->text, sizeof fault->text, fmt, args);
    va_end(args);
    return false;
}

/* The known field of that name and where its text goes; NULL: there is none. */
static const char *find_field(struct slice key, struct job_fields *fields, struct slice **value)
{
    static const char *const names[] = {"schedule", "api", "type", "timezone"};
    struct slice *const values[] = {&fields->schedule, &fields->api, &fields->type, &fields->timezone};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_eq(key, names[i])) {
            *value = values[i];
            return names[i];
        }
    }
    return NULL;
}

/* Keep the beginning of a name, not cutting through a character. */
static void keep_name(struct job_json *out, struct slice key)
{
    size_t len = key.len < JOB_JSON_NAME_MAX ? key.len : JOB_JSON_NAME_MAX;

    while (len < key.len && len > 0 && ((unsigned char)key.data[len] & 0xC0) == 0x80) {
        len--;
    }
    memcpy(out->name, key.data, len);
    out->name[len] = '\0';
}

static bool take_member(struct slice key, const struct json_value *value, void *arg)
{
    struct reading *reading = arg;
    struct slice *text;
    const char *field = find_field(key, &reading->out->fields, &text);

    if (!field) {
        keep_name(reading->out, key);
        return refuse(reading->fault, reading->out->name, "unknown field \"%s\"; there are " KNOWN_FIELDS,
                      reading->out->name);
    }
    if (json_kind_of(value) != JSON_STRING) {
        return refuse(reading->fault, field, "%s must be a string, not %s", field,
                      json_kind_name(json_kind_of(value)));
    }
    *text = json_string(value);
    return true;
}

static bool parse_text(struct job_json *out, struct slice text, struct job_fault *fault)
{
    struct errinfo info = {0};
    enum err err;

    if (text.len == 0) {
        return refuse(fault, NULL, "the body is empty, it must be a JSON object with " KNOWN_FIELDS);
    }
    err = json_parse(&out->doc, text.data, text.len, &info);
    if (err == ERR_OK) {
        return true;
    }
    refuse(fault, NULL, "the body is not JSON: %s", info.text);
    if (err != ERR_INVALID && err != ERR_LIMIT) {
        fault->code = JOB_FAULT_SYSTEM;
    }
    return false;
}

bool job_json_parse(struct job_json *out, struct slice text, struct job_fault *fault)
{
    struct reading reading = {out, fault};
    const struct json_value *root;

    memset(out, 0, sizeof *out);
    memset(fault, 0, sizeof *fault);
    fault->offset = -1;
    if (!parse_text(out, text, fault)) {
        return false;
    }
    root = json_root(out->doc);
    if (json_kind_of(root) != JSON_OBJECT) {
        return refuse(fault, NULL, "the body must be a JSON object, not %s",
                      json_kind_name(json_kind_of(root)));
    }
    return json_each(root, take_member, &reading);
}

void job_json_fini(struct job_json *json)
{
    json_free(json->doc);
    json->doc = NULL;
}

void job_json_write(struct json_writer *w, const struct job *job)
{
    char id[JOB_ID_TEXT_SIZE];

    job_id_format(id, &job->id);
    json_object_begin(w);
    json_key(w, "job_id");
    json_put_str(w, id);
    json_key(w, "schedule");
    json_put_str(w, job->schedule);
    json_key(w, "api");
    json_put_str(w, job->api);
    json_key(w, "type");
    json_put_str(w, job_type_name(job->type));
    json_key(w, "timezone");
    json_put_str(w, zone_name(job->zone));
    if (cron_warnings(&job->cron) != 0) {
        json_key(w, "warnings");
        job_json_write_warnings(w, &job->cron);
    }
    json_object_end(w);
}

void job_json_write_warnings(struct json_writer *w, const struct cron *cron)
{
    unsigned warnings = cron_warnings(cron);

    json_array_begin(w);
    for (unsigned bit = 0; bit < CRON_WARNINGS; bit++) {
        if (warnings & 1U << bit) {
            json_put_str(w, cron_warning_text(1U << bit));
        }
    }
    json_array_end(w);
}
