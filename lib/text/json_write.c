/* json_write: the writing part of json.h.
 *
 * Keeps one byte per open container, which shows whether a comma is due. Does not indent.
 */
#include "text/json.h"

#include "base/utf8.h"

#include <string.h>

/* The bits of json_writer.state. */
enum {
    IN_OBJECT = 1, /* an object, not an array (or the outermost level) */
    NOT_FIRST = 2, /* it has a value already */
    HAS_KEY = 4    /* in an object: a name was written and waits for its value */
};

#define STATE_COUNT (sizeof((struct json_writer *)NULL)->state)

static void misuse(struct json_writer *w)
{
    if (w->out->error == ERR_OK) {
        w->out->error = ERR_BUG;
    }
}

static unsigned char *state_of(struct json_writer *w)
{
    return &w->state[w->depth];
}

/* Write what must precede a value. Returns false if no value is allowed here. */
static bool begin_value(struct json_writer *w)
{
    unsigned char *state = state_of(w);
    bool in_object = (*state & IN_OBJECT) != 0;
    bool allowed = in_object ? (*state & HAS_KEY) != 0 : w->depth > 0 || (*state & NOT_FIRST) == 0;
    if (!allowed) {
        misuse(w);
        return false;
    }
    if (!in_object && (*state & NOT_FIRST) != 0) {
        buffer_add_char(w->out, ',');
    }
    *state = (unsigned char)((*state & ~HAS_KEY) | NOT_FIRST);
    return true;
}

static void begin_container(struct json_writer *w, char bracket, unsigned char state)
{
    if (w->depth + 1 >= STATE_COUNT) {
        misuse(w);
    } else if (begin_value(w)) {
        buffer_add_char(w->out, bracket);
        w->depth++;
        *state_of(w) = state;
    }
}

static void end_container(struct json_writer *w, char bracket, unsigned char kind)
{
    unsigned char state = *state_of(w);
    if (w->depth == 0 || (state & IN_OBJECT) != kind || (state & HAS_KEY) != 0) {
        misuse(w);
        return;
    }
    w->depth--;
    buffer_add_char(w->out, bracket);
}

void json_begin(struct json_writer *w, struct buffer *out)
{
    *w = (struct json_writer){.out = out};
}

void json_object_begin(struct json_writer *w)
{
    begin_container(w, '{', IN_OBJECT);
}

void json_object_end(struct json_writer *w)
{
    end_container(w, '}', IN_OBJECT);
}

void json_array_begin(struct json_writer *w)
{
    begin_container(w, '[', 0);
}

void json_array_end(struct json_writer *w)
{
    end_container(w, ']', 0);
}

static void add_quoted(struct buffer *out, struct slice text)
{
    buffer_add_char(out, '"');
    json_escape(out, text);
    buffer_add_char(out, '"');
}

void json_key(struct json_writer *w, const char *name)
{
    unsigned char *state = state_of(w);
    if ((*state & (IN_OBJECT | HAS_KEY)) != IN_OBJECT) {
        misuse(w);
        return;
    }
    if ((*state & NOT_FIRST) != 0) {
        buffer_add_char(w->out, ',');
    }
    *state |= HAS_KEY | NOT_FIRST;
    add_quoted(w->out, slice_of(name));
    buffer_add_char(w->out, ':');
}

void json_put_str(struct json_writer *w, const char *text)
{
    json_put_bytes(w, slice_of(text));
}

void json_put_bytes(struct json_writer *w, struct slice text)
{
    if (text.data == NULL) {
        json_put_null(w);
    } else if (begin_value(w)) {
        add_quoted(w->out, text);
    }
}

void json_put_i64(struct json_writer *w, int64_t value)
{
    if (begin_value(w)) {
        buffer_add_i64(w->out, value);
    }
}

static void put_word(struct json_writer *w, const char *word)
{
    if (begin_value(w)) {
        buffer_add_str(w->out, word);
    }
}

void json_put_bool(struct json_writer *w, bool value)
{
    put_word(w, value ? "true" : "false");
}

void json_put_null(struct json_writer *w)
{
    put_word(w, "null");
}

void json_put_raw(struct json_writer *w, struct slice text)
{
    if (begin_value(w)) {
        buffer_add(w->out, text.data, text.len);
    }
}

static bool is_plain_ascii(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The same of eight bytes at once: in each of them, a subtraction reaches the highest bit just where the byte
 * itself, or its difference to a quote or a backslash, is too small. */
static bool are_plain_ascii(const char bytes[8])
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    uint64_t control = word - each * 0x20;
    uint64_t quote = (word ^ each * '"') - each;
    uint64_t backslash = (word ^ each * '\\') - each;
    return ((word | control | quote | backslash) & each * 0x80) == 0;
}

/* The number of bytes at the front that need no escaping: a run of ASCII, or one other character. 0: the
 * first byte must be escaped. */
static size_t plain_bytes(struct slice text)
{
    size_t len = 0;
    while (text.len - len >= 8 && are_plain_ascii(text.data + len)) {
        len += 8;
    }
    while (len < text.len && is_plain_ascii((unsigned char)text.data[len])) {
        len++;
    }
    if (len > 0 || (unsigned char)text.data[0] < 0x80) {
        return len;
    }
    uint32_t code_point;
    return utf8_decode(text.data, text.len, &code_point);
}

static void add_escaped_byte(struct buffer *out, unsigned char c)
{
    static const char LETTERS[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};
    static const char HEX[] = "0123456789abcdef";
    if (c >= 0x80) {
        buffer_add_str(out, "\xEF\xBF\xBD"); /* U+FFFD */
    } else if (c < sizeof LETTERS && LETTERS[c] != '\0') {
        buffer_add(out, (const char[]){'\\', LETTERS[c]}, 2);
    } else {
        buffer_add(out, (const char[]){'\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 0xF]}, 6);
    }
}

void json_escape(struct buffer *out, struct slice text)
{
    size_t from = 0; /* of the run of plain characters that ends at pos */
    size_t pos = 0;
    while (pos < text.len) {
        size_t plain = plain_bytes((struct slice){text.data + pos, text.len - pos});
        if (plain > 0) {
            pos += plain;
            continue;
        }
        buffer_add(out, text.data + from, pos - from);
        add_escaped_byte(out, (unsigned char)text.data[pos]);
        from = ++pos;
    }
    if (pos > from) {
        buffer_add(out, text.data + from, pos - from);
    }
}

void json_member_str(struct json_writer *w, const char *key, const char *value)
{
    json_key(w, key);
    json_put_str(w, value);
}

void json_member_i64(struct json_writer *w, const char *key, int64_t value)
{
    json_key(w, key);
    json_put_i64(w, value);
}

void json_member_time(struct json_writer *w, const char *key, struct wall_ms at)
{
    char text[CLOCK_RFC3339_SIZE];
    (void)clock_format_rfc3339(text, at);
    json_member_str(w, key, text);
}
