/* The command that counts a request, and any answer to it is understood or refused. */
#include "store/store_rate.h"

#include "reply_maker.h"
#include "test.h"

TEST(store_rate_key_has_a_hash_tag_of_its_own)
{
    struct cmd cmd;
    store_rate_take(&cmd, "abc", &(struct store_rate){4, 10});
    assert_string_equal(cmd.script->name, "rate_take");
    assert_true(slice_eq(cmd_argument(&cmd, 0), "dronc:rate:{abc}"));
    assert_true(slice_eq(cmd_argument(&cmd, 1), "250000"));
    assert_true(slice_eq(cmd_argument(&cmd, 2), "10"));
    cmd_fini(&cmd);
}

TEST(store_rate_answers_are_read)
{
    const struct reply none = {.kind = REPLY_ARRAY};
    const struct reply refused = {.kind = REPLY_ERROR, .text = {"OOM", 3}};
    struct store_rated rated;
    assert_int_equal(store_rate_take_reply(MAKE_ARRAY("1", "9", "1000"), &rated, NULL), ERR_OK);
    assert_true(rated.is_allowed && rated.left == 9 && rated.in_ms == 1000);
    assert_int_equal(store_rate_take_reply(MAKE_ARRAY("0", "0", "1"), &rated, NULL), ERR_OK);
    assert_false(rated.is_allowed);
    assert_int_equal(store_rate_take_reply(&none, &rated, NULL), ERR_PROTOCOL);
    assert_int_equal(store_rate_take_reply(&refused, &rated, NULL), ERR_REFUSED);
    assert_int_equal(store_rate_take_reply(MAKE_ARRAY("1", "9"), &rated, NULL), ERR_PROTOCOL);
    assert_int_equal(store_rate_take_reply(MAKE_ARRAY("1", "9", "x"), &rated, NULL), ERR_PROTOCOL);
    assert_int_equal(store_rate_take_reply(MAKE_ARRAY("1", "9", "1", "2", "3", "4"), &rated, NULL),
                     ERR_PROTOCOL);
}
