/* template: see template.h. Walks over the text once, from one "{{" to the next. */
#include "text/template.h"

#include <string.h>

#define NAME_SHOWN_MAX 64 /* bytes of an unknown name that a message repeats */

static const char *const names[TEMPLATE__COUNT] = {
    [TEMPLATE_JOB_ID] = "job_id",
    [TEMPLATE_EXECUTION_ID] = "execution_id",
    [TEMPLATE_SCHEDULED_TIME] = "scheduled_time",
    [TEMPLATE_SCHEDULED_TIME_UNIX] = "scheduled_time_unix",
    [TEMPLATE_ATTEMPT] = "attempt",
};

static bool is_alphanumeric(char c)
{
    char lower = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

static bool is_name_char(char c)
{
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
}

static size_t skip_spaces(struct slice text, size_t pos)
{
    while (pos < text.len && (text.data[pos] == ' ' || text.data[pos] == '\t')) {
        pos++;
    }
    return pos;
}

static bool has_pair(struct slice text, size_t pos, char c)
{
    return text.len >= 2 && pos <= text.len - 2 && text.data[pos] == c && text.data[pos + 1] == c;
}

/* The length of the template at the front of text (0: none), and its name. */
static size_t read_front(struct slice text, struct slice *name)
{
    if (!has_pair(text, 0, '{')) {
        return 0;
    }
    size_t begin = skip_spaces(text, 2);
    size_t end = begin;
    while (end < text.len && is_name_char(text.data[end])) {
        end++;
    }
    size_t close = skip_spaces(text, end);
    *name = (struct slice){text.data + begin, end - begin};
    return end > begin && has_pair(text, close, '}') ? close + 2 : 0;
}

size_t template_length(struct slice text)
{
    struct slice name;
    return read_front(text, &name);
}

/* Find the next template of text from *pos on: its position, length and name. Returns false if there is
 * none. */
static bool find_next(struct slice text, size_t *pos, size_t *len, struct slice *name)
{
    while (*pos < text.len) {
        const char *brace = memchr(text.data + *pos, '{', text.len - *pos);
        if (brace == NULL) {
            return false;
        }
        *pos = (size_t)(brace - text.data);
        *len = read_front((struct slice){brace, text.len - *pos}, name);
        if (*len > 0) {
            return true;
        }
        (*pos)++;
    }
    return false;
}

/* TEMPLATE__COUNT for an unknown name. */
static enum template_name find_name(struct slice name)
{
    unsigned i = 0;
    while (i < TEMPLATE__COUNT && !slice_eq(name, names[i])) {
        i++;
    }
    return (enum template_name)i;
}

bool template_any(struct slice text)
{
    size_t pos = 0;
    size_t len;
    struct slice name;
    return find_next(text, &pos, &len, &name);
}

enum err template_check(struct slice text, struct errinfo *info)
{
    size_t len;
    struct slice name;
    for (size_t pos = 0; find_next(text, &pos, &len, &name); pos += len) {
        if (find_name(name) == TEMPLATE__COUNT) {
            int shown = name.len < NAME_SHOWN_MAX ? (int)name.len : NAME_SHOWN_MAX;
            return err_set(info, ERR_INVALID,
                           "unknown template {{%.*s}}; there are job_id, execution_id, scheduled_time, "
                           "scheduled_time_unix, attempt",
                           shown, name.data);
        }
    }
    return ERR_OK;
}

static void add_percent_encoded(struct buffer *out, const char *value)
{
    for (const char *p = value; *p != '\0'; p++) {
        if (is_name_char(*p) || *p == '~') {
            buffer_add_char(out, *p);
        } else {
            buffer_printf(out, "%%%02X", (unsigned char)*p);
        }
    }
}

void template_expand(struct buffer *out, struct slice text, const struct template_values *values,
                     enum template_place place)
{
    size_t done = 0;
    size_t len;
    struct slice name;
    for (size_t pos = 0; find_next(text, &pos, &len, &name); pos += len) {
        enum template_name which = find_name(name);
        if (which == TEMPLATE__COUNT) {
            continue;
        }
        buffer_add(out, text.data + done, pos - done);
        if (place == TEMPLATE_IN_QUERY) {
            add_percent_encoded(out, values->of[which]);
        } else {
            buffer_add_str(out, values->of[which]);
        }
        done = pos + len;
    }
    buffer_add(out, text.data + done, text.len - done);
}
