/* survey: see survey.h. */
#include "cluster/survey.h"

#include "base/log.h"
#include "store/store.h"
#include "store/store_database.h"

#include <stdio.h>
#include <string.h>

void survey_init(struct survey *survey, struct redis_link *link, survey_done_cb *on_done, void *arg)
{
    *survey = (struct survey){.link = link, .on_done = on_done, .arg = arg};
}

/* Count one more answer, or its absence. */
static void note(struct survey *survey, const struct reply *reply)
{
    survey->waiting--;
    survey->lost = survey->lost || reply == NULL;
    if (survey->waiting == 0 && !survey->lost) {
        survey->on_done(survey->arg);
    }
}

static void on_durability(void *arg, const struct reply *reply)
{
    struct survey *survey = arg;
    if (reply != NULL) {
        store_durability_take(&survey->durability, reply);
    }
    note(survey, reply);
}

static void on_count(void *arg, const struct reply *reply)
{
    struct survey *survey = arg;
    survey->jobs += reply != NULL && reply->kind == REPLY_INTEGER ? reply->integer : 0;
    note(survey, reply);
}

static void on_first(void *arg, const struct reply *reply)
{
    struct survey *survey = arg;
    struct wall_ms at;
    if (reply != NULL && store_due_first_reply(reply, &at) && at.ms < survey->next.ms) {
        survey->next = at;
    }
    note(survey, reply);
}

static void ask(struct survey *survey, struct cmd *cmd, redis_link_cb *cb)
{
    if (redis_link_submit(survey->link, cmd, cb, survey) == ERR_OK) {
        survey->waiting++;
    } else {
        survey->lost = true;
    }
}

void survey_start(struct survey *survey)
{
    struct cmd cmds[STORE_DURABILITY_COMMANDS];
    survey->durability = (struct store_durability){0};
    survey->lost = false;
    survey->jobs = 0;
    survey->next.ms = INT64_MAX;
    store_durability(cmds);
    for (size_t i = 0; i < STORE_DURABILITY_COMMANDS; i++) {
        ask(survey, &cmds[i], on_durability);
    }
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        store_due_count(&cmds[0], shard);
        ask(survey, &cmds[0], on_count);
        store_due_first(&cmds[0], shard);
        ask(survey, &cmds[0], on_first);
    }
}

void survey_describe_next(char out[CLOCK_RFC3339_SIZE], const struct survey *survey)
{
    if (survey->next.ms == INT64_MAX) {
        (void)snprintf(out, CLOCK_RFC3339_SIZE, "none");
    } else {
        (void)clock_format_rfc3339(out, survey->next);
    }
}

void survey_warn(struct survey *survey)
{
    char text[STORE_WARNING_SIZE];
    if (memcmp(&survey->durability, &survey->warned, sizeof survey->warned) == 0) {
        return;
    }
    survey->warned = survey->durability;
    for (size_t i = 0; store_durability_warn(&survey->durability, i, text); i++) {
        log_warn("redis may lose jobs", log_str("why", text));
    }
}
