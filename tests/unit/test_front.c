/* Where a request may come from: Host, Origin, Sec-Fetch-Site, Dronc-Job-Id. */
#include "http/front.h"

#include "fake_source.h"
#include "test.h"

#define HOSTS "dronc.example.com, 10.0.0.7 ,[fd00::7],proxy.example.com:8443"

static struct request request;

static void set_up(void)
{
    request_init(&request);
}

static void tear_down(void)
{
    request_fini(&request);
}

EACH_TEST(set_up, tear_down);

/* What is answered to it: 0 if it may go on. */
static int status_of(struct fake_request fake, struct front_pass pass)
{
    struct api_error error;
    api_error_clear(&error);
    fake.uri = fake.uri != NULL ? fake.uri : "/v1/jobs";
    fake.method = fake.method != NULL ? fake.method : "POST";
    assert_true(request_read_head(&request, fake_source(&fake), &error));
    bool admitted = front_admits(HOSTS, &request, pass, &error);
    assert_int_equal(admitted, error.code == API_OK);
    return admitted ? 0 : api_code_status(error.code);
}

static struct fake_request from(const char *host)
{
    return (struct fake_request){.extra = {{"REMOTE_ADDR", "127.0.0.1"}, {"HTTP_HOST", host}}};
}

TEST(front_takes_names_of_its_own)
{
    static const char *const OWN[] = {"localhost",         "LocalHost:8080",
                                      "127.0.0.1",         "127.0.0.1:8080",
                                      "127.255.3.4:1",     "[::1]",
                                      "[::1]:8080",        "[0:0:0:0:0:0:0:1]:80",
                                      "dronc.example.com", "DRONC.example.com:444",
                                      "10.0.0.7:8080",     "[fd00::7]:8080",
                                      "[FD00::7]",         "proxy.example.com:8443"};
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++) {
        if (status_of(from(OWN[i]), (struct front_pass){0}) != 0) {
            fail_msg("refused: %s", OWN[i]);
        }
    }
}

TEST(front_refuses_other_names)
{
    static const char *const OTHERS[] = {NULL,
                                         "",
                                         "evil.example",
                                         "127.0.0.1.evil.com",
                                         "localhost.evil",
                                         "localhost.",
                                         "evil.localhost",
                                         "notlocalhost",
                                         "localhost:80:80",
                                         "localhost:",
                                         "localhost:x",
                                         "localhost:80x",
                                         "localhost, evil.example",
                                         " localhost",
                                         "user@localhost",
                                         "127.1",
                                         "127.0.0.01",
                                         "0127.0.0.1",
                                         "0x7f.0.0.1",
                                         "2130706433",
                                         "127.0.0.1.",
                                         "128.0.0.1",
                                         "0.0.0.0",
                                         "10.0.0.8",
                                         "::1",
                                         "[::1",
                                         "[::1]x",
                                         "[::1]:",
                                         "[]",
                                         "[",
                                         "[::2]",
                                         "[127.0.0.1]",
                                         "[::ffff:127.0.0.1]",
                                         "[::1%lo]",
                                         "fd00::7",
                                         "proxy.example.com",
                                         "proxy.example.com:8444",
                                         "dronc.example.com.evil",
                                         "example.com",
                                         ",",
                                         ":8080"};
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        if (status_of(from(OTHERS[i]), (struct front_pass){0}) != 421) {
            fail_msg("not refused: %s", OTHERS[i] != NULL ? OTHERS[i] : "no Host");
        }
    }
    char name[400];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(status_of(from(name), (struct front_pass){0}), 421);
}

TEST(front_host_may_be_any_with_a_pass)
{
    assert_int_equal(status_of(from("evil.example"), (struct front_pass){.any_host = true}), 0);
}

TEST(front_needs_no_host_of_a_program_that_asks_past_no_web_server)
{
    struct fake_request fake = {.method = "GET"};
    assert_int_equal(status_of(fake, (struct front_pass){0}), 0);
    fake.extra[0][0] = "HTTP_HOST";
    fake.extra[0][1] = "evil.example";
    assert_int_equal(status_of(fake, (struct front_pass){0}), 421);
}

static struct fake_request by_page(const char *host, const char *origin, const char *site)
{
    return (struct fake_request){.type = "application/json",
                                 .length = "2",
                                 .body = "{}",
                                 .extra = {{"REMOTE_ADDR", "127.0.0.1"},
                                           {"HTTP_HOST", host},
                                           {"HTTP_ORIGIN", origin},
                                           {"HTTP_SEC_FETCH_SITE", site}}};
}

TEST(front_takes_pages_of_its_own_site)
{
    static const char *const TABLE[][3] = {
        {"localhost:8080", "http://localhost:8080", "same-origin"},
        {"localhost:8080", "http://LOCALHOST:8080", NULL},
        {"localhost:8080", NULL, "same-origin"},
        {"localhost:8080", NULL, "none"},
        {"dronc.example.com", "https://dronc.example.com", "same-origin"},
        {"dronc.example.com:443", "https://dronc.example.com", NULL},
        {"dronc.example.com", "http://dronc.example.com:80", NULL},
        {"[::1]:8080", "http://[::1]:8080", NULL},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        int status = status_of(by_page(TABLE[i][0], TABLE[i][1], TABLE[i][2]), (struct front_pass){0});
        if (status != 0) {
            fail_msg("row %zu is refused with %d", i, status);
        }
    }
}

TEST(front_refuses_pages_of_other_sites)
{
    static const char *const TABLE[][3] = {
        {"localhost:8080", "http://localhost:8081", NULL},
        {"localhost:8080", "http://localhost", NULL},
        {"localhost:8080", "http://127.0.0.1:8080", NULL},
        {"localhost:8080", "http://evil.example", NULL},
        {"localhost:8080", "http://localhost:8080.evil.example", NULL},
        {"localhost:8080", "http://localhost:8080@evil.example", NULL},
        {"localhost:8080", "null", NULL},
        {"localhost:8080", "file://", NULL},
        {"localhost:8080", "localhost:8080", NULL},
        {"localhost:8080", "chrome-extension://localhost:8080", NULL},
        {"localhost:8080", "http://", NULL},
        {"dronc.example.com:80", "https://dronc.example.com", NULL},
        {"localhost:8080", "http://localhost:8080", "cross-site"},
        {"localhost:8080", "http://localhost:8080", "same-site"},
        {"localhost:8080", NULL, "cross-site"},
        {"localhost:8080", NULL, "same-site"},
        {"localhost:8080", NULL, "Cross-Site"},
        {"localhost:8080", NULL, "same-origin, cross-site"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct fake_request fake = by_page(TABLE[i][0], TABLE[i][1], TABLE[i][2]);
        if (status_of(fake, (struct front_pass){0}) != 403) {
            fail_msg("row %zu is not refused", i);
        }
        assert_int_equal(status_of(fake, (struct front_pass){.any_site = true}), 0);
    }
}

TEST(front_wants_the_type_of_a_body_that_a_page_sends)
{
    struct fake_request fake = by_page("localhost:8080", "http://localhost:8080", NULL);
    fake.type = NULL;
    assert_int_equal(status_of(fake, (struct front_pass){0}), 415);
    fake.length = "000";
    assert_int_equal(status_of(fake, (struct front_pass){0}), 0);
    fake.length = NULL;
    assert_int_equal(status_of(fake, (struct front_pass){0}), 0);
    fake.extra[4][0] = "HTTP_TRANSFER_ENCODING";
    fake.extra[4][1] = "chunked";
    assert_int_equal(status_of(fake, (struct front_pass){0}), 415);
    struct fake_request no_page = {.length = "2", .body = "{}"};
    assert_int_equal(status_of(no_page, (struct front_pass){0}), 0);
}

TEST(front_refuses_calls_of_jobs)
{
    struct fake_request fake = from("localhost");
    fake.extra[2][0] = "HTTP_DRONC_JOB_ID";
    fake.extra[2][1] = "capi:1";
    assert_int_equal(status_of(fake, (struct front_pass){0}), 403);
    assert_int_equal(status_of(fake, (struct front_pass){.any_host = true, .any_site = true}), 403);
    assert_int_equal(status_of(fake, (struct front_pass){.dronc_self = true}), 0);
}

/* Two lines of a header are one list, which no name is. */
TEST(front_does_not_take_the_first_of_two_hosts)
{
    static const char *const ALL[] = {"HTTP_HOST=localhost", "HTTP_HOST=evil.example", NULL};
    struct fake_request fake = from("localhost");
    fake.all = ALL;
    assert_int_equal(status_of(fake, (struct front_pass){0}), 421);
}

static bool is_local(const char *address, const char *host, const char *proxy)
{
    struct fake_request fake = {
        .method = "GET",
        .uri = "/",
        .extra = {{"REMOTE_ADDR", address}, {"HTTP_HOST", host}, {proxy != NULL ? proxy : "X", "10.0.0.1"}}};
    struct api_error error;
    assert_true(request_read_head(&request, fake_source(&fake), &error));
    return front_is_local(&request);
}

TEST(front_tells_local_requests)
{
    assert_true(is_local("127.0.0.1", "localhost:8080", NULL));
    assert_true(is_local("127.9.9.9", "127.0.0.1", NULL));
    assert_true(is_local("::1", "[::1]:8080", NULL));
    assert_true(is_local(NULL, NULL, NULL));
    assert_false(is_local("10.0.0.5", "localhost:8080", NULL));
    assert_false(is_local("::ffff:10.0.0.5", "localhost:8080", NULL));
    assert_false(is_local("unix:", "localhost:8080", NULL));
    assert_false(is_local("127.0.0.1", "dronc.example.com", NULL));
    assert_false(is_local("127.0.0.1", NULL, NULL));
    assert_false(is_local("127.0.0.1", "localhost", "HTTP_X_FORWARDED_FOR"));
    assert_false(is_local("127.0.0.1", "localhost", "HTTP_FORWARDED"));
    assert_false(is_local("127.0.0.1", "localhost", "HTTP_X_FORWARDED_HOST"));
    assert_false(is_local("127.0.0.1", "localhost", "HTTP_X_REAL_IP"));
    assert_false(is_local(NULL, NULL, "HTTP_X_FORWARDED_FOR"));
}
