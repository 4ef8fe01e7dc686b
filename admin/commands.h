/* commands: what dronc-admin can be asked for. Each returns the exit status. */
#ifndef DRONC_COMMANDS_H
#define DRONC_COMMANDS_H

#include "admin.h"

#define ADMIN_AUDIT_LIMIT "100" /* entries that dronc-admin audit shows, unless something else is said */

typedef int admin_command(struct admin *admin);

admin_command command_audit;      /* trail.c */
admin_command command_check;      /* check.c */
admin_command command_key_create; /* key_make.c */
admin_command command_key_rotate;
admin_command command_key_list; /* key.c */
admin_command command_key_show;
admin_command command_key_revoke;

admin_command command_secret_set; /* secret.c */
admin_command command_secret_list;
admin_command command_secret_rm;
admin_command command_seal_key_new; /* seal_key.c */
admin_command command_seal_key_rotate;

#endif
