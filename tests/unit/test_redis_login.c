/* The first commands on a connection to Redis. */
#include "resp/redis_login.h"

#include "test.h"

#include <string.h>

static struct config config;

static void set_up(void)
{
    memset(&config, 0, sizeof config);
}

EACH_TEST(set_up, NULL);

/* The command as it is sent. */
static void assert_sends(struct cmd *cmd, const char *expected)
{
    struct buffer out = {0};
    assert_int_equal(cmd_render(cmd, false, &out), ERR_OK);
    assert_string_equal(buffer_str(&out), expected);
    buffer_fini(&out);
    cmd_fini(cmd);
}

TEST(redis_login_needs_nothing_by_default)
{
    struct cmd cmd;
    strcpy(config.redis_username, "dronc"); /* without a password there is no login */
    assert_false(redis_login_auth(&cmd, &config));
    assert_false(redis_login_select(&cmd, &config));
}

TEST(redis_login_sends_the_password_of_the_default_user)
{
    struct cmd cmd;
    strcpy(config.redis_password, "pa55 word");
    assert_true(redis_login_auth(&cmd, &config));
    assert_sends(&cmd, "*2\r\n$4\r\nAUTH\r\n$9\r\npa55 word\r\n");
}

TEST(redis_login_sends_user_and_password)
{
    struct cmd cmd;
    strcpy(config.redis_username, "dronc");
    strcpy(config.redis_password, "secret");
    assert_true(redis_login_auth(&cmd, &config));
    assert_sends(&cmd, "*3\r\n$4\r\nAUTH\r\n$5\r\ndronc\r\n$6\r\nsecret\r\n");
}

TEST(redis_login_selects_the_database)
{
    struct cmd cmd;
    config.redis_db = 15;
    assert_true(redis_login_select(&cmd, &config));
    assert_sends(&cmd, "*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n");
}
