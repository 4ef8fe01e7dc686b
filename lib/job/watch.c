/* watch: see watch.h. */
#include "job/watch.h"

#include "text/template.h"
#include "text/url.h"

#include <stdlib.h>
#include <string.h>

static const char *const overlap_names[WATCH_OVERLAP__COUNT] = {
    [WATCH_ALLOW] = "allow", [WATCH_SKIP] = "skip", [WATCH_QUEUE] = "queue", [WATCH_CANCEL] = "cancel"};

static enum err read_overlap(enum watch_overlap *out, struct slice name, struct errinfo *info)
{
    *out = WATCH_ALLOW;
    if (name.data == NULL) {
        return ERR_OK;
    }
    for (unsigned i = 0; i < WATCH_OVERLAP__COUNT; i++) {
        if (slice_eq(name, overlap_names[i])) {
            *out = (enum watch_overlap)i;
            return ERR_OK;
        }
    }
    return err_set(info, ERR_INVALID, "overlap must be allow, skip, queue or cancel");
}

static enum err check_url(struct slice text, const char *field, struct errinfo *info)
{
    struct url url;
    struct errinfo why = {0};
    bool good = text.data == NULL ||
                (url_parse(&url, text, &why) == URL_OK && template_check(url.query, &why) == ERR_OK);
    return good ? ERR_OK : err_set(info, ERR_INVALID, "%s: %s", field, why.text);
}

/* Copy text to *at with a NUL behind it, and go on behind that. */
static struct slice copy(char **at, struct slice text)
{
    if (text.data == NULL) {
        return (struct slice){NULL, 0};
    }
    struct slice out = {*at, text.len};
    memcpy(*at, text.data, text.len);
    (*at)[text.len] = '\0';
    *at += text.len + 1;
    return out;
}

static enum err keep_urls(struct watch *out, const struct job_fields *fields, struct errinfo *info)
{
    if (fields->on_failure_url.data == NULL && fields->on_recovery_url.data == NULL) {
        return ERR_OK;
    }
    out->memory = malloc(fields->on_failure_url.len + fields->on_recovery_url.len + 2);
    if (out->memory == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    char *at = out->memory;
    out->on_failure_url = copy(&at, fields->on_failure_url);
    out->on_recovery_url = copy(&at, fields->on_recovery_url);
    return ERR_OK;
}

enum err watch_read(struct watch *out, const struct job_fields *fields, const char **field,
                    struct errinfo *info)
{
    *out = (struct watch){.pause_after_failures =
                              fields->pause_after_failures.given ? fields->pause_after_failures.value : 0,
                          .max_runs = fields->max_runs.given ? fields->max_runs.value : 0};
    *field = "overlap";
    enum err err = read_overlap(&out->overlap, fields->overlap, info);
    if (err == ERR_OK) {
        *field = "on_failure_url";
        err = check_url(fields->on_failure_url, *field, info);
    }
    if (err == ERR_OK) {
        *field = "on_recovery_url";
        err = check_url(fields->on_recovery_url, *field, info);
    }
    return err == ERR_OK ? keep_urls(out, fields, info) : err;
}

void watch_fini(struct watch *watch)
{
    free(watch->memory);
    *watch = (struct watch){0};
}

bool watch_is_needed(const struct watch *watch)
{
    return watch->overlap != WATCH_ALLOW || watch->max_runs > 0 || watch_counts_failures(watch);
}

bool watch_counts_failures(const struct watch *watch)
{
    return watch->pause_after_failures > 0 || watch->memory != NULL;
}

void watch_describe(const struct watch *watch, struct job_fields *fields)
{
    if (watch->overlap != WATCH_ALLOW) {
        fields->overlap = slice_of(overlap_names[watch->overlap]);
    }
    fields->pause_after_failures =
        (struct job_number){watch->pause_after_failures > 0, watch->pause_after_failures};
    fields->on_failure_url = watch->on_failure_url;
    fields->on_recovery_url = watch->on_recovery_url;
    fields->max_runs = (struct job_number){watch->max_runs > 0, watch->max_runs};
}

static void print_url(const char *name, struct slice url, struct buffer *out)
{
    if (url.data != NULL) {
        buffer_printf(out, "%s %s\n", name, url.data);
    }
}

void watch_print(const struct watch *watch, struct buffer *out)
{
    if (watch->overlap != WATCH_ALLOW) {
        buffer_printf(out, "overlap %s\n", overlap_names[watch->overlap]);
    }
    if (watch->pause_after_failures > 0) {
        buffer_printf(out, "pause after %lld failures\n", (long long)watch->pause_after_failures);
    }
    print_url("on failure", watch->on_failure_url, out);
    print_url("on recovery", watch->on_recovery_url, out);
    if (watch->max_runs > 0) {
        buffer_printf(out, "max runs %lld\n", (long long)watch->max_runs);
    }
}
