/* redis_login: see redis_login.h. */
#include "resp/redis_login.h"

bool redis_login_auth(struct cmd *cmd, const struct config *config)
{
    if (config->redis_password[0] == '\0') {
        return false;
    }
    cmd_init(cmd, "AUTH");
    if (config->redis_username[0] != '\0') {
        cmd_arg_str(cmd, config->redis_username);
    }
    cmd_arg_str(cmd, config->redis_password);
    return true;
}

bool redis_login_select(struct cmd *cmd, const struct config *config)
{
    if (config->redis_db == 0) {
        return false;
    }
    cmd_init(cmd, "SELECT");
    cmd_arg_i64(cmd, config->redis_db);
    return true;
}
