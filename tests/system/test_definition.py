"""What a job can say of its call, and how its outcome is judged: each field by an example, and each mistake by its name."""
import base64
import json
import time

import pytest

import target as t
from harness import NEVER_SOON, SCALE, at_second, id_bytes, job_key, key_of, soon, wait_for
from target import Target


def call_once(stack, url, kind="ATMOST_ONCE", **fields):
    """A job that is called at one instant: its id, and the instant."""
    instant = soon()
    return stack.schedule(at_second(instant), url, kind, **fields), instant


def execution_of(stack, url, kind="ATMOST_ONCE", **fields):
    """What is recorded of one call."""
    return stack.wait_for_executions(call_once(stack, url, kind, **fields)[0])[0]


def refusal(stack, **fields):
    """The error that a definition gets."""
    answer = stack.post({"schedule": NEVER_SOON, "api": "http://127.0.0.1/", "type": "ATMOST_ONCE", **fields})
    assert answer.status == 400, answer
    return answer.error


def rfc3339(instant):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))


# --- method and body ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_method_is_what_the_job_says(stack, hook, method):
    assert execution_of(stack, hook.url, method=method)["success"]
    call, = hook.calls
    assert (call.method, call.body) == (method, b"")
    assert call.headers.get("content-length") == ("0" if method in ("POST", "PUT", "PATCH") else None)
    assert "content-type" not in call.headers, "none but the job's own"


def test_post_with_headers_and_a_body(stack, hook):
    """The usual webhook."""
    body = json.dumps({"event": "tick", "emoji": "🎈"})
    assert execution_of(stack, hook.url, method="POST", body=body,
                        headers={"Content-Type": "application/json", "Authorization": "Bearer s3cret", "X-Empty": ""})["success"]
    call, = hook.calls
    assert (call.method, call.body) == ("POST", body.encode())
    assert call.headers["content-type"] == "application/json"
    assert call.headers["authorization"] == "Bearer s3cret"
    assert call.headers["dronc-attempt"] == "1", "the system's own are there, too"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_but_head_may_have_a_body(stack, hook, method):
    assert execution_of(stack, hook.url, method=method, body="a=b")["success"]
    call, = hook.calls
    assert (call.method, call.body) == (method, b"a=b")


def test_body_of_bytes(stack, hook):
    data = bytes(range(256)) + b"{{job_id}}"
    execution_of(stack, hook.url, method="PUT", body_base64=base64.b64encode(data).decode())
    assert hook.calls[0].body == data, "no templates in bytes"


def test_body_as_long_as_allowed(stack, hook):
    text = "x" * 32768
    execution_of(stack, hook.url, method="POST", body=text, headers={f"X-{n}": "y" * 4000 for n in range(4)})
    assert hook.calls[0].body == text.encode()
    assert refusal(stack, method="POST", body=text + "x")["field"] == "body"


def test_method_and_body_are_the_same_in_every_attempt(stack, hook):
    hook.answers(t.status(500), t.status(200))
    job_id, _ = call_once(stack, hook.url, "ATLEAST_ONCE", method="POST", body="{{attempt}} of {{scheduled_time}}")
    stack.wait_for_executions(job_id, 2)
    first, second = hook.calls
    assert (first.method, second.method) == ("POST", "POST")
    assert (first.body[:4], second.body[:4]) == (b"1 of", b"2 of")
    assert first.body[4:] == second.body[4:]


# --- headers ------------------------------------------------------------------------------------------------------


def test_headers_of_the_system_win(stack, hook):
    job_id, _ = call_once(stack, hook.url, headers={"Dronc-Job-Id": "x", "idempotency-key": "x", "User-Agent": "mine/1", "Accept": "text/plain"})
    call, = hook.wait_for_calls()
    assert call.headers["dronc-job-id"] == job_id
    assert call.key.startswith(job_id[5:])
    assert (call.headers["user-agent"], call.headers["accept"]) == ("mine/1", "text/plain"), "those that have a default may be set"


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Connection", "Transfer-Encoding", "TE", "Upgrade", "Keep-Alive", "Expect"])
def test_headers_of_http_itself_are_refused(stack, name):
    error = refusal(stack, headers={name: "x"})
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", "headers")
    assert f'"{name}"' in error["message"]


@pytest.mark.parametrize("headers", [{"X": "a\r\nEvil: 1"}, {"X\r\nEvil": "1"}, {"X": "a\nb"}, {"X y": "1"}, {"": "1"}, {"X": 1},
                                     {"X": None}, {"X": ["a"]}, {"X": "1", "x": "2"}, {f"X-{n}": "1" for n in range(33)},
                                     {"X": "y" * 4096}, {f"X-{n}": "y" * 4000 for n in range(5)}],
                         ids=["crlf", "crlf in name", "lf", "blank in name", "no name", "number", "null", "array", "twice", "33", "4 KiB", "16 KiB"])
def test_bad_headers_are_refused(stack, headers):
    error = refusal(stack, headers=headers)
    assert error["field"] == "headers"
    assert "Evil: 1" not in error["message"]


def test_header_values_may_hold_utf8_and_are_sent_as_they_are(stack, hook):
    execution_of(stack, hook.url, headers={"X-Name": "Zoë, \t\"quoted\""})
    assert hook.calls[0].headers["x-name"].encode("latin-1").decode() == "Zoë, \t\"quoted\""


# --- templates ----------------------------------------------------------------------------------------------------


def test_templates_say_what_the_call_is_for(stack, hook):
    every = "{{job_id}} {{execution_id}} {{scheduled_time}} {{scheduled_time_unix}} {{ attempt }}"
    job_id, instant = call_once(stack, hook.url + "?at={{scheduled_time}}&job={{job_id}}", method="POST", headers={"X-All": every}, body=every)
    execution, = stack.wait_for_executions(job_id)
    expected = f"{job_id} {execution['id']} {rfc3339(instant)} {instant} 1"
    call, = hook.calls
    assert call.headers["x-all"] == expected
    assert call.body.decode() == expected
    assert call.query == f"at={rfc3339(instant)}&job={job_id}".replace(":", "%3A"), "escaped for where they stand"


def test_templates_in_json_need_no_escaping(stack, hook):
    call_once(stack, hook.url, method="POST", headers={"Content-Type": "application/json"},
              body='{"id":"{{execution_id}}","at":"{{scheduled_time}}","unix":{{scheduled_time_unix}},"deep":{"er":{"n":{{attempt}}}}}')
    call, = hook.wait_for_calls()
    assert json.loads(call.body)["deep"]["er"]["n"] == 1


@pytest.mark.parametrize("field", ["api", "body", "headers"])
def test_unknown_template_is_named(stack, field):
    value = {"api": "http://127.0.0.1/?a={{jobid}}", "body": "{{jobid}}", "headers": {"X": "{{jobid}}"}}[field]
    error = refusal(stack, **{field: value})
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)
    assert "{{jobid}}" in error["message"] and "execution_id" in error["message"]


@pytest.mark.parametrize("api", ["http://127.0.0.1/{{job_id}}", "http://{{job_id}}/", "http://127.0.0.1/#{{job_id}}", "http://127.0.0.1/?{job_id}"])
def test_templates_of_a_url_stand_in_its_query(stack, api):
    assert refusal(stack, api=api)["field"] == "api"


def test_other_braces_are_text(stack, hook):
    text = '{{#each}} {{ }} {"a":{"b":{}}} {{"x"}}'
    execution_of(stack, hook.url, method="POST", body=text)
    assert hook.calls[0].body.decode() == text


# --- redirects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])
@pytest.mark.parametrize("method, code, then", [("POST", 301, "GET"), ("POST", 302, "GET"), ("POST", 303, "GET"), ("POST", 307, "POST"),
                                                ("POST", 308, "POST"), ("PUT", 302, "PUT"), ("PUT", 303, "GET"), ("DELETE", 303, "GET")])
def test_redirects_change_methods_as_browsers_do(stack, target, hook, method, code, then, kind):
    end = target.hook()
    hook.answers(t.redirect(end.url, code))
    execution = execution_of(stack, hook.url, kind, method=method, body="x=1", headers={"Content-Type": "text/x"})
    assert execution["success"], execution
    call, = end.calls
    assert (call.method, call.body) == (then, b"" if then == "GET" else b"x=1")
    assert call.headers.get("content-type") == (None if then == "GET" else "text/x")
    assert call.key == hook.calls[0].key


def test_authorization_is_not_carried_to_another_place(stack, hook, own_target):
    elsewhere = own_target.hook()
    hook.answers(t.redirect(elsewhere.url, 307))
    execution_of(stack, hook.url, method="POST", body="x", headers={"Authorization": "Bearer s3cret", "Cookie": "s=s3cret"})
    assert "authorization" in hook.calls[0].headers
    assert {"authorization", "cookie"} & set(elsewhere.calls[0].headers) == set()


@pytest.mark.parametrize("allowed, success, error_class", [(0, False, "http"), (1, False, "too_many_redirects"), (2, True, None)])
def test_follow_redirects_says_how_many(stack, target, hook, allowed, success, error_class):
    middle, end = target.hook(), target.hook()
    hook.answers(t.redirect(middle.url))
    middle.answers(t.redirect(end.url))
    execution = execution_of(stack, hook.url, follow_redirects=allowed)
    assert (execution["success"], execution.get("error_class")) == (success, error_class)
    assert [len(h.calls) for h in (hook, middle, end)] == [1, int(allowed > 0), int(allowed > 1)]


def test_ten_redirects_may_be_followed(stack, target):
    hooks = [target.hook() for _ in range(11)]
    for one, following in zip(hooks, hooks[1:]):
        one.answers(t.redirect(following.url))
    assert execution_of(stack, hooks[0].url, follow_redirects=10)["success"]


# --- time-outs ----------------------------------------------------------------------------------------------------


def test_timeout_ends_a_call(stack, hook):
    hook.answers(t.held)
    execution = execution_of(stack, hook.url, timeout_ms=300)
    assert (execution["success"], execution["error_class"], execution["status_code"]) == (False, "timeout", 0)
    assert 250 <= execution["time_taken_ms"] < 3000
    hook.release()


def test_timeout_may_be_longer_than_an_answer_takes(stack, hook):
    hook.answers(t.slow(1.2))
    assert execution_of(stack, hook.url, timeout_ms=1800000)["success"]


def test_connect_timeout_ends_a_call_that_nobody_takes(stack, slow_calls):
    execution = execution_of(stack, f"http://127.0.0.1:{slow_calls.port}/", connect_timeout_ms=200)
    assert (execution["success"], execution["error_class"]) == (False, "timeout")
    assert 150 <= execution["time_taken_ms"] < 3000


def test_connect_timeout_does_not_end_a_slow_answer(stack, hook):
    hook.answers(t.slow(0.5))
    assert execution_of(stack, hook.url, connect_timeout_ms=100)["success"]


@pytest.mark.parametrize("field, least, most", [("timeout_ms", 100, 1800000), ("connect_timeout_ms", 100, 60000), ("follow_redirects", 0, 10)])
def test_numbers_have_limits(stack, field, least, most):
    job = {"schedule": NEVER_SOON, "api": "http://127.0.0.1/", "type": "ATMOST_ONCE"}
    for value in (least, most):
        assert stack.post({**job, field: value}).json[field] == value
    for value in (least - 1, most + 1, 2**63 - 1):
        error = refusal(stack, **{field: value})
        assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)
        assert f"{least} to {most}" in error["message"]
    for value in ("500", 500.5, None, True):
        assert refusal(stack, **{field: value})["code"] == "INVALID_REQUEST"


def test_whole_numbers_may_be_written_in_any_way(handler):
    """One of JavaScript's or a spreadsheet's: by JSON Schema what has no fraction is an integer. It is the same job."""
    text = """{"schedule": "0 0 29 2 *", "api": "http://h/", "type": "ATLEAST_ONCE", "timeout_ms": %s, "catch_up_max": %s, "max_runs": %s,
               "jitter_ms": %s, "retry": {"max_attempts": %s, "multiplier": %s}, "success": {"status": [%s, %s]}}"""
    plain, other = (handler.post(text % numbers) for numbers in (
        ("5000", "7", "1000000", "0", "3", "2", "200", "204"), ("5e3", "7.0", "1E+6", "-0.0", "30e-1", "2.0", "200.000", "2.04e2")))
    assert (plain.status, other.status) == (201, 201) and plain.json == other.json, (plain, other)
    job_id = plain.json["job_id"]
    assert handler.patch(job_id, '{"timeout_ms": 6.0e3, "retry": {"max_attempts": 4.0}}').json["retry"]["max_attempts"] == 4


@pytest.mark.parametrize("number", ["5000.5", "5e-1", "1e400", "9007199254740993.5", "9223372036854775808.0", "1e19", "1800000.0000000001"])
def test_no_whole_number_within_the_limits_is_made_of_another(handler, number):
    answer = handler.post('{"schedule":"%s","api":"http://h/","type":"ATLEAST_ONCE","timeout_ms":%s}' % (NEVER_SOON, number))
    assert (answer.status, answer.error["field"]) == (400, "timeout_ms")


# --- what is a success --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statuses, code, success", [(["2xx", 304], 304, True), (["2xx", 304], 204, True), (["2xx", 304], 404, False), ([404], 404, True),
                                                     ([404], 200, False), (["400-409"], 404, True), (["400-409"], 410, False), (["3xx"], 302, True)])
def test_status_that_counts_as_success(stack, hook, statuses, code, success):
    hook.answers(t.status(code, b""))
    execution = execution_of(stack, hook.url, success={"status": statuses})
    assert (execution["success"], execution["status_code"]) == (success, code)
    assert execution.get("error") == (None if success else f"status {code}")


@pytest.mark.parametrize("body, success", [(b'{"ok": true}', True), (b'{"ok": false}', False), (b"", False), (b"x" * 500000 + b'"ok": true', True),
                                           (b"x" * 1048570 + b'"ok": true', False)], ids=["there", "not there", "empty", "late", "cut off"])
def test_body_that_counts_as_success(stack, hook, body, success):
    hook.answers(t.status(200, body))
    execution = execution_of(stack, hook.url, success={"body_contains": '"ok": true'})
    assert execution["success"] == success
    assert success or (execution["error_class"], "body_contains" in execution["error"]) == ("http", True)


def test_body_is_searched_across_its_pieces(stack, hook):
    def piece_by_piece(talk):
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n")
        for byte in b"neneeneedle..":
            talk.send(bytes([byte]))
            time.sleep(0.003)
        return True
    hook.answers(piece_by_piece)
    assert execution_of(stack, hook.url, success={"body_contains": "needle"})["success"]


def test_long_answer_is_no_failure(stack, hook):
    hook.answers(t.endless_body)
    assert execution_of(stack, hook.url, success={"status": ["2xx"]})["success"]


def test_retries_go_on_until_the_jobs_own_success(stack, hook):
    hook.answers(t.status(200, b"wait"), t.status(200, b"done"))
    job_id, _ = call_once(stack, hook.url, "ATLEAST_ONCE", success={"body_contains": "done"})
    assert [e["success"] for e in stack.wait_for_executions(job_id, 2)] == [False, True]


@pytest.mark.parametrize("rule", [{"status": []}, {"status": 200}, {"status": ["2XX"]}, {"status": [600]}, {"status": ["204-200"]}, {"status": [200] * 17},
                                  {"body_contains": ""}, {"body_contains": "x" * 257}, {"statuses": [200]}])
def test_bad_success_is_refused(stack, rule):
    error = refusal(stack, success=rule)
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", "success")
    assert "success" in error["message"]


# --- retries ------------------------------------------------------------------------------------------------------

QUICK = {"min_backoff_ms": 1, "jitter": "none"}


def is_dead(stack, job_id, instant):
    with stack.redis() as db:
        return db.zscore(key_of(job_id, "dead"), id_bytes(job_id) + str(instant * 1000).encode()) is not None


def waits_between(calls):
    return [later.at - earlier.at for earlier, later in zip(calls, calls[1:])]


def test_attempts_are_as_many_as_the_job_says(stack, hook):
    hook.answers(t.status(500))
    job_id, instant = call_once(stack, hook.url, "ATLEAST_ONCE", retry={**QUICK, "max_attempts": 3})
    assert [e["attempt"] for e in stack.wait_for_executions(job_id, 3)] == [1, 2, 3]
    wait_for(lambda: is_dead(stack, job_id, instant), what="a dead occurrence")
    assert len(hook.calls) == 3


def test_single_attempt(stack, hook):
    hook.answers(t.status(500))
    job_id, instant = call_once(stack, hook.url, "ATLEAST_ONCE", retry={"max_attempts": 1})
    wait_for(lambda: is_dead(stack, job_id, instant), what="a dead occurrence")
    assert len(hook.calls) == 1


def test_waits_without_jitter_are_what_the_job_says(stack, hook):
    hook.answers(t.status(500))
    job_id, _ = call_once(stack, hook.url, "ATLEAST_ONCE",
                          retry={"max_attempts": 4, "min_backoff_ms": 200, "max_backoff_ms": 500, "multiplier": 2.5, "jitter": "none"})
    stack.wait_for_executions(job_id, 4)
    for wait, least in zip(waits_between(hook.calls), (0.2, 0.5, 0.5)):
        assert least - 0.002 <= wait < least + 0.3 * SCALE  # the runner counts whole milliseconds, the kernel does not


def test_retries_end_with_the_duration(stack, hook):
    hook.answers(t.status(500))
    job_id, instant = call_once(stack, hook.url, "ATLEAST_ONCE", retry={"max_attempts": 100, "min_backoff_ms": 300, "max_backoff_ms": 300,
                                                                       "jitter": "none", "max_duration_ms": 1000})
    wait_for(lambda: is_dead(stack, job_id, instant), what="a dead occurrence")
    assert 2 <= len(hook.calls) <= 4
    assert hook.calls[-1].at - instant <= 1 + 0.3 * SCALE


@pytest.mark.parametrize("code, again", [(400, False), (401, False), (404, False), (422, False), (501, False), (408, True), (425, True), (429, True),
                                         (500, True), (502, True), (503, True)])
def test_answers_that_will_not_change_are_not_tried_again(stack, hook, code, again):
    hook.answers(t.status(code), t.status(200))
    job_id, instant = call_once(stack, hook.url, "ATLEAST_ONCE", retry=QUICK)
    executions = stack.wait_for_executions(job_id, 2 if again else 1)
    assert (executions[0]["outcome"], executions[0]["status_code"]) == ("failed", code)
    wait_for(lambda: is_dead(stack, job_id, instant) != again, what="the end of it")
    assert len(hook.calls) == (2 if again else 1)


def test_client_errors_are_tried_again_if_the_job_says_so(stack, hook):
    hook.answers(t.status(404), t.status(501), t.status(200))
    job_id, _ = call_once(stack, hook.url, "ATLEAST_ONCE", retry=QUICK, retry_client_errors=True)
    assert [e["status_code"] for e in stack.wait_for_executions(job_id, 3)] == [404, 501, 200]


@pytest.mark.parametrize("code", [429, 503])
def test_target_may_say_how_long_to_wait(stack, hook, code):
    hook.answers(t.status(code, Retry_After=1), t.status(200))
    job_id, _ = call_once(stack, hook.url, "ATLEAST_ONCE", retry=QUICK)
    stack.wait_for_executions(job_id, 2)
    wait, = waits_between(hook.calls)
    assert 0.995 <= wait < 1 + 0.5 * SCALE


def test_target_may_say_until_when_to_wait_by_its_own_clock(stack, hook):
    hook.answers(t.status(503, Date="Sun, 08 Mar 2026 07:00:00 GMT", Retry_After="Sun, 08 Mar 2026 07:00:01 GMT"), t.status(200))
    job_id, _ = call_once(stack, hook.url, "ATLEAST_ONCE", retry=QUICK)
    stack.wait_for_executions(job_id, 2)
    wait, = waits_between(hook.calls)
    assert 0.995 <= wait < 1 + 0.5 * SCALE


def test_target_cannot_ask_for_more_than_an_hour(stack, hook):
    hook.answers(t.status(503, Retry_After=86400))
    job_id, instant = call_once(stack, hook.url, "ATLEAST_ONCE")
    stack.wait_for_executions(job_id)
    with stack.redis() as db:
        entry, = wait_for(lambda: [e for e in db.zrange(key_of(job_id, "retry"), 0, -1, withscores=True) if e[0].startswith(id_bytes(job_id))])
    assert 3600 <= entry[1] / 1000 - instant < 3600 + 3 * SCALE


def test_other_answers_do_not_say_how_long_to_wait(stack, hook):
    hook.answers(t.status(500, Retry_After=3600), t.status(200))
    job_id, _ = call_once(stack, hook.url, "ATLEAST_ONCE", retry=QUICK)
    assert stack.wait_for_executions(job_id, 2)


@pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])
def test_gone_pauses_the_job(stack, hook, kind):
    hook.answers(t.status(200), t.status(410))
    job_id = stack.schedule("* * * * * *", hook.url, kind)
    job = wait_for(lambda: (lambda job: job["state"] == "PAUSED" and job)(stack.job(job_id).json), what="a paused job")
    assert job["state_reason"] == "gone"
    assert job["last_execution"]["status_code"] == 410
    calls = len(hook.calls)
    hook.answers(t.status(200))
    assert stack.resume(job_id).json["state"] == "ACTIVE"
    hook.wait_for_calls(calls + 1)


def test_gone_may_be_a_success(stack, hook):
    hook.answers(t.status(410))
    job_id = stack.schedule("* * * * * *", hook.url, success={"status": [410]})
    stack.wait_for_executions(job_id, 2)
    assert stack.job(job_id).json["state"] == "ACTIVE"


@pytest.mark.parametrize("rule", [{"max_attempts": 0}, {"max_attempts": 101}, {"min_backoff_ms": 0}, {"min_backoff_ms": 2, "max_backoff_ms": 1},
                                  {"multiplier": 0.5}, {"jitter": "some"}, {"max_duration_ms": 0}, {"attempts": 3}])
def test_bad_retry_is_refused(stack, rule):
    error = refusal(stack, type="ATLEAST_ONCE", retry=rule)
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", "retry")
    assert next(reversed(rule)) in error["message"]


def test_retry_that_does_nothing_is_warned_of(stack):
    job = {"schedule": NEVER_SOON, "api": "http://127.0.0.1/", "type": "ATMOST_ONCE", "retry": {"max_attempts": 3}}
    assert "retry_unsent" in stack.post(job).json["warnings"][0]
    assert "warnings" not in stack.post({**job, "retry_unsent": True}).json


# --- at most once -------------------------------------------------------------------------------------------------


def test_post_is_not_sent_again_on_a_connection_that_dies(stack, own_target):
    """Runs by hand, one after the other, for a connection that has idled is not used again."""
    hook = own_target.hook().answers(t.close_if_reused)
    job_id = stack.schedule(NEVER_SOON, hook.url, method="POST", body="pay")

    def run_until_two_were_reused():
        assert stack.run(job_id).status == 202
        return sum(call.nth > 0 for call in hook.calls) >= 2

    wait_for(run_until_two_were_reused, 15, "calls on a connection that was used before")
    stack.wait_for_executions(job_id, len(hook.calls))
    calls = hook.calls
    assert {call.body for call in calls} == {b"pay"}
    assert len({call.key for call in calls}) == len(calls), "an occurrence was sent twice"


@pytest.mark.parametrize("behaviour", [t.close, t.reset, t.break_off, t.not_http], ids=lambda behaviour: behaviour.__name__)
def test_sent_without_an_answer_is_unknown(stack, hook, behaviour):
    hook.answers(behaviour)
    execution = execution_of(stack, hook.url, method="POST", body="pay", retry=QUICK, retry_unsent=True)
    assert (execution["outcome"], execution["success"]) == ("unknown", False)
    assert len(hook.calls) == 1


def test_timeout_after_sending_is_unknown(stack, hook):
    hook.answers(t.held)
    execution = execution_of(stack, hook.url, timeout_ms=300, retry_unsent=True)
    assert (execution["outcome"], execution["error_class"]) == ("unknown", "timeout")
    hook.release()


def test_answer_that_is_no_success_is_failed(stack, hook):
    hook.answers(t.status(503, Retry_After=0))
    assert execution_of(stack, hook.url, retry=QUICK, retry_unsent=True)["outcome"] == "failed"
    assert len(hook.calls) == 1, "it was sent: never again"


def test_what_was_not_sent_is_failed_and_not_tried_again(stack):
    job_id, _ = call_once(stack, "http://127.0.0.1:1/")
    execution, = stack.wait_for_executions(job_id)
    assert (execution["outcome"], execution["error_class"]) == ("failed", "connect")
    with stack.redis() as db:
        assert not [e for e in db.zrange(key_of(job_id, "retry"), 0, -1) if e.startswith(id_bytes(job_id))]


def test_what_was_not_sent_is_tried_again_if_the_job_says_so(stack, target):
    """Nothing listens at first; then a target does, and is called once."""
    hook = target.hook()
    late = Target(listening=False)
    try:
        late.hooks[hook.path] = hook
        job_id, _ = call_once(stack, late.url(hook.path), method="POST", body="pay", retry_unsent=True,
                              retry={"max_attempts": 100, "min_backoff_ms": 100, "max_backoff_ms": 100, "jitter": "none"})
        stack.wait_for_executions(job_id, 2)
        late.listen()
        wait_for(lambda: stack.executions(job_id=job_id)[0]["success"], what="the call at last")
        executions = stack.executions(job_id=job_id)[::-1]
        assert {(e["outcome"], e["error_class"]) for e in executions[:-1]} == {("failed", "connect")}
        assert [e["attempt"] for e in executions] == list(range(1, len(executions) + 1))
        assert [call.body for call in late.requests] == [b"pay"]
    finally:
        late.stop()


def test_unsent_attempts_end_too(stack):
    job_id, instant = call_once(stack, "http://127.0.0.1:1/", retry={**QUICK, "max_attempts": 3}, retry_unsent=True)
    assert len(stack.wait_for_executions(job_id, 3)) == 3
    wait_for(lambda: is_dead(stack, job_id, instant), what="a dead occurrence")


def test_dead_runner_leaves_as_many_attempts_as_the_job_has(handler, redis, make_runner, hook):
    """A started call of a runner that dies counts as an attempt, of which this job has one."""
    hook.answers(t.held)
    job_id = handler.schedule(at_second(soon(1)), hook.url, "ATLEAST_ONCE", retry={"max_attempts": 1})
    first = make_runner()
    hook.wait_for_calls()
    first.kill()
    make_runner()
    execution, = handler.wait_for_executions(job_id, timeout=30)
    assert execution["outcome"] == "lost"
    with redis.client() as db:
        wait_for(lambda: db.zcard(key_of(job_id, "dead")) == 1)
        assert not db.zcard(key_of(job_id, "retry"))
    assert len(hook.calls) == 1
    hook.release()


# --- what people write on a job -----------------------------------------------------------------------------------


def test_description_and_tags_are_kept(stack):
    labels = {"description": "Nightly import.\nAsk Zoë.", "tags": ["billing", "team:data"]}
    job_id = stack.schedule(NEVER_SOON, "http://127.0.0.1/labels", **labels)
    shown = stack.job(job_id).json
    assert {name: shown[name] for name in labels} == labels


def test_order_of_tags_does_not_matter(stack):
    ids = {stack.schedule(NEVER_SOON, "http://127.0.0.1/tags", tags=tags) for tags in (["b", "a"], ["a", "b"])}
    assert len(ids) == 1


@pytest.mark.parametrize("fields", [{"description": "x" * 1025}, {"description": "\x1b[31m"}, {"tags": ["x"] * 2}, {"tags": [""]},
                                    {"tags": ["x" * 65]}, {"tags": [1]}, {"tags": [str(n) for n in range(17)]}])
def test_bad_labels_are_refused(stack, fields):
    error = refusal(stack, **fields)
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", next(iter(fields)))


# --- a name -------------------------------------------------------------------------------------------------------


@pytest.fixture
def named(hook):
    """A definition with a name that no other test has."""
    return {"schedule": NEVER_SOON, "api": hook.url, "type": "ATMOST_ONCE", "name": f"job of {hook.path}"}


def test_name_makes_the_id_and_is_shown(stack, named):
    answer = stack.post(named)
    assert (answer.status, answer.json["name"]) == (201, named["name"])
    assert stack.job(answer.json["job_id"]).json["name"] == named["name"]


def test_posting_a_name_again_replaces_the_definition(stack, named, hook):
    """Configuration as code: whatever the job was, it is what was posted last."""
    job_id = stack.post({**named, "method": "POST", "body": "old", "tags": ["x"]}).json["job_id"]
    answer = stack.post({**named, "schedule": "* * * * * *", "type": "ATLEAST_ONCE", "method": "PUT", "body": "new"})
    assert (answer.status, answer.json["job_id"], answer.json["body"]) == (201, job_id, "new")
    shown = stack.job(job_id).json
    assert (shown["schedule"], shown["type"], shown["method"], shown["version"]) == ("* * * * * *", "ATLEAST_ONCE", "PUT", 2)
    assert "tags" not in shown, "what is not said has its default"
    call = hook.wait_for_calls()[0]
    assert (call.method, call.body) == ("PUT", b"new")


def test_posting_the_same_again_changes_nothing(stack, named):
    first = stack.post(named)
    again = stack.post(named)
    assert (again.status, again.json) == (201, first.json)
    assert stack.job(first.json["job_id"]).json["version"] == 1


def test_paused_job_that_is_posted_again_stays_paused(stack, named):
    job_id = stack.post(named).json["job_id"]
    stack.pause(job_id)
    assert stack.post({**named, "schedule": "* * * * * *"}).status == 201
    shown = stack.job(job_id).json
    assert (shown["state"], shown["schedule"]) == ("PAUSED", "* * * * * *")


def test_bad_definition_of_a_name_changes_nothing(stack, named):
    job_id = stack.post(named).json["job_id"]
    assert stack.post({**named, "method": "TRACE"}).status == 400
    assert stack.post({**named, "schedule": "0 0 1 1 ? 2020"}).status == 400
    assert stack.job(job_id).json["version"] == 1


def test_name_cannot_be_patched(stack, named):
    job_id = stack.post(named).json["job_id"]
    for name in ("other", None):
        assert stack.patch(job_id, {"name": name}).error["field"] == "name"
    assert stack.patch(job_id, {"name": named["name"], "description": "d"}).json["description"] == "d"
    other = stack.schedule(NEVER_SOON, named["api"])
    assert stack.patch(other, {"name": "n"}).error["field"] == "name"


@pytest.mark.parametrize("name", ["", " a", "a ", "a\n", "x" * 129, "é" * 65])
def test_bad_name_is_refused(stack, name):
    assert (refusal(stack, name=name)["code"], refusal(stack, name=name)["field"]) == ("VALIDATION_ERROR", "name")


# --- changing it --------------------------------------------------------------------------------------------------


def test_patch_changes_a_definition_member_by_member(stack, hook):
    job_id = stack.schedule(NEVER_SOON, hook.url, method="POST", body="old", headers={"X-A": "1", "X-B": "2"}, tags=["a"], timeout_ms=500)
    changed = stack.patch(job_id, {"headers": {"X-B": None, "X-C": "3"}, "body": "new", "tags": ["b"], "timeout_ms": None, "retry": {"max_attempts": 2}}).json
    assert changed["headers"] == {"X-A": "1", "X-C": "3"}
    assert (changed["body"], changed["tags"], changed["retry"]) == ("new", ["b"], {"max_attempts": 2})
    assert "timeout_ms" not in changed
    stack.run(job_id)
    call, = hook.wait_for_calls()
    assert (call.method, call.body, call.headers["x-a"], call.headers["x-c"]) == ("POST", b"new", "1", "3")
    assert "x-b" not in call.headers


def test_patch_is_judged_as_a_whole(stack):
    job_id = stack.schedule(NEVER_SOON, "http://127.0.0.1/whole", method="POST", body="x")
    assert stack.patch(job_id, {"method": "HEAD"}).error["field"] == "body"
    assert stack.patch(job_id, {"body_base64": "eA=="}).error["field"] == "body_base64"
    assert stack.patch(job_id, {"body": None, "body_base64": "eA=="}).json["body_base64"] == "eA=="
    assert stack.patch(job_id, {"headers": {"Host": "x"}}).error["field"] == "headers"


# --- what is stored and answered ----------------------------------------------------------------------------------


def test_definition_is_answered_as_it_was_sent(stack):
    sent = {"schedule": NEVER_SOON, "api": "http://127.0.0.1/?{{job_id}}", "type": "ATLEAST_ONCE", "method": "POST",
            "headers": {"X-B": "1", "X-A": "2"}, "body": "ü\n", "timeout_ms": 500, "connect_timeout_ms": 400, "follow_redirects": 0,
            "success": {"status": ["2xx", 304], "body_contains": "ok"}, "retry": {"max_attempts": 3, "multiplier": 1.50, "jitter": "none"},
            "retry_client_errors": True, "description": "d", "tags": ["t"], "keep_response": True}
    answer = stack.post(sent)
    assert answer.status == 201
    assert {name: answer.json[name] for name in sent} == sent


def test_fields_at_their_default_leave_no_trace(stack):
    plain = {"schedule": NEVER_SOON, "api": "http://127.0.0.1/plain", "type": "ATMOST_ONCE"}
    first = stack.post(plain)
    again = stack.post({**plain, "method": "GET", "headers": {}, "body": "", "timeout_ms": 90000, "connect_timeout_ms": 10000,
                        "follow_redirects": 5, "success": {"status": ["200-299"]}, "retry": {"max_attempts": 6, "jitter": "full"},
                        "retry_unsent": False, "retry_client_errors": False, "description": "", "tags": [], "keep_response": False})
    assert again.json == first.json
    with stack.redis() as db:
        assert set(db.hgetall(job_key(first.json["job_id"]))) == {b"created", b"schedule", b"api", b"type"}


def test_same_call_in_other_words_is_the_same_job(stack):
    job = {"schedule": NEVER_SOON, "api": "http://127.0.0.1/same", "type": "ATMOST_ONCE", "method": "POST"}
    one = stack.post({**job, "headers": {"X-A": "1", "X-B": "2"}, "body": "hello"}).json["job_id"]
    other = stack.post({**job, "headers": {"x-b": "2", "x-a": "1"}, "body_base64": "aGVsbG8="}).json["job_id"]
    assert one == other
    assert stack.post({**job, "headers": {"X-A": "1", "X-B": "3"}, "body": "hello"}).json["job_id"] != one


@pytest.mark.parametrize("fields, code", [({"method": "get"}, "VALIDATION_ERROR"), ({"method": "TRACE"}, "VALIDATION_ERROR"),
                                          ({"method": ""}, "INVALID_REQUEST"), ({"method": 1}, "INVALID_REQUEST"),
                                          ({"headers": []}, "INVALID_REQUEST"), ({"body": {}}, "INVALID_REQUEST"),
                                          ({"body_base64": "a"}, "VALIDATION_ERROR"), ({"body_base64": "YQ==", "body": "a"}, "VALIDATION_ERROR")])
def test_bad_call_is_refused(stack, fields, code):
    error = refusal(stack, **fields)
    assert (error["code"], error["field"]) == (code, next(iter(fields)))


def test_secrets_are_in_no_log(stack, hook):
    hook.answers(t.status(500))
    secret = {"method": "POST", "headers": {"Authorization": "Bearer t0psecret"}, "body": "t0psecret"}
    job_id, _ = call_once(stack, hook.url, **secret)
    executions = stack.wait_for_executions(job_id)
    stack.post({"schedule": "x", "api": hook.url, "type": "ATMOST_ONCE", **secret})
    assert job_id in stack.all_logs()
    assert "t0psecret" not in stack.all_logs() + str(executions)


def test_broken_definition_is_set_aside(handler, redis, make_runner, hook):
    """Somebody wrote what no handler would have: the runner puts the job out of the way, and does not name what may be secret."""
    job_id = handler.schedule("* * * * * *", hook.url)
    with redis.client() as db:
        db.hset(job_key(job_id), "headers", '{"Authorization":"t0psecret\\n"}')
        runner = make_runner()
        wait_for(lambda: db.keys("dronc:*:broken"), what="a job that is marked as broken")
        assert id_bytes(job_id) in db.zrange(db.keys("dronc:*:broken")[0], 0, -1)
    assert "t0psecret" not in runner.out + runner.err
    assert not hook.calls
