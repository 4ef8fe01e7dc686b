/* contract.def beside what lib/job states by itself, and builders that do not do what it says. */
#include "job/execution.h"
#include "job/job_fields.h"
#include "job/notice.h"
#include "store/store_command.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

TEST(contract_has_the_fields_of_a_job_in_their_order)
{
    static const char *const fields[] = {
#define FIELD(name) #name,
#include "store/contract.def"
    };
    assert_int_equal(sizeof fields / sizeof fields[0], JOB_FIELD_COUNT);
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        assert_string_equal(job_field_at(i)->name, fields[i]);
    }
}

/* The record of an execution in which everything is set. */
static const char *record_of(enum execution_outcome outcome, struct buffer *out)
{
    struct execution execution = {.outcome = outcome,
                                  .attempt = 1,
                                  .timings = {.total_us = 1},
                                  .response_bytes = 2,
                                  .truncated = true,
                                  .response = slice_of("Zg=="),
                                  .runner = "me",
                                  .error_class = "x",
                                  .error = "y"};
    buffer_clear(out);
    execution_encode(&execution, out);
    return buffer_str(out);
}

TEST(contract_has_the_letters_of_the_outcomes)
{
    static const char *const letters[] = {
        [EXECUTION_SUCCEEDED] = STORE_OUTCOME_SUCCEEDED, [EXECUTION_FAILED] = STORE_OUTCOME_FAILED,
        [EXECUTION_LOST] = STORE_OUTCOME_LOST,           [EXECUTION_MISSED] = STORE_OUTCOME_MISSED,
        [EXECUTION_CANCELLED] = STORE_OUTCOME_CANCELLED, [EXECUTION_UNKNOWN] = STORE_OUTCOME_UNKNOWN,
        [EXECUTION_SKIPPED] = STORE_OUTCOME_SKIPPED};
    struct buffer record = {0};
    assert_int_equal(sizeof letters / sizeof letters[0], EXECUTION_OUTCOME__COUNT);
    for (unsigned i = 0; i < EXECUTION_OUTCOME__COUNT; i++) {
        const char *text = record_of((enum execution_outcome)i, &record);
        assert_memory_equal(text, "o:", 2);
        assert_int_equal(text[2], letters[i][0]);
    }
    buffer_fini(&record);
}

/* A record's tokens are those of the contract: each is written, and no other is. */
TEST(contract_has_the_tokens_of_a_record)
{
    static const struct {
        const char *group;
        const char *letter;
    } codes[] = {
#define CODE(group, name, value, text) {#group, value},
#include "store/contract.def"
    };
    struct buffer record = {0};
    char seen[64] = "";
    for (int i = 0; i < 2; i++) {
        const char *text = record_of(i == 0 ? EXECUTION_SUCCEEDED : EXECUTION_MISSED, &record);
        for (const char *colon = strchr(text, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
            if (strchr(seen, colon[-1]) == NULL) {
                seen[strlen(seen)] = colon[-1];
            }
        }
    }
    size_t tokens = 0;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(codes[i].group, "RECORD") == 0) {
            assert_non_null(strchr(seen, codes[i].letter[0]));
            tokens++;
        }
    }
    assert_int_equal(tokens, strlen(seen));
    buffer_fini(&record);
}

TEST(contract_has_the_letters_of_a_notice)
{
    static const struct {
        const char *letter;
        enum notice_event event;
    } rows[] = {{STORE_NOTICE_FAILING, NOTICE_FAILING}, {STORE_NOTICE_RECOVERED, NOTICE_RECOVERED}};
    const struct job_id id = {{0}};
    for (size_t i = 0; i < 2; i++) {
        struct notice notice;
        char text[64];
        (void)snprintf(text, sizeof text, "%s 3 o:f s:1 a:1 x:0 t:0 h:500 l:0", rows[i].letter);
        assert_int_equal(notice_parse(&notice, &id, slice_of(text)), ERR_OK);
        assert_int_equal(notice.event, rows[i].event);
    }
}

TEST(contract_has_the_beginning_of_an_execution_id)
{
    struct execution execution = {.attempt = 1};
    char id[EXECUTION_ID_SIZE];
    execution_id_format(id, &execution);
    assert_memory_equal(id, STORE_EXECUTION_ID, strlen(STORE_EXECUTION_ID));
}

/* ---- builders ---- */

static const struct store_attempt attempt = {.scheduled = {1}, .number = 1};

static enum err render_and_end(struct cmd *cmd)
{
    struct buffer out = {0};
    enum err err = cmd_render(cmd, false, &out);
    buffer_fini(&out);
    cmd_fini(cmd);
    return err;
}

static void begin_start(struct cmd *cmd)
{
    store_begin(cmd, &store_script_start, &(struct store_scope){.runner = "me"});
}

TEST(builder_that_does_what_the_contract_says_is_rendered)
{
    struct cmd cmd;
    begin_start(&cmd);
    for (int i = 0; i < 3; i++) {
        store_arg_attempt(&cmd, &attempt);
        store_arg_i64(&cmd, ARG_next_due, 5);
    }
    assert_int_equal(render_and_end(&cmd), ERR_OK);
}

TEST(builder_that_exchanges_arguments_is_a_bug)
{
    struct cmd cmd;
    begin_start(&cmd);
    store_arg_i64(&cmd, ARG_next_due, 5);
    store_arg_attempt(&cmd, &attempt);
    assert_int_equal(render_and_end(&cmd), ERR_BUG);
}

TEST(builder_that_forgets_arguments_is_a_bug)
{
    struct cmd cmd;
    begin_start(&cmd);
    store_arg_attempt(&cmd, &attempt);
    assert_int_equal(render_and_end(&cmd), ERR_BUG);
    store_begin(&cmd, &store_script_trim, &(struct store_scope){.keep = &STORE_KEEP_STANDARD});
    assert_int_equal(render_and_end(&cmd), ERR_BUG);
}

TEST(builder_that_appends_too_much_is_a_bug)
{
    struct cmd cmd;
    store_begin(&cmd, &store_script_tidy, &(struct store_scope){.runner = "me"});
    store_arg_str(&cmd, ARG_runner, "me");
    assert_int_equal(render_and_end(&cmd), ERR_BUG);
}
