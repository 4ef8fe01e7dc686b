/* success: see success.h. Reads `status` into a set of bits, so that what means the same is the same. */
#include "job/success.h"

#include "text/json.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_SHOWN_MAX 32 /* bytes of a wrong entry that a message repeats */

/* What the visitors of the JSON work on. */
struct reading {
    struct success *out;
    struct errinfo *info;
};

/* ---- statuses ---- */

static void add_statuses(struct success *rule, int from, int to)
{
    for (int status = from; status <= to; status++) {
        unsigned bit = (unsigned)(status - SUCCESS_STATUS_MIN);
        rule->statuses[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

bool success_has_status(const struct success *rule, int status)
{
    if (status < SUCCESS_STATUS_MIN || status > SUCCESS_STATUS_MAX) {
        return false;
    }
    unsigned bit = (unsigned)(status - SUCCESS_STATUS_MIN);
    return (rule->statuses[bit / 64] >> bit % 64 & 1) != 0;
}

/* Three digits at place at. False: they are none, or no status. */
static bool read_status(struct slice text, size_t at, int *out)
{
    int64_t value;
    if (text.len < at + 3 || !slice_i64((struct slice){text.data + at, 3}, &value)) {
        return false;
    }
    *out = (int)value;
    return value >= SUCCESS_STATUS_MIN && value <= SUCCESS_STATUS_MAX;
}

/* "2xx", "304" or "200-204". */
static bool read_entry(struct slice text, int *from, int *to)
{
    if (text.len == 3 && text.data[1] == 'x' && text.data[2] == 'x') {
        *from = (text.data[0] - '0') * 100;
        *to = *from + 99;
        return text.data[0] >= '1' && text.data[0] <= '5';
    }
    if (text.len == 7) {
        return read_status(text, 0, from) && text.data[3] == '-' && read_status(text, 4, to) && *from <= *to;
    }
    bool good = text.len == 3 && read_status(text, 0, from);
    *to = good ? *from : 0;
    return good;
}

static bool take_status(const struct json_value *value, void *arg)
{
    struct reading *reading = arg;
    struct slice text = json_string(value);
    int from = 0;
    int to = 0;
    bool good;
    if (json_kind_of(value) == JSON_INT) {
        int64_t status = json_int(value);
        good = status >= SUCCESS_STATUS_MIN && status <= SUCCESS_STATUS_MAX;
        from = to = good ? (int)status : 0;
    } else {
        good = text.data != NULL && read_entry(text, &from, &to);
    }
    if (!good) {
        int shown = text.len < ENTRY_SHOWN_MAX ? (int)text.len : ENTRY_SHOWN_MAX;
        (void)err_set(
            reading->info, ERR_INVALID,
            "success.status: %s%.*s%s is no status from 100 to 599, class as in \"2xx\", or range as "
            "in \"200-204\"",
            text.data != NULL ? "\"" : "an entry", shown, text.data != NULL ? text.data : "",
            text.data != NULL ? "\"" : "");
        return false;
    }
    add_statuses(reading->out, from, to);
    return true;
}

static bool take_statuses(struct reading *reading, const struct json_value *value)
{
    size_t count = json_count(value);
    if (json_kind_of(value) != JSON_ARRAY || count < 1 || count > SUCCESS_STATUSES_MAX) {
        (void)err_set(reading->info, ERR_INVALID, "success.status must be an array of 1 to %d entries",
                      SUCCESS_STATUSES_MAX);
        return false;
    }
    memset(reading->out->statuses, 0, sizeof reading->out->statuses);
    return json_each_item(value, take_status, reading);
}

/* ---- reading ---- */

static bool take_contains(struct reading *reading, const struct json_value *value)
{
    struct slice text = json_string(value);
    if (text.len < 1 || text.len > SUCCESS_CONTAINS_MAX) {
        (void)err_set(reading->info, ERR_INVALID, "success.body_contains must be a string of 1 to %d bytes",
                      SUCCESS_CONTAINS_MAX);
        return false;
    }
    reading->out->contains = text; /* borrowed from the document, until it is copied */
    return true;
}

static bool take_member(struct slice name, const struct json_value *value, void *arg)
{
    struct reading *reading = arg;
    if (slice_eq(name, "status")) {
        return take_statuses(reading, value);
    }
    if (slice_eq(name, "body_contains")) {
        return take_contains(reading, value);
    }
    int shown = name.len < ENTRY_SHOWN_MAX ? (int)name.len : ENTRY_SHOWN_MAX;
    (void)err_set(reading->info, ERR_INVALID,
                  "success: unknown member \"%.*s\"; there are status, body_contains", shown, name.data);
    return false;
}

/* Any 2xx: bits 100 to 199. */
static const struct success usual = {.statuses = {0, UINT64_MAX << 36, UINT64_MAX, 0xFF}};
_Static_assert(SUCCESS_STATUS_MIN == 100, "bit 100 is that of 200");

static bool has_usual_statuses(const struct success *rule)
{
    return memcmp(rule->statuses, usual.statuses, sizeof usual.statuses) == 0;
}

/* Make what is borrowed out's own; at its default, nothing of it. */
static enum err keep(struct success *out, struct slice text, struct errinfo *info)
{
    if (out->contains.data == NULL && has_usual_statuses(out)) {
        return ERR_OK;
    }
    out->memory = malloc(text.len + out->contains.len);
    if (out->memory == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    memcpy(out->memory, text.data, text.len);
    out->text = (struct slice){out->memory, text.len};
    if (out->contains.data != NULL) {
        memcpy(out->memory + text.len, out->contains.data, out->contains.len);
        out->contains.data = out->memory + text.len;
    }
    return ERR_OK;
}

enum err success_read(struct success *out, const struct job_fields *fields, struct errinfo *info)
{
    struct reading reading = {out, info};
    struct errinfo bad = {0};
    struct json_doc *doc = NULL;
    *out = usual;
    if (fields->success.data == NULL) {
        return ERR_OK;
    }
    enum err err = json_parse(&doc, fields->success.data, fields->success.len, &bad);
    if (err != ERR_OK) {
        return err == ERR_NOMEM ? err : err_set(info, ERR_INVALID, "success: %s", bad.text);
    }
    if (json_kind_of(json_root(doc)) != JSON_OBJECT) {
        err = err_set(info, ERR_INVALID, "success must be an object");
    } else if (!json_each(json_root(doc), take_member, &reading)) {
        err = ERR_INVALID;
    } else {
        err = keep(out, fields->success, info);
    }
    json_free(doc);
    return err;
}

void success_fini(struct success *rule)
{
    free(rule->memory);
    *rule = (struct success){0};
}

/* ---- telling ---- */

void success_describe(const struct success *rule, struct job_fields *fields)
{
    fields->success = rule->text;
}

static void print_statuses(const struct success *rule, struct buffer *out)
{
    buffer_add_str(out, "success");
    for (int from = SUCCESS_STATUS_MIN; from <= SUCCESS_STATUS_MAX; from++) {
        int to = from;
        while (success_has_status(rule, from) && success_has_status(rule, to + 1)) {
            to++;
        }
        if (success_has_status(rule, from)) {
            buffer_printf(out, " %d-%d", from, to);
        }
        from = to;
    }
    buffer_add_char(out, '\n');
}

void success_print(const struct success *rule, struct buffer *out)
{
    if (!has_usual_statuses(rule)) {
        print_statuses(rule, out);
    }
    if (rule->contains.data != NULL) {
        buffer_printf(out, "contains %zu ", rule->contains.len);
        buffer_add(out, rule->contains.data, rule->contains.len);
        buffer_add_char(out, '\n');
    }
}
