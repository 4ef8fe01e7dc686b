/* What is kept of idempotency keys: the key's name, and any answer is understood or refused. */
#include "store/store_idem.h"

#include "reply_maker.h"
#include "test.h"

static const struct store_idem idem = {
    .key = {0xAB, 1}, .request = "0123456789abcdef0123456789abcde", .bytes_max = 1000};

TEST(store_idem_key_has_a_hash_tag_of_its_own)
{
    struct store_idem_answer answer = {.status = 201, .type = slice_of("t"), .body = slice_of("b")};
    struct cmd cmd;
    store_idem_open(&cmd, &idem);
    assert_string_equal(cmd.script->name, "idem_open");
    assert_true(slice_eq(cmd_argument(&cmd, 1),
                         "dronc:idem:{ab01000000000000000000000000000000000000000000000000000000000000}"));
    assert_true(slice_eq(cmd_argument(&cmd, 0), "dronc:idem:used"));
    assert_int_equal(cmd_argument(&cmd, 2).len, DIGEST_SHA256_SIZE);
    assert_true(slice_eq(cmd_argument(&cmd, 3), "86400000"));
    assert_true(slice_eq(cmd_argument(&cmd, 4), "1000"));
    cmd_fini(&cmd);
    store_idem_close(&cmd, &idem, &answer);
    assert_string_equal(cmd.script->name, "idem_close");
    assert_true(slice_eq(cmd_argument(&cmd, 5), "201"));
    assert_true(slice_eq(cmd_argument(&cmd, 7), "b"));
    cmd_fini(&cmd);
    store_idem_close(&cmd, &idem, NULL);
    assert_int_equal(cmd.argc, 5);
    cmd_fini(&cmd);
}

static enum err read_open(const struct reply *reply, enum store_idem_state *state,
                          struct store_idem_answer *answer)
{
    return store_idem_open_reply(reply, state, answer, NULL);
}

TEST(store_idem_answers_are_read)
{
    const struct reply none = {.kind = REPLY_ARRAY};
    struct store_idem_answer answer = {0};
    enum store_idem_state got;
    assert_int_equal(read_open(&none, &got, &answer), ERR_OK);
    assert_int_equal(got, STORE_IDEM_NEW);
    assert_int_equal(read_open(MAKE_ARRAY("other"), &got, &answer), ERR_OK);
    assert_int_equal(got, STORE_IDEM_OTHER);
    assert_int_equal(read_open(MAKE_ARRAY("full"), &got, &answer), ERR_OK);
    assert_int_equal(got, STORE_IDEM_FULL);
    assert_int_equal(read_open(MAKE_ARRAY("201", "application/json", "{}"), &got, &answer), ERR_OK);
    assert_int_equal(got, STORE_IDEM_ANSWERED);
    assert_int_equal(answer.status, 201);
    assert_true(slice_eq(answer.body, "{}"));
}

TEST(store_idem_garbage_is_refused)
{
    const struct reply number = {.kind = REPLY_INTEGER, .integer = 1};
    const struct reply refused = {.kind = REPLY_ERROR, .text = {"OOM", 3}};
    struct store_idem_answer answer;
    enum store_idem_state got;
    assert_int_equal(read_open(&number, &got, &answer), ERR_PROTOCOL);
    assert_int_equal(read_open(&refused, &got, &answer), ERR_REFUSED);
    assert_int_equal(read_open(MAKE_ARRAY("x", "t", "b"), &got, &answer), ERR_PROTOCOL);
    assert_int_equal(read_open(MAKE_ARRAY("201", NULL, "b"), &got, &answer), ERR_PROTOCOL);
    assert_int_equal(read_open(MAKE_ARRAY("201", "t"), &got, &answer), ERR_PROTOCOL);
    assert_int_equal(read_open(MAKE_ARRAY("201", "t", "b", "c"), &got, &answer), ERR_PROTOCOL);
}
