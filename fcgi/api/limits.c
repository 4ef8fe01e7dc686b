/* limits: see limits.h. */
#include "api/limits.h"

#include "job/spacing.h"

#include <string.h>

/* Local time is written without the Z of UTC. */
static void write_instant(char out[CLOCK_RFC3339_SIZE], struct wall_ms at, bool is_local)
{
    (void)clock_format_rfc3339(out, at);
    if (is_local) {
        out[strcspn(out, "Z")] = '\0';
    }
}

bool limits_check_interval(const struct context *ctx, const struct job *job, struct api_error *error)
{
    bool is_local = !cron_is_every(&job->when.cron);
    int min_s = ctx->config->min_interval_s;
    char texts[2][CLOCK_RFC3339_SIZE];
    struct wall_ms first;
    struct wall_ms second;

    if (!spacing_find_close(&job->when, min_s, job->created, &first, &second)) {
        return true;
    }
    write_instant(texts[0], first, is_local);
    write_instant(texts[1], second, is_local);
    api_error_set(error, API_VALIDATION_ERROR,
                  "%s and %s are %lld s apart: two instants must have %d s between them (MIN_INTERVAL_S)",
                  texts[0], texts[1], (long long)(second.ms - first.ms) / 1000, min_s);
    return api_error_at(error, slice_of("schedule"));
}
