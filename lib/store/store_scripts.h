/* store_scripts: the Lua of lib/store, compiled in by scripts/embed-lua, with what contract.def says of each
 * script's keys and arguments. Private to lib/store.
 */
#ifndef DRONC_STORE_SCRIPTS_H
#define DRONC_STORE_SCRIPTS_H

#include "resp/cmd.h"

#include <stddef.h>

/* Keys and arguments by the names that contract.def gives them. */
enum store_key {
#define KEY(name, spelling, scope) KEY_##name,
#include "store/contract.def"
};
enum store_arg {
#define ARG(name, type, text) ARG_##name,
#include "store/contract.def"
};

struct store_script {
    struct script script;
    const unsigned char *keys; /* enum store_key, script.key_count of them */
    const unsigned char *args; /* enum store_arg: script.arg_count, then those of a group */
};

#define SCRIPT(name, keys, args, rest) extern const struct store_script store_script_##name;
#include "store/contract.def"

#endif
