/* redis_login: the first commands on a new connection to Redis, as the settings ask for them. The handler's
 * connection (redis_sync) and the runner's (redis_link) send the same ones. Pure.
 */
#ifndef DRONC_REDIS_LOGIN_H
#define DRONC_REDIS_LOGIN_H

#include "base/config.h"
#include "resp/cmd.h"

#include <stdbool.h>

/* AUTH. Returns false, without a command, if there is no password. */
bool redis_login_auth(struct cmd *cmd, const struct config *config);

/* SELECT. Returns false, without a command, for database 0, in which a connection begins. */
bool redis_login_select(struct cmd *cmd, const struct config *config);

#endif
