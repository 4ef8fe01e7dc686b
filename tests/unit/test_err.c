/* What a caller gets from err: the code back, a text that is cut cleanly, names and verdicts for all codes.
 */
#include "base/err.h"

#include <errno.h>

#include "test.h"

#include <string.h>

TEST(err_set_returns_the_code_and_fills_the_text)
{
    struct errinfo info = {0};
    assert_int_equal(err_set(&info, ERR_LIMIT, "longer than %d bytes", 64), ERR_LIMIT);
    assert_int_equal(info.code, ERR_LIMIT);
    assert_string_equal(info.text, "longer than 64 bytes");
}

TEST(err_set_works_without_an_errinfo)
{
    assert_int_equal(err_set(NULL, ERR_BUSY, "%s", "unseen"), ERR_BUSY);
}

TEST(err_set_replaces_what_was_there)
{
    struct errinfo info = {0};
    (void)err_set(&info, ERR_LIMIT, "a long first text");
    (void)err_set(&info, ERR_DOWN, "short");
    assert_int_equal(info.code, ERR_DOWN);
    assert_string_equal(info.text, "short");
}

TEST(err_set_may_put_a_context_before_its_own_text)
{
    struct errinfo info = {0};
    (void)err_set(&info, ERR_DOWN, "connection refused");
    (void)err_set(&info, info.code, "redis: %s", info.text);
    assert_string_equal(info.text, "redis: connection refused");
}

TEST(err_set_cuts_a_long_text)
{
    struct errinfo info;
    char text[400];
    memset(text, 'x', sizeof text);
    (void)err_set(&info, ERR_BUG, "%.*s", (int)sizeof text, text);
    assert_int_equal(strlen(info.text), sizeof info.text - 1);
}

TEST(err_set_cuts_between_two_characters)
{
    for (size_t lead = 0; lead < 4; lead++) { /* an emoji of 4 bytes at every offset from the end */
        struct errinfo info;
        char text[400];
        memset(text, 'x', sizeof text);
        static const char EMOJI[4] = {'\xF0', '\x9F', '\x98', '\x80'};
        memcpy(text + sizeof info.text - 4 + lead, EMOJI, sizeof EMOJI);
        (void)err_set(&info, ERR_BUG, "%.*s", (int)sizeof text, text);
        assert_int_equal(strlen(info.text), sizeof info.text - 4 + lead);
    }
}

TEST(err_set_errno_adds_the_words_and_keeps_errno)
{
    struct errinfo info = {0};
    errno = ENOENT;
    assert_int_equal(err_set_errno(&info, "open %s", "/x"), ERR_SYSTEM);
    assert_int_equal(info.code, ERR_SYSTEM);
    assert_string_equal(info.text, "open /x: No such file or directory");
    assert_int_equal(errno, ENOENT);
}

TEST(err_set_errno_works_without_an_errinfo)
{
    errno = EACCES;
    assert_int_equal(err_set_errno(NULL, "unseen"), ERR_SYSTEM);
    assert_int_equal(errno, EACCES);
}

TEST(err_name_knows_every_code)
{
    for (int code = 0; code < ERR__COUNT; code++) {
        assert_string_not_equal(err_name((enum err)code), "unknown");
    }
    assert_string_equal(err_name(ERR_OK), "ok");
    assert_string_equal(err_name(ERR_TIMEOUT), "timeout");
    assert_string_equal(err_name(ERR_NOT_FOUND), "not_found");
    assert_string_equal(err_name(ERR__COUNT), "unknown");
    assert_string_equal(err_name((enum err) - 1), "unknown");
}

TEST(err_is_retryable_where_time_alone_may_heal)
{
    for (int i = 0; i <= ERR__COUNT; i++) {
        enum err code = (enum err)i;
        bool heals = code == ERR_NOMEM || code == ERR_DOWN || code == ERR_BUSY || code == ERR_TIMEOUT;
        assert_int_equal(err_is_retryable(code), heals);
    }
}
