/* job: see job.h. Builds and checks a job, and computes its identity. The groups of fields (group.h) judge
 * their own; cron knows what a schedule means, url what a URL is. */
#include "job/job.h"

#include "job/job_url.h"
#include "text/digest.h"

#include <stdio.h>
#include <string.h>

#define ID_PREFIX "capi:"

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

/* ---- time zones ---- */

/* Look a zone up by name. code: what a mistake in the name is, which depends on the field that has it. */
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
        return job_fault_set(fault, JOB_FAULT_SYSTEM, field, "out of memory");
    }
    if (err == ZONE_IO) { /* no descriptors, a disk that fails: the name may be right */
        return job_fault_set(fault, JOB_FAULT_SYSTEM, field, "time zone %.*s: %s", (int)name.len, name.data,
                             zone_err_text(err));
    }
    if (err == ZONE_NAME) { /* it may be any bytes, so the message does not repeat it */
        return job_fault_set(fault, code, field, "time zone: %s; it looks like Europe/Berlin",
                             zone_err_text(err));
    }
    return job_fault_set(fault, code, field, "time zone %.*s: %s", (int)name.len, name.data,
                         zone_err_text(err));
}

static bool find_default_zone(struct job *job, const char *name, struct zones *zones, struct job_fault *fault)
{
    job->zone = zone_utc();
    return name == NULL || name[0] == '\0' || find_zone(job, slice_of(name), zones, JOB_FAULT_SYSTEM, fault);
}

/* The field and the schedule's prefix ("": none) may both name the zone if they name the same one. */
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
           job_fault_set(fault, JOB_FAULT_VALIDATION_ERROR, "timezone",
                         "timezone is %.*s, but the schedule says %s: leave one of them out", (int)field.len,
                         field.data, prefix);
}

/* ---- schedule, api, type ---- */

/* A schedule that is one instant. @in is kept as the instant that it stands for. */
static bool build_once(struct job *job, const struct job_fields *fields, struct zones *zones,
                       struct job_fault *fault)
{
    struct slice text = trim(fields->schedule);
    struct wall_ms now = fields->now_ms > 0 ? (struct wall_ms){fields->now_ms} : job->created;
    struct errinfo info = {0};
    if (when_read_once(&job->when, text, now, &info) != ERR_OK) {
        return job_fault_set(fault, JOB_FAULT_CREATION_FAILED, "schedule", "%s", info.text);
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
        (void)job_fault_set(fault, JOB_FAULT_CREATION_FAILED, "schedule", "%s", error.message);
        fault->offset = (int64_t)error.offset;
        return false;
    }
    if (cron_never(&job->when.cron)) {
        return job_fault_set(fault, JOB_FAULT_CREATION_FAILED, "schedule", "this schedule never fires");
    }
    struct slice trimmed = trim(text);
    memcpy(job->schedule, trimmed.data, trimmed.len);
    job->schedule[trimmed.len] = '\0';
    return build_zone(job, zone, fields, zones, fault);
}

static bool build_api(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    struct slice text = fields->api;
    struct errinfo info = {0};
    if (text.len <= URL_MAX) { /* else url_parse refuses it */
        memcpy(job->api, text.data, text.len);
        job->api[text.len] = '\0';
        text.data = job->api;
    }
    enum url_fault bad = job_url_parse(&job->url, text, fields->targets, &info);
    return bad == URL_OK ||
           job_fault_set(fault, bad == URL_SCHEME ? JOB_FAULT_CREATION_FAILED : JOB_FAULT_VALIDATION_ERROR,
                         "api", "api: %s", info.text);
}

static bool build_type(struct job *job, struct slice text, struct job_fault *fault)
{
    return job_type_parse(&job->type, text) || job_fault_set(fault, JOB_FAULT_VALIDATION_ERROR, "type",
                                                             "type must be ATMOST_ONCE or ATLEAST_ONCE");
}

/* ---- the groups of fields ---- */

/* Each group by its member in struct job and the prefix of its functions, in the order in which they are read
 * and printed. catch_up comes first. */
#define GROUPS(G)         \
    G(catch_up, catch_up) \
    G(call, call_options) \
    G(success, success)   \
    G(retry, retry)       \
    G(labels, labels)     \
    G(stateful, stateful) \
    G(when, when)

/* The four functions of a group (group.h), on the job that it is part of. */
#define GROUP_FUNCTIONS(member, prefix)                                                                  \
    static bool read_##member(struct job *job, const struct job_fields *fields, struct job_fault *fault) \
    {                                                                                                    \
        return prefix##_read(&job->member, fields, fault);                                               \
    }                                                                                                    \
    static void describe_##member(const struct job *job, struct job_fields *out)                         \
    {                                                                                                    \
        prefix##_describe(&job->member, out);                                                            \
    }                                                                                                    \
    static void print_##member(const struct job *job, struct buffer *out)                                \
    {                                                                                                    \
        prefix##_print(&job->member, out);                                                               \
    }                                                                                                    \
    static void fini_##member(struct job *job)                                                           \
    {                                                                                                    \
        prefix##_fini(&job->member);                                                                     \
    }
GROUPS(GROUP_FUNCTIONS)

static const struct group {
    bool (*read)(struct job *job, const struct job_fields *fields, struct job_fault *fault);
    void (*describe)(const struct job *job, struct job_fields *out);
    void (*print)(const struct job *job, struct buffer *out);
    void (*fini)(struct job *job);
} groups[] = {
#define GROUP_ROW(member, prefix) {read_##member, describe_##member, print_##member, fini_##member},
    GROUPS(GROUP_ROW)};
#define GROUP_COUNT (sizeof groups / sizeof groups[0])

static bool check_needs(const struct job_fields *fields, struct job_fault *fault)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        if (!job_field_check_need(fields, job_field_at(i), fault)) {
            return false;
        }
    }
    return true;
}

static bool check_numbers(const struct job_fields *fields, struct job_fault *fault)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        if (!job_field_check_number(fields, job_field_at(i), fault)) {
            return false;
        }
    }
    return true;
}

/* Of several mistakes, the first in this order is reported: those of catch_up before those of any number. */
static bool read_groups(struct job *job, const struct job_fields *fields, struct job_fault *fault)
{
    bool good = groups[0].read(job, fields, fault) && check_numbers(fields, fault);
    for (size_t i = 1; i < GROUP_COUNT && good; i++) {
        good = groups[i].read(job, fields, fault);
    }
    return good;
}

static bool build_fields(struct job *job, const struct job_fields *fields, struct zones *zones,
                         struct job_fault *fault)
{
    return check_needs(fields, fault) && build_type(job, fields->type, fault) &&
           build_api(job, fields, fault) && build_schedule(job, fields, zones, fault) &&
           read_groups(job, fields, fault);
}

/* ---- identity ---- */

static void add_line(struct buffer *out, const char *name, const char *value)
{
    buffer_add_str(out, name);
    buffer_add_str(out, value);
    buffer_add_char(out, '\n');
}

/* The text that the identity is made of: the name, if there is one. Else the fields; those at their default
 * leave no line, so a new field changes no id. */
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
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        groups[i].print(job, out);
    }
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

/* The seed is made of an id's last bytes: the first ones choose the shard, so they are alike within it. */
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
           job_fault_set(fault, JOB_FAULT_SYSTEM, "", "the job's id cannot be made: %s", err_name(err));
}

/* Clears everything except the bytes of the two texts after their first: 3 KiB that no function reads. */
static void clear_job(struct job *job, struct wall_ms created)
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
    clear_job(out, now);
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
    clear_job(out, now);
    return job_field_check_need(fields, job_field_find(slice_of("schedule")), fault) &&
           job_field_check_need(fields, job_field_find(slice_of("timezone")), fault) &&
           build_schedule(out, fields, zones, fault);
}

enum err job_restore(struct job *out, const struct job_stored *stored, struct zones *zones,
                     struct errinfo *info)
{
    struct job_fault fault = {0};
    clear_job(out, stored->created);
    if (build_fields(out, stored->fields, zones, &fault)) {
        job_set_id(out, stored->id);
        return ERR_OK;
    }
    job_fini(out);
    return err_set(info, fault.code == JOB_FAULT_SYSTEM ? ERR_NOMEM : ERR_PROTOCOL, "%s", fault.text);
}

void job_fini(struct job *job)
{
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        groups[i].fini(job);
    }
}

void job_describe(const struct job *job, struct job_fields *out)
{
    *out = (struct job_fields){.schedule = slice_of(job->schedule),
                               .api = slice_of(job->api),
                               .type = slice_of(job_type_name(job->type))};
    if (strcmp(zone_name(job->zone), "UTC") != 0) {
        out->timezone = slice_of(zone_name(job->zone));
    }
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        groups[i].describe(job, out);
    }
}

/* ---- time ---- */

bool job_next(const struct job *job, struct wall_ms after, struct wall_ms *next)
{
    return when_next(&job->when, job->zone, after, next, NULL);
}

int64_t job_count(const struct job *job, struct when_range range)
{
    return when_count(&job->when, job->zone, range);
}

bool job_nth_last(const struct job *job, struct when_range range, int64_t nth, struct wall_ms *at)
{
    return when_nth_last(&job->when, job->zone, range, nth, at);
}
