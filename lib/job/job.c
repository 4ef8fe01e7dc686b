/* job: see job.h. Building and checking a job, its identity, and its next instant. What a schedule means is
 * cron's business, what a URL is url's. */
#include "job/job.h"

#include "text/digest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ID_PREFIX "capi:"

static const char *const type_names[JOB_TYPE__COUNT] = {
    [JOB_ATMOST_ONCE] = "ATMOST_ONCE",
    [JOB_ATLEAST_ONCE] = "ATLEAST_ONCE",
};

const char *job_type_name(enum job_type type)
{
    return type < JOB_TYPE__COUNT ? type_names[type] : "unknown";
}

bool job_type_parse(enum job_type *out, struct slice name)
{
    for (unsigned i = 0; i < JOB_TYPE__COUNT; i++) {
        if (slice_eq(name, type_names[i])) {
            *out = (enum job_type)i;
            return true;
        }
    }
    return false;
}

void job_id_format(char out[JOB_ID_TEXT_SIZE], const struct job_id *id)
{
    memcpy(out, ID_PREFIX, sizeof ID_PREFIX - 1);
    digest_hex(out + sizeof ID_PREFIX - 1, id->bytes, JOB_ID_SIZE);
}

bool job_id_parse(struct job_id *out, struct slice text)
{
    const size_t prefix = sizeof ID_PREFIX - 1;
    return text.data != NULL && text.len == JOB_ID_TEXT_LEN && memcmp(text.data, ID_PREFIX, prefix) == 0 &&
           job_id_parse_hex(out, (struct slice){text.data + prefix, text.len - prefix});
}

void job_id_format_hex(char out[JOB_ID_HEX_SIZE], const struct job_id *id)
{
    digest_hex(out, id->bytes, JOB_ID_SIZE);
}

bool job_id_parse_hex(struct job_id *out, struct slice hex)
{
    return hex.data != NULL && digest_unhex(out->bytes, JOB_ID_SIZE, hex.data, hex.len);
}

/* ---- faults ---- */

static bool fault_set(struct job_fault *fault, enum job_fault_code code, const char *field, const char *fmt,
                      ...) PRINTF_LIKE(4, 5);

/* Always false, so that a check can end in `return fault_set(…)`. */
static bool fault_set(struct job_fault *fault, enum job_fault_code code, const char *field, const char *fmt,
                      ...)
{
    va_list args;
    fault->code = code;
    fault->field = field;
    fault->offset = -1;
    va_start(args, fmt);
    (void)vsnprintf(fault->text, sizeof fault->text, fmt, args);
    va_end(args);
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice trim(struct slice text)
{
    while (text.len > 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

static bool check_present(struct slice value, const char *field, struct job_fault *fault)
{
    if (value.data == NULL) {
        return fault_set(fault, JOB_FAULT_INVALID_REQUEST, field, "%s is required", field);
    }
    if (trim(value).len == 0) {
        return fault_set(fault, JOB_FAULT_INVALID_REQUEST, field, "%s must not be empty", field);
    }
    return true;
}

/* ---- time zones ---- */

/* The zone of a name that stood somewhere: code and field are what a fault there is. */
static bool find_zone(struct job *job, struct slice name, struct zones *zones, enum job_fault_code code,
                      struct job_fault *fault)
{
    const char *field = code == JOB_FAULT_VALIDATION_ERROR  ? "timezone"
                        : code == JOB_FAULT_CREATION_FAILED ? "schedule"
                                                            : NULL;
    enum zone_err err = zones_get(zones, name.data, name.len, &job->zone);
    if (err == ZONE_OK) {
        return true;
    }
    if (err == ZONE_NOMEM) {
        return fault_set(fault, JOB_FAULT_SYSTEM, field, "out of memory");
    }
    if (err == ZONE_IO) { /* no descriptors, a disk in trouble: nothing is wrong with the name */
        return fault_set(fault, JOB_FAULT_SYSTEM, field, "time zone %.*s: %s", (int)name.len, name.data,
                         zone_err_text(err));
    }
    if (err == ZONE_NAME) { /* may be any bytes: not repeated */
        return fault_set(fault, code, field, "time zone: %s; it looks like Europe/Berlin",
                         zone_err_text(err));
    }
    return fault_set(fault, code, field, "time zone %.*s: %s", (int)name.len, name.data, zone_err_text(err));
}

static bool find_default_zone(struct job *job, const char *name, struct zones *zones, struct job_fault *fault)
{
    job->zone = zone_utc();
    return name == NULL || name[0] == '\0' || find_zone(job, slice_of(name), zones, JOB_FAULT_SYSTEM, fault);
}

/* The field and the schedule's prefix ("": none) may both name the zone, if they name the same. */
static bool build_zone(struct job *job, const char *prefix, const struct job_fields *fields,
                       struct zones *zones, struct job_fault *fault)
{
    struct slice field = fields->timezone;
    if (field.data == NULL && prefix[0] == '\0') {
        return find_default_zone(job, fields->timezone_default, zones, fault);
    }
    if (field.data == NULL) {
        return find_zone(job, slice_of(prefix), zones, JOB_FAULT_CREATION_FAILED, fault);
    }
    if (!find_zone(job, field, zones, JOB_FAULT_VALIDATION_ERROR, fault)) {
        return false;
    }
    return prefix[0] == '\0' || slice_eq(field, prefix) ||
           fault_set(fault, JOB_FAULT_VALIDATION_ERROR, "timezone",
                     "timezone is %.*s, but the schedule says %s: leave one of them out", (int)field.len,
                     field.data, prefix);
}

/* ---- the other fields ---- */

/* A schedule that is one instant. What is kept of @in is the instant. */
static bool build_once(struct job *job, const struct job_fields *fields, struct zones *zones,
                       struct job_fault *fault)
{
    struct slice text = trim(fields->schedule);
    struct wall_ms now = fields->now_ms > 0 ? (struct wall_ms){fields->now_ms} : job->created;
    struct errinfo info = {0};
    if (when_read_once(&job->when, text, now, &info) != ERR_OK) {
        return fault_set(fault, JOB_FAULT_CREATION_FAILED, "schedule", "%s", info.text);
    }
    if (text.len > JOB_SCHEDULE_MAX || text.data[1] == 'i' || text.data[1] == 'I') {
        (void)when_print_schedule(&job->when, job->schedule, sizeof job->schedule);
    } else {
        memcpy(job->schedule, text.data, text.len);
        job->schedule[text.len] = '\0';
    }
    return build_zone(job, "", fields, zones, fault);
}

static bool build_schedule(struct job *job, const struct job_fields *fields, struct zones *zones,
                           struct job_fault *fault)
{
    struct slice text = fields->schedule;
    if (when_is_once(trim(text))) {
        return build_once(job, fields, zones, fault);
    }
    job->when = (struct when){.first_s = -1, .ends = {INT64_MAX}};
    char zone[CRON_ZONE_MAX + 1];
    struct cron_error error;
    if (cron_parse(&job->when.cron, zone, text.data, text.len, &error) != CRON_OK) {
        (void)fault_set(fault, JOB_FAULT_CREATION_FAILED, "schedule", "%s", error.message);
        fault->offset = (int64_t)error.offset;
        return false;
    }
    if (cron_never(&job->when.cron)) {
        return fault_set(fault, JOB_FAULT_CREATION_FAILED, "schedule", "this schedule never fires");
    }
    struct slice trimmed = trim(text);
    memcpy(job->schedule, trimmed.data, trimmed.len);
    job->schedule[trimmed.len] = '\0';
    return build_zone(job, zone, fields, zones, fault);
}

static bool build_api(struct job *job, struct slice text, struct job_fault *fault)
{
    struct errinfo info = {0};
    if (text.len <= URL_MAX) { /* else url_parse refuses it */
        memcpy(job->api, text.data, text.len);
        job->api[text.len] = '\0';
        text.data = job->api;
    }
    enum url_fault bad = url_parse(&job->url, text, &info);
    if (bad == URL_OK && template_check(job->url.query, &info) != ERR_OK) {
        bad = URL_MALFORMED;
    }
    return bad == URL_OK ||
           fault_set(fault, bad == URL_SCHEME ? JOB_FAULT_CREATION_FAILED : JOB_FAULT_VALIDATION_ERROR, "api",
                     "api: %s", info.text);
}

static bool build_type(struct job *job, struct slice text, struct job_fault *fault)
{
    return job_type_parse(&job->type, text) ||
           fault_set(fault, JOB_FAULT_VALIDATION_ERROR, "type", "type must be ATMOST_ONCE or ATLEAST_ONCE");
}

static bool build_catch_up(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct errinfo info = {0};
    const char *field;
    return catch_up_read(&job->catch_up, fields, job->type == JOB_ATLEAST_ONCE, &field, &info) == ERR_OK ||
           fault_set(fault, JOB_FAULT_VALIDATION_ERROR, field, "%s", info.text);
}

/* What a module that reads a group of fields has found. */
static bool is_good(enum err err, const char *field, const struct errinfo *info, struct job_fault *fault)
{
    return err == ERR_OK || fault_set(fault, err == ERR_NOMEM ? JOB_FAULT_SYSTEM : JOB_FAULT_VALIDATION_ERROR,
                                      field, "%s", info->text);
}

static bool build_call(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct errinfo info = {0};
    const char *field;
    enum err err = call_spec_read(&job->call, fields, &field, &info);
    return is_good(err, field, &info, fault);
}

static bool build_success(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct errinfo info = {0};
    if (!is_good(success_read(&job->success, fields, &info), "success", &info, fault)) {
        return false;
    }
    return job->success.contains.data == NULL || job->call.method != CALL_HEAD ||
           fault_set(fault, JOB_FAULT_VALIDATION_ERROR, "success",
                     "success.body_contains cannot hold: the answer to a HEAD has no body");
}

static bool build_retry(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct errinfo info = {0};
    return is_good(retry_read(&job->retry, fields, &info), "retry", &info, fault);
}

static bool build_labels(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct errinfo info = {0};
    const char *field;
    enum err err = labels_read(&job->labels, fields, &field, &info);
    return is_good(err, field, &info, fault);
}

static bool build_watch(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct errinfo info = {0};
    const char *field;
    enum err err = watch_read(&job->watch, fields, &field, &info);
    return is_good(err, field, &info, fault);
}

static bool build_when(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct errinfo info = {0};
    const char *field;
    enum err err = when_read(&job->when, fields, job->created, &field, &info);
    return is_good(err, field, &info, fault);
}

/* The limits of numbers stand in the table. */
static bool check_numbers(const struct job_fields *fields, struct job_fault *fault)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        if (field->kind != JOB_FIELD_NUMBER) {
            continue;
        }
        const struct job_number *number = job_field_number((struct job_fields *)fields, field);
        if (number->given && (number->value < field->min || number->value > field->max)) {
            return fault_set(fault, JOB_FAULT_VALIDATION_ERROR, field->name, "%s must be from %lld to %lld",
                             field->name, (long long)field->min, (long long)field->max);
        }
    }
    return true;
}

/* A field may be left out, but not left empty. */
static bool check_optional(struct slice value, const char *field, struct job_fault *fault)
{
    return value.data == NULL || check_present(value, field, fault);
}

static bool build_fields(struct job *job, const struct job_fields *fields, struct zones *zones,
                         struct job_fault *fault)
{
    return check_present(fields->schedule, "schedule", fault) && check_present(fields->api, "api", fault) &&
           check_present(fields->type, "type", fault) &&
           check_optional(fields->timezone, "timezone", fault) &&
           check_optional(fields->catch_up, "catch_up", fault) &&
           check_optional(fields->method, "method", fault) &&
           check_optional(fields->overlap, "overlap", fault) &&
           check_optional(fields->on_failure_url, "on_failure_url", fault) &&
           check_optional(fields->on_recovery_url, "on_recovery_url", fault) &&
           check_optional(fields->starts_at, "starts_at", fault) &&
           check_optional(fields->ends_at, "ends_at", fault) && build_type(job, fields->type, fault) &&
           build_api(job, fields->api, fault) && build_schedule(job, fields, zones, fault) &&
           build_catch_up(job, fields, fault) && check_numbers(fields, fault) &&
           build_call(job, fields, fault) && build_success(job, fields, fault) &&
           build_retry(job, fields, fault) && build_labels(job, fields, fault) &&
           build_watch(job, fields, fault) && build_when(job, fields, fault);
}

/* ---- identity ---- */

static void add_line(struct buffer *out, const char *name, const char *value)
{
    buffer_add_str(out, name);
    buffer_add_str(out, value);
    buffer_add_char(out, '\n');
}

/* What the identity is made of: of a job that has a name, only that. Lines are appended for fields that are
 * not at their default; jobs without them keep the ids that they had before there were such fields. */
static enum err canonical(const struct job *job, struct buffer *out)
{
    if (job->labels.name.data != NULL) {
        buffer_add_str(out, "dronc job by name 1\n");
        buffer_add(out, job->labels.name.data, job->labels.name.len);
        return buffer_error(out);
    }
    char schedule[WHEN_PRINT_MAX];
    (void)when_print_schedule(&job->when, schedule, sizeof schedule);
    add_line(out, "dronc job 1\nschedule ", schedule);
    add_line(out, "zone ", zone_name(job->zone));
    add_line(out, "type ", job_type_name(job->type));
    buffer_add_str(out, "api ");
    url_normalise(&job->url, out);
    buffer_add_char(out, '\n');
    struct catch_up usual = catch_up_default(job->type == JOB_ATLEAST_ONCE);
    if (!catch_up_equal(&job->catch_up, &usual)) {
        buffer_add_str(out, "catch up ");
        catch_up_print(&job->catch_up, out);
        buffer_add_char(out, '\n');
    }
    call_spec_print(&job->call, out);
    success_print(&job->success, out);
    retry_print(&job->retry, out);
    labels_print(&job->labels, out);
    watch_print(&job->watch, out);
    when_print(&job->when, out);
    return buffer_error(out);
}

enum err job_identify(const struct job *job, struct job_id *out)
{
    struct buffer text;
    buffer_init(&text, 0);
    enum err err = canonical(job, &text);
    if (err == ERR_OK) {
        err = digest_sha256(out->bytes, buffer_str(&text), text.len);
    }
    buffer_fini(&text);
    return err;
}

/* All but the first bytes of an id are as good as random for jobs of the same shard. */
void job_set_id(struct job *job, const struct job_id *id)
{
    uint64_t seed = 0;
    job->id = *id;
    for (size_t i = JOB_ID_SIZE - sizeof seed; i < JOB_ID_SIZE; i++) {
        seed = seed << 8 | id->bytes[i];
    }
    when_shift(&job->when, job->zone, job->created, seed);
}

static bool build_id(struct job *job, struct job_fault *fault)
{
    struct job_id id;
    enum err err = job_identify(job, &id);
    if (err == ERR_OK) {
        job_set_id(job, &id);
    }
    return err == ERR_OK ||
           fault_set(fault, JOB_FAULT_SYSTEM, "", "the job's id cannot be made: %s", err_name(err));
}

/* All but the rest of the two texts, 3 KiB that nobody reads. */
static void clear(struct job *job, struct wall_ms created)
{
    memset(job, 0, offsetof(struct job, schedule));
    job->created = created;
    job->schedule[0] = '\0';
    job->api[0] = '\0';
}

bool job_build(struct job *out, const struct job_fields *fields, struct wall_ms now, struct zones *zones,
               struct job_fault *fault)
{
    *fault = (struct job_fault){.offset = -1};
    clear(out, now);
    bool good = build_fields(out, fields, zones, fault) && build_id(out, fault);
    if (!good) {
        job_fini(out);
    }
    return good;
}

bool job_build_schedule(struct job *out, const struct job_fields *fields, struct wall_ms now,
                        struct zones *zones, struct job_fault *fault)
{
    *fault = (struct job_fault){.offset = -1};
    clear(out, now);
    return check_present(fields->schedule, "schedule", fault) &&
           check_optional(fields->timezone, "timezone", fault) && build_schedule(out, fields, zones, fault);
}

enum err job_restore(struct job *out, const struct job_id *id, const struct job_fields *fields,
                     struct wall_ms created, struct zones *zones, struct errinfo *info)
{
    struct job_fault fault = {0};
    clear(out, created);
    if (build_fields(out, fields, zones, &fault)) {
        job_set_id(out, id);
        return ERR_OK;
    }
    job_fini(out);
    return err_set(info, fault.code == JOB_FAULT_SYSTEM ? ERR_NOMEM : ERR_PROTOCOL, "%s", fault.text);
}

void job_fini(struct job *job)
{
    call_spec_fini(&job->call);
    success_fini(&job->success);
    retry_fini(&job->retry);
    labels_fini(&job->labels);
    watch_fini(&job->watch);
}

void job_describe(const struct job *job, struct job_fields *out)
{
    *out = (struct job_fields){.schedule = slice_of(job->schedule),
                               .api = slice_of(job->api),
                               .type = slice_of(job_type_name(job->type))};
    if (strcmp(zone_name(job->zone), "UTC") != 0) {
        out->timezone = slice_of(zone_name(job->zone));
    }
    catch_up_describe(&job->catch_up, job->type == JOB_ATLEAST_ONCE, out);
    call_spec_describe(&job->call, out);
    success_describe(&job->success, out);
    retry_describe(&job->retry, out);
    labels_describe(&job->labels, out);
    watch_describe(&job->watch, out);
    when_describe(&job->when, out);
}

/* ---- time ---- */

bool job_next(const struct job *job, struct wall_ms after, struct wall_ms *next)
{
    return when_next(&job->when, job->zone, after, next, NULL);
}

int64_t job_count(const struct job *job, struct wall_ms after, struct wall_ms until)
{
    return when_count(&job->when, job->zone, after, until);
}

bool job_nth_last(const struct job *job, struct wall_ms after, struct wall_ms until, int64_t nth,
                  struct wall_ms *at)
{
    return when_nth_last(&job->when, job->zone, after, until, nth, at);
}
