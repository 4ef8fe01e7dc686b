/* json_scan: see json_scan.h. A state machine over tokens, with one function per state and no recursion.
 *
 * A step looks at the first byte of the next token, consumes the token, and chooses the next state. It
 * neither unescapes strings nor converts numbers, beyond checking that they fit.
 */
#include "text/json_scan.h"

#include "base/utf8.h"
#include "text/json.h"
#include "text/number.h"

#include <string.h>

/* What may come next. */
enum expect {
    EXPECT_VALUE,        /* any value */
    EXPECT_VALUE_OR_END, /* after '[': a value or ']' */
    EXPECT_KEY,          /* after ',' in an object: a name */
    EXPECT_KEY_OR_END,   /* after '{': a name or '}' */
    EXPECT_COLON,        /* after a name */
    EXPECT_COMMA_OR_END, /* after a value inside a container */
    EXPECT_NOTHING       /* after the outermost value */
};

struct scanner {
    const char *text;
    size_t len;
    size_t pos;
    enum expect expect;
    unsigned depth;            /* open containers */
    char open[JSON_DEPTH_MAX]; /* '{' or '[' for each of them */
    struct json_counts counts;
    json_sight_cb *cb; /* may be NULL */
    void *arg;
    struct errinfo *info;
};

/* The byte at pos; 0 after the end (a NUL inside the text is not a token either). */
static unsigned char peek(const struct scanner *s)
{
    return s->pos < s->len ? (unsigned char)s->text[s->pos] : 0;
}

/* Refuse what is at pos. */
static enum err refuse_token(const struct scanner *s, const char *what)
{
    const char *end = s->pos >= s->len ? ", but the text ends" : "";
    return err_set(s->info, ERR_INVALID, "character %zu: %s%s", s->pos + 1, what, end);
}

static void skip_space(struct scanner *s)
{
    while (s->pos < s->len && strchr(" \t\n\r", s->text[s->pos]) != NULL && s->text[s->pos] != '\0') {
        s->pos++;
    }
}

static enum err report(struct scanner *s, struct json_sight sight, size_t from)
{
    if (s->cb == NULL) {
        return ERR_OK;
    }
    sight.token = (struct slice){s->text + from, s->pos - from};
    sight.at = from + 1;
    sight.depth = s->depth;
    return s->cb(&sight, s->arg);
}

/* Four hex digits at pos. */
static bool take_hex4(struct scanner *s, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, s->pos++) {
        unsigned char c = peek(s);
        unsigned char lower = c | 0x20;
        if (c >= '0' && c <= '9') {
            *value = *value << 4 | (unsigned)(c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            *value = *value << 4 | (unsigned)(lower - 'a' + 10);
        } else {
            return false;
        }
    }
    return true;
}

/* What follows "\u", pos at the first digit. */
static enum err take_unicode_escape(struct scanner *s)
{
    unsigned unit;
    size_t start = s->pos - 2;
    if (!take_hex4(s, &unit)) {
        return refuse_token(s, "expected four hexadecimal digits behind \\u");
    }
    bool high = unit >= 0xD800 && unit <= 0xDBFF;
    bool paired = high && s->len - s->pos >= 6 && memcmp(s->text + s->pos, "\\u", 2) == 0;
    if (paired) {
        s->pos += 2;
        if (!take_hex4(s, &unit)) {
            return refuse_token(s, "expected four hexadecimal digits behind \\u");
        }
        paired = unit >= 0xDC00 && unit <= 0xDFFF;
    }
    if ((high && !paired) || (!high && unit >= 0xDC00 && unit <= 0xDFFF)) {
        return err_set(s->info, ERR_INVALID, "character %zu: half of a surrogate pair", start + 1);
    }
    if (unit == 0) {
        return err_set(s->info, ERR_INVALID, "character %zu: \\u0000 is not allowed", start + 1);
    }
    return ERR_OK;
}

/* An escape, pos at its backslash. */
static enum err take_escape(struct scanner *s)
{
    s->pos++;
    unsigned char c = peek(s);
    if (c == 0 || strchr("\"\\/bfnrtu", c) == NULL) {
        return refuse_token(s, "expected one of \" \\ / b f n r t u behind a backslash");
    }
    s->pos++;
    return c == 'u' ? take_unicode_escape(s) : ERR_OK;
}

/* A character of a string that is neither '"' nor an escape. */
static enum err take_character(struct scanner *s)
{
    if (s->pos >= s->len) {
        return refuse_token(s, "expected '\"' at the end of the string");
    }
    if (peek(s) == 0) {
        return refuse_token(s, "a NUL byte is not allowed");
    }
    if (peek(s) < 0x20) {
        return refuse_token(s, "a control character in a string must be escaped");
    }
    uint32_t code_point;
    size_t len = utf8_decode(s->text + s->pos, s->len - s->pos, &code_point);
    if (len == 0) {
        return refuse_token(s, "invalid UTF-8");
    }
    s->pos += len;
    return ERR_OK;
}

/* A string, pos at its opening quote. */
static enum err take_string(struct scanner *s)
{
    s->pos++;
    while (peek(s) != '"') {
        enum err err = peek(s) == '\\' ? take_escape(s) : take_character(s);
        if (err != ERR_OK) {
            return err;
        }
    }
    s->pos++;
    return ERR_OK;
}

static size_t skip_digits(struct scanner *s)
{
    size_t from = s->pos;
    while (peek(s) >= '0' && peek(s) <= '9') {
        s->pos++;
    }
    return s->pos - from;
}

/* ".5" and "e+5", each optional. *plain: neither is there. */
static enum err take_fraction_and_exponent(struct scanner *s, bool *plain)
{
    *plain = true;
    if (peek(s) == '.') {
        *plain = false;
        s->pos++;
        if (skip_digits(s) == 0) {
            return refuse_token(s, "expected a digit behind '.'");
        }
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        *plain = false;
        s->pos++;
        s->pos += peek(s) == '+' || peek(s) == '-';
        if (skip_digits(s) == 0) {
            return refuse_token(s, "expected a digit in the exponent");
        }
    }
    return ERR_OK;
}

/* A number that begins at from and ends at pos. plain: without fraction and exponent. */
static enum err look_at_number(struct scanner *s, size_t from, bool plain)
{
    struct json_sight sight = {.kind = JSON_SIGHT_ODD_NUMBER};
    enum number_kind kind = number_read((struct slice){s->text + from, s->pos - from}, &sight.value);
    sight.whole = kind == NUMBER_WHOLE;
    if (sight.whole == plain) {
        return ERR_OK;
    }
    s->counts.odd_numbers++;
    return report(s, sight, from);
}

/* A number, pos at '-' or its first digit. */
static enum err take_number(struct scanner *s)
{
    size_t from = s->pos;
    s->pos += peek(s) == '-';
    bool zero = peek(s) == '0';
    size_t digits = skip_digits(s);
    if (digits == 0) {
        return refuse_token(s, "expected a digit behind '-'");
    }
    if (zero && digits > 1) {
        return err_set(s->info, ERR_INVALID, "character %zu: a number must not start with 0", from + 1);
    }
    bool plain;
    enum err err = take_fraction_and_exponent(s, &plain);
    return err == ERR_OK ? look_at_number(s, from, plain) : err;
}

static enum err take_word(struct scanner *s, const char *word)
{
    size_t len = strlen(word);
    if (s->len - s->pos < len || memcmp(s->text + s->pos, word, len) != 0) {
        return refuse_token(s, "expected a value");
    }
    s->pos += len;
    return ERR_OK;
}

/* What may follow a complete value. */
static void end_value(struct scanner *s)
{
    s->expect = s->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static enum err open_container(struct scanner *s)
{
    if (s->depth == JSON_DEPTH_MAX) {
        return err_set(s->info, ERR_INVALID,
                       "character %zu: more than %d objects and arrays inside each other", s->pos + 1,
                       JSON_DEPTH_MAX);
    }
    char bracket = s->text[s->pos++];
    s->open[s->depth++] = bracket;
    s->expect = bracket == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
    return ERR_OK;
}

static enum err close_container(struct scanner *s)
{
    s->pos++;
    s->depth--;
    end_value(s);
    return ERR_OK;
}

static enum err step_value(struct scanner *s)
{
    unsigned char c = peek(s);
    enum err err;
    if (c == '{' || c == '[') {
        return open_container(s);
    }
    if (c == '"') {
        err = take_string(s);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        err = take_number(s);
    } else {
        err = take_word(s, c == 't' ? "true" : c == 'f' ? "false" : "null");
    }
    end_value(s);
    return err;
}

static enum err step_value_or_end(struct scanner *s)
{
    return peek(s) == ']' ? close_container(s) : step_value(s);
}

static enum err take_key(struct scanner *s, bool first)
{
    size_t from = s->pos;
    enum err err = take_string(s);
    if (err != ERR_OK) {
        return err;
    }
    s->counts.members++;
    s->expect = EXPECT_COLON;
    return report(s, (struct json_sight){.kind = JSON_SIGHT_KEY, .first = first}, from);
}

static enum err step_key(struct scanner *s)
{
    return peek(s) == '"' ? take_key(s, false) : refuse_token(s, "expected a name in double quotes");
}

static enum err step_key_or_end(struct scanner *s)
{
    if (peek(s) == '}') {
        return close_container(s);
    }
    return peek(s) == '"' ? take_key(s, true) : refuse_token(s, "expected a name in double quotes or '}'");
}

static enum err step_colon(struct scanner *s)
{
    if (peek(s) != ':') {
        return refuse_token(s, "expected ':'");
    }
    s->pos++;
    s->expect = EXPECT_VALUE;
    return ERR_OK;
}

static enum err step_comma_or_end(struct scanner *s)
{
    bool object = s->open[s->depth - 1] == '{';
    if (peek(s) == (object ? '}' : ']')) {
        return close_container(s);
    }
    if (peek(s) != ',') {
        return refuse_token(s, object ? "expected ',' or '}'" : "expected ',' or ']'");
    }
    s->pos++;
    s->expect = object ? EXPECT_KEY : EXPECT_VALUE;
    return ERR_OK;
}

static enum err step_nothing(struct scanner *s)
{
    return refuse_token(s, "expected nothing more behind the value");
}

static enum err scan(struct scanner *s)
{
    static enum err (*const STEPS[])(struct scanner *) = {
        [EXPECT_VALUE] = step_value,     [EXPECT_VALUE_OR_END] = step_value_or_end,
        [EXPECT_KEY] = step_key,         [EXPECT_KEY_OR_END] = step_key_or_end,
        [EXPECT_COLON] = step_colon,     [EXPECT_COMMA_OR_END] = step_comma_or_end,
        [EXPECT_NOTHING] = step_nothing,
    };
    for (;;) {
        skip_space(s);
        if (s->expect == EXPECT_NOTHING && s->pos == s->len) {
            return ERR_OK;
        }
        enum err err = STEPS[s->expect](s);
        if (err != ERR_OK) {
            return err;
        }
    }
}

enum err json_scan(struct slice text, struct json_counts *counts, struct errinfo *info)
{
    struct scanner s = {.text = text.data, .len = text.len, .info = info};
    *counts = (struct json_counts){0};
    if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0) {
        return refuse_token(&s, "a byte-order mark is not allowed");
    }
    enum err err = scan(&s);
    *counts = s.counts;
    return err;
}

enum err json_scan_sights(struct slice text, json_sight_cb *cb, void *arg)
{
    struct scanner s = {.text = text.data, .len = text.len, .cb = cb, .arg = arg};
    return scan(&s);
}
