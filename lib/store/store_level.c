/* store_level: see store_level.h.
 *
 *     level  what came with it
 *     0      all before
 *     1      max_runs, starts_at, ends_at, jitter_ms; schedules with @at and @in
 *     2      API keys: an older handler asks for none
 *     3      signing; secrets in headers and body
 */
#include "store/store_level.h"

#include "text/template.h"

#include <string.h>

static bool has_word(struct slice text, const char *word)
{
    return text.data != NULL && memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static bool is_of_level_1(const struct job_fields *fields)
{
    return fields->max_runs.given || fields->jitter_ms.given || fields->starts_at.data != NULL ||
           fields->ends_at.data != NULL || has_word(fields->schedule, "@at") ||
           has_word(fields->schedule, "@in");
}

/* An older program would send a call unsigned, or the name of a secret for the secret. */
static bool is_of_level_3(const struct job_fields *fields)
{
    return fields->signing.data != NULL || template_count_secrets(fields->headers) > 0 ||
           template_count_secrets(fields->body) > 0;
}

int store_level_of(const struct job_fields *fields)
{
    return is_of_level_3(fields) ? 3 : is_of_level_1(fields) ? 1 : 0;
}

enum err store_level_check(int level, struct errinfo *info)
{
    if (level <= STORE_LEVEL) {
        return ERR_OK;
    }
    return err_set(info, ERR_CONFIG,
                   "a newer version uses this database (level %d, this program reads up to %d): put that "
                   "version in the place of this one",
                   level, STORE_LEVEL);
}
