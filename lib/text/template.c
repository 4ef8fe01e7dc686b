/* template: see template.h. Walks over the text once, from one "{{" to the next. */
#include "text/template.h"

#include "text/base64.h"
#include "text/json.h"

#include <string.h>

#define NAME_SHOWN_MAX  64 /* bytes of an unknown name that a message repeats */
#define SECRET_NAME_MAX 64 /* bytes: as secret_name_is_valid has it */

static const char secret_prefix[] = "secret.";

enum form {
    FORM_PLAIN,
    FORM_JSON,   /* |json */
    FORM_BASE64, /* |base64 */
    FORM_UNKNOWN
};

/* A template that was found. */
struct found {
    size_t len;
    struct slice name; /* of a secret: with the prefix */
    bool is_secret;
    enum form form;
};

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

static bool begins_secret(struct slice name)
{
    size_t len = sizeof secret_prefix - 1;
    return name.len >= len && memcmp(name.data, secret_prefix, len) == 0;
}

/* Read what may stand behind the name of a secret, "|json" or "|base64", from *pos on. */
static enum form read_form(struct slice text, size_t *pos)
{
    size_t begin = skip_spaces(text, *pos);
    if (begin >= text.len || text.data[begin] != '|') {
        return FORM_PLAIN;
    }
    begin = skip_spaces(text, begin + 1);
    *pos = begin;
    while (*pos < text.len && is_alphanumeric(text.data[*pos])) {
        (*pos)++;
    }
    struct slice word = {text.data + begin, *pos - begin};
    return slice_eq(word, "json") ? FORM_JSON : slice_eq(word, "base64") ? FORM_BASE64 : FORM_UNKNOWN;
}

/* The template at the front of text; its length is 0 if there is none. */
static struct found read_front(struct slice text)
{
    struct found found = {0};
    if (!has_pair(text, 0, '{')) {
        return found;
    }
    size_t begin = skip_spaces(text, 2);
    size_t end = begin;
    while (end < text.len && is_name_char(text.data[end])) {
        end++;
    }
    found.name = (struct slice){text.data + begin, end - begin};
    found.is_secret = begins_secret(found.name);
    found.form = found.is_secret ? read_form(text, &end) : FORM_PLAIN;
    size_t close = skip_spaces(text, end);
    found.len = found.name.len > 0 && has_pair(text, close, '}') ? close + 2 : 0;
    return found;
}

size_t template_length(struct slice text)
{
    return read_front(text).len;
}

/* Find the next template of text from *pos on, and move *pos there. Returns false if there is none. */
static bool find_next(struct slice text, size_t *pos, struct found *found)
{
    while (*pos < text.len) {
        const char *brace = memchr(text.data + *pos, '{', text.len - *pos);
        if (brace == NULL) {
            return false;
        }
        *pos = (size_t)(brace - text.data);
        *found = read_front((struct slice){brace, text.len - *pos});
        if (found->len > 0) {
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

/* The name of a secret without the prefix. */
static struct slice secret_name(const struct found *found)
{
    size_t len = sizeof secret_prefix - 1;
    return (struct slice){found->name.data + len, found->name.len - len};
}

static bool is_good_secret(const struct found *found)
{
    size_t len = found->is_secret ? secret_name(found).len : 0;
    return len > 0 && len <= SECRET_NAME_MAX && found->form != FORM_UNKNOWN;
}

bool template_any(struct slice text)
{
    size_t pos = 0;
    struct found found;
    return find_next(text, &pos, &found);
}

size_t template_count_secrets(struct slice text)
{
    size_t count = 0;
    struct found found;
    for (size_t pos = 0; find_next(text, &pos, &found); pos += found.len) {
        count += is_good_secret(&found) ? 1 : 0;
    }
    return count;
}

static enum err refuse(const struct found *found, bool secrets, struct errinfo *info)
{
    int shown = found->name.len < NAME_SHOWN_MAX ? (int)found->name.len : NAME_SHOWN_MAX;
    const char *name = found->name.data;
    if (found->is_secret && !secrets) {
        return err_set(info, ERR_INVALID, "a URL cannot hold {{%.*s}}: secrets go into headers and the body",
                       shown, name);
    }
    if (found->is_secret) {
        return err_set(info, ERR_INVALID,
                       "{{%.*s}} is no secret: its name has 1 to 64 letters, digits, '_', '-' and '.', and "
                       "behind it may stand |json or |base64",
                       shown, name);
    }
    return err_set(info, ERR_INVALID,
                   "unknown template {{%.*s}}; there are job_id, execution_id, scheduled_time, "
                   "scheduled_time_unix, attempt%s",
                   shown, name, secrets ? ", secret.NAME" : "");
}

/* secrets: how many there are; NULL: there may be none. */
static enum err check(struct slice text, size_t *secrets, struct errinfo *info)
{
    struct found found;
    for (size_t pos = 0; find_next(text, &pos, &found); pos += found.len) {
        bool good = found.is_secret ? secrets != NULL && is_good_secret(&found)
                                    : find_name(found.name) < TEMPLATE__COUNT;
        if (!good) {
            return refuse(&found, secrets != NULL, info);
        }
        if (found.is_secret) {
            (*secrets)++;
        }
    }
    return ERR_OK;
}

enum err template_check(struct slice text, struct errinfo *info)
{
    return check(text, NULL, info);
}

enum err template_check_secrets(struct slice text, size_t *secrets, struct errinfo *info)
{
    return check(text, secrets, info);
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

static void add_secret(struct buffer *out, const struct found *found, const struct template_values *values)
{
    struct slice value;
    if (values->secret == NULL || !values->secret(values->arg, secret_name(found), &value)) {
        return;
    }
    if (found->form == FORM_JSON) {
        json_escape(out, value);
    } else if (found->form == FORM_BASE64) {
        base64_encode(out, value);
    } else {
        buffer_add(out, value.data, value.len);
    }
}

/* Append what found stands for. Returns false if it stands for itself. */
static bool add_value(struct buffer *out, const struct found *found, const struct template_values *values,
                      enum template_place place)
{
    if (found->is_secret) {
        if (place == TEMPLATE_IN_QUERY || !is_good_secret(found)) {
            return false;
        }
        add_secret(out, found, values);
        return true;
    }
    enum template_name which = find_name(found->name);
    if (which == TEMPLATE__COUNT) {
        return false;
    }
    if (place == TEMPLATE_IN_QUERY) {
        add_percent_encoded(out, values->of[which]);
    } else {
        buffer_add_str(out, values->of[which]);
    }
    return true;
}

void template_expand(struct buffer *out, struct slice text, const struct template_values *values,
                     enum template_place place)
{
    size_t done = 0;
    struct found found;
    for (size_t pos = 0; find_next(text, &pos, &found); pos += found.len) {
        buffer_add(out, text.data + done, pos - done);
        done = pos;
        if (add_value(out, &found, values, place)) {
            done += found.len;
        }
    }
    buffer_add(out, text.data + done, text.len - done);
}
