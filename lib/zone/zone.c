/* zone: see zone.h. The questions to a loaded zone: its name, the offset at an instant, local time as text.
 *
 * zone_file.c reads files, zone_tzif.c and zone_posix.c their format; zone_registry.c has the registry.
 */
#include "zone/zone.h"

#include "zone/civil.h"
#include "zone/zone_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct zone_segment utc_segment = {.start_s = INT64_MIN, .offset_s = 0};
static const struct zone utc = {.count = 1, .segments = &utc_segment, .name = "UTC"};

const char *zone_err_text(enum zone_err code)
{
    static const char *const text[] = {
        [ZONE_OK] = "fine",
        [ZONE_NAME] = "not a time zone's name",
        [ZONE_UNKNOWN] = "unknown time zone",
        [ZONE_FORMAT] = "not a sound time zone file",
        [ZONE_IO] = "the time zone's file cannot be read",
        [ZONE_NOMEM] = "out of memory",
    };

    return (size_t)code < sizeof text / sizeof text[0] ? text[code] : "unknown error";
}

static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_name_char(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
}

/* Names that many installations have beside the real zones, but that are no place's zone. */
static bool is_refused(const char *name, size_t len)
{
    static const char *const whole[] = {"localtime", "posixrules", "Factory", "Local"};

    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        if (len == strlen(whole[i]) && memcmp(name, whole[i], len) == 0) {
            return true;
        }
    }
    return (len >= 6 && memcmp(name, "posix/", 6) == 0) || (len >= 6 && memcmp(name, "right/", 6) == 0);
}

bool zone_name_is_valid(const char *name, size_t len)
{
    bool at_start = true; /* of a segment */

    if (len == 0 || len > ZONE_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (at_start ? !is_alpha(name[i]) : !is_name_char(name[i]) && name[i] != '/') {
            return false;
        }
        at_start = name[i] == '/';
    }
    return !at_start && !is_refused(name, len);
}

const struct zone *zone_utc(void)
{
    return &utc;
}

void zone_free(struct zone *zone)
{
    if (zone != &utc) {
        free(zone);
    }
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

const struct zone_segment *zone_segments(const struct zone *zone, size_t *count)
{
    *count = zone->count;
    return zone->segments;
}

size_t zone_segment_at(const struct zone *zone, int64_t instant_s)
{
    size_t low = 0;
    size_t high = zone->count - 1;

    if (instant_s < 0) {
        high = zone->period[0];
    } else if ((uint64_t)instant_s >> ZONE_PERIOD_SHIFT < ZONE_PERIODS) {
        const size_t period = (size_t)(instant_s >> ZONE_PERIOD_SHIFT);

        low = zone->period[period];
        high = zone->period[period + 1];
    } else {
        low = zone->period[ZONE_PERIODS];
    }
    while (low < high) {
        const size_t middle = (low + high + 1) / 2;

        if (zone->segments[middle].start_s <= instant_s) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

int32_t zone_offset_at(const struct zone *zone, int64_t instant_s)
{
    return zone->segments[zone_segment_at(zone, instant_s)].offset_s;
}

bool zone_equal(const struct zone *a, const struct zone *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->segments[i].start_s != b->segments[i].start_s ||
            a->segments[i].offset_s != b->segments[i].offset_s) {
            return false;
        }
    }
    return true;
}

static void format_offset(char buf[8], int32_t offset_s, bool is_utc)
{
    const unsigned minutes = (unsigned)(offset_s < 0 ? -offset_s : offset_s) / 60 % 6000;

    if (is_utc) {
        memcpy(buf, "Z", 2);
    } else {
        snprintf(buf, 8, "%c%02u:%02u", offset_s < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
    }
}

bool zone_format(const struct zone *zone, int64_t instant_s, char buf[ZONE_STAMP_SIZE])
{
    const bool is_utc = zone == NULL || (zone->count == 1 && zone->segments[0].offset_s == 0);
    const int64_t limit_s = (int64_t)10000 * 366 * CIVIL_DAY_S; /* keeps the sums below within 64 bits */
    char offset[8];

    buf[0] = '\0';
    if (instant_s < -limit_s || instant_s > limit_s) {
        return false;
    }
    const int32_t offset_s = is_utc ? 0 : zone_offset_at(zone, instant_s) / 60 * 60;
    const int64_t local_s = instant_s + offset_s;
    const int64_t day = civil_floor_div(local_s, CIVIL_DAY_S);
    const unsigned second = (unsigned)(local_s - day * CIVIL_DAY_S);
    const struct civil_date date = civil_date_of(day);

    if (date.year < 0 || date.year > 9999) {
        return false;
    }
    format_offset(offset, offset_s, is_utc);
    snprintf(buf, ZONE_STAMP_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u%s", (unsigned)date.year % 10000,
             date.month % 100, date.day % 100, second / 3600 % 100, second / 60 % 60, second % 60, offset);
    return true;
}
