/* options: the words of a command line behind the command: "--name value" or "--name=value", and one operand at
 * most. */
#ifndef DRONC_OPTIONS_H
#define DRONC_OPTIONS_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct option {
    const char *name;   /* "--scopes"; NULL: the end of the list */
    const char **value; /* where its value goes */
};

/* Read the words. options: ended by one without a name; NULL: there are none. operand NULL: there may be none; else it
 * must be there. ERR_INVALID with the mistake in info. */
NODISCARD enum err options_read(int argc, char **argv, const struct option *options, const char **operand,
                                struct errinfo *info);

/* Read a duration, "90s", "15m", "24h" or "30d", up to ten years. */
NODISCARD bool options_duration(const char *text, int64_t *ms);

/* Read an instant, in RFC 3339 or as a duration from now on. */
NODISCARD bool options_instant(const char *text, struct wall_ms now, struct wall_ms *out);

#endif
