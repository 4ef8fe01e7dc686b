/* Redis' errors as its versions write them, alone and met by a script: what each means, and whether another
 * connection may help. */
#include "resp/redis_trouble.h"

#include "test.h"

#include <string.h>

static struct reply error_of(const char *text)
{
    return (struct reply){.kind = REPLY_ERROR, .text = {text, strlen(text)}};
}

TEST(redis_trouble_of_each_error)
{
    static const struct {
        const char *text;
        enum redis_trouble trouble;
        const char *word;
        bool spoils;
    } TABLE[] = {
        {"LOADING Redis is loading the dataset in memory", REDIS_LOADING, "loading", true},
        {"READONLY You can't write against a read only replica.", REDIS_READ_ONLY, "read-only", true},
        {"READONLY You can't write against a read only replica. script: 99, on @user_script:1.",
         REDIS_READ_ONLY, "read-only", true},
        {"ERR user_script:17: READONLY You can't write against a read only replica.", REDIS_READ_ONLY,
         "read-only", true},
        {"ERR Error running script (call to f_99): @user_script:17: @user_script: 17: -READONLY You can't "
         "write against a read only replica.",
         REDIS_READ_ONLY, "read-only", true},
        {"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", REDIS_READ_ONLY,
         "read-only", true},
        {"NOREPLICAS Not enough good replicas to write.", REDIS_READ_ONLY, "read-only", true},
        {"OOM command not allowed when used memory > 'maxmemory'.", REDIS_FULL, "full", false},
        {"ERR Error running script (call to f_99): @user_script:3: @user_script: 3: -OOM command not allowed "
         "when used memory > 'maxmemory'.",
         REDIS_FULL, "full", false},
        {"MISCONF Errors writing to the AOF file: No space left on device", REDIS_FULL, "full", false},
        {"NOAUTH Authentication required.", REDIS_NO_LOGIN, "refused", true},
        {"WRONGPASS invalid username-password pair or user is disabled.", REDIS_NO_LOGIN, "refused", true},
        {"ERR AUTH <password> called without any password configured", REDIS_NO_LOGIN, "refused", true},
        {"NOPERM this user has no permissions to run the 'evalsha' command", REDIS_NO_RIGHT, "refused", true},
        {"ERR The user executing the script can't run this command or subcommand script: 99", REDIS_NO_RIGHT,
         "refused", true},
        {"ERR ACL failure in script: User dronc has no permissions to run the 'hset' command script: 99",
         REDIS_NO_RIGHT, "refused", true},
        {"NOPERM ACL failure in script: User dronc has no permissions to run the 'hset' command",
         REDIS_NO_RIGHT, "refused", true},
        {"MOVED 14918 127.0.0.1:7002", REDIS_CLUSTER, "refused", true},
        {"CROSSSLOT Keys in request don't hash to the same slot", REDIS_CLUSTER, "refused", true},
        {"CLUSTERDOWN Hash slot not served", REDIS_CLUSTER, "refused", true},
        {"ERR SELECT is not allowed in cluster mode", REDIS_CLUSTER, "refused", true},
        {"BUSY Redis is busy running a script.", REDIS_OTHER, "refused", false},
        {"WRONGTYPE Operation against a key holding the wrong kind of value", REDIS_OTHER, "refused", false},
        {"NOSCRIPT No matching script.", REDIS_OTHER, "refused", false},
        {"READONLYNESS is another word", REDIS_OTHER, "refused", false},
        {"ERR no script met: READONLY", REDIS_OTHER, "refused", false},
        {"ERR user_script:17: attempt to index a nil value: ", REDIS_OTHER, "refused", false},
        {"ERR user_script: -", REDIS_OTHER, "refused", false},
        {"", REDIS_OTHER, "refused", false},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct reply reply = error_of(TABLE[i].text);
        enum redis_trouble found = redis_trouble_of(&reply);
        if (found != TABLE[i].trouble || redis_trouble_spoils(found, REDIS_RIGHT_AGE_MS) != TABLE[i].spoils) {
            fail_msg("%s: %d", TABLE[i].text, found);
        }
        assert_string_equal(redis_trouble_word(found), TABLE[i].word);
    }
}

TEST(redis_trouble_is_only_in_errors)
{
    struct reply reply = {.kind = REPLY_TEXT, .text = slice_of("READONLY")};
    assert_int_equal(redis_trouble_of(&reply), REDIS_FINE);
    assert_false(redis_trouble_spoils(REDIS_FINE, REDIS_RIGHT_AGE_MS));
}

TEST(redis_trouble_of_a_right_is_asked_about_once_in_a_while)
{
    assert_false(redis_trouble_spoils(REDIS_NO_RIGHT, 0));
    assert_false(redis_trouble_spoils(REDIS_NO_RIGHT, REDIS_RIGHT_AGE_MS - 1));
    assert_true(redis_trouble_spoils(REDIS_NO_RIGHT, REDIS_RIGHT_AGE_MS));
    assert_true(redis_trouble_spoils(REDIS_READ_ONLY, 0));
}

TEST(redis_trouble_each_has_its_words)
{
    for (enum redis_trouble trouble = REDIS_FINE; trouble < REDIS_TROUBLE__COUNT; trouble++) {
        assert_non_null(redis_trouble_word(trouble));
        assert_non_null(redis_trouble_reason(trouble));
    }
}
