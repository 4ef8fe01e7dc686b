"""POST /v1/schedule/api-caller: what is taken, what is refused and how, where the limits are."""
import json
import re

import pytest

from harness import NEVER_SOON, at_second, id_bytes, job_key, key_of, snapshot, soon

URL = "http://127.0.0.1:9/api"
JOB = {"schedule": NEVER_SOON, "api": URL, "type": "ATMOST_ONCE"}
TAB, NUL = "\t", "\0"


def url_of(length):
    head = "http://127.0.0.1:9/"
    return head + "u" * (length - len(head))


def schedule_of(length):
    """Minute lists are as long as one likes."""
    text = "0 0 29 2 *"
    return "0," * ((length - len(text)) // 2) + ("0" if (length - len(text)) % 2 else "") + text


def body_of(length):
    """A good job of so many bytes, in JSON."""
    text = json.dumps(JOB)
    return text + " " * (length - len(text))


def refuse(stack, body, **headers):
    """The error of a body that must leave nothing behind."""
    with stack.redis() as db:
        jobs, answer = db.keys("dronc:*:job:*"), stack.post(body, **headers)
        assert answer.status == 400, answer
        assert sorted(db.keys("dronc:*:job:*")) == sorted(jobs)
    return answer.error


# --- what is taken ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])
def test_job_is_answered_as_it_was_sent(stack, kind):
    answer = stack.post({**JOB, "type": kind})
    assert answer.status == 201
    job_id = answer.json["job_id"]
    assert re.fullmatch(r"capi:[0-9a-f]{64}", job_id)
    wanted = {"job_id": job_id, **JOB, "type": kind}
    assert {name: answer.json[name] for name in wanted} == wanted


def test_job_is_stored_and_due(stack):
    instant = soon(3600)
    job_id = stack.schedule(at_second(instant), URL)
    with stack.redis() as db:
        assert db.hget(job_key(job_id), "api") == URL.encode()
        assert db.zscore(key_of(job_id, "due"), id_bytes(job_id)) == instant * 1000


@pytest.mark.parametrize("schedule", ["*/5 * * * *", "* * * * * *", "@every 1h", "@daily", "0 0 1 1 *", "0 9 * * MON-FRI",
                                      "0 0 L * *", "TZ=Europe/Berlin 0 3 * * *", "0 0 29 2 *", "0 0 1 1 * 2100"])
def test_schedule_is_taken(stack, schedule):
    answer = stack.post({**JOB, "schedule": schedule})
    assert (answer.status, answer.json["schedule"]) == (201, schedule)


@pytest.mark.parametrize("api", ["https://example.com/webhook", "http://h", "HTTP://EXAMPLE.COM:80/", "http://[::1]:8080/x",
                                 "https://user:password@example.com/?q=1&r=%20#f", "http://xn--mnchen-3ya.de/", url_of(2048)])
def test_url_is_taken(stack, api):
    answer = stack.post({**JOB, "api": api})
    assert (answer.status, answer.json["api"]) == (201, api)


def test_same_job_twice_is_the_same_job(stack):
    first, second = stack.post(JOB), stack.post(JOB)
    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json


@pytest.mark.parametrize("field, one, other", [
    ("schedule", "0 0 1 1 *", "0  0   1 1\t*"), ("schedule", "0 0 1 1 *", "  0 0 1 1 *  "),
    ("schedule", "0 0 1 1 *", "00 0 1 JAN *"), ("schedule", "0 0 1 1 *", "@yearly"), ("schedule", "0 0 1 1 *", "0 0 0 1 1 *"),
    ("schedule", "0 0 * 1 0", "0 0 * 1 7"), ("schedule", "1,2,3 0 1 1 *", "1-3 0 1 1 *"),
    ("api", "http://Example.COM/a", "http://example.com/a"), ("api", "http://example.com:80/", "http://example.com/"),
    ("api", "https://example.com", "https://example.com:443/"), ("api", "http://h/a#one", "http://h/a#two"),
    ("api", "HTTP://h/%2f", "http://h/%2F"), ("api", "http://h/a/../b", "http://h/b"),
])
def test_same_meaning_in_other_words_is_the_same_job(stack, field, one, other):
    ids = {stack.post({**JOB, field: value}).json["job_id"] for value in (one, other)}
    assert len(ids) == 1


def test_order_of_the_fields_and_blanks_do_not_matter(stack):
    backwards = json.dumps(dict(reversed(JOB.items())), indent=8)
    assert stack.post(backwards).json["job_id"] == stack.post(JOB).json["job_id"]


@pytest.mark.parametrize("field, other", [
    ("schedule", "1 0 29 2 *"), ("schedule", "TZ=Europe/Berlin " + NEVER_SOON), ("type", "ATLEAST_ONCE"), ("api", URL + "/"),
    ("api", URL.upper().replace("HTTP", "http")), ("api", URL + "?"), ("api", URL + "?x=1"), ("api", "https" + URL[4:]),
    ("api", URL.replace(":9", ":10")), ("api", URL.replace("//", "//me@")),
])
def test_other_job_has_another_id(stack, field, other):
    assert stack.post({**JOB, field: other}).json["job_id"] != stack.post(JOB).json["job_id"]


def test_escapes_in_json_are_understood(stack):
    plain = stack.post(JOB)
    escaped = "".join(f"\\u{ord(c):04x}" for c in URL)
    assert stack.post(json.dumps(JOB).replace(URL, escaped)).json == plain.json


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8",
                                          'application/json; charset="utf-8"', "application/vnd.api+json", None])
def test_content_type_of_json_is_taken(stack, content_type):
    assert stack.post(JOB, content_type=content_type).status == 201


def test_chunked_body_is_taken(stack):
    body = json.dumps(JOB).encode()
    answer = stack.raw(b"POST /v1/schedule/api-caller HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert answer.status == 201


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["schedule", "api", "type"])
def test_missing_field_is_named(stack, field):
    error = refuse(stack, {k: v for k, v in JOB.items() if k != field})
    assert (error["code"], error["field"]) == ("INVALID_REQUEST", field)


@pytest.mark.parametrize("field", ["schedule", "api", "type"])
@pytest.mark.parametrize("value", ["", " ", TAB, None, 5, 1.5, True, False, [], {}, ["x"], {"x": "y"}], ids=repr)
def test_empty_or_wrongly_typed_field_is_named(stack, field, value):
    error = refuse(stack, {**JOB, field: value})
    assert (error["code"], error["field"]) == ("INVALID_REQUEST", field)


@pytest.mark.parametrize("name", ["tpye", "Type", "time_zone", "", "api ", "retries", "ünïcode", "a" * 100])
def test_unknown_field_is_named(stack, name):
    error = refuse(stack, {**JOB, name: "x"})
    assert (error["code"], error["field"]) == ("INVALID_REQUEST", name)


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"}", b"[]", b"null", b"5", b'"text"', b"{}x", b"{'a': 1}", b"{} {}", b"[1,]", b"// comment\n{}", b"NaN",
    b"\xef\xbb\xbf" + json.dumps(JOB).encode(), json.dumps(JOB).encode("utf-16"), json.dumps(JOB).encode() + b"x",
    json.dumps(JOB).encode() + b"\0", b"\0" + json.dumps(JOB).encode(), json.dumps(JOB)[:-1].encode() + b",}",
    json.dumps(JOB).encode()[:-5], json.dumps(JOB).replace("api", "a\npi", 1).encode(),
])
def test_malformed_json_is_refused(stack, body):
    assert refuse(stack, body)["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize("body", [
    json.dumps(JOB)[:-1] + ', "type": "ATMOST_ONCE"}', json.dumps(JOB)[:-1] + ', "typ\\u0065": "ATMOST_ONCE"}',
    json.dumps(JOB)[:-1] + ', "x": {"a": 1, "a": 2}}',
])
def test_duplicate_key_is_refused(stack, body):
    error = refuse(stack, body)
    assert error["code"] == "INVALID_REQUEST"
    assert "type" in error["message"] or '"a"' in error["message"] or error.get("field") == "x"


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\0", b"\x01", b"\\u0000",
                                 b"\\ud800", b"\\udc00x"])
@pytest.mark.parametrize("place", [URL.encode(), b"schedule", NEVER_SOON.encode()])
def test_bytes_that_are_no_text_are_refused(stack, bad, place):
    body = json.dumps(JOB).encode().replace(place, place + bad, 1)
    assert refuse(stack, body)["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize("api", [
    "example.com", "/path", "//example.com/", "http:", "http:/", "http://", "http:///path", "http://?q", "http:example.com", "x",
    "http://ho st/", "http://h/a b", " http://h/", "http://h/ ", "http://h/\n", "http://h/\x7f", "http://h/ü", "http://münchen.de/",
    "http://h:0/", "http://h:65536/", "http://h:x/", "http://h:-1/", "http://[::1/", "http://[::g]/", "http://h/%", "http://h/%zz",
    "http://h\\x/", "http://h/{x}", "http://.../", "http://" + "a" * 64 + "/", "http://1.2.3.4.5/", "http://0x7f.1/",
    "localhost:8080/x", url_of(2049),
], ids=lambda api: api[:20])
def test_bad_url_is_refused(stack, api):
    error = refuse(stack, {**JOB, "api": api})
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", "api")


@pytest.mark.parametrize("api", ["ftp://example.com/", "file:///etc/passwd", "gopher://h/", "javascript:alert(1)", "mailto:a@b",
                                 "data:text/plain,x", "ws://h/", "httpx://h/", "unix:/run/x"])
def test_other_scheme_is_refused(stack, api):
    error = refuse(stack, {**JOB, "api": api})
    assert (error["code"], error["field"]) == ("JOB_CREATION_FAILED", "api")


@pytest.mark.parametrize("kind", ["atmost_once", "ATMOST_ONCE ", "AT_MOST_ONCE", "x", "EXACTLY_ONCE", "ATMOST_ONCE,ATLEAST_ONCE"])
def test_unknown_type_is_refused(stack, kind):
    error = refuse(stack, {**JOB, "type": kind})
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", "type")


@pytest.mark.parametrize("schedule, field, character", [
    ("60 * * * *", "minute", 1), ("* 24 * * *", "hour", 3), ("* * 0 * *", "day-of-month", 5), ("* * * 13 *", "month", 7),
    ("* * * * 8", "day-of-week", 9), ("61 * * * * *", "second", 1), ("*/0 * * * *", "minute", 3), ("1,,2 * * * *", "minute", 3),
    ("* * * FOO *", "month", 7), ("5-x * * * *", "minute", 3), ("* * 32 * *", "day-of-month", 5),
])
def test_bad_cron_names_field_and_character(stack, schedule, field, character):
    error = refuse(stack, {**JOB, "schedule": schedule})
    assert (error["code"], error["field"]) == ("JOB_CREATION_FAILED", "schedule")
    assert field in error["message"]
    assert re.search(rf"\bcharacter {character}\b", error["message"]), error


@pytest.mark.parametrize("schedule", ["x", "* * * *", "* * * * * * * *", "@sometimes", "@every", "@every 0s", "@every 1x", "0 0 30 2 *",
                                      "0 0 1 1 * 2001", "TZ=Nowhere/Land * * * * *", "TZ=../../etc/passwd * * * * *", "* * * * * ;",
                                      "TZ= * * * * *", "ä * * * *", "TZ=UTC", schedule_of(1025)], ids=lambda text: text[:20])
def test_bad_schedule_is_refused(stack, schedule):
    error = refuse(stack, {**JOB, "schedule": schedule})
    assert (error["code"], error["field"]) == ("JOB_CREATION_FAILED", "schedule")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx", "json",
                                          "multipart/form-data; boundary=x", "application/json; charset=latin-1", "a" * 500])
def test_other_content_type_is_415(stack, content_type):
    answer = stack.post(JOB, content_type=content_type)
    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


# --- limits: the last that passes, the first that does not --------------------------------------------------------


@pytest.mark.parametrize("body, status, code", [
    (body_of(65536), 201, "OK"), (body_of(65537), 413, "PAYLOAD_TOO_LARGE"), (body_of(1 << 20), 413, "PAYLOAD_TOO_LARGE"),
    ({**JOB, "api": url_of(2048)}, 201, "OK"), ({**JOB, "api": url_of(2049)}, 400, "VALIDATION_ERROR"),
    ({**JOB, "schedule": schedule_of(1024)}, 201, "OK"), ({**JOB, "schedule": schedule_of(1025)}, 400, "JOB_CREATION_FAILED"),
], ids=["body", "body+1", "body+1MiB", "url", "url+1", "schedule", "schedule+1"])
def test_limit_holds_at_its_edge(stack, body, status, code):
    answer = stack.post(body)
    assert (answer.status, answer.code) == (status, code)


def test_limits_that_are_missed_say_what_they_are(stack):
    assert "2048" in refuse(stack, {**JOB, "api": url_of(2049)})["message"]
    assert "1024" in refuse(stack, {**JOB, "schedule": schedule_of(1025)})["message"]
    assert "65536" in stack.post(body_of(65537)).error["message"]


def test_depth_of_eight_is_json_and_nine_is_not(stack):
    """Eight containers inside each other can be read, and are then refused for what they are."""
    eight = refuse(stack, json.dumps(JOB)[:-1] + ', "deep": ' + "[" * 7 + "]" * 7 + "}")
    nine = refuse(stack, json.dumps(JOB)[:-1] + ', "deep": ' + "[" * 8 + "]" * 8 + "}")
    assert (eight["code"], eight["field"]) == ("INVALID_REQUEST", "deep")
    assert (nine["code"], nine.get("field")) == ("INVALID_REQUEST", None)
    assert "8" in nine["message"]


def test_hostile_depth_is_refused(stack):
    assert refuse(stack, "[" * 65536)["code"] == "INVALID_REQUEST"
    assert refuse(stack, '{"a":' * 13000)["code"] == "INVALID_REQUEST"


def test_refusal_changes_nothing_in_redis(redis, handler):
    handler.schedule(NEVER_SOON, URL)
    with redis.client() as db:
        before = snapshot(db)
        for bad in ({}, {**JOB, "x": 1}, {**JOB, "schedule": "x"}, {**JOB, "api": "x"}, {**JOB, "type": "x"}, "{", JOB | {"api": 1}):
            assert handler.post(bad).status == 400
        assert snapshot(db) == before


def test_error_message_does_not_repeat_secrets(stack):
    error = refuse(stack, {**JOB, "api": "http://user:s3cret@h/%zz?token=t0psecret"})
    assert "s3cret" not in str(error) and "t0psecret" not in str(error)
