/* cron_span: pieces of a text, and the classes of ASCII, independent of the locale. Not for users of
 * cron.h. */
#ifndef DRONC_CRON_SPAN_H
#define DRONC_CRON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A piece of the text being parsed. Borrowed. */
struct cron_span {
    const char *at;
    size_t len; /* bytes */
};

static inline bool cron_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char cron_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static inline bool cron_is_alpha(char c)
{
    return cron_upper(c) >= 'A' && cron_upper(c) <= 'Z';
}

static inline bool cron_is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* True if there are bytes and all pass the test. */
static inline bool cron_span_all(struct cron_span text, bool (*test)(char))
{
    for (size_t i = 0; i < text.len; i++) {
        if (!test(text.at[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/* The index of c; the length if there is none. */
static inline size_t cron_span_find(struct cron_span text, char c)
{
    size_t at = 0;

    while (at < text.len && text.at[at] != c) {
        at++;
    }
    return at;
}

/* Bytes from (inclusive) to to (exclusive). */
static inline struct cron_span cron_span_slice(struct cron_span text, size_t from, size_t to)
{
    return (struct cron_span){text.at + from, to - from};
}

/* True if the text begins with the prefix; case counts. */
static inline bool cron_span_begins(struct cron_span text, const char *prefix)
{
    const size_t len = strlen(prefix);

    return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

/* True if the text is this word in any case. The word is in upper case. */
static inline bool cron_span_is(struct cron_span text, const char *word)
{
    if (text.len != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (cron_upper(text.at[i]) != word[i]) {
            return false;
        }
    }
    return true;
}

/* Cut the first token off a text, and the spaces around it. The token is empty if there is none. */
static inline struct cron_span cron_span_token(struct cron_span *text)
{
    size_t from = 0;
    size_t to = 0;

    while (from < text->len && cron_is_space(text->at[from])) {
        from++;
    }
    to = from;
    while (to < text->len && !cron_is_space(text->at[to])) {
        to++;
    }
    struct cron_span token = cron_span_slice(*text, from, to);
    while (to < text->len && cron_is_space(text->at[to])) {
        to++;
    }
    *text = cron_span_slice(*text, to, text->len);
    return token;
}

/* The number, or 10000 for anything larger. The text is all digits. */
static inline unsigned cron_span_number(struct cron_span digits)
{
    unsigned value = 0;

    for (size_t i = 0; i < digits.len && value < 10000; i++) {
        value = value * 10 + (unsigned)(digits.at[i] - '0');
    }
    return value < 10000 ? value : 10000;
}

/* The number of bytes of a piece that a message shows. */
static inline int cron_span_shown(struct cron_span text)
{
    return text.len < 24 ? (int)text.len : 24;
}

#endif
