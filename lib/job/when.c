/* when: see when.h. Looks for instants where they would be without the offset, in whole seconds. */
#include "job/when.h"

#include "text/rfc3339.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define END_S       INT64_C(7258118400) /* 2200 begins: no instant from here on */
#define SAMPLE_S    INT64_C(978307200)  /* 2001 begins: distances are measured from here on */
#define SAMPLE_SIZE 64

static int64_t floor_s(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

static int64_t ceil_s(int64_t ms)
{
    return floor_s(ms + 999);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The last moment at which the job may be due. The offset must not lead past the end of all instants. */
static int64_t limit_ms(const struct when *when)
{
    return smaller(when->ends.ms, END_S * 1000 - 1);
}

/* ---- one instant ---- */

/* Take the word, and the spaces and tabs after it, off text. Returns false if text does not begin with it. */
static bool take_word(struct slice *text, const char *word)
{
    size_t len = strlen(word);
    if (text->len < len || strncasecmp(text->data, word, len) != 0) {
        return false;
    }
    struct slice rest = {text->data + len, text->len - len};
    if (rest.len > 0 && rest.data[0] != ' ' && rest.data[0] != '\t') {
        return false;
    }
    while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t')) {
        rest.data++;
        rest.len--;
    }
    *text = rest;
    return true;
}

bool when_is_once(struct slice schedule)
{
    return take_word(&schedule, "@at") || take_word(&schedule, "@in");
}

static enum err read_at(struct when *out, struct slice text, struct errinfo *info)
{
    struct errinfo why = {0};
    struct wall_ms at;
    if (rfc3339_parse(&at, text, &why) != ERR_OK) {
        return err_set(info, ERR_INVALID, "@at: %s; it looks like @at 2027-01-31T09:00:00+01:00", why.text);
    }
    if (at.ms % 1000 != 0 || at.ms <= 0) {
        return err_set(info, ERR_INVALID, "@at takes whole seconds after 1970 began");
    }
    out->once = at;
    return ERR_OK;
}

/* Reads durations as @every does. */
static enum err read_in(struct when *out, struct slice text, struct wall_ms now, struct errinfo *info)
{
    char every[80];
    char zone[CRON_ZONE_MAX + 1];
    struct cron cron;
    int len = snprintf(every, sizeof every, "@every %.*s", text.len < 60 ? (int)text.len : 60, text.data);
    if (text.len >= 60 || cron_parse(&cron, zone, every, (size_t)len, NULL) != CRON_OK) {
        return err_set(
            info, ERR_INVALID,
            "@in: expected a duration from 1s to 315360000s such as 90s or 1h30m (units d h m s ms "
            "us ns)");
    }
    int64_t wait_s = (int64_t)cron_every_s(&cron) + ((cron_warnings(&cron) & CRON_WARN_FRACTION) ? 1 : 0);
    out->once.ms = (ceil_s(now.ms) + wait_s) * 1000;
    return ERR_OK;
}

enum err when_read_once(struct when *out, struct slice schedule, struct wall_ms now, struct errinfo *info)
{
    *out = (struct when){.first_s = -1, .ends = {INT64_MAX}};
    if (take_word(&schedule, "@in")) {
        return read_in(out, schedule, now, info);
    }
    return take_word(&schedule, "@at") ? read_at(out, schedule, info)
                                       : err_set(info, ERR_INVALID, "neither @at nor @in");
}

/* ---- the fields ---- */

/* *out stays as it is if the field is absent. shown: the instant in UTC, or "". */
static bool read_instant(struct slice text, const char *field, struct wall_ms *out,
                         char shown[CLOCK_RFC3339_SIZE], struct job_fault *fault)
{
    struct errinfo why = {0};
    shown[0] = '\0';
    if (text.data == NULL) {
        return true;
    }
    if (rfc3339_parse(out, text, &why) != ERR_OK) {
        return job_fault_invalid(fault, field, "%s: %s; it looks like 2027-01-31T09:00:00+01:00", field,
                                 why.text);
    }
    (void)clock_format_rfc3339(shown, *out);
    return true;
}

bool when_read(struct when *out, const struct job_fields *fields, struct job_fault *fault)
{
    out->starts.ms = 0;
    out->ends.ms = INT64_MAX;
    out->first_s = -1;
    out->offset_ms = 0;
    out->jitter_ms = fields->jitter_ms.given ? fields->jitter_ms.value : 0;
    return read_instant(fields->starts_at, "starts_at", &out->starts, out->starts_text, fault) &&
           read_instant(fields->ends_at, "ends_at", &out->ends, out->ends_text, fault) &&
           (out->ends.ms >= out->starts.ms ||
            job_fault_invalid(fault, "ends_at", "ends_at must not be before starts_at"));
}

void when_fini(struct when *when)
{
    (void)when; /* owns nothing */
}

void when_describe(const struct when *when, struct job_fields *fields)
{
    if (when->starts_text[0] != '\0') {
        fields->starts_at = slice_of(when->starts_text);
    }
    if (when->ends_text[0] != '\0') {
        fields->ends_at = slice_of(when->ends_text);
    }
    fields->jitter_ms = (struct job_number){when->jitter_ms > 0, when->jitter_ms};
}

void when_print(const struct when *when, struct buffer *out)
{
    if (when->starts_text[0] != '\0') {
        buffer_printf(out, "starts at %s\n", when->starts_text);
    }
    if (when->ends_text[0] != '\0') {
        buffer_printf(out, "ends at %s\n", when->ends_text);
    }
    if (when->jitter_ms > 0) {
        buffer_printf(out, "jitter %lld ms\n", (long long)when->jitter_ms);
    }
}

/* Buffer and result as in snprintf. */
static size_t print_once(const struct when *when, const char *prefix, char *buf, size_t size)
{
    char text[CLOCK_RFC3339_SIZE];
    (void)clock_format_rfc3339(text, when->once);
    int len = snprintf(buf, size, "%s%s", prefix, text);
    return len > 0 ? (size_t)len : 0;
}

size_t when_print_schedule(const struct when *when, char *buf, size_t size)
{
    return when->once.ms > 0 ? print_once(when, "@at ", buf, size) : cron_print(&when->cron, buf, size);
}

size_t when_describe_schedule(const struct when *when, char *buf, size_t size)
{
    return when->once.ms > 0 ? print_once(when, "Once, at ", buf, size)
                             : cron_describe(&when->cron, buf, size);
}

/* ---- the offset ---- */

/* The shortest distance between neighbours, as when.h defines it; INT64_MAX if there are no two. */
static int64_t distance_ms(const struct when *when, const struct zone *zone)
{
    int64_t shortest_s = INT64_MAX / 1000;
    int64_t at_s;
    int64_t next_s;
    if (cron_is_every(&when->cron)) {
        return (int64_t)cron_every_s(&when->cron) * 1000;
    }
    if (when->once.ms > 0 || !cron_next(&when->cron, zone, SAMPLE_S - 1, &at_s)) {
        return INT64_MAX;
    }
    for (int i = 0; i < SAMPLE_SIZE && cron_next(&when->cron, zone, at_s, &next_s); i++) {
        shortest_s = smaller(shortest_s, next_s - at_s);
        at_s = next_s;
    }
    return shortest_s * 1000;
}

void when_shift(struct when *when, const struct zone *zone, struct wall_ms created, uint64_t seed)
{
    when->first_s = -1;
    when->offset_ms = 0;
    if (when->jitter_ms > 0) {
        int64_t most = smaller(when->jitter_ms, distance_ms(when, zone) - 1);
        when->offset_ms = (int64_t)(seed % ((uint64_t)most + 1));
    }
    if (!cron_is_every(&when->cron)) {
        return;
    }
    if (when->starts.ms > 0) {
        when->first_s = ceil_s(when->starts.ms);
    } else if (when->jitter_ms > 0) {
        when->first_s = floor_s(created.ms) + cron_every_s(&when->cron);
    }
}

/* ---- instants ---- */

bool when_is_anchored(const struct when *when)
{
    return when->first_s >= 0;
}

/* The number of instants of an anchored @every that are not later than at_s. */
static int64_t steps_until(const struct when *when, int64_t at_s)
{
    int64_t end_s = smaller(at_s, END_S - 1);
    return end_s < when->first_s ? 0 : (end_s - when->first_s) / cron_every_s(&when->cron) + 1;
}

static int64_t step_at(const struct when *when, int64_t index)
{
    return when->first_s + index * cron_every_s(&when->cron);
}

static bool next_s(const struct when *when, const struct zone *zone, int64_t after_s, int64_t *out,
                   enum cron_how *how)
{
    if (when->once.ms > 0 || when_is_anchored(when)) {
        *how = CRON_HOW_PLAIN;
        *out = when->once.ms > 0 ? when->once.ms / 1000 : step_at(when, steps_until(when, after_s));
        return *out > after_s && *out < END_S;
    }
    return cron_next_info(&when->cron, zone, after_s, out, how);
}

/* The second that instants must be later than: so they are later than `after` and not before the window.
 * An @every that is not anchored has no window. */
static int64_t begin_s(const struct when *when, struct wall_ms after)
{
    int64_t after_s = floor_s(after.ms - when->offset_ms);
    return when->starts.ms > 0 ? larger(after_s, floor_s(when->starts.ms - 1)) : after_s;
}

static int64_t end_s(const struct when *when, struct wall_ms until)
{
    return floor_s(smaller(until.ms, limit_ms(when)) - when->offset_ms);
}

bool when_next(const struct when *when, const struct zone *zone, struct wall_ms after, struct wall_ms *next,
               enum cron_how *how)
{
    enum cron_how ignored;
    int64_t at_s;
    if (!next_s(when, zone, begin_s(when, after), &at_s, how != NULL ? how : &ignored) ||
        at_s * 1000 + when->offset_ms > limit_ms(when)) {
        return false;
    }
    next->ms = at_s * 1000 + when->offset_ms;
    return true;
}

int64_t when_count(const struct when *when, const struct zone *zone, struct when_range range)
{
    int64_t from = begin_s(when, range.after);
    int64_t to = end_s(when, range.until);
    if (to <= from) {
        return 0;
    }
    if (when->once.ms > 0) {
        return when->once.ms / 1000 > from && when->once.ms / 1000 <= to ? 1 : 0;
    }
    return when_is_anchored(when) ? steps_until(when, to) - steps_until(when, from)
                                  : cron_count(&when->cron, zone, (struct cron_range){from, to});
}

bool when_nth_last(const struct when *when, const struct zone *zone, struct when_range range, int64_t nth,
                   struct wall_ms *at)
{
    int64_t from = begin_s(when, range.after);
    int64_t to = end_s(when, range.until);
    int64_t at_s;
    bool found;
    if (when->once.ms > 0 || when_is_anchored(when)) {
        found = nth <= when_count(when, zone, range);
        at_s = when->once.ms > 0 ? when->once.ms / 1000 : step_at(when, steps_until(when, to) - nth);
    } else {
        found = to > from && cron_nth_last(&when->cron, zone, (struct cron_range){from, to}, nth, &at_s);
    }
    if (found) {
        at->ms = at_s * 1000 + when->offset_ms;
    }
    return found;
}
