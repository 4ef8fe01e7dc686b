/* What is done about attempts that failed and occurrences that are late, as a table. */
#include "run/policy.h"

#include "job_maker.h"
#include "test.h"

#include <string.h>

#define T0   INT64_C(1772953200000) /* 2026-03-08T07:00:00Z, a Sunday */
#define S    INT64_C(1000)
#define MIN  (60 * S)
#define H    (60 * MIN)
#define DAY  (24 * H)
#define NONE INT64_MAX

static struct zones *zones;
static struct job job;

static void set_up(void)
{
    zones = zones_new(JOB_MAKER_ZONES);
    assert_true(zones != NULL);
}

static struct retry *rule_of(const char *retry);

static void tear_down(void)
{
    (void)rule_of(NULL);
    zones_free(zones);
}

ALL_TESTS(set_up, tear_down);

/* ---- retries ---- */

static const struct {
    int attempt;
    int64_t most_ms;
} backoffs[] = {{1, 1000},  {2, 2000},  {3, 4000},    {4, 8000},         {5, 16000},
                {6, 30000}, {7, 30000}, {100, 30000}, {INT32_MAX, 30000}};
#define BACKOFFS (sizeof backoffs / sizeof backoffs[0])

/* The rule that these fields say. */
static struct retry *rule_of(const char *retry)
{
    static struct retry rule;
    struct job_fault fault = {0};
    struct job_fields fields = {.retry = {retry, retry != NULL ? strlen(retry) : 0}};
    retry_fini(&rule);
    if (!retry_read(&rule, &fields, &fault)) {
        fail_msg("%s", fault.text);
    }
    return &rule;
}

TEST(policy_backoff_grows_up_to_a_bound)
{
    const struct retry *rule = rule_of(NULL);
    for (size_t i = 0; i < BACKOFFS; i++) {
        assert_int_equal(policy_backoff_ms(rule, backoffs[i].attempt, UINT32_MAX), backoffs[i].most_ms);
    }
}

TEST(policy_backoff_has_full_jitter)
{
    const struct retry *rule = rule_of(NULL);
    for (size_t i = 0; i < BACKOFFS; i++) {
        int64_t half = policy_backoff_ms(rule, backoffs[i].attempt, UINT32_MAX / 2 + 1);
        assert_int_equal(policy_backoff_ms(rule, backoffs[i].attempt, 0), 0);
        assert_in_range(half, backoffs[i].most_ms / 2, backoffs[i].most_ms / 2 + 1);
    }
}

TEST(policy_backoff_is_even)
{
    const struct retry *rule = rule_of(NULL);
    int counts[10] = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        int64_t ms = policy_backoff_ms(rule, 1, i * (UINT32_MAX / 9999));
        assert_in_range(ms, 0, 1000);
        counts[ms == 1000 ? 9 : ms / 100]++;
    }
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(counts[i], 980, 1020);
    }
}

/* Without jitter the waits are what the rule says, to the millisecond. */
TEST(policy_backoff_is_the_jobs_own)
{
    static const struct {
        const char *rule;
        int64_t waits_ms[5]; /* after attempts 1 to 5 */
    } rows[] = {
        {"{\"jitter\":\"none\"}", {1000, 2000, 4000, 8000, 16000}},
        {"{\"jitter\":\"none\",\"min_backoff_ms\":10}", {10, 20, 40, 80, 160}},
        {"{\"jitter\":\"none\",\"min_backoff_ms\":60000}", {60000, 60000, 60000, 60000, 60000}},
        {"{\"jitter\":\"none\",\"max_backoff_ms\":3000}", {1000, 2000, 3000, 3000, 3000}},
        {"{\"jitter\":\"none\",\"multiplier\":1}", {1000, 1000, 1000, 1000, 1000}},
        {"{\"jitter\":\"none\",\"multiplier\":1.5}", {1000, 1500, 2250, 3375, 5062}},
        {"{\"jitter\":\"none\",\"multiplier\":10,\"max_backoff_ms\":86400000}",
         {1000, 10000, 100000, 1000000, 10000000}},
        {"{\"jitter\":\"none\",\"multiplier\":1.001,\"min_backoff_ms\":1}", {1, 1, 1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct retry *rule = rule_of(rows[i].rule);
        for (int attempt = 1; attempt <= 5; attempt++) {
            assert_int_equal(policy_backoff_ms(rule, attempt, 12345), rows[i].waits_ms[attempt - 1]);
        }
        assert_in_range(policy_backoff_ms(rule, INT32_MAX, 0), 1, 86400000);
    }
}

/* ---- what is next after a failure ---- */

#define ONCE  JOB_ATMOST_ONCE
#define LEAST JOB_ATLEAST_ONCE

static const struct {
    enum job_type type;
    bool client_errors, unsent_too; /* of the rule */
    struct policy_failure failure;
    enum store_after next;
} failures[] = {
    /* at least once: an answer may pass, or not */
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 500}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 503}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 501}, STORE_AFTER_DEAD},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 400}, STORE_AFTER_DEAD},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 404}, STORE_AFTER_DEAD},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 499}, STORE_AFTER_DEAD},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 408}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 425}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 429}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 302}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 200}, STORE_AFTER_RETRY},
    {LEAST, true, false, {.attempt = 1, .answered = true, .status = 404}, STORE_AFTER_RETRY},
    {LEAST, true, false, {.attempt = 1, .answered = true, .status = 501}, STORE_AFTER_RETRY},
    {LEAST, true, false, {.attempt = 6, .answered = true, .status = 404}, STORE_AFTER_DEAD},
    /* at least once: no answer */
    {LEAST, false, false, {.attempt = 1, .unsent = true}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 5}, STORE_AFTER_RETRY},
    {LEAST, false, false, {.attempt = 6}, STORE_AFTER_DEAD},
    {LEAST,
     false,
     false,
     {.attempt = 1, .status = 404},
     STORE_AFTER_RETRY}, /* broke off behind its headers */
    /* at most once: what was sent is never sent again */
    {ONCE, false, false, {.attempt = 1, .answered = true, .status = 500}, STORE_AFTER_NOTHING},
    {ONCE, false, false, {.attempt = 1, .unsent = true}, STORE_AFTER_NOTHING},
    {ONCE, true, true, {.attempt = 1, .answered = true, .status = 503}, STORE_AFTER_NOTHING},
    {ONCE, true, true, {.attempt = 1}, STORE_AFTER_NOTHING},
    {ONCE, false, true, {.attempt = 1, .unsent = true}, STORE_AFTER_RETRY},
    {ONCE, false, true, {.attempt = 5, .unsent = true}, STORE_AFTER_RETRY},
    {ONCE, false, true, {.attempt = 6, .unsent = true}, STORE_AFTER_DEAD},
    /* where no call may go, another attempt does not get either */
    {LEAST, false, false, {.attempt = 1, .unsent = true, .forbidden = true}, STORE_AFTER_DEAD},
    {LEAST, true, true, {.attempt = 1, .unsent = true, .forbidden = true}, STORE_AFTER_DEAD},
    {LEAST, true, true, {.attempt = 1, .status = 302, .forbidden = true}, STORE_AFTER_DEAD},
    {ONCE, false, false, {.attempt = 1, .unsent = true, .forbidden = true}, STORE_AFTER_DEAD},
    {ONCE, false, true, {.attempt = 1, .unsent = true, .forbidden = true}, STORE_AFTER_DEAD},
    {ONCE, false, true, {.attempt = 1, .status = 302, .forbidden = true}, STORE_AFTER_NOTHING},
    /* gone is gone */
    {LEAST, false, false, {.attempt = 1, .answered = true, .status = 410}, STORE_AFTER_GONE},
    {LEAST, true, false, {.attempt = 1, .answered = true, .status = 410}, STORE_AFTER_GONE},
    {ONCE, false, false, {.attempt = 1, .answered = true, .status = 410}, STORE_AFTER_GONE},
    {ONCE, false, false, {.attempt = 1, .status = 410}, STORE_AFTER_NOTHING},
};

TEST(policy_knows_what_is_worth_another_attempt)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct policy_failure failure = failures[i].failure;
        int64_t wait_ms;
        job.type = failures[i].type;
        job.retry = *rule_of(NULL);
        job.retry.client_errors = failures[i].client_errors;
        job.retry.unsent = failures[i].unsent_too;
        failure.scheduled.ms = T0;
        failure.now.ms = T0 + DAY;
        failure.retry_after_ms = -1;
        if (policy_after_failure(&job, &failure, 0, &wait_ms) != failures[i].next) {
            fail_msg("row %zu", i);
        }
    }
}

TEST(policy_attempts_are_the_jobs_own)
{
    struct policy_failure failure = {.now = {T0}, .scheduled = {T0}, .retry_after_ms = -1};
    int64_t wait_ms;
    job.type = LEAST;
    job.retry = *rule_of("{\"max_attempts\":3}");
    for (failure.attempt = 1; failure.attempt <= 9; failure.attempt++) { /* re-driven twice */
        assert_int_equal(policy_after_failure(&job, &failure, 0, &wait_ms),
                         failure.attempt % 3 != 0 ? STORE_AFTER_RETRY : STORE_AFTER_DEAD);
    }
}

/* No attempt begins later than that after the occurrence. */
TEST(policy_duration_ends_retries)
{
    int64_t wait_ms;
    job.type = LEAST;
    job.retry = *rule_of("{\"max_duration_ms\":10000,\"jitter\":\"none\",\"min_backoff_ms\":500}");
    for (int64_t ms = 9498; ms <= 9502; ms++) {
        struct policy_failure failure = {
            .attempt = 1, .now = {T0 + ms}, .scheduled = {T0}, .retry_after_ms = -1};
        assert_int_equal(policy_after_failure(&job, &failure, 0, &wait_ms),
                         ms <= 9500 ? STORE_AFTER_RETRY : STORE_AFTER_DEAD);
        failure.attempt = 7; /* re-driven, which may be days later */
        assert_int_equal(policy_after_failure(&job, &failure, 0, &wait_ms), STORE_AFTER_RETRY);
    }
}

/* The larger of what the target asks for and the backoff. */
TEST(policy_target_may_say_how_long_to_wait)
{
    static const struct {
        int status;
        bool answered;
        int64_t asked_ms, wait_ms;
    } rows[] = {
        {429, true, 7000, 7000},       {503, true, 7000, 7000},       {429, true, 0, 1000},
        {503, true, 999, 1000},        {503, true, 1001, 1001},       {429, true, INT64_MIN, 1000},
        {503, true, 3600000, 3600000}, {503, true, 3600001, 3600000}, {503, true, INT64_MAX, 3600000},
        {500, true, 7000, 1000},       {503, true, -1, 1000},         {503, false, 7000, 1000},
    };
    job.type = LEAST;
    job.retry = *rule_of("{\"jitter\":\"none\"}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct policy_failure failure = {.attempt = 1,
                                         .now = {T0},
                                         .scheduled = {T0},
                                         .answered = rows[i].answered,
                                         .status = rows[i].status,
                                         .retry_after_ms = rows[i].asked_ms};
        int64_t wait_ms;
        assert_int_equal(policy_after_failure(&job, &failure, 0, &wait_ms), STORE_AFTER_RETRY);
        assert_int_equal(wait_ms, rows[i].wait_ms);
    }
}

/* A target that asks for no wait at all: its attempts are as far apart as without it. */
TEST(policy_no_wait_asked_for_is_no_burst)
{
    int64_t all_ms = 0;
    job.type = LEAST;
    job.retry = *rule_of("{\"jitter\":\"none\"}");
    for (int attempt = 1; attempt < job.retry.max_attempts; attempt++) {
        const struct policy_failure failure = {.attempt = attempt,
                                               .now = {T0},
                                               .scheduled = {T0},
                                               .answered = true,
                                               .status = 503,
                                               .retry_after_ms = 0};
        int64_t wait_ms;
        assert_int_equal(policy_after_failure(&job, &failure, 0, &wait_ms), STORE_AFTER_RETRY);
        all_ms += wait_ms;
    }
    assert_int_equal(all_ms, 31000);
}

/* ---- lateness ---- */

struct lateness {
    const char *schedule;
    int64_t late_ms;  /* how long after the occurrence, which is at T0 */
    int64_t count;    /* of the gap; 0: call it */
    int64_t until_ms; /* after T0 */
    int64_t next_ms;  /* after T0; NONE: there is none */
};

/* rule NULL: the default of the type. */
static void check_ruled(const struct lateness *row, enum job_type type, const struct catch_up *rule)
{
    make_job(&job, zones, row->schedule, type, T0 - 90 * S);
    if (rule != NULL) {
        job.catch_up = *rule;
    }
    struct policy_gap gap = policy_lateness(&job, (struct wall_ms){T0}, (struct wall_ms){T0 + row->late_ms});
    int64_t next = row->next_ms == NONE ? NONE : T0 + row->next_ms;
    if (gap.count != row->count ||
        (gap.count > 0 && (gap.until.ms != T0 + row->until_ms || gap.next.ms != next))) {
        fail_msg("%s %s, %lld ms late: %lld until %lld, then %lld", job_type_name(type), row->schedule,
                 (long long)row->late_ms, (long long)gap.count, (long long)(gap.until.ms - T0),
                 (long long)(gap.next.ms - T0));
    }
}

static void check(const struct lateness *row, enum job_type type)
{
    check_ruled(row, type, NULL);
}

#define EACH_MINUTE "* * * * *"
#define EACH_SECOND "@secondly"
#define EACH_HOUR   "0 * * * *"
#define EACH_DAY    "0 7 * * *"
#define EVERY_90_S  "@every 90s"
#define LAST_ONE    "0 0 7 8 3 ? 2026"

static const struct lateness at_most_once[] = {
    {EACH_MINUTE, -150, 0, 0, 0},
    {EACH_MINUTE, 0, 0, 0, 0},
    {EACH_MINUTE, 59 * S, 0, 0, 0},
    {EACH_MINUTE, 60 * S, 0, 0, 0},
    {EACH_MINUTE, 60 * S + 1, 1, 0, MIN},
    {EACH_MINUTE, 61 * S, 1, 0, MIN},
    {EACH_MINUTE, 2 * MIN, 1, 0, MIN},
    {EACH_MINUTE, H, 59, 58 * MIN, 59 * MIN},
    {EACH_MINUTE, H + 30 * S, 60, 59 * MIN, H},
    {EACH_MINUTE, DAY, 1439, 1438 * MIN, 1439 * MIN},
    {EACH_MINUTE, 7 * DAY, 7 * 1440 - 1, 7 * DAY - 2 * MIN, 7 * DAY - MIN},
    {EACH_SECOND, 59 * S, 0, 0, 0},
    {EACH_SECOND, 61 * S, 1, 0, S},
    {EACH_SECOND, 61 * S + 500, 2, S, 2 * S},
    {EACH_SECOND, H, 3540, 3539 * S, 3540 * S},
    {EACH_SECOND, DAY, 86340, 86339 * S, 86340 * S},
    {EACH_DAY, 61 * S, 1, 0, DAY},
    {EACH_DAY, H, 1, 0, DAY},
    {EACH_DAY, DAY, 1, 0, DAY},
    {EACH_DAY, DAY + 61 * S, 2, DAY, 2 * DAY},
    {EACH_DAY, 7 * DAY, 7, 6 * DAY, 7 * DAY},
    {EVERY_90_S, 61 * S, 1, 0, 90 * S},
    {EVERY_90_S, 150 * S, 1, 0, 90 * S},
    {EVERY_90_S, 150 * S + 1, 2, 90 * S, 180 * S},
    {EVERY_90_S, H, 40, 39 * 90 * S, 40 * 90 * S},
    {LAST_ONE, 60 * S, 0, 0, 0},
    {LAST_ONE, 61 * S, 1, 0, NONE},
    {LAST_ONE, 7 * DAY, 1, 0, NONE},
};

TEST(policy_lateness_at_most_once)
{
    for (size_t i = 0; i < sizeof at_most_once / sizeof at_most_once[0]; i++) {
        check(&at_most_once[i], JOB_ATMOST_ONCE);
    }
}

static const struct lateness at_least_once[] = {
    {EACH_MINUTE, -150, 0, 0, 0},
    {EACH_MINUTE, 0, 0, 0, 0},
    {EACH_MINUTE, 59 * S, 0, 0, 0},
    {EACH_MINUTE, 61 * S, 0, 0, 0},
    {EACH_MINUTE, H, 0, 0, 0},
    {EACH_MINUTE, 99 * MIN, 0, 0, 0},
    {EACH_MINUTE, 100 * MIN, 1, 0, MIN},
    {EACH_MINUTE, DAY, 1341, 1340 * MIN, 1341 * MIN},
    {EACH_MINUTE, 7 * DAY, 7 * 1440 - 99, 7 * DAY - 100 * MIN, 7 * DAY - 99 * MIN},
    {EACH_SECOND, 59 * S, 0, 0, 0},
    {EACH_SECOND, 99 * S, 0, 0, 0},
    {EACH_SECOND, 100 * S, 1, 0, S},
    {EACH_SECOND, H, 3501, 3500 * S, 3501 * S},
    {EACH_SECOND, DAY, 86301, 86300 * S, 86301 * S},
    {EACH_HOUR, DAY, 0, 0, 0},
    {EACH_HOUR, DAY + 1, 1, 0, H},
    {EACH_HOUR, 7 * DAY, 144, 143 * H, 6 * DAY},
    {EACH_DAY, H, 0, 0, 0},
    {EACH_DAY, DAY, 0, 0, 0},
    {EACH_DAY, DAY + S, 1, 0, DAY},
    {EACH_DAY, 7 * DAY, 6, 5 * DAY, 6 * DAY},
    {EVERY_90_S, 99 * 90 * S, 0, 0, 0},
    {EVERY_90_S, 100 * 90 * S, 1, 0, 90 * S},
    {EVERY_90_S, 7 * DAY, 6720 - 99, 6620 * 90 * S, 6621 * 90 * S},
    {LAST_ONE, H, 0, 0, 0},
    {LAST_ONE, DAY, 0, 0, 0},
    {LAST_ONE, DAY + 1, 1, 0, NONE},
};

TEST(policy_lateness_at_least_once)
{
    for (size_t i = 0; i < sizeof at_least_once / sizeof at_least_once[0]; i++) {
        check(&at_least_once[i], JOB_ATLEAST_ONCE);
    }
}

/* A schedule that ends within the gap: what is left of it is called. */
TEST(policy_lateness_schedule_ends_in_the_gap)
{
    static const struct lateness once = {"0 0 7 8-12 3 ? 2026", 30 * DAY, 5, 4 * DAY, NONE};
    static const struct lateness within = {"0 * 7-8 8 3 ? 2026", 3 * H, 20, 19 * MIN, 20 * MIN};
    check(&once, JOB_ATMOST_ONCE);
    check(&once, JOB_ATLEAST_ONCE);
    check(&within, JOB_ATLEAST_ONCE);
}

/* However long the gap: all of it is known, and at once (a gap of ten years of seconds is 315 million steps).
 */
TEST(policy_lateness_long_gaps_are_exact)
{
    static const struct lateness most = {EACH_SECOND, 3650 * DAY, 3650 * 86400 - 60, 3650 * DAY - 61 * S,
                                         3650 * DAY - 60 * S};
    static const struct lateness least = {EACH_SECOND, 3650 * DAY, 3650 * 86400 - 99, 3650 * DAY - 100 * S,
                                          3650 * DAY - 99 * S};
    for (int i = 0; i < 1000; i++) {
        check(&most, JOB_ATMOST_ONCE);
        check(&least, JOB_ATLEAST_ONCE);
    }
}

/* ---- the rules ---- */

struct ruled {
    struct catch_up rule;
    struct lateness lateness;
};

#define NOTHING                 \
    {                           \
        .policy = CATCH_UP_NONE \
    }
#define LATEST(window)                                             \
    {                                                              \
        .policy = CATCH_UP_LATEST, .window_ms = (window), .max = 1 \
    }
#define ALL(window, most)                                            \
    {                                                                \
        .policy = CATCH_UP_ALL, .window_ms = (window), .max = (most) \
    }

static const struct ruled ruled[] = {
    {NOTHING, {EACH_MINUTE, 60 * S, 0, 0, 0}},
    {NOTHING, {EACH_MINUTE, H, 59, 58 * MIN, 59 * MIN}},
    {NOTHING, {EACH_DAY, H, 1, 0, DAY}},
    /* The latest one that is due, and nothing before it … */
    {LATEST(DAY), {EACH_MINUTE, 60 * S, 0, 0, 0}},
    {LATEST(DAY), {EACH_MINUTE, 61 * S, 1, 0, MIN}},
    {LATEST(DAY), {EACH_MINUTE, H, 60, 59 * MIN, H}},
    {LATEST(DAY), {EACH_MINUTE, H + 59 * S, 60, 59 * MIN, H}},
    {LATEST(DAY), {EACH_SECOND, 61 * S, 61, 60 * S, 61 * S}},
    {LATEST(DAY), {EACH_DAY, 23 * H, 0, 0, 0}},
    {LATEST(DAY), {EACH_DAY, 3 * DAY + H, 3, 2 * DAY, 3 * DAY}},
    {LATEST(DAY), {EVERY_90_S, H, 40, 39 * 90 * S, 40 * 90 * S}},
    {LATEST(DAY), {LAST_ONE, DAY, 0, 0, 0}},
    {LATEST(DAY), {LAST_ONE, DAY + 1, 1, 0, NONE}},
    /* … but not if it is older than the window. */
    {LATEST(H), {EACH_DAY, H, 0, 0, 0}},
    {LATEST(H), {EACH_DAY, H + 1, 1, 0, DAY}},
    {LATEST(H), {EACH_DAY, 3 * DAY + H, 3, 2 * DAY, 3 * DAY}},
    {LATEST(H), {EACH_DAY, 3 * DAY + H + 1, 4, 3 * DAY, 4 * DAY}},
    /* Another number of them, another window. */
    {ALL(DAY, 1), {EACH_MINUTE, H, 60, 59 * MIN, H}},
    {ALL(DAY, 2), {EACH_MINUTE, H, 59, 58 * MIN, 59 * MIN}},
    {ALL(DAY, 61), {EACH_MINUTE, H, 0, 0, 0}},
    {ALL(DAY, 1000), {EACH_MINUTE, 1000 * MIN - 1, 0, 0, 0}},
    {ALL(DAY, 1000), {EACH_MINUTE, 1000 * MIN, 1, 0, MIN}},
    {ALL(30 * DAY, 1000), {EACH_HOUR, 30 * DAY, 0, 0, 0}},
    {ALL(30 * DAY, 1000), {EACH_HOUR, 30 * DAY + 1, 1, 0, H}},
    {ALL(30 * DAY, 1000), {EACH_SECOND, 30 * DAY, 30 * 86400 - 999, 30 * DAY - 1000 * S, 30 * DAY - 999 * S}},
    {ALL(30 * DAY, 3), {EVERY_90_S, H, 38, 37 * 90 * S, 38 * 90 * S}},
    {ALL(10 * MIN, 100), {EACH_MINUTE, H, 50, 49 * MIN, 50 * MIN}},
    {ALL(10 * MIN, 3), {EACH_MINUTE, H, 58, 57 * MIN, 58 * MIN}},
    /* A window that is shorter than the grace bounds what is looked at together, … */
    {ALL(10 * S, 100), {EACH_SECOND, 61 * S, 51, 50 * S, 51 * S}},
    /* … and does not make late what counts as on time. */
    {ALL(10 * S, 100), {EACH_SECOND, 60 * S, 0, 0, 0}},
};

TEST(policy_lateness_follows_the_rule_of_the_job)
{
    for (size_t i = 0; i < sizeof ruled / sizeof ruled[0]; i++) {
        for (unsigned type = 0; type < JOB_TYPE__COUNT; type++) {
            check_ruled(&ruled[i].lateness, (enum job_type)type, &ruled[i].rule);
        }
    }
}

/* Against the definition itself, walking over every occurrence. */
static struct policy_gap by_steps(int64_t late_ms)
{
    const struct catch_up *rule = &job.catch_up;
    int64_t now = T0 + late_ms;
    int64_t window = rule->policy == CATCH_UP_NONE ? POLICY_GRACE_MS : rule->window_ms;
    struct policy_gap gap = {.next = {T0}};
    struct wall_ms at = {T0};
    int64_t due = 0;
    for (bool more = true; more && at.ms <= now; more = job_next(&job, at, &at)) {
        due += now - at.ms <= window ? 1 : 0;
    }
    int64_t skip = rule->policy == CATCH_UP_NONE || due <= rule->max ? 0 : due - rule->max;
    while (gap.next.ms <= now && (now - gap.next.ms > window || skip > 0)) {
        skip -= now - gap.next.ms <= window ? 1 : 0;
        gap.until = gap.next;
        gap.count++;
        if (!job_next(&job, gap.next, &gap.next)) {
            gap.next.ms = NONE;
        }
    }
    return gap;
}

TEST(policy_lateness_agrees_with_its_definition)
{
    static const char *const schedules[] = {EACH_SECOND,     EACH_MINUTE,
                                            EVERY_90_S,      EACH_HOUR,
                                            "*/7 7-9 * * *", "CRON_TZ=Europe/Berlin */10 1-3 * * *",
                                            LAST_ONE};
    static const struct catch_up rules[] = {
        NOTHING,          LATEST(H),         LATEST(DAY),        ALL(DAY, 1),
        ALL(10 * MIN, 7), ALL(3 * DAY, 100), ALL(30 * DAY, 1000)};
    uint32_t random = 12345;
    for (size_t i = 0; i < 7 * 7 * 40; i++) {
        random = random * 1664525 + 1013904223;
        int64_t late_ms = POLICY_GRACE_MS + 1 + (int64_t)(random >> 8) % (i % 4 == 0 ? 40 * DAY : 2 * H);
        make_job(&job, zones, schedules[i % 7], JOB_ATLEAST_ONCE, T0 - 90 * S);
        job.catch_up = rules[i / 7 % 7];
        if (i % 7 == 5 && i % 4 == 0) {
            late_ms += 300 * DAY; /* over changes of the clock */
        }
        if (i % 7 == 0) {
            late_ms %= DAY; /* steps are slow */
        }
        struct policy_gap is = policy_lateness(&job, (struct wall_ms){T0}, (struct wall_ms){T0 + late_ms});
        struct policy_gap expected = by_steps(late_ms);
        if (late_ms > POLICY_GRACE_MS &&
            (is.count != expected.count ||
             (is.count > 0 && (is.until.ms != expected.until.ms || is.next.ms != expected.next.ms)))) {
            fail_msg("%zu: %s, %lld ms late: %lld until %lld, expected %lld until %lld", i, job.schedule,
                     (long long)late_ms, (long long)is.count, (long long)is.until.ms,
                     (long long)expected.count, (long long)expected.until.ms);
        }
    }
}

/* A job may be due at an instant that is none of its schedule: it counts as one all the same. */
TEST(policy_lateness_of_an_instant_off_the_schedule)
{
    make_job(&job, zones, EACH_MINUTE, JOB_ATMOST_ONCE, T0);
    struct wall_ms now = {T0 + 3 * MIN};
    struct policy_gap gap = policy_lateness(&job, (struct wall_ms){T0 + 1234}, now);
    assert_int_equal(gap.count, 2);
    assert_int_equal(gap.until.ms, T0 + MIN);
    assert_int_equal(gap.next.ms, T0 + 2 * MIN);
    gap = policy_lateness(&job, (struct wall_ms){T0 + MIN + 30 * S}, (struct wall_ms){T0 + 3 * MIN});
    assert_int_equal(gap.count, 1);
    assert_int_equal(gap.until.ms, T0 + MIN + 30 * S);
}

/* An occurrence that was handed back unsent is given up for its age alone. */
TEST(policy_too_old_is_only_about_age)
{
    static const struct {
        struct catch_up rule;
        int64_t allowed_ms;
    } rows[] = {{NOTHING, MIN},
                {LATEST(H), H},
                {ALL(DAY, 1), DAY},
                {ALL(30 * DAY, 1), 30 * DAY},
                {ALL(10 * S, 9), MIN}};
    make_job(&job, zones, EACH_SECOND, JOB_ATLEAST_ONCE, T0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        job.catch_up = rows[i].rule;
        assert_false(policy_is_too_old(&job, (struct wall_ms){T0}, (struct wall_ms){T0 - S}));
        assert_false(
            policy_is_too_old(&job, (struct wall_ms){T0}, (struct wall_ms){T0 + rows[i].allowed_ms}));
        assert_true(
            policy_is_too_old(&job, (struct wall_ms){T0}, (struct wall_ms){T0 + rows[i].allowed_ms + 1}));
    }
}

/* What comes after a gap is called when it is asked about at the same time. */
TEST(policy_lateness_next_after_a_gap_is_called)
{
    static const char *const schedules[] = {EACH_SECOND, EACH_MINUTE, EVERY_90_S, EACH_HOUR, "*/7 * * * *"};
    static const int64_t lates[] = {61 * S, 3601 * S + 7, 5 * H + 999, DAY + 1, 9 * DAY + 12345};
    for (size_t i = 0; i < 5 * 5 * 2; i++) {
        const struct wall_ms now = {T0 + lates[i / 5 % 5]};
        make_job(&job, zones, schedules[i % 5], (enum job_type)(i / 25), T0 - 90 * S);
        struct policy_gap gap = policy_lateness(&job, (struct wall_ms){T0}, now);
        if (gap.count > 0) {
            struct wall_ms after;
            assert_int_equal(policy_lateness(&job, gap.next, now).count, 0);
            assert_true(job_next(&job, gap.until, &after));
            assert_int_equal(after.ms, gap.next.ms);
        }
    }
}

TEST(policy_put_off_grows_with_lateness)
{
    static const struct {
        int64_t late_ms, least, most;
    } cases[] = {{-50, 500, 1000},     {0, 500, 1000},        {999, 500, 1000},
                 {10000, 5000, 10000}, {30000, 15000, 30000}, {INT64_C(90) * 86400000, 15000, 30000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(policy_put_off_ms(cases[i].late_ms, 0), cases[i].least);
        assert_int_equal(policy_put_off_ms(cases[i].late_ms, UINT32_MAX), cases[i].most);
    }
}
