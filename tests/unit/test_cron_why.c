/* Why a schedule does not fire at an instant. */
#include "cron/cron.h"

#include "test.h"

#include <string.h>

#define NOON INT64_C(1904040000) /* 2030-05-03T12:00:00Z, a Friday */

static enum cron_refusal ask(const char *schedule, const struct zone *zone, int64_t at_s, const char **field,
                             int64_t *jump_s)
{
    char prefix[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron cron;
    assert_int_equal(cron_parse(&cron, prefix, schedule, strlen(schedule), &error), CRON_OK);
    return cron_why_not(&cron, zone, at_s, field, jump_s);
}

TEST(cron_why_names_the_first_field_that_says_no)
{
    static const char *const TABLE[][2] = {
        {"0 0 12 3 5 ? 2031", "year"},   {"0 12 3 6 *", "month"},    {"0 12 2 * *", "day-of-month"},
        {"0 12 * * MON", "day-of-week"}, {"0 12 2 * MON", "day"},    {"0 11 * * *", "hour"},
        {"1 12 * * *", "minute"},        {"1 0 12 * * *", "second"}, {"1 1 11 2 6 ? 2031", "year"},
        {"0 12 L * *", "day"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        const char *field = NULL;
        int64_t jump_s;
        assert_int_equal(ask(TABLE[i][0], zone_utc(), NOON, &field, &jump_s), CRON_REFUSED_FIELD);
        assert_string_equal(field, TABLE[i][1]);
    }
}

TEST(cron_why_says_when_it_fires)
{
    static const char *const TABLE[] = {"0 12 * * *", "0 12 * * FRI", "@every 90s", "0 0 12 3 5 ? 2030"};
    const char *field;
    int64_t jump_s;
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_int_equal(ask(TABLE[i], zone_utc(), NOON, &field, &jump_s), CRON_FIRES);
    }
}

TEST(cron_why_knows_gaps_and_overlaps)
{
    struct zones *zones = zones_new("tests/vectors/zoneinfo");
    const struct zone *zone;
    const char *field;
    int64_t jump_s = 0;
    assert_int_equal(zones_get(zones, "America/New_York", 16, &zone), ZONE_OK);
    /* 2026-03-08: from 02:00 to 03:00 at 07:00:00Z. */
    assert_int_equal(ask("30 2 * * *", zone, 1772953200 + 1800, &field, &jump_s), CRON_REFUSED_GAP);
    assert_int_equal(jump_s, 1772953200);
    assert_int_equal(ask("30 2 * * *", zone, 1772953200, &field, &jump_s), CRON_FIRES);
    assert_int_equal(ask("30 2 * * *", zone, 1772953200 + 5400, &field, &jump_s), CRON_REFUSED_FIELD);
    /* 2026-11-01: 01:30 comes at 05:30:00Z and at 06:30:00Z. */
    assert_int_equal(ask("30 1 * * *", zone, 1793511000, &field, &jump_s), CRON_FIRES);
    assert_int_equal(ask("30 1 * * *", zone, 1793511000 + 3600, &field, &jump_s), CRON_REFUSED_OVERLAP);
    zones_free(zones);
}
