/* check: see check.h. It has a loop of its own, with a link and a survey. */
#include "check.h"

#include "cluster/survey.h"

#define CHECK_TIMEOUT_MS 3000

struct check {
    struct clock clock;
    struct loop *loop;
    struct redis_link *link;
    struct loop_timer *timer;
    struct survey survey;
    struct mono_ms deadline;
    bool done;
    struct errinfo fatal;
};

static void on_state(void *arg, bool up)
{
    struct check *check = arg;
    if (up) {
        survey_start(&check->survey);
    }
}

static void on_surveyed(void *arg)
{
    struct check *check = arg;
    check->done = true;
}

static void on_fatal(void *arg, const struct errinfo *info)
{
    struct check *check = arg;
    check->fatal = *info;
}

static void on_turn(void *arg)
{
    struct check *check = arg;
    redis_link_turn(check->link);
    if (check->done || check->fatal.code != ERR_OK || clock_mono(&check->clock).ms >= check->deadline.ms) {
        loop_stop(check->loop);
    }
}

static enum err set_up(struct check *check, const struct config *config, struct errinfo *info)
{
    enum err err = loop_new(&check->loop, info);
    if (err != ERR_OK) {
        return err;
    }
    const struct redis_link_options options = {.loop = check->loop,
                                               .config = config,
                                               .clock = check->clock,
                                               .name = "check",
                                               .on_state = on_state,
                                               .on_fatal = on_fatal,
                                               .arg = check};
    check->link = redis_link_new(&options);
    check->timer = loop_timer_new(check->loop, NULL, NULL);
    if (check->link == NULL || check->timer == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    survey_init(&check->survey, check->link, config, on_surveyed, check);
    return ERR_OK;
}

static void describe(const struct check *check, const char *redis, struct buffer *out)
{
    char durability[STORE_DURABILITY_SIZE];
    char next[CLOCK_RFC3339_SIZE];
    store_durability_describe(durability, &check->survey.durability);
    survey_describe_next(next, &check->survey);
    buffer_printf(out,
                  "Redis at %s: good; what it keeps: %s; jobs that wait for their time: %lld, next: %s\n",
                  redis, durability, (long long)check->survey.jobs, next);
    store_durability_print_warnings(&check->survey.durability, out);
}

static enum err conclude(const struct check *check, const struct config *config, struct buffer *out,
                         struct errinfo *info)
{
    char redis[CONFIG_REDIS_SIZE];
    config_describe_redis(redis, config);
    if (check->done) {
        describe(check, redis, out);
        return ERR_OK;
    }
    if (check->fatal.code != ERR_OK) {
        return err_set(info, check->fatal.code, "Redis at %.200s: %s", redis, check->fatal.text);
    }
    const char *error = redis_link_error(check->link);
    return err_set(info, ERR_DOWN, "Redis at %.200s: %s", redis,
                   error[0] != '\0' ? error : "no answer in time");
}

enum err check_redis(const struct config *config, struct buffer *out, struct errinfo *info)
{
    struct check check = {.clock = clock_system()};
    enum err err = set_up(&check, config, info);
    if (err == ERR_OK) {
        check.deadline.ms = clock_mono(&check.clock).ms + CHECK_TIMEOUT_MS;
        loop_timer_set(check.timer, CHECK_TIMEOUT_MS);
        loop_on_turn(check.loop, on_turn, &check);
        redis_link_start(check.link);
        loop_run(check.loop);
        err = conclude(&check, config, out, info);
    }
    redis_link_free(check.link);
    loop_timer_free(check.timer);
    loop_free(check.loop);
    return err;
}
