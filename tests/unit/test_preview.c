/* The preview, without a transport and without a Redis. */
#include "serve/app.h"

#include "fake_source.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREVIEW "/v1/schedule/preview?"
#define NY      "&timezone=America/New_York"
#define SPRING  "&from=2026-03-08T06:00:00Z" /* an hour before New York's clocks jump */

static struct app app;
static struct config config;
static int64_t mono_ms;

static struct wall_ms wall(void *arg)
{
    (void)arg;
    return (struct wall_ms){1772953200999};
}

static struct mono_ms mono(void *arg)
{
    (void)arg;
    return (struct mono_ms){mono_ms};
}

static void set_up(void)
{
    const struct clock clock = {.wall = wall, .mono = mono};
    mono_ms = 0;
    config = (struct config){.redis_socket = "/nonexistent/redis.sock"};
    assert_true(app_init(&app, &config, clock, "tests/vectors/zoneinfo") == ERR_OK);
}

static void tear_down(void)
{
    app_fini(&app);
}

EACH_TEST(set_up, tear_down);

static const char *ask(const char *uri)
{
    struct fake_request request = {.method = "GET", .uri = uri};
    struct slice answer = app_answer(&app, fake_source(&request));
    assert_non_null(answer.data);
    return answer.data;
}

static void check(const char *uri, const char *status, const char *part)
{
    const char *answer = ask(uri);
    if (strncmp(answer, status, strlen(status)) != 0 || !strstr(answer, part)) {
        fail_msg("%s: got\n%s\ninstead of %s … %s", uri, answer, status, part);
    }
}

TEST(preview_says_all_of_a_schedule)
{
    check(PREVIEW "schedule=+0+9+*+*+1-5+&timezone=Europe%2FBerlin&count=2&from=2026-03-27T12:00:00%2B01:00",
          "Status: 200 ",
          "\r\n\r\n{\"schedule\":\"0 9 * * 1-5\",\"normalized\":\"0 0 9 * * 1-5 "
          "*\",\"timezone\":\"Europe/Berlin\","
          "\"description\":\"At 09:00 on weekdays\",\"warnings\":[],\"next\":["
          "{\"unix\":1774854000,\"utc\":\"2026-03-30T07:00:00Z\",\"local\":\"2026-03-30T09:00:00+02:00\"},"
          "{\"unix\":1774940400,\"utc\":\"2026-03-31T07:00:00Z\",\"local\":\"2026-03-31T09:00:00+02:00\"}]}");
}

TEST(preview_marks_what_daylight_saving_does)
{
    check(PREVIEW "schedule=30+2+*+*+*&count=2" NY SPRING, "Status: 200 ",
          "[{\"unix\":1772953200,\"utc\":\"2026-03-08T07:00:00Z\",\"local\":\"2026-03-08T03:00:00-04:00\","
          "\"dst\":\"moved\"},{\"unix\":1773037800,\"utc\":\"2026-03-09T06:30:00Z\",\"local\":\"2026-03-"
          "09T02:30:00-"
          "04:00\"}]");
    check(PREVIEW "schedule=0,30+2+*+*+*&count=1" NY SPRING, "Status: 200 ", "-04:00\",\"dst\":\"merged\"}]");
}

TEST(preview_begins_now_with_five)
{
    check(PREVIEW "schedule=*+*+*+*+*+*+*", "Status: 200 ", "\"next\":[{\"unix\":1772953201,");
    check(PREVIEW "schedule=@every+1s", "Status: 200 ", "\"next\":[{\"unix\":1772953201,");
    check(PREVIEW "schedule=@every+1s", "Status: 200 ",
          ",{\"unix\":1772953205,\"utc\":\"2026-03-08T07:00:05Z\","
          "\"local\":\"2026-03-08T07:00:05Z\"}]}");
}

TEST(preview_ends_where_the_schedule_ends)
{
    check(PREVIEW "schedule=0+0+1+1+*+2000", "Status: 200 ", "\"next\":[]}");
    check(PREVIEW "schedule=0+0+1+1+*+2027-2028", "Status: 200 ",
          "{\"unix\":1830297600,\"utc\":\"2028-01-01T00:00:00Z\",\"local\":\"2028-01-01T00:00:00Z\"}]}");
    check(PREVIEW "schedule=0+0+1+1+*&from=2199-12-31T23:59:59Z", "Status: 200 ", "\"next\":[]}");
}

TEST(preview_warns)
{
    check(PREVIEW "schedule=*/40+*+1+*+1", "Status: 200 ", "\"warnings\":[\"a step does not ");
    check(PREVIEW "schedule=*/40+*+1+*+1", "Status: 200 ", "\",\"day-of-month and day-of-week ");
}

TEST(preview_takes_the_default_zone)
{
    memcpy(config.timezone, "Europe/Berlin", sizeof "Europe/Berlin");
    check(PREVIEW "schedule=0+9+*+*+*", "Status: 200 ", "\"timezone\":\"Europe/Berlin\"");
    check(PREVIEW "schedule=0+9+*+*+*" NY, "Status: 200 ", "\"timezone\":\"America/New_York\"");
    check(PREVIEW "schedule=TZ=America/New_York+0+9+*+*+*", "Status: 200 ",
          "\"timezone\":\"America/New_York\"");
}

TEST(preview_reads_a_plus)
{
    check(PREVIEW "schedule=0+9+1-7+*+%2BMON", "Status: 200 ", "\"schedule\":\"0 9 1-7 * +MON\"");
    check(PREVIEW "schedule=0%209%201-7%20*%20MON", "Status: 200 ", "\"schedule\":\"0 9 1-7 * MON\"");
}

/* A directory with one zone, called Test, which is a link to one of the vectors. */
static void set_rules(const char *folder, const char *name)
{
    char target[64];
    char path[64];
    (void)snprintf(target, sizeof target, "tests/vectors/zoneinfo/%s", name);
    (void)snprintf(path, sizeof path, "%s/Test", folder);
    char *real = realpath(target, NULL);
    (void)unlink(path);
    assert_non_null(real);
    assert_int_equal(symlink(real, path), 0);
    free(real);
}

TEST(preview_takes_new_rules_up_by_itself)
{
    char folder[] = "/tmp/dronc-zones-XXXXXX";
    char path[64];
    const char *uri = PREVIEW "schedule=0+9+*+*+*&timezone=Test&count=1&from=2026-01-15T00:00:00Z";
    assert_non_null(mkdtemp(folder));
    zones_free(app.zones);
    app.zones = zones_new(folder);
    set_rules(folder, "America/New_York");
    check(uri, "Status: 200 ", "\"2026-01-15T14:00:00Z\"");
    set_rules(folder, "America/Chicago");
    mono_ms += APP_ZONES_MS - 1;
    check(uri, "Status: 200 ", "\"2026-01-15T14:00:00Z\"");
    mono_ms += 1;
    check(uri, "Status: 200 ", "\"2026-01-15T15:00:00Z\"");
    (void)snprintf(path, sizeof path, "%s/Test", folder);
    assert_int_equal(unlink(path), 0);
    mono_ms += APP_ZONES_MS;
    check(uri, "Status: 200 ", "\"2026-01-15T15:00:00Z\"");
    assert_int_equal(rmdir(folder), 0);
}

TEST(preview_refuses_as_scheduling_does)
{
    static const char *const TABLE[][3] = {
        {"", "INVALID_REQUEST", "\"field\":\"schedule\""},
        {"schedule=", "INVALID_REQUEST", "\"field\":\"schedule\""},
        {"schedule=60+*+*+*+*", "JOB_CREATION_FAILED", "\"field\":\"schedule\",\"offset\":0"},
        {"schedule=%00", "JOB_CREATION_FAILED", "\"field\":\"schedule\""},
        {"schedule=%ff+*+*+*+*", "JOB_CREATION_FAILED", "\"field\":\"schedule\""},
        {"schedule=0+0+30+2+*", "JOB_CREATION_FAILED", "never fires"},
        {"schedule=@reboot", "JOB_CREATION_FAILED", "\"field\":\"schedule\""},
        {"schedule=TZ=Europe/Nowhere+0+0+*+*+*", "JOB_CREATION_FAILED", "\"field\":\"schedule\""},
        {"schedule=@daily&timezone=", "INVALID_REQUEST", "\"field\":\"timezone\""},
        {"schedule=@daily&timezone=Europe/Nowhere", "VALIDATION_ERROR", "\"field\":\"timezone\""},
        {"schedule=@daily&timezone=%00%ff", "VALIDATION_ERROR", "\"field\":\"timezone\""},
        {"schedule=TZ=Europe/Berlin+0+0+*+*+*" NY, "VALIDATION_ERROR", "\"field\":\"timezone\""},
        {"schedule=@daily&count=", "INVALID_REQUEST", "\"field\":\"count\""},
        {"schedule=@daily&count=0", "INVALID_REQUEST", "\"field\":\"count\""},
        {"schedule=@daily&count=101", "INVALID_REQUEST", "\"field\":\"count\""},
        {"schedule=@daily&count=-1", "INVALID_REQUEST", "\"field\":\"count\""},
        {"schedule=@daily&count=1.5", "INVALID_REQUEST", "\"field\":\"count\""},
        {"schedule=@daily&count=99999999999999999999", "INVALID_REQUEST", "\"field\":\"count\""},
        {"schedule=@daily&from=", "INVALID_REQUEST", "\"field\":\"from\""},
        {"schedule=@daily&from=now", "INVALID_REQUEST", "\"field\":\"from\""},
        {"schedule=@daily&from=2026-03-08T07:00:00+01:00", "INVALID_REQUEST", "written %2B"},
        {"schedule=@daily&n=1", "INVALID_REQUEST", "\"field\":\"n\""},
        {"schedule=@daily&schedule=@daily", "INVALID_REQUEST", "\"field\":\"schedule\""},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char uri[256] = PREVIEW;
        strncat(uri, TABLE[i][0], sizeof uri - strlen(uri) - 1);
        check(uri, "Status: 400 ", TABLE[i][1]);
        check(uri, "Status: 400 ", TABLE[i][2]);
    }
}
