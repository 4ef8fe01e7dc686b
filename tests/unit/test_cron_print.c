/* The canonical form, and the English sentence. */
#include "cron/cron.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
    const char *text, *out;
};

static struct cron must_parse(const char *text)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron c;

    if (cron_parse(&c, zone_name, text, strlen(text), &error) != CRON_OK)
        fail_msg("'%s': %s", text, error.message);
    return c;
}

TEST(print_canonical_form)
{
    static const struct row rows[] = {
        {"0 0 * * *", "0 0 0 * * * *"},
        {"*/5 * * * *", "0 */5 * * * * *"},
        {"0,5,10,15,20,25,30,35,40,45,50,55 * * * *", "0 */5 * * * * *"},
        {"30 9 * * MON-FRI", "0 30 9 * * 1-5 *"},
        {"0 9-17/2 * * *", "0 0 9-17/2 * * * *"},
        {"0 1,2 * * *", "0 0 1,2 * * * *"},
        {"0 1,2,3,7 * * *", "0 0 1-3,7 * * * *"},
        {"0 22-2 * * *", "0 0 0-2,22,23 * * * *"},
        {"0,30 * * * *", "0 */30 * * * * *"},
        {"0,40 * * * *", "0 0,40 * * * * *"},
        {"0 0 * * SUN,SAT,WED", "0 0 0 * * 0,3,6 *"},
        {"0 0 L,15W,LW,L-3,L-2W,1 * ?", "0 0 0 1,15W,L,L-3,LW,L-2W * * *"},
        {"0 0 * * FRI#2,1L,3", "0 0 0 * * 3,5#2,1L *"},
        {"0 0 13 * 5", "0 0 0 13 * 5 *"},
        {"0 0 13 * +5", "0 0 0 13 * +5 *"},
        {"0 0 29 2 * 2024/4", "0 0 0 29 2 * 2024-2196/4"},
        {"0 0 1 1 * 2026", "0 0 0 1 1 * 2026"},
        {"@weekly", "0 0 0 * * 0 *"},
        {"@every 1h30m", "@every 5400s"},
        {"@every 90.5s", "@every 90s"},
    };
    char out[CRON_PRINT_MAX];

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cron c = must_parse(rows[i].text);

        assert_int_equal(cron_print(&c, out, sizeof(out)), strlen(rows[i].out));
        assert_string_equal(out, rows[i].out);
        const struct cron again = must_parse(out);

        assert_true(cron_equal(&c, &again));
    }
}

TEST(print_cuts_like_snprintf)
{
    const struct cron c = must_parse("30 9 * * 1-5");
    char out[8] = "xxxxxxx";

    assert_int_equal(cron_print(&c, NULL, 0), 16);
    assert_int_equal(cron_print(&c, out, 1), 16);
    assert_string_equal(out, "");
    assert_int_equal(cron_print(&c, out, sizeof(out)), 16);
    assert_string_equal(out, "0 30 9 ");
}

/* The longest there is: two neighbours in three for the sets, and every rule. Too long for cron_parse, so put
 * together by hand from short schedules. */
TEST(print_longest_fits)
{
    char out[CRON_PRINT_MAX];
    char words[CRON_DESCRIBE_MAX];
    struct cron c = must_parse("0 0 0 1 1 +1 2000");

    for (unsigned i = 0; i < 60; i++)
        c.second = c.minute |= i % 3 ? UINT64_C(1) << i : 0;
    for (unsigned i = 0; i < 24; i++)
        c.hour |= i % 3 ? 1U << i : 0;
    for (unsigned i = 1; i <= 31; i++) {
        c.dom |= i % 3 ? 1U << i : 0;
        c.dom_near |= 1U << i;
        c.dom_last = c.dom_last_near |= 1U << (i - 1);
    }
    c.month = 0x1B6;
    c.dow = 0x5B;
    c.dow_last = 0x7F;
    for (unsigned i = 0; i < 5; i++)
        c.dow_nth[i] = 0x7F;
    for (unsigned i = 0; i < 230; i++)
        c.year[i / 64] |= i % 3 ? UINT64_C(1) << i % 64 : 0;
    assert_true(cron_print(&c, out, sizeof(out)) < sizeof(out));
    assert_true(cron_describe(&c, words, sizeof(words)) < sizeof(words));
}

TEST(describe_sentences)
{
    static const struct row rows[] = {
        {"30 9 * * 1-5", "At 09:30 on weekdays"},
        {"0 0 * * *", "At 00:00 every day"},
        {"15 30 9 * * *", "At 09:30:15 every day"},
        {"0 9,17 * * 6,0", "At 09:00 and 17:00 on weekends"},
        {"*/15 2 * * *", "At 02:00, 02:15, 02:30 and 02:45 every day"},
        {"* * * * *", "Every minute"},
        {"*/5 * * * *", "Every 5 minutes"},
        {"*/40 * * * *", "At minutes 0 and 40 of every hour"},
        {"0 * * * *", "Every hour"},
        {"30 * * * *", "At minute 30 of every hour"},
        {"0 */2 * * *", "Every 2 hours"},
        {"0 9-17 * * 1-5", "Every hour from 09:00 to 17:00 on weekdays"},
        {"*/15 9-17 * * MON-FRI", "Every 15 minutes from 09:00 to 17:45 on weekdays"},
        {"*/20 1,5,9 * * *", "Every 20 minutes in hours 1, 5 and 9"},
        {"@secondly", "Every second"},
        {"*/10 * * * * * *", "Every 10 seconds"},
        {"30 * * * * * *", "At second 30 of every minute"},
        {"*/10 5 * * * * *", "Every 10 seconds of minute 5 of every hour"},
        {"0 0 1 1 *", "At 00:00 on January 1"},
        {"0 0 1,15 * *", "At 00:00 on the 1st and the 15th of the month"},
        {"0 0 L * *", "At 00:00 on the last day of the month"},
        {"0 0 L-3 * *", "At 00:00 on the day 3 days before the last day of the month"},
        {"0 0 15W * *", "At 00:00 on the weekday nearest to the 15th of the month"},
        {"0 0 LW * *", "At 00:00 on the last weekday of the month"},
        {"0 0 * * 5#2", "At 00:00 on the second Friday of the month"},
        {"0 0 * * 5L", "At 00:00 on the last Friday of the month"},
        {"0 0 13 * 5", "At 00:00 on the 13th of the month, and on Friday"},
        {"0 0 13 * +5", "At 00:00 on the 13th of the month, but only if that day is Friday"},
        {"0 0 * 6-8 *", "At 00:00 every day in June through August"},
        {"0 0 */2 * *", "At 00:00 on every 2nd day from the 1st through the 31st of the month"},
        {"0 0 29 2 * 2024/4", "At 00:00 on February 29 in every 4th year from 2024 through 2196"},
        {"0 0 1 1 * 2026", "At 00:00 on January 1 in 2026"},
        {"0 0 30 2 *", "At 00:00 on February 30, which never happens"},
        {"@every 90s", "Every 1 minute and 30 seconds, counted from the previous scheduled time"},
        {"@every 1d", "Every 24 hours, counted from the previous scheduled time"},
    };
    char out[CRON_DESCRIBE_MAX];

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cron c = must_parse(rows[i].text);

        assert_int_equal(cron_describe(&c, out, sizeof(out)), strlen(rows[i].out));
        assert_string_equal(out, rows[i].out);
    }
}
