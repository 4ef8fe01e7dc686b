/* check: dronc-admin check. Is Redis there, are there keys, and may other machines reach the API without one? */
#include "access/reach.h"
#include "commands.h"
#include "options.h"
#include "store/store_key.h"

#include <stdio.h>

int command_check(struct admin *admin)
{
    char where[CONFIG_REDIS_SIZE];
    const struct reply *reply;
    struct errinfo info = {0};
    struct cmd cmd;
    size_t count;
    if (options_read(admin->argc, admin->argv, NULL, NULL, &info) != ERR_OK) {
        return admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
    }
    store_key_list(&cmd);
    int status = admin_ask(admin, &cmd, 1, &reply);
    if (status != 0) {
        return status;
    }
    if (store_key_list_reply(reply, &count, &info) != ERR_OK) {
        return admin_fail(admin, &info);
    }
    config_describe_redis(where, &admin->config);
    printf("Redis at %s: good; API keys: %zu%s\n", where, count,
           admin->config.api_auth == API_AUTH_NONE
               ? "; WARNING: API_AUTH=none lets in everyone who reaches the API"
               : "");
    if (count == 0 && reach_is_exposed(&admin->config)) {
        (void)reach_refuse(&admin->config, &info);
        return admin_say(ADMIN_USAGE, "%s", info.text);
    }
    return 0;
}
