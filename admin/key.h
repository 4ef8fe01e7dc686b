/* key: what the commands about keys share. */
#ifndef DRONC_KEY_COMMANDS_H
#define DRONC_KEY_COMMANDS_H

#include "admin.h"
#include "options.h"
#include "store/store_key.h"

/* Read the command line: options, and a key's id. Returns 0, or the exit status after it has said what is wrong. */
int key_read_id(struct admin *admin, const struct option *options, const char **id);

/* Send a command to a key. Returns likewise. */
int key_command(struct admin *admin, struct cmd *cmd, enum store_keyed *answer);

/* Say that there is no such key. Returns the exit status. */
int key_refuse_missing(const char *id);

#endif
