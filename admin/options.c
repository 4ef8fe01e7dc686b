/* options: see options.h. */
#include "options.h"

#include "text/rfc3339.h"

#include <string.h>

#define MAX_MS ((int64_t)3650 * 86400000)

static const struct option *find(const struct option *options, const char *word, size_t len)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (strlen(options->name) == len && memcmp(options->name, word, len) == 0) {
            return options;
        }
    }
    return NULL;
}

/* Read an option at argv[*at], and its value. */
static enum err read_option(int argc, char **argv, int *at, const struct option *option, struct errinfo *info)
{
    const char *sign = strchr(argv[*at], '=');
    if (*option->value != NULL) {
        return err_set(info, ERR_INVALID, "%s is given twice", option->name);
    }
    if (sign == NULL && *at + 1 == argc) {
        return err_set(info, ERR_INVALID, "%s needs a value", option->name);
    }
    *option->value = sign != NULL ? sign + 1 : argv[++*at];
    return ERR_OK;
}

static enum err read_operand(const char *word, const char **operand, struct errinfo *info)
{
    if (word[0] == '-' || operand == NULL || *operand != NULL) {
        return err_set(info, ERR_INVALID, "\"%.64s\" is not expected here", word);
    }
    *operand = word;
    return ERR_OK;
}

enum err options_read(int argc, char **argv, const struct option *options, const char **operand,
                      struct errinfo *info)
{
    enum err err = ERR_OK;
    for (int i = 0; i < argc && err == ERR_OK; i++) {
        const struct option *option = find(options, argv[i], strcspn(argv[i], "="));
        err =
            option != NULL ? read_option(argc, argv, &i, option, info) : read_operand(argv[i], operand, info);
    }
    if (err != ERR_OK || operand == NULL || *operand != NULL) {
        return err;
    }
    return err_set(info, ERR_INVALID, "the key's id is missing");
}

bool options_duration(const char *text, int64_t *ms)
{
    static const char UNITS[] = "smhd";
    static const int64_t SIZES[] = {1000, 60000, 3600000, 86400000};
    size_t len = strlen(text);
    const char *unit = len > 1 ? strchr(UNITS, text[len - 1]) : NULL;
    int64_t count;
    if (unit == NULL || !slice_i64((struct slice){text, len - 1}, &count)) {
        return false;
    }
    int64_t size = SIZES[unit - UNITS];
    *ms = count * size;
    return count >= 0 && count <= MAX_MS / size;
}

bool options_instant(const char *text, struct wall_ms now, struct wall_ms *out)
{
    int64_t ms;
    if (options_duration(text, &ms)) {
        out->ms = now.ms + ms;
        return true;
    }
    return rfc3339_parse(out, slice_of(text), NULL) == ERR_OK;
}
