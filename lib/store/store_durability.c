/* store_durability: see store_durability.h. A user that may not use CONFIG may be allowed INFO, so what INFO
 * has is read there. */
#include "store/store_durability.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

static void ask_info(struct cmd *cmd, const char *section)
{
    cmd_init(cmd, "INFO");
    cmd_arg_str(cmd, section);
}

/* A user of its own has no business with CONFIG, which shows passwords too: each refusal would be an entry in
 * ACL LOG, which is to show what is amiss. */
static bool may_ask_config(const struct config *config)
{
    return config->redis_username[0] == '\0' || strcmp(config->redis_username, "default") == 0;
}

size_t store_durability(struct cmd cmds[STORE_DURABILITY_COMMANDS], const struct config *config,
                        struct store_durability *out)
{
    *out = (struct store_durability){.is_fsync_asked = may_ask_config(config)};
    ask_info(&cmds[0], "persistence");
    ask_info(&cmds[1], "memory");
    if (!out->is_fsync_asked) {
        return 2;
    }
    cmd_init(&cmds[2], "CONFIG");
    cmd_arg_str(&cmds[2], "GET");
    cmd_arg_str(&cmds[2], "appendfsync");
    return STORE_DURABILITY_COMMANDS;
}

/* What follows "<name>:" in a line of text; data NULL if there is no such line. */
static struct slice find_line(struct slice text, const char *name)
{
    size_t len = strlen(name);
    const char *end = text.data + text.len;
    for (const char *line = text.data; line != NULL && line < end;) {
        const char *line_end = memchr(line, '\n', (size_t)(end - line));
        const char *value_end = line_end != NULL ? line_end : end;
        if ((size_t)(value_end - line) > len && memcmp(line, name, len) == 0 && line[len] == ':') {
            value_end -= value_end[-1] == '\r';
            return (struct slice){line + len + 1, (size_t)(value_end - line) - len - 1};
        }
        line = line_end != NULL ? line_end + 1 : NULL;
    }
    return (struct slice){NULL, 0};
}

static void copy(char *out, size_t size, struct slice text)
{
    if (text.data != NULL) {
        (void)snprintf(out, size, "%.*s", (int)text.len, text.data);
    }
}

static void take_info(struct store_durability *out, struct slice text)
{
    struct slice enabled = find_line(text, "aof_enabled");
    if (enabled.data != NULL) {
        copy(out->append_only, sizeof out->append_only, slice_of(slice_eq(enabled, "0") ? "no" : "yes"));
    }
    copy(out->eviction, sizeof out->eviction, find_line(text, "maxmemory_policy"));
    int64_t memory;
    int64_t memory_max;
    if (slice_i64(find_line(text, "total_system_memory"), &memory) &&
        slice_i64(find_line(text, "maxmemory"), &memory_max)) {
        out->memory = memory;
        out->memory_max = memory_max;
    }
}

void store_durability_take(struct store_durability *out, const struct reply *reply)
{
    if (reply->kind == REPLY_TEXT) {
        take_info(out, reply->text);
    } else if (reply->kind == REPLY_ARRAY && reply->count == 2 && slice_eq(reply->items[0], "appendfsync")) {
        copy(out->fsync, sizeof out->fsync, reply->items[1]);
    }
}

bool store_durability_same(const struct store_durability *a, const struct store_durability *b)
{
    return strcmp(a->append_only, b->append_only) == 0 && strcmp(a->fsync, b->fsync) == 0 &&
           strcmp(a->eviction, b->eviction) == 0 && a->is_fsync_asked == b->is_fsync_asked &&
           a->memory_max == b->memory_max && a->memory == b->memory;
}

static bool is_other(const char *value, const char *than)
{
    return value[0] != '\0' && strcmp(value, than) != 0;
}

static bool warn_of_no_log(const struct store_durability *found, char out[STORE_WARNING_SIZE])
{
    (void)snprintf(out, STORE_WARNING_SIZE,
                   "Redis may lose jobs when it ends: appendonly is %s, it should be yes",
                   found->append_only);
    return is_other(found->append_only, "yes");
}

static bool warn_of_no_sync(const struct store_durability *found, char out[STORE_WARNING_SIZE])
{
    (void)snprintf(out, STORE_WARNING_SIZE,
                   "Redis may lose jobs when its machine ends: appendfsync is no, it should be always");
    return strcmp(found->append_only, "yes") == 0 && strcmp(found->fsync, "no") == 0;
}

static bool warn_of_eviction(const struct store_durability *found, char out[STORE_WARNING_SIZE])
{
    (void)snprintf(out, STORE_WARNING_SIZE,
                   "Redis may throw jobs away when its memory is full: maxmemory-policy is %s, it should "
                   "be noeviction",
                   found->eviction);
    return is_other(found->eviction, "noeviction");
}

/* Redis needs more than maxmemory: a rewrite of its file copies what changes meanwhile. */
static bool warn_of_memory(const struct store_durability *found, char out[STORE_WARNING_SIZE])
{
    int64_t most = found->memory / 4 * 3;
    (void)snprintf(
        out, STORE_WARNING_SIZE,
        "Redis may take more memory than there is: maxmemory is %lld, it should be from 1 to %lld, "
        "three quarters of its machine's",
        (long long)found->memory_max, (long long)most);
    return found->memory > 0 && (found->memory_max == 0 || found->memory_max > most);
}

static bool (*const WARNINGS[STORE_WARNINGS_MAX])(const struct store_durability *found,
                                                  char out[STORE_WARNING_SIZE]) = {
    warn_of_no_log, warn_of_no_sync, warn_of_eviction, warn_of_memory};

bool store_durability_warn(const struct store_durability *durability, size_t index, struct store_warning *out)
{
    size_t count = 0;
    for (size_t i = 0; i < STORE_WARNINGS_MAX; i++) {
        if (WARNINGS[i](durability, out->text) && count++ == index) {
            out->is_of_memory = WARNINGS[i] == warn_of_memory;
            return true;
        }
    }
    return false;
}

void store_durability_log_warnings(const struct store_durability *durability)
{
    struct store_warning warning;
    for (size_t i = 0; store_durability_warn(durability, i, &warning); i++) {
        if (warning.is_of_memory) {
            log_warn("redis may run out of memory", log_str("why", warning.text));
        } else {
            log_warn("redis may lose jobs", log_str("why", warning.text));
        }
    }
}

void store_durability_print_warnings(const struct store_durability *durability, struct buffer *out)
{
    struct store_warning warning;
    for (size_t i = 0; store_durability_warn(durability, i, &warning); i++) {
        buffer_printf(out, "warning: %s\n", warning.text);
    }
}

void store_durability_describe(char out[STORE_DURABILITY_SIZE], const struct store_durability *durability)
{
    bool is_hidden = durability->append_only[0] != '\0' && !durability->is_fsync_asked;
    const char *const facts[][2] = {{"appendonly", durability->append_only},
                                    {"appendfsync", is_hidden ? "not known to this user" : durability->fsync},
                                    {"maxmemory-policy", durability->eviction}};
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (facts[i][1][0] != '\0') {
            len += (size_t)snprintf(out + len, STORE_DURABILITY_SIZE - len, "%s%s %s", len > 0 ? ", " : "",
                                    facts[i][0], facts[i][1]);
        }
    }
    if (len == 0) {
        (void)snprintf(out, STORE_DURABILITY_SIZE, "unknown");
    }
}
