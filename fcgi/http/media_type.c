/* media_type: parses type "/" subtype *( ";" name "=" ( token | quoted-string ) ), or a list of those, as far
 * as JSON needs it. */
#include "http/media_type.h"

#include "base/buffer.h"

#include <string.h>
#include <strings.h>

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t");
}

/* Take a token off *p; it is empty if there is none. */
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

/* Take a quoted string off *p, without its quotes. Skips escapes, which no name of a charset has. */
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

/* Read one parameter, after its ';'. RFC 9110 allows an empty one (";;", a trailing ";"): its name and value
 * are empty, too. */
static bool take_param(const char **p, struct slice *name, struct slice *value)
{
    *p = skip_space(*p);
    *name = take_token(p);
    *value = (struct slice){*p, 0};
    if (name->len == 0) {
        return **p == ';' || **p == ',' || **p == '\0';
    }
    if (**p != '=') {
        return false;
    }
    ++*p;
    return take_value(p, value);
}

static bool is_utf8(struct slice charset)
{
    return same(charset, "utf-8") || same(charset, "utf8") || same(charset, "us-ascii");
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

    struct slice type = take_token(&p);
    if (*p != '/') {
        return false;
    }
    p++;
    struct slice subtype = take_token(&p);
    if (!fits(type, subtype)) {
        return false;
    }
    for (p = skip_space(p); *p == ';'; p = skip_space(p)) {
        struct slice name;
        struct slice value;
        p++;
        if (!take_param(&p, &name, &value) || (same(name, "charset") && !is_utf8(value))) {
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

bool media_type_is_uncoded(const char *codings)
{
    for (const char *p = codings + strspn(codings, " \t,"); *p != '\0'; p += strspn(p, " \t,")) {
        if (!same(take_token(&p), "identity") || (*skip_space(p) != ',' && *skip_space(p) != '\0')) {
            return false;
        }
    }
    return true;
}

/* ---- Accept ---- */

/* The weight of each of the two forms, in thousandths. */
struct wish {
    int problem;
    int json;
    int json_rank; /* of the range that json was taken from: a more specific range wins */
};

/* Returns a weight ("1", "0.5", "0.333") in thousandths; -1: it is malformed. */
static int parse_weight(struct slice text)
{
    int weight = text.len > 0 && (text.data[0] == '0' || text.data[0] == '1') ? text.data[0] - '0' : -1;

    if (weight < 0 || text.len > 5 || (text.len > 1 && text.data[1] != '.')) {
        return -1;
    }
    for (size_t i = 2; i < 5; i++) {
        char c = i < text.len ? text.data[i] : '0';
        if (c < '0' || c > '9') {
            return -1;
        }
        weight = weight * 10 + (c - '0');
    }
    return weight <= 1000 ? weight : -1;
}

static void take_range(struct wish *wish, struct slice type, struct slice subtype, int weight)
{
    bool any = same(type, "*") && same(subtype, "*");
    bool application = same(type, "application");
    int rank = any ? 1 : application && same(subtype, "*") ? 2 : application && same(subtype, "json") ? 3 : 0;

    if (application && same(subtype, "problem+json") && weight > wish->problem) {
        wish->problem = weight;
    }
    if (rank > wish->json_rank || (rank > 0 && rank == wish->json_rank && weight > wish->json)) {
        wish->json_rank = rank;
        wish->json = weight;
    }
}

/* Take one media range off *p, with its parameters. Returns false if it is malformed. */
static bool read_range(struct wish *wish, const char **p)
{
    struct slice name;
    struct slice value;
    int weight = 1000;

    struct slice type = take_token(p);
    if (**p != '/') {
        return false;
    }
    ++*p;
    struct slice subtype = take_token(p);
    for (*p = skip_space(*p); **p == ';'; *p = skip_space(*p)) {
        ++*p;
        if (!take_param(p, &name, &value)) {
            return false;
        }
        weight = same(name, "q") ? parse_weight(value) : weight;
    }
    if (type.len == 0 || subtype.len == 0 || weight < 0) {
        return false;
    }
    take_range(wish, type, subtype, weight);
    return true;
}

bool media_type_wants_problem(const char *accept)
{
    struct wish wish = {0};

    for (const char *p = accept + strspn(accept, " \t,"); *p != '\0'; p += strspn(p, " \t,")) {
        if (!read_range(&wish, &p) || (*p != ',' && *p != '\0')) {
            return false;
        }
    }
    return wish.problem > 0 && wish.problem >= wish.json;
}
