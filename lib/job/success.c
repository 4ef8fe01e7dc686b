/* success: see success.h. Reads `status` into a set of bits, so that rules of equal meaning are equal. */
#include "job/success.h"

#include "job/group.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_SHOWN_MAX 32 /* bytes of a wrong entry that a message repeats */

/* What the functions that read members work on. */
struct reading {
    struct success *out;
    struct job_fault *fault;
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

/* Read three digits at place at. Returns false if there is no status. */
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

/* Always false. text: the entry, or absent if it is no string. */
static bool refuse_entry(const struct reading *reading, struct slice text)
{
    int shown = text.len < ENTRY_SHOWN_MAX ? (int)text.len : ENTRY_SHOWN_MAX;
    bool is_text = text.data != NULL;
    return job_fault_invalid(reading->fault, "success",
                             "success.status: %s%.*s%s is no status from 100 to 599, class as in \"2xx\", or "
                             "range as in \"200-204\"",
                             is_text ? "\"" : "an entry", shown, is_text ? text.data : "",
                             is_text ? "\"" : "");
}

static bool visit_status(const struct json_value *value, void *arg)
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
        return refuse_entry(reading, text);
    }
    add_statuses(reading->out, from, to);
    return true;
}

static bool read_statuses(struct slice name, const struct json_value *value, void *arg)
{
    (void)name;
    struct reading *reading = arg;
    size_t count = json_count(value);
    if (json_kind_of(value) != JSON_ARRAY || count < 1 || count > SUCCESS_STATUSES_MAX) {
        return job_fault_invalid(reading->fault, "success",
                                 "success.status must be an array of 1 to %d entries", SUCCESS_STATUSES_MAX);
    }
    memset(reading->out->statuses, 0, sizeof reading->out->statuses);
    return json_each_item(value, visit_status, reading);
}

/* ---- reading ---- */

static bool read_contains(struct slice name, const struct json_value *value, void *arg)
{
    (void)name;
    struct reading *reading = arg;
    struct slice text = json_string(value);
    if (text.len < 1 || text.len > SUCCESS_CONTAINS_MAX) {
        return job_fault_invalid(reading->fault, "success",
                                 "success.body_contains must be a string of 1 to %d bytes",
                                 SUCCESS_CONTAINS_MAX);
    }
    reading->out->contains = text; /* borrowed from the document, until it is copied */
    return true;
}

static const struct group_member members[] = {{"status", read_statuses}, {"body_contains", read_contains}};
static const struct group_object object = {"success", members, sizeof members / sizeof members[0]};

/* Any 2xx: bits 100 to 199. */
static const struct success usual = {.statuses = {0, UINT64_MAX << 36, UINT64_MAX, 0xFF}};
_Static_assert(SUCCESS_STATUS_MIN == 100, "bit 100 is that of 200");

static bool has_usual_statuses(const struct success *rule)
{
    return memcmp(rule->statuses, usual.statuses, sizeof usual.statuses) == 0;
}

/* Copy what is borrowed, unless the rule is the default. */
static bool keep_texts(struct success *out, struct slice text, struct job_fault *fault)
{
    if (out->contains.data == NULL && has_usual_statuses(out)) {
        return true;
    }
    out->text = text;
    return group_keep(&out->memory, (struct slice *[]){&out->text, &out->contains}, 2) ||
           job_fault_nomem(fault, "success");
}

static bool read_rule(struct success *out, struct slice text, struct job_fault *fault)
{
    struct reading reading = {out, fault};
    struct json_doc *doc = group_read_object(&object, text, &reading, fault);
    bool good = doc != NULL && keep_texts(out, text, fault);
    json_free(doc);
    return good;
}

bool success_read(struct success *out, const struct job_fields *fields, struct job_fault *fault)
{
    *out = usual;
    if (fields->success.data == NULL) {
        return true;
    }
    if (!read_rule(out, fields->success, fault)) {
        return false;
    }
    if (out->contains.data != NULL && slice_eq(fields->method, "HEAD")) {
        success_fini(out);
        return job_fault_invalid(fault, "success",
                                 "success.body_contains cannot hold: the answer to a HEAD has no body");
    }
    return true;
}

void success_fini(struct success *rule)
{
    free(rule->memory);
    *rule = (struct success){0};
}

/* ---- describing and printing ---- */

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
