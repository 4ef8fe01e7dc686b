/* store_durability: may this Redis lose what it has stored, evict jobs, or take all memory? The programs ask when a connection
 * is new, and in the deep health check; they report the answer, and never refuse work for it. What a user may
 * not ask (ACL) is not known, and not reported: a user of its own does not ask for appendfsync. Pure, as
 * store.h.
 */
#ifndef DRONC_STORE_DURABILITY_H
#define DRONC_STORE_DURABILITY_H

#include "base/buffer.h"
#include "base/config.h"
#include "resp/cmd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_DURABILITY_COMMANDS 3 /* at most; sent in one go */
#define STORE_WARNINGS_MAX        4
#define STORE_WARNING_SIZE        192 /* bytes, with the NUL */

/* Zero-initialised: nothing is known. */
struct store_durability {
    char append_only[4]; /* "yes", "no"; "": not known. Likewise: */
    char fsync[16];      /* appendfsync */
    char eviction[24];   /* maxmemory-policy */
    bool is_fsync_asked; /* the user may ask for it */
    int64_t memory_max;  /* maxmemory, bytes; 0: no limit. Known only with: */
    int64_t memory;      /* of Redis' machine; 0: not known */
};

struct store_warning {
    bool is_of_memory; /* else: jobs may be lost */
    char text[STORE_WARNING_SIZE];
};

/* Build the commands that the user of config may send, and set up out for their replies. Returns their
 * number; the caller ends each with cmd_fini. */
size_t store_durability(struct cmd cmds[STORE_DURABILITY_COMMANDS], const struct config *config,
                        struct store_durability *out);
/* Read the reply to any of them. An error leaves out as it is. */
void store_durability_take(struct store_durability *out, const struct reply *reply);

/* Write warning number index (0 …). Returns false if there are no more. */
bool store_durability_warn(const struct store_durability *durability, size_t index,
                           struct store_warning *out);

/* Does this know the same as that? */
bool store_durability_same(const struct store_durability *a, const struct store_durability *b);

/* Log every warning. */
void store_durability_log_warnings(const struct store_durability *durability);

/* Append every warning as a line, "warning: …". */
void store_durability_print_warnings(const struct store_durability *durability, struct buffer *out);

/* Writes "appendonly yes, appendfsync always, maxmemory-policy noeviction", without what is not known;
 * "unknown" if nothing is. An appendfsync that was not asked for is "not known to this user". */
#define STORE_DURABILITY_SIZE 160
void store_durability_describe(char out[STORE_DURABILITY_SIZE], const struct store_durability *durability);

#endif
