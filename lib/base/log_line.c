/* log_line: see log_line.h.
 *
 * Writes into the caller's memory, and stays inside by cutting values, never the line: it begins a field only
 * if there is room for what must follow. Does no I/O and allocates nothing.
 */
#include "base/log_line.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define EVENT_COLUMNS 24
#define EVENT_MAX     256 /* bytes of an event after escaping */
#define TAIL_MAX      32  /* reserved for `,"left_out":<count>}` and the newline */
#define ELLIPSIS      "…"
#define ELLIPSIS_LEN  (sizeof ELLIPSIS - 1)
#define ESCAPED_MAX   6 /* the most bytes that one character takes */

/* The line so far. left_out: the number of fields without room. */
struct line {
    char *out;
    size_t len;
    enum log_format format;
    unsigned left_out;
};

/* Characters that a terminal obeys, or that make a line look different from what it is: the controls of both
 * kinds, line and paragraph separators, and the marks that change the direction of writing. */
static bool is_unsafe(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x061C ||
           code_point == 0x200E || code_point == 0x200F || (code_point >= 0x2028 && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xFEFF;
}

/* The letter of a two-character escape; 0 if there is none. */
static char short_escape(uint32_t code_point, enum log_escape style)
{
    switch (code_point) {
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '"':
        return style == LOG_ESCAPE_BARE ? '\0' : '"';
    case '\\':
        return style == LOG_ESCAPE_BARE ? '\0' : '\\';
    default:
        return '\0';
    }
}

static size_t put_hex(char *out, char letter, unsigned digits, uint32_t value)
{
    out[0] = '\\';
    out[1] = letter;
    for (unsigned i = 0; i < digits; i++) {
        out[2 + i] = "0123456789abcdef"[value >> 4 * (digits - 1 - i) & 0xF];
    }
    return 2 + digits;
}

/* Write the character that text starts with, escaped if needed. *taken: its bytes in text. */
static size_t escape_character(char out[ESCAPED_MAX], struct slice text, enum log_escape style, size_t *taken)
{
    uint32_t code_point = 0;
    size_t len = utf8_decode(text.data, text.len, &code_point);
    *taken = len > 0 ? len : 1;
    if (len == 0) {
        return style == LOG_ESCAPE_JSON ? put_hex(out, 'u', 4, 0xFFFD)
                                        : put_hex(out, 'x', 2, (unsigned char)text.data[0]);
    }
    char letter = short_escape(code_point, style);
    if (letter != '\0') {
        out[0] = '\\';
        out[1] = letter;
        return 2;
    }
    if (is_unsafe(code_point)) {
        return style != LOG_ESCAPE_JSON && code_point < 0x80 ? put_hex(out, 'x', 2, code_point)
                                                             : put_hex(out, 'u', 4, code_point);
    }
    memcpy(out, text.data, len);
    return len;
}

/* The number of bytes at the front that need no escaping in any style: the fast path for ordinary texts. */
static size_t plain_prefix(struct slice text)
{
    size_t pos = 0;
    while (pos < text.len && text.data[pos] >= ' ' && text.data[pos] < 0x7F && text.data[pos] != '"' &&
           text.data[pos] != '\\') {
        pos++;
    }
    return pos;
}

size_t log_escape(char *out, size_t size, struct slice text, enum log_escape style)
{
    size_t plain = plain_prefix(text);
    if (plain == text.len && plain <= size) {
        if (plain > 0) {
            memcpy(out, text.data, plain);
        }
        return plain;
    }
    size_t len = 0;
    size_t cut = 0; /* the place of an ellipsis: after the last character that leaves room for it */
    for (size_t pos = 0; pos < text.len;) {
        char escaped[ESCAPED_MAX];
        size_t taken;
        size_t add =
            escape_character(escaped, (struct slice){text.data + pos, text.len - pos}, style, &taken);
        if (add > size - len) {
            if (size < ELLIPSIS_LEN) {
                return 0;
            }
            memcpy(out + cut, ELLIPSIS, ELLIPSIS_LEN);
            return cut + ELLIPSIS_LEN;
        }
        memcpy(out + len, escaped, add);
        len += add;
        pos += taken;
        if (len + ELLIPSIS_LEN <= size) {
            cut = len;
        }
    }
    return len;
}

/* Text lines only. True if the value needs quotes so that it can be read back. */
static bool needs_quotes(struct slice text)
{
    size_t plain = plain_prefix(text);
    if (plain > 0 && memchr(text.data, ' ', plain) != NULL) {
        return true;
    }
    for (size_t pos = plain; pos < text.len;) {
        char escaped[ESCAPED_MAX];
        size_t taken;
        struct slice rest = {text.data + pos, text.len - pos};
        size_t len = escape_character(escaped, rest, LOG_ESCAPE_BARE, &taken);
        if (len != taken || text.data[pos] == ' ' || text.data[pos] == '"') {
            return true;
        }
        pos += taken;
    }
    return text.len == 0;
}

static void put(struct line *line, const char *text, size_t len)
{
    memcpy(line->out + line->len, text, len);
    line->len += len;
}

static void put_str(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static size_t room(const struct line *line)
{
    return LOG_LINE_MAX - TAIL_MAX - line->len;
}

/* A field's value before escaping. Numbers and booleans are words that are never quoted. */
struct value {
    struct slice text;
    bool quoted;
    char digits[I64_DIGITS];
};

static void value_of(struct value *value, const struct log_field *field, enum log_format format)
{
    value->quoted = false;
    if (field->kind == LOG_FIELD_STR) {
        value->text = (struct slice){field->str, field->len};
        value->quoted = format == LOG_JSON || needs_quotes(value->text);
    } else if (field->kind == LOG_FIELD_BOOL) {
        value->text = slice_of(field->i64 != 0 ? "true" : "false");
    } else {
        size_t len = i64_format(value->digits, field->i64);
        value->text = (struct slice){value->digits, len};
    }
}

static void put_value(struct line *line, const struct value *value)
{
    size_t size = room(line) - (value->quoted ? 2 : 0);
    if (value->quoted) {
        put(line, "\"", 1);
    }
    enum log_escape style = line->format == LOG_JSON ? LOG_ESCAPE_JSON
                            : value->quoted          ? LOG_ESCAPE_QUOTED
                                                     : LOG_ESCAPE_BARE;
    line->len +=
        log_escape(line->out + line->len, size < LOG_VALUE_MAX ? size : LOG_VALUE_MAX, value->text, style);
    if (value->quoted) {
        put(line, "\"", 1);
    }
}

/* True if there is room for the key and for the part of the value that cannot be cut. */
static bool has_room(const struct line *line, const struct log_field *field, const struct value *value)
{
    size_t least = field->kind == LOG_FIELD_STR ? ELLIPSIS_LEN + 2 : value->text.len;
    return strlen(field->key) + sizeof ",\"\":" - 1 + least <= room(line);
}

static void put_field(struct line *line, const struct log_field *field)
{
    if (field->kind == LOG_FIELD_STR && field->str == NULL) {
        return;
    }
    struct value value;
    value_of(&value, field, line->format);
    if (!has_room(line, field, &value)) {
        line->left_out++;
        return;
    }
    put_str(line, line->format == LOG_JSON ? ",\"" : " ");
    put_str(line, field->key);
    put_str(line, line->format == LOG_JSON ? "\":" : "=");
    put_value(line, &value);
}

static void put_event(struct line *line, const char *event, enum log_escape style)
{
    line->len += log_escape(line->out + line->len, EVENT_MAX, slice_of(event), style);
}

static void begin_json(struct line *line, const struct log_head *head)
{
    put_str(line, "{\"time\":\"");
    line->len += clock_format_rfc3339_ms(line->out + line->len, head->time);
    put_str(line, "\",\"level\":\"");
    put_str(line, log_level_name(head->level));
    put_str(line, "\",\"event\":\"");
    put_event(line, head->event, LOG_ESCAPE_JSON);
    put_str(line, "\"");
    if (head->program != NULL) {
        put_field(line,
                  &(struct log_field){.key = "program", .str = head->program, .len = strlen(head->program)});
    }
}

static void pad(struct line *line, size_t from, size_t columns)
{
    while (line->len - from < columns) {
        put(line, " ", 1);
    }
}

static void begin_text(struct line *line, const struct log_head *head, bool has_fields)
{
    static const struct {
        const char *word, *colour;
    } LEVELS[LOG_LEVEL__COUNT] = {
        [LOG_DEBUG] = {"DEBUG", "\x1b[2m"},
        [LOG_INFO] = {"INFO ", "\x1b[32m"},
        [LOG_WARN] = {"WARN ", "\x1b[33m"},
        [LOG_ERROR] = {"ERROR", "\x1b[31m"},
    };
    size_t time_len = clock_format_rfc3339_ms(line->out, head->time);
    line->out[sizeof "2026-03-08" - 1] = ' ';
    line->len = time_len - 1; /* without the Z */
    put(line, " ", 1);
    put_str(line, head->colour ? LEVELS[head->level].colour : "");
    put_str(line, LEVELS[head->level].word);
    put_str(line, head->colour ? "\x1b[0m \x1b[1m" : " ");
    size_t event_at = line->len;
    put_event(line, head->event, LOG_ESCAPE_BARE);
    size_t event_len = line->len - event_at;
    put_str(line, head->colour ? "\x1b[0m" : "");
    if (has_fields) {
        pad(line, line->len - event_len, EVENT_COLUMNS);
    }
}

/* If all fields are absent, the padding in front of them has to go. */
static void trim(struct line *line)
{
    while (line->out[line->len - 1] == ' ') {
        line->len--;
    }
}

size_t log_line_format(char out[LOG_LINE_MAX], const struct log_head *head, const struct log_field *fields,
                       size_t count)
{
    struct line line = {.out = out, .format = head->format};
    if (head->format == LOG_JSON) {
        begin_json(&line, head);
    } else {
        begin_text(&line, head, count > 0);
    }
    for (size_t i = 0; i < count; i++) {
        put_field(&line, &fields[i]);
    }
    if (line.left_out > 0) {
        int len = snprintf(out + line.len, TAIL_MAX - 2,
                           head->format == LOG_JSON ? ",\"left_out\":%u" : " left_out=%u", line.left_out);
        line.len += (size_t)len;
    }
    trim(&line);
    put_str(&line, head->format == LOG_JSON ? "}\n" : "\n");
    return line.len;
}
