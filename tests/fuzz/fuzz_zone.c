/* fuzz_zone: any bytes as a TZif file (libFuzzer).
 *
 * What is checked, beyond not crashing: segments ascend and differ from their neighbours, offsets are in
 * bounds, the lookup finds the segment that a linear search finds, schedules advance in whatever zone came
 * out.
 */
#include "cron/cron.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                  \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lookup(const struct zone *zone, int64_t instant_s)
{
    size_t count = 0;
    const struct zone_segment *const segments = zone_segments(zone, &count);
    const size_t found = zone_segment_at(zone, instant_s);

    REQUIRE(found < count && segments[found].start_s <= instant_s);
    REQUIRE(found + 1 == count || segments[found + 1].start_s > instant_s);
}

static void check_segments(const struct zone *zone)
{
    size_t count = 0;
    const struct zone_segment *const segments = zone_segments(zone, &count);

    REQUIRE(count >= 1 && segments[0].start_s == INT64_MIN);
    for (size_t i = 0; i < count; i++) {
        REQUIRE(segments[i].offset_s >= -ZONE_OFFSET_MAX && segments[i].offset_s <= ZONE_OFFSET_MAX);
        REQUIRE(i == 0 || segments[i].start_s > segments[i - 1].start_s);
        REQUIRE(i == 0 || segments[i].offset_s != segments[i - 1].offset_s);
        check_lookup(zone, segments[i].start_s);
        if (i > 0)
            check_lookup(zone, segments[i].start_s - 1);
    }
    check_lookup(zone, INT64_MAX);
}

static void check_schedule(const struct zone *zone, const char *text, int64_t from_s)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron c;
    int64_t at_s = from_s;
    int64_t next_s = 0;

    REQUIRE(cron_parse(&c, zone_name, text, strlen(text), NULL) == CRON_OK);
    for (int i = 0; i < 8 && cron_next(&c, zone, at_s, &next_s); i++) {
        char stamp[ZONE_STAMP_SIZE];

        REQUIRE(next_s > at_s);
        REQUIRE(zone_format(zone, next_s, stamp));
        at_s = next_s;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone = NULL;
    struct zone *again = NULL;
    int64_t from_s = 0;

    if (zone_parse(&zone, "Fuzz/Zone", data, size) != ZONE_OK) {
        REQUIRE(zone == NULL);
        return 0;
    }
    check_segments(zone);
    REQUIRE(zone_parse(&again, "Fuzz/Again", data, size) == ZONE_OK && zone_equal(zone, again));
    memcpy(&from_s, data + size - 8, 8);
    from_s = (int64_t)((uint64_t)from_s % 7258118400U);
    check_schedule(zone, "30 2 * * *", from_s);
    check_schedule(zone, "*/30 * * * *", from_s);
    check_schedule(zone, "0 0 29 2 *", from_s);
    zone_free(again);
    zone_free(zone);
    return 0;
}
