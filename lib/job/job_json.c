/* job_json: see job_json.h. Reads the members in the order of the text, so that the first mistake is the one
 * that is reported. */
#include "job/job_json.h"

#include "job/job_hide.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* What the functions that read members work on. */
struct reading {
    struct job_json *out;
    struct job_fault *fault;
};

/* Append the names of all fields: "schedule, api, …". */
static void list_fields(char *out, size_t size)
{
    size_t len = strlen(out);

    for (size_t i = 0; i < JOB_FIELD_COUNT && len < size; i++) {
        len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? ", " : "", job_field_at(i)->name);
    }
}

/* Keep the beginning of a name, cut between two characters. */
static void keep_name(struct job_json *out, struct slice key)
{
    size_t len = key.len < JOB_JSON_NAME_MAX ? key.len : JOB_JSON_NAME_MAX;

    while (len < key.len && len > 0 && ((unsigned char)key.data[len] & 0xC0) == 0x80) {
        len--;
    }
    memcpy(out->name, key.data, len);
    out->name[len] = '\0';
}

static bool refuse_unknown(struct reading *reading, struct slice key)
{
    char *text = reading->fault->text;

    keep_name(reading->out, key);
    job_fault_request(reading->fault, reading->out->name, "unknown field \"%s\"; there are ",
                      reading->out->name);
    list_fields(text, sizeof reading->fault->text);
    return false;
}

static bool read_text(struct reading *reading, const struct job_field *field, const struct json_value *value)
{
    if (json_kind_of(value) != JSON_STRING) {
        return job_fault_request(reading->fault, field->name, "%s must be a string, not %s", field->name,
                                 json_kind_name(json_kind_of(value)));
    }
    *job_field_text(&reading->out->fields, field) = json_string(value);
    return true;
}

static bool read_number(struct reading *reading, const struct job_field *field,
                        const struct json_value *value)
{
    enum json_kind kind = json_kind_of(value);

    if (kind != JSON_INT) {
        return job_fault_request(
            reading->fault, field->name, "%s must be a whole number, not %s", field->name,
            kind == JSON_NUMBER ? "one with a fraction, or beyond 64 bits" : json_kind_name(kind));
    }
    *job_field_number(&reading->out->fields, field) = (struct job_number){true, json_int(value)};
    return true;
}

static bool read_bool(struct reading *reading, const struct job_field *field, const struct json_value *value)
{
    if (json_kind_of(value) != JSON_BOOL) {
        return job_fault_request(reading->fault, field->name, "%s must be true or false, not %s", field->name,
                                 json_kind_name(json_kind_of(value)));
    }
    *job_field_number(&reading->out->fields, field) = (struct job_number){true, json_is_true(value) ? 1 : 0};
    return true;
}

/* Write the object whose text is base (absent: an empty one) after patch has been applied to it (RFC 7396).
 * Returns false if base is not JSON. */
static bool merge_object(struct json_writer *w, struct slice base, const struct json_value *patch)
{
    struct slice from = base.data != NULL ? base : slice_of("{}");
    struct json_doc *doc = NULL;
    bool there = json_parse(&doc, from.data, from.len, NULL) == ERR_OK;

    if (there && json_merge(doc, patch) != ERR_OK) {
        w->out->error = ERR_NOMEM;
    } else if (there) {
        json_put_value(w, json_root(doc));
    }
    json_free(doc);
    return there;
}

/* Kept as text in one canonical form, so that the spaces of the request do not matter. */
static bool read_container(struct reading *reading, const struct job_field *field,
                           const struct json_value *value)
{
    struct buffer *text = &reading->out->texts[field - job_field_at(0)];
    bool array = field->kind == JOB_FIELD_ARRAY;
    struct json_writer w;

    if (json_kind_of(value) != (array ? JSON_ARRAY : JSON_OBJECT)) {
        return job_fault_request(reading->fault, field->name, "%s must be %s, not %s", field->name,
                                 array ? "an array" : "an object", json_kind_name(json_kind_of(value)));
    }
    json_begin(&w, text);
    if (array || !reading->out->patch ||
        !merge_object(&w, *job_field_text(&reading->out->fields, field), value)) {
        json_put_value(&w, value);
    }
    if (buffer_error(text) != ERR_OK) {
        return job_fault_nomem(reading->fault, field->name);
    }
    *job_field_text(&reading->out->fields, field) = (struct slice){buffer_str(text), text->len};
    return true;
}

static void remove_field(struct reading *reading, const struct job_field *field)
{
    if (job_field_is_slice(field)) {
        *job_field_text(&reading->out->fields, field) = (struct slice){NULL, 0};
    } else {
        *job_field_number(&reading->out->fields, field) = (struct job_number){false, 0};
    }
}

/* The members of struct job_backup. */
static const struct {
    const char *name;
    size_t offset;
} kept_members[] = {
    {"job_id", offsetof(struct job_backup, job_id)},       {"state", offsetof(struct job_backup, state)},
    {"state_reason", offsetof(struct job_backup, reason)}, {"state_note", offsetof(struct job_backup, note)},
    {"state_by", offsetof(struct job_backup, by)},
};
#define KEPT_COUNT (sizeof kept_members / sizeof kept_members[0])

static bool read_kept(struct reading *reading, struct slice key, const struct json_value *value)
{
    size_t i = 0;

    while (i < KEPT_COUNT && !slice_eq(key, kept_members[i].name)) {
        i++;
    }
    if (i == KEPT_COUNT) {
        return refuse_unknown(reading, key);
    }
    if (json_kind_of(value) != JSON_STRING) {
        return job_fault_request(reading->fault, kept_members[i].name, "%s must be a string, not %s",
                                 kept_members[i].name, json_kind_name(json_kind_of(value)));
    }
    *(struct slice *)(void *)((char *)&reading->out->kept + kept_members[i].offset) = json_string(value);
    return true;
}

static bool visit_member(struct slice key, const struct json_value *value, void *arg)
{
    struct reading *reading = arg;
    const struct job_field *field = job_field_find(key);

    if (field == NULL) {
        return reading->out->backup ? read_kept(reading, key, value) : refuse_unknown(reading, key);
    }
    if (reading->out->patch && json_kind_of(value) == JSON_NULL) {
        remove_field(reading, field);
        return true;
    }
    switch (field->kind) {
    case JOB_FIELD_TEXT:
        return read_text(reading, field, value);
    case JOB_FIELD_NUMBER:
        return read_number(reading, field, value);
    case JOB_FIELD_BOOL:
        return read_bool(reading, field, value);
    case JOB_FIELD_OBJECT:
    case JOB_FIELD_ARRAY:
        break;
    }
    return read_container(reading, field, value);
}

static bool parse_text(struct job_json *out, struct slice text, struct job_fault *fault)
{
    struct errinfo info = {0};

    if (text.len == 0) {
        job_fault_request(fault, NULL, "the body is empty, it must be a JSON object with ");
        list_fields(fault->text, sizeof fault->text);
        return false;
    }
    enum err err = json_parse(&out->doc, text.data, text.len, &info);
    if (err == ERR_OK) {
        return true;
    }
    job_fault_request(fault, NULL, "the body is not JSON: %s", info.text);
    if (err != ERR_INVALID && err != ERR_LIMIT) {
        fault->code = JOB_FAULT_SYSTEM;
    }
    return false;
}

/* out holds the values of fields that are absent from text. */
static bool parse_fields(struct job_json *out, struct slice text, struct job_fault *fault)
{
    struct reading reading = {out, fault};

    memset(fault, 0, sizeof *fault);
    fault->offset = -1;
    if (!parse_text(out, text, fault)) {
        return false;
    }
    const struct json_value *root = json_root(out->doc);
    if (json_kind_of(root) != JSON_OBJECT) {
        return job_fault_request(fault, NULL, "the body must be a JSON object, not %s",
                                 json_kind_name(json_kind_of(root)));
    }
    return json_each(root, visit_member, &reading);
}

bool job_json_parse(struct job_json *out, struct slice text, struct job_fault *fault)
{
    memset(out, 0, sizeof *out);
    return parse_fields(out, text, fault);
}

bool job_json_parse_backup(struct job_json *out, struct slice text, struct job_fault *fault)
{
    memset(out, 0, sizeof *out);
    out->backup = true;
    return parse_fields(out, text, fault);
}

bool job_json_parse_patch(struct job_json *out, struct slice text, const struct job_fields *base,
                          struct job_fault *fault)
{
    memset(out, 0, sizeof *out);
    out->fields = *base;
    out->patch = true;
    return parse_fields(out, text, fault);
}

void job_json_fini(struct job_json *json)
{
    json_free(json->doc);
    json->doc = NULL;
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        buffer_fini(&json->texts[i]);
    }
}

static void write_field(struct json_writer *w, struct job_fields *fields, const struct job_field *field)
{
    json_key(w, field->name);
    switch (field->kind) {
    case JOB_FIELD_TEXT:
        json_put_bytes(w, *job_field_text(fields, field));
        break;
    case JOB_FIELD_NUMBER:
        json_put_i64(w, job_field_number(fields, field)->value);
        break;
    case JOB_FIELD_BOOL:
        json_put_bool(w, job_field_number(fields, field)->value != 0);
        break;
    case JOB_FIELD_OBJECT:
    case JOB_FIELD_ARRAY:
        json_put_raw(w, *job_field_text(fields, field));
        break;
    }
}

/* Write the fields that are not absent. */
static void write_fields(struct json_writer *w, struct job_fields *fields)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        bool there = job_field_is_slice(field) ? job_field_text(fields, field)->data != NULL
                                               : job_field_number(fields, field)->given;

        if (there) {
            write_field(w, fields, field);
        }
    }
}

static void put_cron_warnings(struct json_writer *w, const struct cron *cron)
{
    unsigned warnings = cron_warnings(cron);

    for (unsigned bit = 0; bit < CRON_WARNINGS; bit++) {
        if (warnings & 1U << bit) {
            json_put_str(w, cron_warning_text(1U << bit));
        }
    }
}

/* The rule of a job that sends notices holds for them, too, so it has an effect. */
static const char *warn_of_retry(const struct job *job)
{
    bool at_least_once = job->type == JOB_ATLEAST_ONCE;
    bool notices = job->stateful.on_failure_url.data != NULL || job->stateful.on_recovery_url.data != NULL;

    return at_least_once || !notices ? retry_warning(&job->retry, at_least_once) : NULL;
}

static const char *warn_of_header(const struct job *job)
{
    return call_options_has_clear_credentials(&job->call) ? "the header Authorization holds its value in "
                                                            "clear, so it is stored and backed up like that: "
                                                            "{{secret.NAME}} keeps it sealed"
                                                          : NULL;
}

static const char *warn_of_password(const struct job *job)
{
    bool has_one = job_hide_has_password(slice_of(job->api)) ||
                   job_hide_has_password(job->stateful.on_failure_url) ||
                   job_hide_has_password(job->stateful.on_recovery_url);
    return has_one ? "a URL holds a password in clear, so it is stored and backed up like that: "
                     "a header with {{secret.NAME}} keeps it sealed"
                   : NULL;
}

/* "warnings", if there are any. */
static void write_warnings(struct json_writer *w, const struct job *job)
{
    const char *retry = warn_of_retry(job);
    const char *header = warn_of_header(job);
    const char *password = warn_of_password(job);

    if (cron_warnings(&job->when.cron) == 0 && retry == NULL && header == NULL && password == NULL) {
        return;
    }
    json_key(w, "warnings");
    json_array_begin(w);
    put_cron_warnings(w, &job->when.cron);
    const char *const others[] = {retry, header, password};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i] != NULL) {
            json_put_str(w, others[i]);
        }
    }
    json_array_end(w);
}

void job_json_write_definition(struct json_writer *w, const struct job *job, bool hides)
{
    char id[JOB_ID_TEXT_SIZE];
    struct job_fields fields;
    struct job_hidden hidden = {0};

    job_id_format(id, &job->id);
    job_describe(job, &fields);
    fields.timezone = slice_of(zone_name(job->zone));
    if (hides) {
        job_hide(&fields, &hidden);
    }
    json_key(w, "job_id");
    json_put_str(w, id);
    write_fields(w, &fields);
    job_hidden_fini(&hidden);
}

void job_json_write_members(struct json_writer *w, const struct job *job, bool hides)
{
    job_json_write_definition(w, job, hides);
    write_warnings(w, job);
}

void job_json_write_kept(struct json_writer *w, const struct job_backup *kept)
{
    for (size_t i = 1; i < KEPT_COUNT; i++) { /* the first is the id, which comes before all others */
        struct slice text =
            *(const struct slice *)(const void *)((const char *)kept + kept_members[i].offset);
        if (text.data != NULL) {
            json_key(w, kept_members[i].name);
            json_put_bytes(w, text);
        }
    }
}

void job_json_write(struct json_writer *w, const struct job *job, bool hides)
{
    json_object_begin(w);
    job_json_write_members(w, job, hides);
    json_object_end(w);
}

void job_json_write_warnings(struct json_writer *w, const struct cron *cron)
{
    json_array_begin(w);
    put_cron_warnings(w, cron);
    json_array_end(w);
}
