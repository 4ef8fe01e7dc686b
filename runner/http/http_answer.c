/* http_answer: see http_answer.h. */
#include "http/http_answer.h"

#include <string.h>
#include <strings.h>

#define KEEP_S_MAX 1000000 /* seconds; larger values count as this */
#define SCHEME_MAX 40      /* letters; libcurl takes a longer scheme for the beginning of a path */

static const char differing_lengths[] = "the answer tells two different lengths";
static const char bad_length[] = "the answer's Content-Length is not a length";
static const char bad_coding[] = "the answer has a transfer coding that was not asked for";
static const char length_and_coding[] = "the answer has a Content-Length and a Transfer-Encoding";
static const char old_coding[] = "the answer is HTTP/1.0 and has a Transfer-Encoding";
static const char bad_framing_field[] = "a field of the answer that frames its body is malformed";
static const char bad_version[] = "the answer is neither HTTP/1.1 nor HTTP/1.0";
static const char folded_location[] = "the Location of the redirect is folded";
static const char bad_line[] = "a line of the answer's headers has a NUL in it, or a CR";
static const char bad_status[] = "the answer's status is not a number of three digits";

static const struct name {
    const char *text;
    size_t len;
    enum http_field field;
} names[] = {
    {"Date", 4, HTTP_DATE},
    {"Content-Length", 14, HTTP_FIELD_LENGTH},
    {"Keep-Alive", 10, HTTP_KEEP_ALIVE},
    {"Location", 8, HTTP_FIELD_LOCATION},
    {"Connection", 10, HTTP_FIELD_CONNECTION},
    {"Transfer-Encoding", 17, HTTP_FIELD_CODING},
    {"Retry-After", 11, HTTP_RETRY_AFTER},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The text without spaces, tabs and line ends around it. */
static struct slice trim(const char *text, size_t len)
{
    while (len > 0 && is_blank(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && (is_blank(text[len - 1]) || text[len - 1] == '\r' || text[len - 1] == '\n')) {
        len--;
    }
    return (struct slice){text, len};
}

static bool is_word(struct slice text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.data, word, text.len) == 0;
}

/* Take the next element off the front of a list with commas. Returns false if there is none. */
static bool next_element(struct slice *list, struct slice *element)
{
    if (list->data == NULL) {
        return false;
    }
    const char *comma = memchr(list->data, ',', list->len);
    size_t len = comma != NULL ? (size_t)(comma - list->data) : list->len;
    *element = trim(list->data, len);
    *list = comma != NULL ? (struct slice){comma + 1, list->len - len - 1} : (struct slice){NULL, 0};
    return true;
}

static void suspect(struct http_answer *answer, const char *what)
{
    answer->suspect = answer->suspect != NULL ? answer->suspect : what;
}

/* ---- fields that frame the body ---- */

/* Returns false if it is not a number of bytes. */
static bool read_length(struct slice text, int64_t *length)
{
    *length = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]) || *length > (INT64_MAX - 9) / 10) {
            return false;
        }
        *length = *length * 10 + (text.data[i] - '0');
    }
    return text.len > 0;
}

/* The same length may occur more than once ("2, 2"). */
static void take_length(struct http_answer *answer, struct slice value)
{
    struct slice element;
    while (next_element(&value, &element)) {
        int64_t length;
        if (!read_length(element, &length)) {
            suspect(answer, bad_length);
        } else if (answer->has_length && answer->length != length) {
            suspect(answer, differing_lengths);
        }
        answer->length = length;
        answer->has_length = true;
    }
}

/* "identity" used to mean no coding. */
static void take_coding(struct http_answer *answer, struct slice value)
{
    struct slice element;
    while (next_element(&value, &element)) {
        if (element.len == 0 || is_word(element, "identity")) {
            continue;
        }
        if (answer->has_coding || !is_word(element, "chunked")) {
            suspect(answer, bad_coding);
        }
        answer->has_coding = true;
        answer->chunked = is_word(element, "chunked");
    }
}

static void take_connection(struct http_answer *answer, struct slice value)
{
    struct slice element;
    while (next_element(&value, &element)) {
        answer->closes = answer->closes || is_word(element, "close");
        answer->stays = answer->stays || is_word(element, "keep-alive");
    }
}

/* RFC 3986, 3.1 */
static bool is_of_scheme(char c)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '+' || c == '-' || c == '.';
}

static bool has_long_scheme(struct slice url)
{
    size_t len = 0;
    while (len < url.len && is_of_scheme(url.data[len])) {
        len++;
    }
    return len > SCHEME_MAX && len < url.len && url.data[len] == ':' && !is_digit(url.data[0]);
}

/* Check where the body ends, when all fields are known. */
static void judge_framing(struct http_answer *answer)
{
    bool bodiless =
        answer->headless || answer->status < 200 || answer->status == 204 || answer->status == 304;
    if (answer->has_coding && answer->has_length) {
        suspect(answer, length_and_coding);
    } else if (answer->has_coding && answer->is_old) {
        suspect(answer, old_coding);
    }
    if (bodiless) {
        answer->chunked = false;
    } else if (answer->fault == NULL) {
        answer->fault = answer->suspect;
    }
}

/* ---- lines ---- */

/* Append value to the kept one. */
static void keep_value(char out[HTTP_FIELD_SIZE], struct slice value)
{
    size_t len = strlen(out);
    size_t blank = len > 0 && value.len > 0 ? 1 : 0;
    if (len + blank + value.len >= HTTP_FIELD_SIZE) {
        out[0] = '\0';
        return;
    }
    memset(out + len, ' ', blank);
    memcpy(out + len + blank, value.data, value.len);
    out[len + blank + value.len] = '\0';
}

/* "HTTP/1.1 302 Found". Drops the fields of the answer before. */
static void take_status_line(struct http_answer *answer, const char *line, size_t len)
{
    *answer = (struct http_answer){.headless = answer->headless, .open = true, .last = HTTP_FIELD_OTHER};
    bool known = len >= 8 && (memcmp(line, "HTTP/1.1", 8) == 0 || memcmp(line, "HTTP/1.0", 8) == 0);
    struct slice rest = known ? trim(line + 8, len - 8) : (struct slice){line, 0};
    size_t digits = 0;
    while (digits < rest.len && is_digit(rest.data[digits]) && digits < 4) {
        answer->status = answer->status * 10 + (rest.data[digits++] - '0');
    }
    bool ends = digits == rest.len || is_blank(rest.data[digits]);
    answer->is_old = known && line[7] == '0';
    if (!known) {
        answer->fault = bad_version;
    } else if (digits != 3 || !ends) {
        answer->fault = bad_status;
        answer->status = 0;
    }
}

/* *is_loose: there is a space between the name and its colon, so libcurl does not recognise the field. */
static enum http_field field_of(const char *line, size_t len, const char **value, bool *is_loose)
{
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon != NULL ? (size_t)(colon - line) : 0;
    struct slice name = trim(line, name_len);
    *value = colon != NULL ? colon + 1 : line;
    *is_loose = name.len < name_len;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (name.len == names[i].len && strncasecmp(name.data, names[i].text, name.len) == 0) {
            return names[i].field;
        }
    }
    return HTTP_FIELD_OTHER;
}

static void take_field(struct http_answer *answer, const char *line, size_t len)
{
    bool is_loose;
    const char *value;
    answer->last = field_of(line, len, &value, &is_loose);
    struct slice trimmed = trim(value, len - (size_t)(value - line));
    bool frames = answer->last == HTTP_FIELD_LENGTH || answer->last == HTTP_FIELD_CODING;
    if (frames && is_loose) {
        suspect(answer, bad_framing_field);
    } else if (answer->last == HTTP_FIELD_LENGTH) {
        take_length(answer, trimmed);
    } else if (answer->last == HTTP_FIELD_CODING) {
        take_coding(answer, trimmed);
    } else if (answer->last == HTTP_FIELD_CONNECTION) {
        take_connection(answer, trimmed);
    } else if (answer->last == HTTP_FIELD_LOCATION) {
        answer->leads_nowhere = answer->leads_nowhere || has_long_scheme(trimmed);
    } else if (answer->last < HTTP_FIELD__COUNT) {
        answer->values[answer->last][0] = '\0'; /* the last field of that name counts */
        keep_value(answer->values[answer->last], trimmed);
    }
}

static void continue_field(struct http_answer *answer, const char *line, size_t len)
{
    if (answer->last == HTTP_FIELD_LENGTH || answer->last == HTTP_FIELD_CODING) {
        suspect(answer, bad_framing_field);
    } else if (answer->last == HTTP_FIELD_CONNECTION) {
        take_connection(answer, trim(line, len));
    } else if (answer->last == HTTP_FIELD_LOCATION) {
        answer->fault = http_answer_is_redirect(answer) ? folded_location : answer->fault;
    } else if (answer->last < HTTP_FIELD__COUNT) {
        keep_value(answer->values[answer->last], trim(line, len));
    }
}

/* A NUL, or a CR inside the line (RFC 9112, 2.2): for libcurl, the head may end there. */
static bool is_odd_line(const char *line, size_t len)
{
    const char *cr = memchr(line, '\r', len);
    size_t left = cr != NULL ? len - (size_t)(cr - line) : 0;
    return len == 0 || memchr(line, '\0', len) != NULL || (left > 1 && !(left == 2 && cr[1] == '\n'));
}

/* Trailers, outside a head, are ignored. */
static void begin(struct http_answer *answer, const char *line, size_t len)
{
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        take_status_line(answer, line, len);
    } else if (http_answer_is_awaited(answer)) {
        answer->fault = bad_version; /* libcurl takes "http/1.1 500" for a 200 */
        answer->status = 0;
    }
}

void http_answer_line(struct http_answer *answer, const char *line, size_t len)
{
    if (http_answer_is_awaited(answer) && is_odd_line(line, len)) {
        answer->fault = bad_line;
    } else if (!answer->open) {
        begin(answer, line, len);
    } else if (len > 0 && (line[0] == '\r' || line[0] == '\n')) {
        answer->open = false;
        answer->closes = answer->closes || (answer->is_old && !answer->stays);
        judge_framing(answer);
    } else if (len > 0 && is_blank(line[0])) {
        continue_field(answer, line, len);
    } else {
        take_field(answer, line, len);
    }
}

/* ---- questions ---- */

bool http_answer_is_redirect(const struct http_answer *answer)
{
    int status = answer->status;
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool http_answer_is_awaited(const struct http_answer *answer)
{
    return answer->open || answer->status < 200;
}

/* "timeout=5, max=100" */
int64_t http_answer_keeps_ms(const struct http_answer *answer)
{
    static const char name[] = "timeout=";
    struct slice list = {answer->values[HTTP_KEEP_ALIVE], strlen(answer->values[HTTP_KEEP_ALIVE])};
    struct slice element;
    int64_t seconds = -1;
    while (next_element(&list, &element)) {
        bool is_it = element.len > sizeof name - 1 && strncasecmp(element.data, name, sizeof name - 1) == 0;
        struct slice number = {element.data + sizeof name - 1, element.len - (sizeof name - 1)};
        if (is_it && !read_length(number, &seconds)) {
            seconds = -1;
        }
    }
    seconds = seconds < KEEP_S_MAX ? seconds : KEEP_S_MAX;
    return seconds >= 0 ? seconds * 1000 : -1;
}
