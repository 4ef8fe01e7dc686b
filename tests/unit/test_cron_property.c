/* Properties of the engine, over random schedules: against a second-by-second evaluator that shares no code
 * with it, and against itself. The seed is printed; DRONC_SEED sets another one. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* tm_gmtoff, setenv */
#endif

#include "brute.h"
#include "test.h"
#include "vectors.h"

#define FIRINGS 4000
#ifndef ROUNDS
#define ROUNDS 20 /* windows per zone against brute force; each takes some 1 ms */
#endif

static struct world {
    struct zones *zones;
    struct brute_random random;
} world;

static const char *const zone_names[] = {
    "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",     "Africa/Casablanca", "Antarctica/Troll",
    "Europe/Dublin",    "Asia/Kathmandu",      "America/St_Johns", "Antarctica/Casey",  "Pacific/Chatham",
    "America/Nuuk",     "Asia/Pyongyang",      "Africa/Cairo",     "Pacific/Kiritimati"};
#define ZONES (sizeof(zone_names) / sizeof(zone_names[0]))

static void setup(void)
{
    const char *const seed = getenv("DRONC_SEED");

    world.random.state = seed ? strtoull(seed, NULL, 10) | 1 : 20260308;
    world.zones = vectors_zones();
    print_message("seed %llu (DRONC_SEED)\n", (unsigned long long)world.random.state);
    assert_true(world.zones);
}

static void teardown(void)
{
    zones_free(world.zones);
}

ALL_TESTS(setup, teardown);

/* The same zone for the engine and for the C library. */
static const struct zone *use_zone(struct world *w, const char *name)
{
    const struct zone *zone = NULL;
    char path[1024];

    char *const root = realpath(vectors_dir(), NULL);

    assert_int_equal(zones_get(w->zones, name, strlen(name), &zone), ZONE_OK);
    assert_non_null(root);
    snprintf(path, sizeof(path), ":%.900s/zoneinfo/%.64s", root, name);
    free(root);
    setenv("TZ", path, 1);
    tzset();
    return zone;
}

static struct cron must_parse(const char *text)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron c;

    if (cron_parse(&c, zone_name, text, strlen(text), &error) != CRON_OK)
        fail_msg("'%s': %s", text, error.message);
    return c;
}

/* An instant a few hours before one of the zone's changes between 1970 and 2110, where there are some. */
static int64_t near_a_change(struct world *w, const struct zone *zone)
{
    size_t count = 0;
    const struct zone_segment *const segments = zone_segments(zone, &count);
    const int64_t any_s = (int64_t)brute_below(&w->random, 140U * 365U) * 86400;
    const int64_t change_s = segments[brute_below(&w->random, (unsigned)count)].start_s;
    const bool useful = change_s > 0 && change_s < INT64_C(4417977600) && brute_below(&w->random, 4) != 0;

    return (useful ? change_s : any_s) - (int64_t)brute_below(&w->random, 30000);
}

/* Every instant that the engine names fires, and everything that fires is named: nothing lies between t and
 * next(t). */
static void compare(const struct brute *b, const struct zone *zone, int64_t from_s, int64_t to_s)
{
    static int64_t expected[FIRINGS];
    const struct cron c = must_parse(b->text);
    const size_t count = brute_fire(b, from_s, to_s, expected, FIRINGS);
    int64_t at_s = from_s;

    for (size_t i = 0; i < count; i++) {
        const int64_t was_s = at_s;

        if (!cron_next(&c, zone, at_s, &at_s) || at_s != expected[i])
            fail_msg("'%s' in %s after %lld: %lld, expected %lld", b->text, zone_name(zone), (long long)was_s,
                     (long long)at_s, (long long)expected[i]);
    }
    if (count < FIRINGS && cron_next(&c, zone, at_s, &at_s) && at_s <= to_s)
        fail_msg("'%s' in %s: %lld is too many", b->text, zone_name(zone), (long long)at_s);
}

TEST(next_agrees_with_brute_force)
{
    struct world *const w = &world;
    static struct brute b;

    for (size_t i = 0; i < ZONES; i++) {
        const struct zone *const zone = use_zone(w, zone_names[i]);

        for (int round = 0; round < ROUNDS; round++) {
            const int64_t from_s = near_a_change(w, zone);

            brute_make(&b, &w->random);
            compare(&b, zone, from_s, from_s + 60000);
        }
    }
}

/* The zone module against the C library, over the whole range and at the edges of every segment. */
TEST(offsets_agree_with_the_c_library)
{
    struct world *const w = &world;

    for (size_t i = 0; i < ZONES; i++) {
        const struct zone *const zone = use_zone(w, zone_names[i]);
        size_t count = 0;
        const struct zone_segment *const segments = zone_segments(zone, &count);

        for (int64_t t = 0; t < INT64_C(7258118400); t += 3000017)
            assert_int_equal(zone_offset_at(zone, t), brute_offset(t));
        for (size_t k = 1; k < count; k++) {
            if (segments[k].start_s < 0)
                continue;
            assert_int_equal(segments[k].offset_s, brute_offset(segments[k].start_s));
            assert_int_equal(segments[k - 1].offset_s, brute_offset(segments[k].start_s - 1));
        }
    }
}

TEST(next_increases_and_is_monotone)
{
    struct world *const w = &world;
    static struct brute b;

    for (int round = 0; round < 3000; round++) {
        const struct zone *const zone = use_zone(w, zone_names[(size_t)round * ZONES / 3000]);
        const int64_t t = near_a_change(w, zone);
        const int64_t later = t + brute_below(&w->random, 200000);
        int64_t a = INT64_MAX;
        int64_t z = INT64_MAX;

        brute_make(&b, &w->random);
        const struct cron c = must_parse(b.text);
        const bool some = cron_next(&c, zone, t, &a);
        const bool some_later = cron_next(&c, zone, later, &z);

        assert_true(!some || a > t);
        assert_true(!some_later || (some && a <= z && z > later));
        if (some && a > later)
            assert_int_equal(a, z); /* nothing in between */
    }
}

/* What cron_count counts, and cron_nth_last finds, is what cron_next visits. Returns how many there were. */
static size_t count_by_steps(struct world *w, const struct cron *c, const struct zone *zone, int64_t from_s,
                             int64_t until_s)
{
    static int64_t seen[FIRINGS];
    size_t count = 0;
    int64_t at_s = from_s;

    while (count < FIRINGS && cron_next(c, zone, at_s, &at_s) && at_s <= until_s)
        seen[count++] = at_s;
    if (count == FIRINGS)
        until_s = seen[count - 1];
    assert_int_equal(cron_count(c, zone, (struct cron_range){from_s, until_s}), count);
    for (int i = 0; i < 3 && count > 0; i++) {
        const size_t k = brute_below(&w->random, (unsigned)count);

        assert_int_equal(cron_count(c, zone, (struct cron_range){from_s, seen[k]}), k + 1);
        assert_int_equal(cron_count(c, zone, (struct cron_range){from_s, seen[k] - 1}), k);
        assert_true(
            cron_nth_last(c, zone, (struct cron_range){from_s, until_s}, (int64_t)(count - k), &at_s));
        assert_int_equal(at_s, seen[k]);
    }
    assert_false(cron_nth_last(c, zone, (struct cron_range){from_s, until_s}, (int64_t)count + 1, &at_s));
    return count;
}

TEST(count_agrees_with_next)
{
    struct world *const w = &world;
    static struct brute b;
    size_t counted = 0;

    for (int round = 0; round < 3000; round++) {
        const struct zone *const zone = use_zone(w, zone_names[(size_t)round * ZONES / 3000]);
        const int64_t from_s = near_a_change(w, zone);

        brute_make(&b, &w->random);
        const struct cron c = must_parse(b.text);

        counted += count_by_steps(w, &c, zone, from_s, from_s + brute_below(&w->random, 60000));
        counted += count_by_steps(w, &c, zone, from_s, from_s + brute_below(&w->random, 80000000));
        counted += count_by_steps(w, &c, zone, INT64_MIN, from_s);
    }
    assert_true(counted > 1000000); /* else the windows are badly chosen */
}

TEST(count_of_every_is_arithmetic)
{
    struct world *const w = &world;
    static const char *const texts[] = {"@every 1s", "@every 7s", "@every 90s", "@every 1h", "@every 3650d"};
    static const int64_t starts[] = {INT64_MIN, -100, 0, 1772953200, INT64_C(7258118000), INT64_MAX};

    for (size_t i = 0; i < 5 * 6; i++) {
        const struct cron c = must_parse(texts[i % 5]);
        const int64_t from_s = starts[i / 5];
        const int64_t end_s = from_s < 0 ? 5000 : from_s > INT64_MAX - 5000 ? INT64_MAX : from_s + 5000;

        (void)count_by_steps(w, &c, NULL, from_s, end_s);
    }
}

/* The whole range, and spans that are none. */
TEST(count_at_the_edges)
{
    const struct cron c = must_parse("0 0 0 1 1 ? *");
    const struct cron never = must_parse("0 0 30 2 *");

    assert_int_equal(cron_count(&c, NULL, (struct cron_range){INT64_MIN, INT64_MAX}), 230);
    assert_int_equal(cron_count(&c, NULL, (struct cron_range){INT64_MAX, INT64_MIN}), 0);
    assert_int_equal(cron_count(&c, NULL, (struct cron_range){0, 0}), 0);
    assert_int_equal(cron_count(&c, NULL, (struct cron_range){-1, 0}), 1);
    assert_int_equal(cron_count(&c, NULL, (struct cron_range){INT64_MAX - 1, INT64_MAX}), 0);
    assert_int_equal(cron_count(&never, NULL, (struct cron_range){INT64_MIN, INT64_MAX}), 0);
}

TEST(print_of_parse_is_stable)
{
    struct world *const w = &world;
    static struct brute b;
    char once[CRON_PRINT_MAX];
    char twice[CRON_PRINT_MAX];
    char words[CRON_DESCRIBE_MAX];

    for (int round = 0; round < 4000; round++) {
        brute_make(&b, &w->random);
        const struct cron c = must_parse(b.text);

        assert_true(cron_print(&c, once, sizeof(once)) < sizeof(once));
        assert_true(cron_describe(&c, words, sizeof(words)) < sizeof(words));
        if (strlen(once) > CRON_TEXT_MAX)
            continue;
        const struct cron again = must_parse(once);

        cron_print(&again, twice, sizeof(twice));
        assert_string_equal(once, twice);
        assert_true(cron_equal(&c, &again));
    }
}

/* Spell a field as a list of its values, in whatever order, some twice. */
static void spell(struct brute_random *r, char *out, size_t size, const bool *values, int min, int max)
{
    const int count = max - min + 1;
    const int start = (int)brute_below(r, (unsigned)count);
    size_t len = strlen(out);

    for (int i = 0; i < count; i++) {
        const int value = min + (start + i * 37) % count;

        for (int again = values[value] ? 1 + (brute_below(r, 9) == 0) : 0; again > 0; again--)
            len += (size_t)snprintf(out + len, size - len, brute_below(r, 5) ? "%d," : "%03d,", value);
    }
    if (len > 0 && out[len - 1] == ',')
        out[len - 1] = ' ';
}

/* M8: only the sets count. Day fields that are open stay open, and rules are left out. */
TEST(meaning_does_not_depend_on_spelling)
{
    struct world *const w = &world;
    static struct brute b;
    char text[4096];

    for (int round = 0; round < 4000; round++) {
        brute_make(&b, &w->random);
        if (strpbrk(b.text, "LlWw#") || strstr(b.text, "JUL") || strchr(b.text, '+'))
            continue;
        text[0] = '\0';
        spell(&w->random, text, sizeof(text), b.second, 0, 59);
        spell(&w->random, text, sizeof(text), b.minute, 0, 59);
        spell(&w->random, text, sizeof(text), b.hour, 0, 23);
        strcat(text, b.dom_open ? "*," : "");
        spell(&w->random, text, sizeof(text), b.dom, 1, 31);
        spell(&w->random, text, sizeof(text), b.month, 1, 12);
        strcat(text, b.dow_open ? "*," : "");
        spell(&w->random, text, sizeof(text), b.dow, 0, 6);
        strcat(text, "*");
        if (strlen(text) > CRON_TEXT_MAX || strcmp(strrchr(b.text, ' '), " *") != 0)
            continue;
        const struct cron one = must_parse(b.text);
        const struct cron other = must_parse(text);

        if (!cron_equal(&one, &other))
            fail_msg("'%s' is not '%s'", b.text, text);
    }
}
