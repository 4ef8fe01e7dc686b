"""A pasted curl command becomes the fields of a job; notes name what has no counterpart."""
import pytest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CASES = {
    "curl https://example.com/a": {"api": "https://example.com/a", "follow_redirects": 0},
    "curl example.com": {"api": "http://example.com", "follow_redirects": 0},
    "/usr/bin/curl -fsSL --max-redirs 3 'https://example.com/a b'": {"api": "https://example.com/a b", "follow_redirects": 3},
    "curl -X DELETE https://e.com/": {"api": "https://e.com/", "method": "DELETE", "follow_redirects": 0},
    "curl -XPUT https://e.com/ -d a=1 -d b=2": {"api": "https://e.com/", "method": "PUT", "body": "a=1&b=2", "headers": FORM, "follow_redirects": 0},
    "curl https://e.com/ \\\n  -H 'A: b' \\\n  --data-raw $'{\"a\":\\'x\\'\\u0021}'": {"api": "https://e.com/", "method": "POST", "body": "{\"a\":'x'!}", "headers": {"A": "b", **FORM}, "follow_redirects": 0},
    "curl --json '{\"a\":1}' https://e.com/": {"api": "https://e.com/", "method": "POST", "body": '{"a":1}', "headers": {"Content-Type": "application/json", "Accept": "application/json"}, "follow_redirects": 0},
    "curl -G https://e.com/?a=1 --data-urlencode 'q=a b&c'": {"api": "https://e.com/?a=1&q=a%20b%26c", "follow_redirects": 0},
    "curl -u anna:pass https://e.com/": {"api": "https://e.com/", "headers": {"Authorization": "Basic YW5uYTpwYXNz"}, "follow_redirects": 0},
    "curl -I -m 2.5 --connect-timeout=1 https://e.com/": {"api": "https://e.com/", "method": "HEAD", "timeout_ms": 2500, "connect_timeout_ms": 1000, "follow_redirects": 0},
    "curl --retry 4 https://e.com/ >/dev/null 2>&1": {"api": "https://e.com/", "type": "ATLEAST_ONCE", "retry": {"max_attempts": 5}, "follow_redirects": 0},
    "curl 'https://e.com/' -H 'host: e.com' -H 'content-length: 3' -H 'accept: */*' --compressed": {"api": "https://e.com/", "headers": {"accept": "*/*"}, "follow_redirects": 0},
    'curl "https://e.com/$x" -b "a=\\"1\\""': {"api": "https://e.com/$x", "headers": {"Cookie": 'a="1"'}, "follow_redirects": 0},
}
NOTES = {"curl -k https://e.com/": "-k", "curl -d @file https://e.com/": "@file", "curl -b jar https://e.com/": "-b", "curl -F a=b https://e.com/": "-F", "curl -X POST": "no URL"}


@pytest.fixture
def read(browser):
    browser.open("#/new")
    return lambda text: browser.driver.execute_async_script("const [text, done] = arguments; import('/ui/js/curl.js').then(m => done(m.fromCurl(text)), e => done(String(e)))", text)


def test_command_becomes_fields(read):
    for text, fields in CASES.items():
        assert read(text) == {"fields": fields, "notes": []}, text


def test_what_has_no_counterpart_is_said(read):
    for text, note in NOTES.items():
        assert note in " ".join(read(text)["notes"]), text


@pytest.mark.parametrize("text", ["", "wget https://e.com/", "https://e.com/", "echo curl"])
def test_what_is_no_curl_command_is_none(read, text):
    assert read(text) is None
