/* The head of an answer: what frames its body, and the fields that we heed. */
#include "http/http_answer.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

/* Read all lines of text, line by line as libcurl hands them out. */
static struct http_answer read_head(const char *text, bool headless)
{
    struct http_answer answer = {.headless = headless};
    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        size_t len = end != NULL ? (size_t)(end - text) + 1 : strlen(text);
        http_answer_line(&answer, text, len);
        text += len;
    }
    return answer;
}

static void assert_fault(const char *text, const char *part)
{
    const char *fault = read_head(text, false).fault;
    if ((fault != NULL) != (part != NULL) || (part != NULL && strstr(fault, part) == NULL)) {
        fail_msg("%s: %s", text, fault != NULL ? fault : "no fault");
    }
}

#define OK_WITH(fields) "HTTP/1.1 200 OK\r\n" fields "\r\n"
#define LENGTH(value)   OK_WITH("Content-Length: " value "\r\n")
#define CODING(value)   OK_WITH("Transfer-Encoding: " value "\r\n")

TEST(http_answer_lengths_must_be_one_length)
{
    assert_fault(LENGTH("2"), NULL);
    assert_fault(LENGTH("2, 2,2"), NULL);
    assert_fault(LENGTH("0002"), NULL);
    assert_fault(LENGTH("2\r\nContent-Length: 2"), NULL);
    assert_fault(LENGTH("4611686018427387904"), NULL);
    assert_fault(OK_WITH(""), NULL);
    assert_fault(LENGTH("2\r\nContent-Length: 7"), "two different lengths");
    assert_fault(LENGTH("2, 7"), "two different lengths");
    static const char *const bad[] = {LENGTH("18446744073709551616"),
                                      LENGTH("9223372036854775808"),
                                      LENGTH("-1"),
                                      LENGTH("+2"),
                                      LENGTH("2x"),
                                      LENGTH("2\x18"),
                                      LENGTH("0x2"),
                                      LENGTH("2 2"),
                                      LENGTH("2.0"),
                                      LENGTH(""),
                                      LENGTH("2,"),
                                      LENGTH("\"2\"")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fault(bad[i], "not a length");
    }
}

TEST(http_answer_takes_no_coding_but_chunked)
{
    assert_fault(CODING("chunked"), NULL);
    assert_fault(CODING("Chunked ,"), NULL);
    assert_fault(CODING("identity"), NULL);
    assert_fault(OK_WITH("Transfer-Encoding: identity\r\nContent-Length: 2\r\n"), NULL);
    static const char *const bad[] = {CODING("gzip"),
                                      CODING("gzip, chunked"),
                                      CODING("chunked, gzip"),
                                      CODING("chunked,chunked"),
                                      CODING("chunked;q=1"),
                                      CODING("xchunked"),
                                      CODING("chunked\r\nTransfer-Encoding: chunked")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fault(bad[i], "transfer coding");
    }
    assert_true(read_head(CODING("chunked"), false).chunked);
    assert_false(read_head(CODING("identity"), false).chunked);
}

TEST(http_answer_length_and_coding_exclude_each_other)
{
    assert_fault(OK_WITH("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "Content-Length and");
    assert_fault(OK_WITH("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "Content-Length and");
    assert_fault("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0");
}

/* libcurl knows neither of these as what they are. */
TEST(http_answer_framing_fields_must_be_plain)
{
    assert_fault(OK_WITH("Content-Length : 2\r\n"), "malformed");
    assert_fault(OK_WITH("Transfer-Encoding\t: chunked\r\n"), "malformed");
    assert_fault(OK_WITH("Transfer-Encoding:\r\n chunked\r\n"), "malformed");
    assert_fault(OK_WITH("Content-Length: 1\r\n 2\r\n"), "malformed");
}

/* Nothing needs framing that is not there. */
TEST(http_answer_without_a_body_needs_no_framing)
{
    assert_fault("HTTP/1.1 204 X\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", NULL);
    assert_fault("HTTP/1.1 304 X\r\nTransfer-Encoding: gzip\r\n\r\n", NULL);
    assert_fault("HTTP/1.1 103 X\r\nContent-Length: x\r\n\r\n" OK_WITH("Content-Length: 2\r\n"), NULL);
    assert_null(read_head(LENGTH("2, 7"), true).fault);
    assert_false(read_head(CODING("chunked"), true).chunked);
}

TEST(http_answer_status_line)
{
    assert_fault("HTTP/1.1 200 OK\r\n\r\n", NULL);
    assert_fault("HTTP/1.1 200\r\n\r\n", NULL);
    assert_fault("HTTP/1.0 999 X\n\n", NULL);
    assert_fault("HTTP/2 200 OK\r\n\r\n", "neither");
    assert_fault("HTTP/1.2 200 OK\r\n\r\n", "neither");
    assert_fault("HTTP/1.1 2000 OK\r\n\r\n", "three digits");
    assert_fault("HTTP/1.1 20 OK\r\n\r\n", "three digits");
    assert_fault("HTTP/1.1 20x OK\r\n\r\n", "three digits");
    assert_fault("HTTP/1.1\r\n\r\n", "three digits");
    assert_int_equal(read_head("HTTP/1.1 302 X\r\n\r\n", false).status, 302);
}

TEST(http_answer_redirects_are_five)
{
    for (int status = 100; status <= 999; status++) {
        const struct http_answer answer = {.status = status};
        bool is_one = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        assert_int_equal(http_answer_is_redirect(&answer), is_one);
    }
}

static void assert_value(const char *text, enum http_field field, const char *value)
{
    const struct http_answer answer = read_head(text, false);
    assert_string_equal(answer.values[field], value);
}

TEST(http_answer_keeps_values)
{
    assert_value(OK_WITH("Retry-After: 5\r\n"), HTTP_RETRY_AFTER, "5");
    assert_value(OK_WITH("retry-after:  5  \r\n"), HTTP_RETRY_AFTER, "5");
    assert_value(OK_WITH("Retry-After: 5\r\nRetry-After: 6\r\n"), HTTP_RETRY_AFTER, "6");
    assert_value(OK_WITH("X-Retry-After: 5\r\n"), HTTP_RETRY_AFTER, "");
    assert_value(OK_WITH("Retry-After: 5\r\n") OK_WITH(""), HTTP_RETRY_AFTER, "");
    assert_value(OK_WITH("") "Retry-After: 5\r\n", HTTP_RETRY_AFTER, ""); /* a trailer */
    assert_value(OK_WITH("Retry-After: 12345678901234567890123456789012345678901234567890\r\n"),
                 HTTP_RETRY_AFTER, "");
}

TEST(http_answer_unfolds_values)
{
    assert_value(OK_WITH("Retry-After:\r\n 5\r\n"), HTTP_RETRY_AFTER, "5");
    assert_value(OK_WITH("Retry-After: \r\n\t 5 \r\nX: y\r\n z\r\n"), HTTP_RETRY_AFTER, "5");
    assert_value(OK_WITH("Date: Sun, 08 Mar 2026\r\n  07:00:00 GMT\r\n"), HTTP_DATE,
                 "Sun, 08 Mar 2026 07:00:00 GMT");
    assert_value(OK_WITH("X: y\r\n Retry-After: 5\r\n"), HTTP_RETRY_AFTER, "");
    assert_value(OK_WITH(" Retry-After: 5\r\n"), HTTP_RETRY_AFTER, "");
}

TEST(http_answer_tells_how_long_connections_are_kept)
{
    static const struct {
        const char *fields;
        int64_t ms;
    } rows[] = {{"Keep-Alive: timeout=5\r\n", 5000},
                {"Keep-Alive: timeout=5, max=100\r\n", 5000},
                {"keep-alive: max=100 ,Timeout=72\r\n", 72000},
                {"Keep-Alive: timeout=0\r\n", 0},
                {"Keep-Alive: 300\r\n", -1},
                {"Keep-Alive: timeout=x\r\n", -1},
                {"Keep-Alive: timeout=\r\n", -1},
                {"Keep-Alive: timeout=9999999999\r\n", 1000000000},
                {"", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s\r\n", rows[i].fields);
        const struct http_answer answer = read_head(text, false);
        if (http_answer_keeps_ms(&answer) != rows[i].ms) {
            fail_msg("%s: %lld", rows[i].fields, (long long)http_answer_keeps_ms(&answer));
        }
    }
}

static const char *fault_of_line(struct http_answer answer, const char *line, size_t len)
{
    http_answer_line(&answer, line, len);
    return answer.fault;
}

/* For libcurl, a head may end there. */
TEST(http_answer_lines_have_no_nul_and_no_bare_cr)
{
    const struct http_answer open = read_head("HTTP/1.1 200 OK\r\n", false);
    const struct http_answer whole = read_head(OK_WITH(""), false);
    assert_non_null(fault_of_line(open, "\0: x\r\n", 6));
    assert_non_null(fault_of_line(open, "X: \0\r\n", 6));
    assert_non_null(fault_of_line(open, "\rX: y\r\n", 7));
    assert_non_null(fault_of_line(open, "X: a\rb\r\n", 8));
    assert_non_null(fault_of_line(open, "\r\r\n", 3));
    assert_non_null(fault_of_line(open, "X: a\r\r\n", 7));
    assert_null(fault_of_line(open, "X: a\r\n", 6));
    assert_null(fault_of_line(open, "X: a\n", 5));
    assert_null(fault_of_line(open, "X: a\r", 5));
    assert_null(fault_of_line(open, "\r\n", 2));
    assert_null(fault_of_line(whole, "X: \0\r\n", 6));
}

/* libcurl takes "http/1.1 500 No" for a 200. */
TEST(http_answer_begins_with_a_status_line)
{
    assert_fault("http/1.1 500 No\r\n", "neither HTTP/1.1 nor HTTP/1.0");
    assert_fault("HTTP/1.1 100 X\r\n\r\nhttp/1.1 500 No\r\n", "neither HTTP/1.1 nor HTTP/1.0");
    assert_fault(OK_WITH("") "X: y\r\n", NULL);
    assert_int_equal(read_head("HTTP/1.1 2000 OK\r\n", false).status, 0);
}

/* Whatever else a target says: close wins (RFC 9112, 9.3). */
TEST(http_answer_connection_is_to_be_closed)
{
    static const char *const closed[] = {
        "Connection: close",     "connection: Close",         "Connection: x, close ,y",
        "Connection:\r\n close", "Connection: x,\r\n\tclose", "Connection: close\r\nConnection: keep-alive"};
    static const char *const kept[] = {"X: close", "Connection: closed", "Connection: keep-alive",
                                       "Connection:"};
    char text[128];
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        (void)snprintf(text, sizeof text, OK_WITH("%s\r\n"), closed[i]);
        assert_true(read_head(text, false).closes);
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        (void)snprintf(text, sizeof text, OK_WITH("%s\r\n"), kept[i]);
        assert_false(read_head(text, false).closes);
    }
    assert_true(read_head("HTTP/1.0 200 OK\r\n\r\n", false).closes);
    assert_true(read_head("HTTP/1.0 200 OK\r\nConnection: x: keep-alive\r\n\r\n", false).closes);
    assert_false(read_head("HTTP/1.0 200 OK\r\nConnection: x, Keep-Alive\r\n\r\n", false).closes);
}

/* libcurl before 8.18 reads its first line only. */
TEST(http_answer_location_is_one_line)
{
    assert_fault("HTTP/1.1 308 X\r\nLocation:\r\n /x\r\n\r\n", "Location");
    assert_fault("HTTP/1.1 302 X\r\nLocation: /x\r\n /y\r\n\r\n", "Location");
    assert_fault("HTTP/1.1 201 X\r\nLocation:\r\n /x\r\n\r\n", NULL);
}

TEST(http_answer_is_awaited_until_its_head_is_whole)
{
    const struct http_answer none = {0};
    assert_true(http_answer_is_awaited(&none));
    struct http_answer answer = read_head("HTTP/1.1 200 OK\r\nX: y\r\n", false);
    assert_true(http_answer_is_awaited(&answer));
    answer = read_head("HTTP/1.1 100 X\r\n\r\n", false);
    assert_true(http_answer_is_awaited(&answer));
    answer = read_head(OK_WITH(""), false);
    assert_false(http_answer_is_awaited(&answer));
}
