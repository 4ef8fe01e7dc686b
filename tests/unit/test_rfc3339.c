/* Instants as text: what RFC 3339 allows is read, and nothing else. */
#include "text/rfc3339.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

TEST(rfc3339_reads_instants)
{
    static const struct {
        const char *text;
        int64_t ms;
    } TABLE[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-03-08T07:00:00Z", 1772953200000},
        {"2026-03-08t07:00:00z", 1772953200000},
        {"2026-03-08T03:00:00-04:00", 1772953200000},
        {"2026-03-08T12:45:00+05:45", 1772953200000},
        {"2026-03-08T07:00:00-00:00", 1772953200000},
        {"2026-03-09T06:59:00+23:59", 1772953200000},
        {"2026-03-08T07:00:00.5Z", 1772953200500},
        {"2026-03-08T07:00:00.04+00:00", 1772953200040},
        {"2026-03-08T07:00:00.123999999999999999999999Z", 1772953200123},
        {"2024-02-29T23:59:59Z", 1709251199000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"1969-12-31T23:00:00-01:00", 0},
        {"2199-12-31T23:59:59.999Z", 7258118399999},
        {"2200-01-01T00:59:59+01:00", 7258118399000},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct wall_ms at = {-1};
        struct errinfo info = {0};
        if (rfc3339_parse(&at, slice_of(TABLE[i].text), &info) != ERR_OK || at.ms != TABLE[i].ms) {
            fail_msg("%s: %lld (%s)", TABLE[i].text, (long long)at.ms, info.text);
        }
    }
}

TEST(rfc3339_says_what_is_wrong)
{
    static const struct {
        const char *text;
        const char *part; /* of the reason */
    } TABLE[] = {
        {"", "as in"},
        {"now", "as in"},
        {"1772953200", "as in"},
        {"2026-03-08", "as in"},
        {"2026-03-08 07:00:00Z", "as in"},
        {"2026-03-08T07:00:00", "as in"},
        {"2026-03-08T07:00Z", "as in"},
        {"2026-03-08T07:00:00Z ", "as in"},
        {" 2026-03-08T07:00:00Z", "as in"},
        {"2026-03-08T07:00:00.Z", "as in"},
        {"2026-03-08T07:00:00,5Z", "as in"},
        {"2026-03-08T07:00:00+01", "as in"},
        {"2026-03-08T07:00:00+0100", "as in"},
        {"2026-03-08T07:00:00 01:00", "as in"},
        {"2026-03-08T07:00:00+24:00", "as in"},
        {"2026-03-08T07:00:00+00:60", "as in"},
        {"2026-03-08T07:00:00+01:00Z", "as in"},
        {"2026-3-8T07:00:00Z", "as in"},
        {"+2026-03-08T07:00:00Z", "as in"},
        {"20026-03-08T07:00:00Z", "as in"},
        {"2026-00-08T07:00:00Z", "no such day"},
        {"2026-13-08T07:00:00Z", "no such day"},
        {"2026-03-00T07:00:00Z", "no such day"},
        {"2026-03-32T07:00:00Z", "no such day"},
        {"2026-02-29T07:00:00Z", "no such day"},
        {"2100-02-29T07:00:00Z", "no such day"},
        {"2026-03-08T24:00:00Z", "no such time"},
        {"2026-03-08T07:60:00Z", "no such time"},
        {"2026-03-08T07:00:61Z", "no such time"},
        {"2016-12-31T23:59:60Z", "leap second"},
        {"1969-12-31T23:59:59Z", "1970"},
        {"1970-01-01T00:00:00+00:01", "1970"},
        {"2200-01-01T00:00:00Z", "2199"},
        {"0000-01-01T00:00:00Z", "1970"},
        {"9999-12-31T23:59:59Z", "2199"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct wall_ms at = {-1};
        struct errinfo info = {0};
        if (rfc3339_parse(&at, slice_of(TABLE[i].text), &info) != ERR_INVALID ||
            !strstr(info.text, TABLE[i].part) || at.ms != -1) {
            fail_msg("%s: %lld (%s)", TABLE[i].text, (long long)at.ms, info.text);
        }
    }
}

/* Every beginning of an instant is refused, but the instant, in memory of exactly that length. */
TEST(rfc3339_reads_no_further_than_told)
{
    const char *text = "2026-03-08T07:00:00.5+01:00";
    for (size_t len = 0; len <= strlen(text); len++) {
        char *copy = malloc(len > 0 ? len : 1);
        struct wall_ms at;
        assert_non_null(copy);
        memcpy(copy, text, len);
        enum err err = rfc3339_parse(&at, (struct slice){copy, len}, NULL);
        assert_int_equal(err, len == strlen(text) ? ERR_OK : ERR_INVALID);
        free(copy);
    }
    struct wall_ms at;
    assert_int_equal(rfc3339_parse(&at, (struct slice){NULL, 0}, NULL), ERR_INVALID);
    assert_int_equal(rfc3339_parse(&at, (struct slice){"2026-03-08T07:00:00\0Z", 21}, NULL), ERR_INVALID);
}

/* What clock writes is read back. */
TEST(rfc3339_reads_what_clock_writes)
{
    for (int64_t ms = 0; ms < 7258118400000; ms += 86399999 * 13) {
        char text[CLOCK_RFC3339_SIZE];
        struct wall_ms at;
        (void)clock_format_rfc3339(text, (struct wall_ms){ms});
        assert_int_equal(rfc3339_parse(&at, slice_of(text), NULL), ERR_OK);
        assert_int_equal(at.ms, ms);
    }
}
