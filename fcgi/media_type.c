/* media_type: reads type "/" subtype *( ";" name "=" ( token | quoted-string ) ) and looks at what matters
 * for JSON. */
#include "media_type.h"

#include "buffer.h"

#include <string.h>
#include <strings.h>

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t");
}

/* Take a token off *p; empty where there is none. */
static struct slice take_token(const char **p)
{
    struct slice token = {*p, 0};

    while (is_token_char(token.data[token.len])) {
        token.len++;
    }
    *p += token.len;
    return token;
}

static bool same(struct slice a, const char *text)
{
    return a.len == strlen(text) && strncasecmp(a.data, text, a.len) == 0;
}

/* Take a quoted string off *p, its quotes not included. A charset name has no escapes: they are only skipped.
 */
static bool take_quoted(const char **p, struct slice *value)
{
    const char *end = *p + 1;

    while (*end && *end != '"') {
        if (*end == '\\' && end[1]) {
            end++;
        }
        end++;
    }
    if (!*end) {
        return false;
    }
    *value = (struct slice){*p + 1, (size_t)(end - *p - 1)};
    *p = end + 1;
    return true;
}

static bool take_value(const char **p, struct slice *value)
{
    if (**p == '"') {
        return take_quoted(p, value);
    }
    *value = take_token(p);
    return value->len > 0;
}

/* Read one parameter, the ';' already taken. An empty one (";;", a trailing ";") is allowed by RFC 9110. */
static bool take_param(const char **p)
{
    struct slice name, value;

    *p = skip_space(*p);
    name = take_token(p);
    if (name.len == 0) {
        return **p == ';' || **p == '\0';
    }
    if (**p != '=') {
        return false;
    }
    ++*p;
    if (!take_value(p, &value)) {
        return false;
    }
    return !same(name, "charset") || same(value, "utf-8") || same(value, "utf8") || same(value, "us-ascii");
}

static bool is_json(struct slice type, struct slice subtype)
{
    if (same(type, "application") && same(subtype, "json")) {
        return true;
    }
    return type.len > 0 && subtype.len > 5 && strncasecmp(subtype.data + subtype.len - 5, "+json", 5) == 0;
}

static bool is_ndjson(struct slice type, struct slice subtype)
{
    return same(type, "application") &&
           (same(subtype, "x-ndjson") || same(subtype, "ndjson") || same(subtype, "jsonl"));
}

static bool is_of_kind(const char *text, bool (*fits)(struct slice type, struct slice subtype))
{
    const char *p = skip_space(text);
    struct slice type, subtype;

    type = take_token(&p);
    if (*p != '/') {
        return false;
    }
    p++;
    subtype = take_token(&p);
    if (!fits(type, subtype)) {
        return false;
    }
    for (p = skip_space(p); *p == ';'; p = skip_space(p)) {
        p++;
        if (!take_param(&p)) {
            return false;
        }
    }
    return *p == '\0';
}

bool media_type_is_json(const char *text)
{
    return is_of_kind(text, is_json);
}

bool media_type_is_ndjson(const char *text)
{
    return is_of_kind(text, is_ndjson);
}
