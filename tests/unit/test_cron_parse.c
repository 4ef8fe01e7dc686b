/* What is accepted and what is refused, with which words. */
#include "cron/cron.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum cron_code parse(const char *text, struct cron *c, char zone_name[CRON_ZONE_MAX + 1])
{
    return cron_parse(c, zone_name, text, strlen(text), NULL);
}

static struct cron must_parse(const char *text)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron c;

    if (cron_parse(&c, zone_name, text, strlen(text), &error) != CRON_OK)
        fail_msg("'%s': %s", text, error.message);
    assert_int_equal(error.code, CRON_OK);
    return c;
}

TEST(parse_errors_name_field_place_and_reason)
{
    static const struct {
        const char *text;
        enum cron_code code;
        const char *field;
        size_t offset, length;
        const char *message;
    } rows[] = {
        {"", CRON_EMPTY, "", 0, 0, "the schedule is empty, at character 1"},
        {"* 60 * * *", CRON_RANGE, "hour", 2, 2, "hour: 60 is out of range 0-23, at character 3"},
        {"60 * * * *", CRON_RANGE, "minute", 0, 2, "minute: 60 is out of range 0-59, at character 1"},
        {"  1,61 * * * *", CRON_RANGE, "minute", 4, 2, "minute: 61 is out of range 0-59, at character 5"},
        {"0 0 0 * *", CRON_RANGE, "day-of-month", 4, 1,
         "day-of-month: 0 is out of range 1-31, at character 5"},
        {"0 0 * 13 *", CRON_RANGE, "month", 6, 2, "month: 13 is out of range 1-12, at character 7"},
        {"0 0 * * 5-8", CRON_RANGE, "day-of-week", 10, 1,
         "day-of-week: 8 is out of range 0-7, at character 11"},
        {"0 0 0 1 1 * 2200", CRON_RANGE, "year", 12, 4,
         "year: 2200 is out of range 1970-2199, at character 13"},
        {"0 0 0 1 1 * 2030-2020", CRON_RANGE, "year", 12, 9,
         "year: the range 2030-2020 runs backwards, at character 13"},
        {"*/0 * * * *", CRON_STEP, "minute", 2, 1, "minute: step 0 is out of range 1-60, at character 3"},
        {"*/61 * * * *", CRON_STEP, "minute", 2, 2, "minute: step 61 is out of range 1-60, at character 3"},
        {"0 0 * * FOO", CRON_NAME, "day-of-week", 8, 3,
         "day-of-week: unknown name 'FOO' (expected 0-7 or SUN-SAT), at character 9"},
        {"0 0 * MON *", CRON_NAME, "month", 6, 3,
         "month: unknown name 'MON' (expected 1-12 or JAN-DEC), at character 7"},
        {"0 H * * *", CRON_NAME, "hour", 2, 1,
         "hour: unknown name 'H' (this field takes no names), at character 3"},
        {"1,,2 * * * *", CRON_SYNTAX, "minute", 2, 0, "minute: a list item is missing, at character 3"},
        {"1, * * * *", CRON_SYNTAX, "minute", 2, 0, "minute: a list item is missing, at character 3"},
        {"5- * * * *", CRON_SYNTAX, "minute", 0, 2, "minute: a value is missing in '5-', at character 1"},
        {"*/ * * * *", CRON_SYNTAX, "minute", 0, 2, "minute: a step is missing in '*/', at character 1"},
        {"*/x * * * *", CRON_SYNTAX, "minute", 2, 1,
         "minute: 'x' is not valid here (a step is a number), at character 3"},
        {"1~5 * * * *", CRON_SYNTAX, "minute", 0, 3,
         "minute: '1~5' is not valid here (expected *, a value, a range A-B, or one of them with a step /S), "
         "at character 1"},
        {"0 ? * * *", CRON_SYNTAX, "hour", 2, 1,
         "hour: '?' is not valid here (? stands alone, as a whole day-of-month or day-of-week field), at "
         "character 3"},
        {"0 0 5L * *", CRON_MODIFIER, "day-of-month", 4, 2,
         "day-of-month: '5L' is not valid here (expected L, L-n, LW, L-nW or nW), at character 5"},
        {"0 0 * * L", CRON_MODIFIER, "day-of-week", 8, 1,
         "day-of-week: 'L' is not valid here (L follows a weekday: 5L is the last Friday), at character 9"},
        {"0 0 * * 1#6", CRON_MODIFIER, "day-of-week", 8, 3,
         "day-of-week: '1#6' is not valid here (# is followed by 1-5 or L), at character 9"},
        {"0 0 * *", CRON_FIELDS, "", 0, 7, "4 fields, expected 5, 6 or 7, at character 1"},
        {" daily", CRON_FIELDS, "", 1, 5, "1 field, expected 5, 6 or 7, at character 2"},
        {"0 0 0 1 1 * 2030 7 8", CRON_FIELDS, "", 17, 3, "more than 7 fields, at character 18"},
        {"@dayly", CRON_MACRO, "", 0, 6, "unknown macro '@dayly', at character 1"},
        {"@daily foo", CRON_MACRO, "", 7, 3, "unexpected text behind the macro, at character 8"},
        {"@reboot", CRON_UNSUPPORTED, "", 0, 7, "@reboot is not a schedule of times, at character 1"},
        {"@every 1h30", CRON_DURATION, "", 11, 0,
         "expected a duration such as 90s or 1h30m (units d h m s ms us ns), at character 12"},
        {"@every 999ms", CRON_DURATION, "", 7, 5,
         "the duration is out of range 1s-315360000s, at character 8"},
        {"TZ=../x 0 0 * * *", CRON_TZ, "", 3, 4, "'../x' is not a time zone's name, at character 4"},
        {"TZ=UTC 60 0 * * *", CRON_RANGE, "minute", 7, 2, "minute: 60 is out of range 0-59, at character 8"},
        {"CRON_TZ=UTC", CRON_FIELDS, "", 11, 0, "0 fields, expected 5, 6 or 7, at character 12"},
        {"0 0\n* * *", CRON_CHAR, "", 3, 1,
         "byte 0x0A is not allowed (only ASCII, spaces and tabs), at character 4"},
        {"0 0 * * \xC3\xA9", CRON_CHAR, "", 8, 1,
         "byte 0xC3 is not allowed (only ASCII, spaces and tabs), at character 9"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char zone_name[CRON_ZONE_MAX + 1];
        struct cron_error error;
        struct cron c;

        if (cron_parse(&c, zone_name, rows[i].text, strlen(rows[i].text), &error) != rows[i].code)
            fail_msg("'%s': %s", rows[i].text, cron_code_name(error.code));
        assert_string_equal(error.message, rows[i].message);
        assert_string_equal(error.field, rows[i].field);
        assert_int_equal(error.code, rows[i].code);
        assert_int_equal(error.offset, rows[i].offset);
        assert_int_equal(error.length, rows[i].length);
        assert_true(cron_never(&c)); /* what was refused never fires */
        assert_string_equal(zone_name, "");
    }
}

TEST(parse_long_items_are_cut_in_messages)
{
    char text[CRON_TEXT_MAX + 1];
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron c;

    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(text) - 9, " * * * *", 9);
    assert_int_equal(cron_parse(&c, zone_name, text, strlen(text), &error), CRON_NAME);
    assert_int_equal(error.length, CRON_TEXT_MAX - 8);
    assert_true(strlen(error.message) < 120);
}

TEST(parse_length_counts_without_blanks_around)
{
    char text[CRON_TEXT_MAX + 100];
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron c;

    memset(text, ' ', sizeof(text));
    memcpy(text + 50, "0", 1);
    memcpy(text + 50 + CRON_TEXT_MAX - 7, "* * * *", 7);
    assert_int_equal(cron_parse(&c, zone_name, text, sizeof(text), &error), CRON_OK);
    memcpy(text + 50 + CRON_TEXT_MAX - 7, "* * * *,*", 9);
    assert_int_equal(cron_parse(&c, zone_name, text, sizeof(text), &error), CRON_LENGTH);
    assert_int_equal(error.offset, 50 + CRON_TEXT_MAX);
    assert_int_equal(error.length, 2);
}

TEST(parse_needs_no_terminator_and_takes_no_nul)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron c;

    assert_int_equal(cron_parse(&c, zone_name, "0 0 * * *x", 9, NULL), CRON_OK);
    assert_int_equal(cron_parse(&c, zone_name, "0 0 * * *\0", 10, NULL), CRON_CHAR);
    assert_int_equal(cron_parse(&c, zone_name, "", 0, NULL), CRON_EMPTY);
}

/* Pairs that mean the same. */
TEST(parse_equal_meanings)
{
    static const char *const pairs[][2] = {
        {"0 0 * * *", "@daily"},
        {"0 0 * * *", "@MIDNIGHT"},
        {"0 0 1 1 *", "@yearly"},
        {"@annually", "@Yearly"},
        {"0 0 0 1 * *", "@monthly"},
        {"0 0 * * SUN", "@weekly"},
        {"0 * * * *", "@hourly"},
        {"* * * * *", "@minutely"},
        {"* * * * * * *", "@secondly"},
        {"0 0 * * 1-5", "@weekdays"},
        {"0 0 * * 6,0", "@weekends"},
        {"005 007 * * *", "5 7 * * *"},
        {"0 0 * * 7", "0 0 * * 0"},
        {"0 0 * * 1-7", "0 0 * * *"},
        {"0 0 * * 0-7", "0 0 * * ?"},
        {"0 0 * * 5-7", "0 0 * * FRI,SAT,SUN"},
        {"0 0 * * FRI-SUN", "0 0 * * 0,5,6"},
        {"0 0 * * FRI-MON", "0 0 * * 5,6,0,1"},
        {"0 0 * * 7-2", "0 0 * * 0-2"},
        {"0 0 * * 1-7/2", "0 0 * * 1,3,5,7"},
        {"0 0 * * 7/2", "0 0 * * 0,2,4,6"},
        {"0 0 * * SUN-SUN", "0 0 * * 0"},
        {"0 0 * * MON/2", "0 0 * * 1,3,5"},
        {"0 0 * * tuesday", "0 0 * * 2"},
        {"0 22-2 * * *", "0 22,23,0,1,2 * * *"},
        {"0 22-4/2 * * *", "0 22,0,2,4 * * *"},
        {"0 0 25-5/3 * *", "0 0 25,28,31,3 * *"},
        {"0 0 * NOV-FEB *", "0 0 * 11,12,1,2 *"},
        {"59-0 * * * *", "0,59 * * * *"},
        {"5/20 * * * *", "5,25,45 * * * *"},
        {"5-10/20 * * * *", "5 * * * *"},
        {"*/60 * * * *", "0 * * * *"},
        {"0 0 L-0 * *", "0 0 l * *"},
        {"0 0 L-0W * *", "0 0 lw * *"},
        {"0 0 * * FRI#L", "0 0 * * 5l"},
        {"0 0 * * 7L", "0 0 * * SUNL"},
        {"0 0 * * 1#1,1#2,1#3,1#4,1#5", "0 0 * * 1"},
        {"0 0 * * 1#1,1#2,1#3,1#4,1L", "0 0 * * 1"},
        {"0 0 * * 1#4,1L", "0 0 * * 1#4,1#5"},
        {"0 0 * * 1#5,1L", "0 0 * * 1L"},
        {"0 0 * * 1,1#2", "0 0 * * 1"},
        {"0 0 1-31 * MON", "0 0 * * *"}, /* both restricted: either, and that is every day */
        {"0 0 5,* * MON", "0 0 * * MON"},
        {"0 0 13 * +?", "0 0 13 * *"},
        {"0 0 1-31,L * +MON", "0 0 * * 1"},
        {"0 0 1 1 * 2030", "0 0 0 1 1 * 2030"},
        {"0 0 1 1 * 2035/5", "0 0 0 1 1 * 2035-2199/5"},
        {"\t0  0\t* * *\r\n", "0 0 * * *"},
        {"@every 1h30m", "@every 90m"},
        {"@every 1d", "@every 86400s"},
        {"@every 1500ms", "@every 1s"},
        {"@every 0.5s500ms", "@every 1s"},
        {"@every 0.0166666666666666666666666666667m", "@every 1000000us"},
    };

    for (size_t i = 0; i < COUNT(pairs); i++) {
        const struct cron a = must_parse(pairs[i][0]);
        const struct cron b = must_parse(pairs[i][1]);

        if (!cron_equal(&a, &b))
            fail_msg("'%s' is not '%s'", pairs[i][0], pairs[i][1]);
    }
}

TEST(parse_different_meanings)
{
    static const char *const pairs[][2] = {
        {"0 0 13 * 5", "0 0 13 * +5"},   {"0 0 */2 * MON", "0 0 *,*/2 * MON"}, {"0 0 L * *", "0 0 31 * *"},
        {"0 0 L-1 * *", "0 0 L-1W * *"}, {"0 0 * * 5", "0 0 * * 5L"},          {"* * * * * *", "* * * * *"},
        {"0 0 * * 1-6", "0 0 * * *"},    {"@every 60s", "* * * * *"},          {"0 0 15 * *", "0 0 15W * *"},
    };

    for (size_t i = 0; i < COUNT(pairs); i++) {
        const struct cron a = must_parse(pairs[i][0]);
        const struct cron b = must_parse(pairs[i][1]);

        if (cron_equal(&a, &b))
            fail_msg("'%s' is '%s'", pairs[i][0], pairs[i][1]);
    }
}

/* Where the peers fell: each must be refused. */
TEST(parse_traps_are_refused)
{
    static const char *const texts[] = {
        "*/0 * * * *",        "1,,2 * * * *",   "@daily foo",        "foo @daily",
        "0 0 0 1 1 * 2030 8", "0 0 * JANFEB *", "0 0 * * JAN",       "0 0 JUL * *",
        "0 0 * APRIL-W *",    "0 0 * * Thurs",  "0 0 * Sept *",      "*-5 * * * *",
        "MON/2 * * * *",      "0 0 ? ? ?",      "0 12 * * ? *",      "0 0 * * 1-5L",
        "0 0 1-5W * *",       "0 0 W * *",      "0 0 * * #1",        "0 0 * * ++1",
        "0 0 +1 * *",         "@every",         "@every5m",          "@every 5M",
        "@every -5m",         "@every 1.s",     "@every 315360001s", "@every 99999999999999999999h",
        "0 0 00032 * *",      "0 0 L-31 * *",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        char zone_name[CRON_ZONE_MAX + 1];
        struct cron c;

        if (parse(texts[i], &c, zone_name) == CRON_OK)
            fail_msg("'%s' was accepted", texts[i]);
    }
}

TEST(parse_prefix_gives_the_zone)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron c;

    assert_int_equal(parse("CRON_TZ=Europe/Berlin 0 0 * * *", &c, zone_name), CRON_OK);
    assert_string_equal(zone_name, "Europe/Berlin");
    assert_int_equal(parse("TZ=Etc/GMT+12 \t @daily", &c, zone_name), CRON_OK);
    assert_string_equal(zone_name, "Etc/GMT+12");
    assert_int_equal(parse("0 0 * * *", &c, zone_name), CRON_OK);
    assert_string_equal(zone_name, "");
    assert_int_equal(parse("tz=UTC 0 0 * * *", &c, zone_name), CRON_SYNTAX);
    assert_int_equal(parse("TZ= 0 0 * * *", &c, zone_name), CRON_TZ);
    assert_int_equal(parse("TZ=UTC TZ=UTC 0 0 * * *", &c, zone_name), CRON_SYNTAX);
}

TEST(parse_classes)
{
    static const struct {
        const char *text;
        bool hourly, every, never;
    } rows[] = {
        {"* * * * *", true, false, false},         {"0 0-23 * * *", true, false, false},
        {"0 */1 * * *", true, false, false},       {"0 0-22 * * *", false, false, false},
        {"@every 5m", false, true, false},         {"0 0 30 2 *", false, false, true},
        {"0 * 31 2 *", true, false, true},         {"0 0 29 2 *", false, false, false},
        {"0 0 0 29 2 * 2100", false, false, true}, {"0 0 0 29 2 * 2000", false, false, false},
        {"0 0 31 APR,JUN *", false, false, true},  {"0 0 31 6 +1#2", false, false, true},
        {"0 0 1 * +MON#5", false, false, true},    {"0 0 31W 4 *", false, false, true},
        {"0 0 L-30 2 *", false, false, true},      {"0 0 29 2 +MON", false, false, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cron c = must_parse(rows[i].text);

        print_message("%s\n", rows[i].text);
        assert_int_equal(cron_is_hourly(&c), rows[i].hourly);
        assert_int_equal(cron_is_every(&c), rows[i].every);
        assert_int_equal(cron_never(&c), rows[i].never);
    }
}

TEST(parse_warnings)
{
    static const struct {
        const char *text;
        unsigned warnings;
    } rows[] = {
        {"0 0 * * *", 0},
        {"0 0 12 ? * 2-6", CRON_WARN_QUARTZ},
        {"0 0 12 ? * 2-6 2030", CRON_WARN_QUARTZ},
        {"0 0 12 ? * MON-FRI", 0},
        {"0 12 ? * 1-5", 0},
        {"0 0 12 * * 2-6", 0},
        {"*/40 * * * *", CRON_WARN_STEP},
        {"*/30 * * * *", 0},
        {"0/7 * * * *", CRON_WARN_STEP},
        {"0-30/7 * * * *", 0},
        {"0 */5 * * *", CRON_WARN_STEP},
        {"0 0 */2 * *", CRON_WARN_STEP},
        {"0 0 0 1 1 * 2024/7", 0},
        {"0 0 13 * FRI", CRON_WARN_EITHER_DAY},
        {"0 0 13 * +FRI", 0},
        {"0 0 13 * ?", 0},
        {"0 0 * * * *", CRON_WARN_SIX_STAR},
        {"0 0 * * * 1", 0},
        {"0 0 * * * * *", 0},
        {"0 0 1 1 * 2030", 0},
        {"@secondly", 0},
        {"@every 1.5s", CRON_WARN_FRACTION},
        {"@every 1.5m", 0},
        {"0 */7 0 ? 1 5", CRON_WARN_QUARTZ | CRON_WARN_STEP},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cron c = must_parse(rows[i].text);

        if (cron_warnings(&c) != rows[i].warnings)
            fail_msg("'%s': %u", rows[i].text, cron_warnings(&c));
    }
    for (unsigned bit = 0; bit < CRON_WARNINGS; bit++)
        assert_true(strlen(cron_warning_text(1U << bit)) > 20);
    assert_string_equal(cron_warning_text(1U << CRON_WARNINGS), "");
}

TEST(next_at_the_ends_of_time)
{
    const struct cron minutely = must_parse("* * * * *");
    const struct cron last = must_parse("59 59 23 31 12 * 2199");
    const struct cron every = must_parse("@every 10s");
    int64_t next_s = -1;

    assert_true(cron_next(&minutely, NULL, INT64_MIN, &next_s));
    assert_int_equal(next_s, 0);
    assert_true(cron_next(&last, NULL, 0, &next_s));
    assert_int_equal(next_s, 7258118399);
    assert_false(cron_next(&last, NULL, 7258118399, &next_s));
    assert_false(cron_next(&minutely, NULL, 7258118399, &next_s));
    assert_false(cron_next(&minutely, NULL, INT64_MAX, &next_s));
    assert_int_equal(cron_every_s(&every), 10);
    assert_int_equal(cron_every_s(&last), 0);
    assert_true(cron_next(&every, NULL, INT64_MIN, &next_s));
    assert_int_equal(next_s, 0);
    assert_true(cron_next(&every, NULL, -5, &next_s));
    assert_int_equal(next_s, 5);
    assert_true(cron_next(&every, NULL, 7258118389, &next_s));
    assert_false(cron_next(&every, NULL, 7258118390, &next_s));
    assert_false(cron_next(&every, NULL, INT64_MAX, &next_s));
    assert_int_equal(next_s, 7258118399); /* untouched where there is none */
}
