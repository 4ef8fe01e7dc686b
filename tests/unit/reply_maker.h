/* reply_maker: replies of Redis made of constants, and a look into commands. */
#ifndef DRONC_REPLY_MAKER_H
#define DRONC_REPLY_MAKER_H

#include "resp/cmd.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#define REPLY_MAKER_MAX 256

/* An array of up to REPLY_MAKER_MAX texts; NULL is nil. Valid until the next call. */
static inline const struct reply *make_array(const char *const *items, size_t count)
{
    static struct slice slices[REPLY_MAKER_MAX];
    static struct reply reply;
    assert_true(count <= REPLY_MAKER_MAX);
    for (size_t i = 0; i < count; i++) {
        slices[i] = items[i] == NULL ? (struct slice){NULL, 0} : slice_of(items[i]);
    }
    reply = (struct reply){.kind = REPLY_ARRAY, .items = slices, .count = count};
    return &reply;
}

/* The fields of a definition behind catch_up_max, all at their default. */
#define NO_OTHER_FIELDS                                                                                   \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
        NULL, NULL, NULL, NULL, NULL, NULL, NULL

#define MAKE_ARRAY(...)                            \
    make_array((const char *const[]){__VA_ARGS__}, \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* The argument of cmd at index, as it stands between the lengths; for a script the first is KEYS[1]. */
static inline struct slice cmd_argument(const struct cmd *cmd, size_t index)
{
    const char *at = cmd->args.data;
    const char *end = at + cmd->args.len;
    for (size_t i = 0;; i++) {
        char *text;
        assert_true(at < end && *at == '$');
        size_t len = strtoul(at + 1, &text, 10);
        assert_memory_equal(text, "\r\n", 2);
        if (i == index) {
            return (struct slice){text + 2, len};
        }
        at = text + 2 + len + 2;
    }
}

#endif
