/* Time zones: names, files as they are, files as an enemy would make them, and the registry. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* mkdtemp, mkfifo */
#endif

#include "test.h"
#include "vectors.h"

#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A TZif file being made. */
struct file {
    unsigned char bytes[4096];
    size_t len;
};

static void put(struct file *f, const void *bytes, size_t len)
{
    assert_true(f->len + len <= sizeof(f->bytes));
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
}

static void put_number(struct file *f, uint64_t number, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        const unsigned char byte = (unsigned char)(i > 8 ? 0 : number >> 8 * (i - 1));

        put(f, &byte, 1);
    }
}

static void put_header(struct file *f, char version, uint32_t times, uint32_t types, uint32_t chars)
{
    put(f, "TZif", 4);
    put(f, &version, 1);
    put_number(f, 0, 15);
    put_number(f, 0, 4); /* UT indicators */
    put_number(f, 0, 4); /* standard indicators */
    put_number(f, 0, 4); /* leap seconds */
    put_number(f, times, 4);
    put_number(f, types, 4);
    put_number(f, chars, 4);
}

static void put_type(struct file *f, int32_t offset_s)
{
    put_number(f, (uint32_t)offset_s, 4);
    put_number(f, 0, 2);
}

/* A version 2 file: an empty first block, `count` changes that alternate between types 1 and 0, a footer. */
static void make_file(struct file *f, const int64_t *times, uint32_t count, const char *footer)
{
    f->len = 0;
    put_header(f, '2', 0, 1, 1);
    put_type(f, 0);
    put(f, "", 1);
    put_header(f, '2', count, 2, 1);
    for (uint32_t i = 0; i < count; i++)
        put_number(f, (uint64_t)times[i], 8);
    for (uint32_t i = 0; i < count; i++)
        put_number(f, (i + 1) % 2, 1);
    put_type(f, 3600);
    put_type(f, 7200);
    put(f, "", 1);
    put(f, footer, strlen(footer));
}

static enum zone_err parse(struct zone **zone, const struct file *f)
{
    return zone_parse(zone, "Test/Zone", f->bytes, f->len);
}

TEST(zone_names)
{
    static const char *const good[] = {"UTC",        "Europe/Berlin", "America/Argentina/Buenos_Aires",
                                       "Etc/GMT+12", "Etc/GMT-14",    "America/Port-au-Prince",
                                       "EST5EDT",    "W-SU",          "Localtime"};
    static const char *const bad[] = {"",
                                      "/",
                                      "/etc/passwd",
                                      "../UTC",
                                      "Europe/../UTC",
                                      "./UTC",
                                      "Europe//Berlin",
                                      "Europe/",
                                      "Europe/.x",
                                      "1UTC",
                                      "Europe/1",
                                      "zone.tab",
                                      "posix/UTC",
                                      "right/UTC",
                                      "localtime",
                                      "posixrules",
                                      "Factory",
                                      "Local",
                                      "Europe Berlin",
                                      "Europe\\Berlin",
                                      "-x",
                                      "\xC3\xA9"};
    char longest[ZONE_NAME_MAX + 2];

    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(zone_name_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (zone_name_is_valid(bad[i], strlen(bad[i])))
            fail_msg("'%s' is no name", bad[i]);
    memset(longest, 'A', sizeof(longest));
    assert_true(zone_name_is_valid(longest, ZONE_NAME_MAX));
    assert_false(zone_name_is_valid(longest, ZONE_NAME_MAX + 1));
    assert_false(zone_name_is_valid("UTC\0x", 5));
}

TEST(zone_utc_needs_no_file)
{
    struct zone *zone = NULL;
    size_t count = 0;

    assert_int_equal(zone_load(&zone, "/nonexistent", "UTC"), ZONE_OK);
    assert_string_equal(zone_name(zone), "UTC");
    assert_int_equal(zone_offset_at(zone, 1772953200), 0);
    assert_true(zone_equal(zone, zone_utc()));
    assert_int_equal(zone_segments(zone, &count)->start_s, INT64_MIN);
    assert_int_equal(count, 1);
    zone_free(zone);
    zone_free(NULL);
}

TEST(zone_codes_have_words)
{
    for (int code = ZONE_OK; code <= ZONE_NOMEM; code++)
        assert_true(strlen(zone_err_text((enum zone_err)code)) > 3);
    assert_string_equal(zone_err_text((enum zone_err)99), "unknown error");
}

TEST(zone_parse_refuses_bad_names_and_large_files)
{
    unsigned char *const bytes = calloc(1, ZONE_FILE_MAX + 1);
    struct zone *zone = NULL;

    assert_int_equal(zone_parse(&zone, "../x", bytes, 44), ZONE_NAME);
    assert_int_equal(zone_parse(&zone, "Test/Zone", bytes, ZONE_FILE_MAX + 1), ZONE_FORMAT);
    assert_null(zone);
    free(bytes);
}

TEST(zone_load_new_york)
{
    struct zone *zone = NULL;
    char path[512];
    size_t count = 0;

    assert_int_equal(zone_load(&zone, vectors_path(path, "zoneinfo"), "America/New_York"), ZONE_OK);
    assert_int_equal(zone_offset_at(zone, INT64_MIN), -17762); /* local mean time */
    assert_int_equal(zone_offset_at(zone, 1772953199), -18000);
    assert_int_equal(zone_offset_at(zone, 1772953200), -14400);
    assert_int_equal(zone_offset_at(zone, 7258118399), -18000);
    assert_int_equal(zone_offset_at(zone, INT64_MAX), -18000);
    (void)zone_segments(zone, &count);
    assert_true(count > 500 && count < 600);
    zone_free(zone);
}

TEST(zone_load_failures)
{
    char directory[] = "/tmp/dronc-zone-XXXXXX";
    char path[512];
    struct zone *zone = NULL;

    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/Fifo", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(zone_load(&zone, directory, "Fifo"), ZONE_UNKNOWN); /* and does not block */
    unlink(path);
    assert_int_equal(zone_load(&zone, directory, "Mars/Olympus"), ZONE_UNKNOWN);
    snprintf(path, sizeof(path), "%s/Empty", directory);
    fclose(fopen(path, "w"));
    assert_int_equal(zone_load(&zone, directory, "Empty"), ZONE_FORMAT);
    assert_int_equal(truncate(path, (off_t)ZONE_FILE_MAX + 1), 0);
    assert_int_equal(zone_load(&zone, directory, "Empty"), ZONE_FORMAT);
    unlink(path);
    rmdir(directory);
    assert_int_equal(zone_load(&zone, vectors_path(path, "zoneinfo"), "Europe"),
                     ZONE_UNKNOWN); /* a directory */
    assert_int_equal(zone_load(&zone, path, "VERSION"), ZONE_FORMAT);
    assert_int_equal(zone_load(&zone, path, "../zoneinfo/UTC"), ZONE_NAME);
    assert_null(zone);
}

TEST(zone_parse_made_file)
{
    const int64_t times[] = {-5000000000, 1000, 2000};
    struct file f;
    struct zone *zone = NULL;

    make_file(&f, times, 3, "\nXXX-1\n");
    assert_int_equal(parse(&zone, &f), ZONE_OK);
    assert_int_equal(zone_offset_at(zone, -5000000001), 3600);
    assert_int_equal(zone_offset_at(zone, -5000000000), 7200);
    assert_int_equal(zone_offset_at(zone, 1000), 3600);
    assert_int_equal(zone_offset_at(zone, 2000), 7200);
    zone_free(zone);
}

/* Each row: what the footer says of two instants, January and July 2026. */
TEST(zone_footers)
{
    static const struct {
        const char *footer;
        int32_t january, july;
    } rows[] = {
        {"\nEST5EDT,M3.2.0,M11.1.0\n", -18000, -14400},
        {"\n<+0330>-3:30\n", 12600, 12600},
        {"\n<-03>3\n", -10800, -10800},
        {"\nIST-1GMT0,M10.5.0,M3.5.0/1\n", 0, 3600}, /* Dublin: winter is the daylight time */
        {"\n<+1030>-10:30<+11>-11,M10.1.0,M4.1.0\n", 39600, 37800},
        {"\nXXX3EDT4,0/0,J365/23\n", -14400, -14400}, /* daylight time all year: the example of the RFC */
        {"\nIST-2IDT,M3.4.4/26,M10.5.0\n", 7200, 10800},
        {"\n<-02>2<-01>,M3.5.0/-1,M10.5.0/0\n", -7200, -3600},
        {"\nAAA0BBB,J60,J300\n", 0, 3600},
        {"\nAAA0BBB,59/167,299/-167\n", 0, 3600},
        {"\nAAA0BBB,J365/100,0/5\n", 3600, 3600}, /* changes of neighbouring years interleave */
        {"\n\n", 3600, 3600},                     /* none: as the table left it */
    };
    struct file f;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone *zone = NULL;

        make_file(&f, NULL, 0, rows[i].footer);
        if (parse(&zone, &f) != ZONE_OK)
            fail_msg("refused: %s", rows[i].footer);
        assert_int_equal(zone_offset_at(zone, 1768000000), rows[i].january);
        assert_int_equal(zone_offset_at(zone, 1784000000), rows[i].july);
        assert_int_equal(zone_offset_at(zone, 7258000000), rows[i].january);
        zone_free(zone);
    }
}

TEST(zone_bad_footers_are_refused)
{
    static const char *const footers[] = {
        "",
        "\n",
        "\nEST5",
        "EST5\n",
        "\nE5\n",
        "\n5\n",
        "\nEST\n",
        "\nEST25\n",
        "\nEST5:60\n",
        "\nEST5EDT\n",
        "\nEST5EDT,M3.2.0\n",
        "\nEST5EDT,M13.2.0,M11.1.0\n",
        "\nEST5EDT,M3.6.0,M11.1.0\n",
        "\nEST5EDT,M3.2.7,M11.1.0\n",
        "\nEST5EDT,J0,J5\n",
        "\nEST5EDT,366,5\n",
        "\nEST5EDT,M3.2.0/168,M11.1.0\n",
        "\nEST5EDT,M3.2.0,M11.1.0x\n",
        "\n<EST5\n",
        "\n:UTC\n",
        "\nEST99999999999\n",
    };
    struct file f;

    for (size_t i = 0; i < COUNT(footers); i++) {
        struct zone *zone = NULL;

        make_file(&f, NULL, 0, footers[i]);
        if (parse(&zone, &f) != ZONE_FORMAT)
            fail_msg("accepted: %s", footers[i]);
    }
}

TEST(zone_every_cut_of_a_file_is_refused)
{
    const int64_t times[] = {1000, 2000};
    struct file f;
    struct zone *zone = NULL;

    make_file(&f, times, 2, "\nXXX-1\n");
    for (size_t len = 0; len < f.len; len++) {
        unsigned char *const exact = malloc(len + 1); /* so that a sanitizer sees a read beyond */

        memcpy(exact, f.bytes, len);
        assert_int_equal(zone_parse(&zone, "Test/Zone", exact, len), ZONE_FORMAT);
        free(exact);
    }
}

static void expect_refused_with(struct file f, size_t at, uint32_t value)
{
    struct zone *zone = NULL;

    for (size_t i = 0; i < 4; i++)
        f.bytes[at + i] = (unsigned char)(value >> (24 - 8 * i));
    assert_int_equal(parse(&zone, &f), ZONE_FORMAT);
}

TEST(zone_hostile_fields_are_refused)
{
    const int64_t times[] = {1000, 2000};
    const int64_t same[] = {1000, 1000};
    const int64_t down[] = {2000, 1000};
    const size_t second = 44 + 6 + 1;        /* the second header */
    const size_t indices = second + 44 + 16; /* after two 8-byte times */
    const size_t types = indices + 2;
    struct zone *zone = NULL;
    struct file f;

    make_file(&f, times, 2, "\nXXX-1\n");
    assert_int_equal(parse(&zone, &f), ZONE_OK);
    zone_free(zone);
    for (size_t field = 20; field < 44; field += 4) { /* each count, in both headers */
        expect_refused_with(f, field, UINT32_MAX);
        expect_refused_with(f, second + field, UINT32_MAX);
        expect_refused_with(f, second + field, 0x20000000);
    }
    expect_refused_with(f, second + 28, 1);          /* a leap second */
    expect_refused_with(f, second + 36, 0);          /* no type */
    expect_refused_with(f, 0, 0x545A6967);           /* "TZig" */
    expect_refused_with(f, 4, 0x31000000);           /* version '1' does not exist */
    expect_refused_with(f, indices - 2, 0x07D00200); /* type 2 of 2 */
    expect_refused_with(f, types, 93600);            /* offsets out of bounds */
    expect_refused_with(f, types, (uint32_t)-93600);
    expect_refused_with(f, types, 0x80000000);
    make_file(&f, same, 2, "\nXXX-1\n");
    assert_int_equal(parse(&zone, &f), ZONE_FORMAT);
    make_file(&f, down, 2, "\nXXX-1\n");
    assert_int_equal(parse(&zone, &f), ZONE_FORMAT);
}

/* Found by fuzzing: the year of the last change was cut to an int, and the footer expanded from two billion
 * BC on. */
TEST(zone_change_in_the_far_future_takes_no_time)
{
    const int64_t times[] = {1000, INT64_C(0x7000000000000000)};
    struct zone *zone = NULL;
    struct file f;
    size_t count = 0;

    make_file(&f, times, 2, "\nEST5EDT,M3.2.0,M11.1.0\n");
    assert_int_equal(parse(&zone, &f), ZONE_OK);
    (void)zone_segments(zone, &count);
    assert_int_equal(count, 3);
    zone_free(zone);
}

/* Sums of instants and offsets must not overflow, however far away a file puts its changes. */
TEST(zone_changes_at_the_ends_of_time_overflow_nothing)
{
    const int64_t times[] = {INT64_MIN + 1, INT64_MIN + 2, -1000, INT64_MAX - 1, INT64_MAX};
    static const char *const schedules[] = {"30 2 * * *", "* * * * *", "0 0 29 2 *", "0 0 1 1 * 1971"};
    struct zone *zone = NULL;
    struct file f;

    make_file(&f, times, COUNT(times), "\nEST5EDT,M3.2.0,M11.1.0\n");
    assert_int_equal(parse(&zone, &f), ZONE_OK);
    for (size_t i = 0; i < COUNT(schedules); i++) {
        char zone_name_buf[CRON_ZONE_MAX + 1];
        struct cron c;
        int64_t at_s = INT64_MIN;

        assert_int_equal(cron_parse(&c, zone_name_buf, schedules[i], strlen(schedules[i]), NULL), CRON_OK);
        assert_true(cron_next(&c, zone, at_s, &at_s));
        assert_in_range(at_s + 100000, 0, 100000 + 3 * 366 * CIVIL_DAY_S);
        at_s = INT64_C(7258118400) - 7200;
        assert_false(cron_next(&c, zone, at_s, &at_s));
    }
    zone_free(zone);
}

TEST(zone_version_1_is_read_as_far_as_it_goes)
{
    struct zone *zone = NULL;
    struct file f = {.len = 0};

    put_header(&f, '\0', 2, 2, 1);
    put_number(&f, (uint32_t)-1000, 4);
    put_number(&f, 2000000000, 4);
    put(&f, "\1\0", 2);
    put_type(&f, 3600);
    put_type(&f, -7200);
    put(&f, "", 1);
    assert_int_equal(parse(&zone, &f), ZONE_OK);
    assert_int_equal(zone_offset_at(zone, -1001), 3600);
    assert_int_equal(zone_offset_at(zone, -1000), -7200);
    assert_int_equal(zone_offset_at(zone, 4000000000), 3600);
    zone_free(zone);
}

TEST(zone_equal_neighbours_are_merged)
{
    struct zone *zone = NULL;
    struct file f = {.len = 0};
    size_t count = 0;

    put_header(&f, '\0', 3, 2, 1);
    put_number(&f, 1000, 4);
    put_number(&f, 2000, 4);
    put_number(&f, 3000, 4);
    put(&f, "\1\0\1", 3);
    put_type(&f, 3600);
    put_type(&f, 3600); /* another name, the same offset */
    put(&f, "", 1);
    assert_int_equal(parse(&zone, &f), ZONE_OK);
    (void)zone_segments(zone, &count);
    assert_int_equal(count, 1);
    zone_free(zone);
}

static void expect_stamp(const struct zone *zone, int64_t instant_s, const char *expected)
{
    char stamp[ZONE_STAMP_SIZE];

    assert_int_equal(zone_format(zone, instant_s, stamp), *expected != '\0');
    assert_string_equal(stamp, expected);
}

TEST(zone_format_is_rfc_3339)
{
    struct zones *const zones = vectors_zones();
    const struct zone *york = NULL;
    const struct zone *casey = NULL;

    assert_int_equal(zones_get(zones, "America/New_York", 16, &york), ZONE_OK);
    assert_int_equal(zones_get(zones, "Asia/Kathmandu", 14, &casey), ZONE_OK);
    expect_stamp(york, 1772953200, "2026-03-08T03:00:00-04:00");
    expect_stamp(casey, 1772953200, "2026-03-08T12:45:00+05:45");
    expect_stamp(NULL, 0, "1970-01-01T00:00:00Z");
    expect_stamp(zone_utc(), -1, "1969-12-31T23:59:59Z");
    expect_stamp(york, -2717650801, "1883-11-18T12:03:59-04:56"); /* the offset was -04:56:02 */
    expect_stamp(NULL, INT64_C(253402300799), "9999-12-31T23:59:59Z");
    expect_stamp(NULL, INT64_C(253402300800), "");
    expect_stamp(NULL, INT64_MAX, "");
    expect_stamp(york, INT64_MIN, "");
    zones_free(zones);
}

/* A directory with one zone, Test, made of some changes. */
static void write_zone(const char *directory, const int64_t *times, uint32_t count)
{
    char path[512];
    struct file f;
    FILE *file = NULL;

    make_file(&f, times, count, "\nXXX-1\n");
    snprintf(path, sizeof(path), "%s/Test", directory);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(f.bytes, 1, f.len, file), f.len);
    fclose(file);
}

static void on_change(void *arg, const char *name, const struct zone *was, const struct zone *now)
{
    assert_string_equal(name, "Test");
    assert_int_equal(zone_offset_at(was, 1500), 7200);
    assert_int_equal(zone_offset_at(now, 1500), 3600);
    ++*(int *)arg;
}

TEST(zones_reload_replaces_what_changed)
{
    const int64_t before[] = {1000};
    const int64_t after[] = {1600};
    char directory[] = "/tmp/dronc-zone-XXXXXX";
    char path[512];
    const struct zone *old = NULL;
    const struct zone *fresh = NULL;
    int changes = 0;

    assert_non_null(mkdtemp(directory));
    write_zone(directory, before, 1);
    struct zones *const zones = zones_new(directory);

    assert_int_equal(zones_get(zones, "Test", 4, &old), ZONE_OK);
    assert_int_equal(zones_get(zones, "UTC", 3, &fresh), ZONE_OK);
    assert_int_equal(zones_reload(zones, on_change, &changes).changed, 0);
    assert_int_equal(zones_get(zones, "Test", 4, &fresh), ZONE_OK);
    assert_ptr_equal(old, fresh); /* read once, shared */
    write_zone(directory, after, 1);
    assert_int_equal(zones_reload(zones, on_change, &changes).changed, 1);
    assert_int_equal(changes, 1);
    assert_int_equal(zone_offset_at(old, 1500), 7200); /* retired, still there */
    assert_int_equal(zones_get(zones, "Test", 4, &fresh), ZONE_OK);
    assert_int_equal(zone_offset_at(fresh, 1500), 3600);
    zones_sweep(zones);
    snprintf(path, sizeof(path), "%s/Test", directory);
    unlink(path);
    const struct zones_reload reload = zones_reload(zones, on_change, &changes);

    assert_int_equal(reload.checked, 2);
    assert_int_equal(reload.failed, 1);
    assert_int_equal(reload.err, ZONE_UNKNOWN);
    assert_string_equal(reload.name, "Test");
    assert_int_equal(zones_get(zones, "Test", 4, &old), ZONE_OK); /* as it was */
    assert_ptr_equal(old, fresh);
    zones_free(zones);
    zones_free(NULL);
    rmdir(directory);
}

TEST(zones_get_refuses_and_shares)
{
    struct zones *const zones = vectors_zones();
    const struct zone *a = NULL;
    const struct zone *b = NULL;

    assert_int_equal(zones_get(zones, "Europe/BerlinXX", 13, &a), ZONE_OK); /* length counts, not a NUL */
    assert_int_equal(zones_get(zones, "Asia/Tokyo", 10, &b), ZONE_OK);
    assert_int_equal(zones_get(zones, "Europe/Berlin", 13, &b), ZONE_OK);
    assert_ptr_equal(a, b);
    assert_int_equal(zones_get(zones, "Europe/Nowhere", 14, &b), ZONE_UNKNOWN);
    assert_null(b);
    assert_int_equal(zones_get(zones, "../Berlin", 9, &b), ZONE_NAME);
    zones_free(zones);
}
