"""The calls themselves, as the target sees them, and what is recorded of them."""
import re
import time

import pytest

import target as t
from harness import NEVER_SOON, SCALE, VERSION, at_second, id_bytes, key_of, soon, wait_for


def once(stack, url, kind="ATMOST_ONCE"):
    """A job that is called at one instant: its id."""
    return stack.schedule(at_second(soon()), url, kind)


def outcome(stack, url, kind="ATMOST_ONCE"):
    """What is recorded of one call."""
    return stack.wait_for_executions(once(stack, url, kind))[0]


def outcomes(stack, urls):
    """What is recorded of a call of each, all at one instant: {name: execution}."""
    instant = soon(0.5)
    jobs = {name: stack.schedule(at_second(instant), url) for name, url in urls.items()}
    return {name: stack.wait_for_executions(job_id)[0] for name, job_id in jobs.items()}


# --- the request --------------------------------------------------------------------------------------------------


def test_call_is_a_get_that_says_what_it_is_for(stack, hook):
    instant = soon()
    job_id = stack.schedule(at_second(instant), hook.url)
    call, = hook.wait_for_calls()
    assert (call.method, call.version) == ("GET", "HTTP/1.1")
    assert call.headers["user-agent"] == f"dronc/{VERSION}"
    assert call.headers["dronc-job-id"] == job_id
    assert call.headers["dronc-scheduled-time"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))
    assert call.headers["dronc-attempt"] == "1"
    assert call.headers["idempotency-key"] == f"{job_id[5:]}-{instant * 1000}"
    assert "content-length" not in call.headers and "cookie" not in call.headers


def test_url_is_called_as_it_was_given(stack, target):
    called = {"": "", "?a=b&c=%20d": "?a=b&c=%20d", "#fragment": "", "?q#f": "?q", "/%2e%2F": "/%2e%2F"}
    hooks = {tail: target.hook(f"/as-given-{n}" + tail.partition("#")[0].partition("?")[0]) for n, tail in enumerate(called)}
    outcomes(stack, {tail: hook.url.removesuffix(tail) + tail for tail, hook in hooks.items()})
    for n, (tail, uri) in enumerate(called.items()):
        assert hooks[tail].calls[0].uri == f"/as-given-{n}{uri}"


def test_credentials_of_the_url_are_sent_as_basic_authorization(stack, hook):
    once(stack, hook.url.replace("//", "//user:p%40ss@"))
    assert hook.wait_for_calls()[0].headers["authorization"] == "Basic dXNlcjpwQHNz"


def test_each_occurrence_has_a_key_of_its_own(stack, hook):
    stack.schedule("* * * * * *", hook.url)
    calls = hook.wait_for_calls(3)[:3]
    assert [calls[n].scheduled for n in range(3)] == [calls[0].scheduled + n for n in range(3)]
    assert len({call.key for call in calls}) == 3


@pytest.mark.parametrize("schedule", ["@every 1s", "*/1 * * * * *", "@secondly"])
def test_second_level_schedules_are_called_each_second(stack, hook, schedule):
    stack.schedule(schedule, hook.url)
    first, second = hook.wait_for_calls(2)[:2]
    assert second.scheduled - first.scheduled == 1


def test_job_that_is_posted_twice_is_called_once_per_occurrence(stack, hook):
    for spelling in ("* * * * * *", "*/1 * * * * *", "* * * * * *"):
        stack.schedule(spelling, hook.url)
    calls = hook.wait_for_calls(3)
    assert len({call.key for call in calls}) == len(calls)


def test_call_starts_at_its_instant_and_says_so(stack, hook):
    execution = outcome(stack, hook.url)
    call, = hook.calls
    assert 0 <= call.at - call.scheduled < 0.5 * SCALE
    assert abs(execution["lateness_ms"] - (call.at - call.scheduled) * 1000) < 100 * SCALE


# --- what is a success --------------------------------------------------------------------------------------------


def test_only_2xx_is_a_success(stack, target):
    good, bad = (200, 201, 202, 206, 299), (300, 302, 400, 404, 429, 500, 599)
    hooks = {code: target.hook().answers(t.status(code)) for code in good + bad}
    executions = outcomes(stack, {code: hook.url for code, hook in hooks.items()})
    assert {code: e["status_code"] for code, e in executions.items()} == {code: code for code in hooks}
    assert {code for code, e in executions.items() if e["success"]} == set(good)
    assert {code: len(hook.calls) for code, hook in hooks.items()} == {code: 1 for code in hooks}


def test_odd_answers_are_successes(stack, target):
    odd = {"trickle": t.trickle, "slow": t.slow(0.3), "empty": t.status(200, b""), "closed": t.answer_and_close,
           "exactly 1 MiB": t.status(200, b"x" * 1048576), "no content": t.no_content}
    executions = outcomes(stack, {name: target.hook().answers(behaviour).url for name, behaviour in odd.items()})
    assert {name: e.get("error") for name, e in executions.items() if not e["success"]} == {}


@pytest.mark.parametrize("behaviour", [t.close, t.reset, t.break_off, t.not_http, t.endless_headers, t.endless_header],
                         ids=lambda behaviour: behaviour.__name__)
def test_hostile_answers_are_failures(stack, hook, behaviour):
    hook.answers(behaviour)
    execution = outcome(stack, hook.url)
    assert (execution["success"], execution["error_class"]) == (False, "response")
    assert execution["error"]
    assert len(hook.calls) == 1


def test_refused_connection_is_a_failure(stack):
    execution = outcome(stack, "http://127.0.0.1:1/refused")
    assert (execution["success"], execution["status_code"], execution["error_class"]) == (False, 0, "connect")


def test_tls_to_a_server_that_has_none_is_a_failure(stack, hook):
    execution = outcome(stack, hook.url.replace("http:", "https:"))
    assert (execution["success"], execution["error_class"]) == (False, "tls")


def test_endless_answer_is_cut_and_a_success(stack, hook):
    hook.answers(t.endless_body)
    execution = outcome(stack, hook.url)
    assert (execution["status_code"], execution["success"]) == (200, True)
    call, = hook.calls
    wait_for(lambda: call.ended, what="the end of the transfer")
    assert 1 << 20 <= call.sent < 20 << 20, "what was read, and what fits into two socket buffers"


def test_slow_target_does_not_hold_up_the_others(stack, hook, target):
    stuck = [target.hook().answers(t.held) for _ in range(20)]
    for other in stuck:
        once(stack, other.url)
    for other in stuck:
        other.wait_for_calls()
    instant = soon()
    stack.schedule(at_second(instant), hook.url)
    assert hook.wait_for_calls()[0].at - instant < 0.5 * SCALE
    for other in stuck:
        other.release()


# --- redirects ----------------------------------------------------------------------------------------------------


def chain(target, length):
    """Hooks of which each redirects to the next; the last one answers."""
    hooks = [target.hook() for _ in range(length + 1)]
    for hook, following in zip(hooks, hooks[1:]):
        hook.answers(t.redirect(following.url))
    return hooks


def test_redirect_is_followed_with_a_get(stack, target):
    codes, end = (301, 302, 303, 307, 308), target.hook()
    hooks = {code: target.hook().answers(t.redirect(end.path, code)) for code in codes}
    executions = outcomes(stack, {code: hook.url for code, hook in hooks.items()})
    assert all(e["success"] for e in executions.values()), executions
    assert {call.method for call in end.calls} == {"GET"}
    assert {call.key for call in end.calls} == {hook.calls[0].key for hook in hooks.values()}


@pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])
def test_five_redirects_are_followed(stack, target, kind):
    hooks = chain(target, 5)
    execution = outcome(stack, hooks[0].url, kind)
    assert (execution["success"], execution["status_code"]) == (True, 200)
    assert [len(hook.calls) for hook in hooks] == [1] * 6


def test_sixth_redirect_is_not_followed(stack, target):
    hooks = chain(target, 6)
    execution = outcome(stack, hooks[0].url)
    assert (execution["success"], execution["error_class"]) == (False, "too_many_redirects")
    assert [len(hook.calls) for hook in hooks] == [1] * 6 + [0]


def test_redirect_loop_ends(stack, hook):
    hook.answers(t.redirect(hook.url))
    assert outcome(stack, hook.url)["error_class"] == "too_many_redirects"
    assert len(hook.calls) == 6


def test_redirect_to_another_scheme_is_not_followed(stack, target, own_target):
    place = f"127.0.0.1:{own_target.port}"
    locations = [f"ftp://{place}/x", "file:///etc/passwd", f"gopher://{place}/_GET", f"dict://{place}/d", f"telnet://{place}/", f"scp://{place}/x"]
    executions = outcomes(stack, {location: target.hook().answers(t.redirect(location)).url for location in locations})
    assert {e["error_class"] for e in executions.values()} == {"redirect"}
    assert own_target.connections == 0


def test_credentials_are_not_carried_to_another_place(stack, hook, own_target):
    elsewhere = own_target.hook()
    hook.answers(t.redirect(elsewhere.url))
    assert outcome(stack, hook.url.replace("//", "//user:s3cret@"))["success"]
    assert "authorization" in hook.calls[0].headers
    assert "authorization" not in elsewhere.calls[0].headers


# --- at most once -------------------------------------------------------------------------------------------------


def test_at_most_once_is_not_retried(stack, hook):
    hook.answers(t.status(500))
    job_id = once(stack, hook.url)
    stack.wait_for_executions(job_id)
    with stack.redis() as db:
        assert not [m for m in db.zrange(key_of(job_id, "retry"), 0, -1) if m.startswith(id_bytes(job_id))]
    assert len(hook.calls) == 1


def run_until(stack, job_id, condition, what):
    """Run a job again and again, each time as soon as the run before is over: its connection is still young."""
    for number in range(1, 20):
        if condition():
            return
        assert stack.run(job_id).status in (200, 202)
        stack.wait_for_executions(job_id, number)
    raise AssertionError(f"not seen: {what}")


def test_at_most_once_is_not_sent_again_on_a_connection_that_dies(stack, own_target):
    """libcurl by itself would send the request a second time."""
    hook = own_target.hook().answers(t.close_if_reused)
    job_id = stack.schedule(NEVER_SOON, hook.url)
    run_until(stack, job_id, lambda: sum(call.nth > 0 for call in hook.calls) >= 2, "calls on a connection that was used before")
    calls = hook.calls
    assert len({call.key for call in calls}) == len(calls), "an occurrence was sent twice"


def test_at_least_once_survives_a_connection_that_dies(stack, own_target):
    hook = own_target.hook().answers(t.close_if_reused)
    job_id = stack.schedule(NEVER_SOON, hook.url, "ATLEAST_ONCE")
    run_until(stack, job_id, lambda: any(call.nth > 0 for call in hook.calls), "a call on a connection that was used before")
    key = next(call.key for call in hook.calls if call.nth > 0)
    wait_for(lambda: any(call.key == key and call.nth == 0 for call in hook.calls), 10, "the same occurrence on a new connection")


def test_connection_that_was_closed_while_idle_is_no_failure(stack, own_target):
    hook = own_target.hook().answers(t.answer_and_close)
    job_id = stack.schedule("* * * * * *", hook.url)
    executions = stack.wait_for_executions(job_id, 3)
    assert all(e["success"] for e in executions), executions
    assert len({call.key for call in hook.calls}) == len(hook.calls)


# --- at least once ------------------------------------------------------------------------------------------------


def test_at_least_once_is_retried_until_it_succeeds(stack, hook):
    hook.answers(t.status(500), t.status(429), t.status(200))
    job_id = once(stack, hook.url, "ATLEAST_ONCE")
    executions = stack.wait_for_executions(job_id, 3, timeout=15)
    assert [(e["attempt"], e["success"]) for e in executions] == [(1, False), (2, False), (3, True)]
    assert [call.attempt for call in hook.calls] == [1, 2, 3]
    assert len({(call.key, call.headers["dronc-scheduled-time"]) for call in hook.calls}) == 1
    assert len({e["id"] for e in executions}) == 3
    with stack.redis() as db:
        assert not [m for m in db.zrange(key_of(job_id, "retry"), 0, -1) if m.startswith(id_bytes(job_id))]


def test_retries_do_not_hold_up_the_next_occurrence(stack, hook):
    hook.answers(t.status(500))
    stack.schedule("* * * * * *", hook.url, "ATLEAST_ONCE")
    firsts = wait_for(lambda: (lambda c: len(c) >= 4 and c)([call for call in hook.calls if call.attempt == 1]), 10)
    assert [call.scheduled for call in firsts[:4]] == [firsts[0].scheduled + n for n in range(4)]


def test_sixth_failure_is_the_last(stack, hook):
    """Planted in Redis as the fifth failure would leave it."""
    hook.answers(t.status(500))
    job_id = stack.schedule(NEVER_SOON, hook.url, "ATLEAST_ONCE")
    occurrence = id_bytes(job_id) + b"1700000000000"
    with stack.redis() as db:
        now = int(time.time() * 1000)
        db.zadd(key_of(job_id, "retry"), {occurrence + b":6": now})
        db.publish("dronc:wake", f"{id_bytes(job_id)[0] % 16} {now}")
        execution, = stack.wait_for_executions(job_id)
        assert (execution["attempt"], hook.calls[0].attempt) == (6, 6)
        assert db.zscore(key_of(job_id, "dead"), occurrence)
        assert not db.zscore(key_of(job_id, "retry"), occurrence + b":7")


# --- on time ------------------------------------------------------------------------------------------------------


@pytest.mark.alone
def test_hundred_calls_of_one_second_leave_within_50_ms(runner, handler, own_target):
    hooks = [own_target.hook() for _ in range(100)]
    for hook in hooks:
        handler.schedule("* * * * * *", hook.url)
    begin, spreads = soon(), []
    for second in range(begin, begin + 5):
        wait_for(lambda: sum(call.scheduled == second for hook in hooks for call in hook.calls) == 100, 10)
        lateness = [(call.at - second) * 1000 for hook in hooks for call in hook.calls if call.scheduled == second]
        spreads.append(max(lateness))
        print(f"\nsecond {second - begin + 1}: 100 calls left between {min(lateness):.1f} and {max(lateness):.1f} ms after it", end="")
        assert min(lateness) >= 0, "a call left before its instant"
        if len(spreads) >= 3 and min(spreads) <= 50 * SCALE:
            return
    raise AssertionError(f"the last of 100 calls left this many ms late: {[round(x) for x in spreads]}")


# --- the log ------------------------------------------------------------------------------------------------------


def test_each_call_is_one_line_of_the_log(stack, hook):
    hook.answers(t.status(500), t.status(200))
    job_id = once(stack, hook.url, "ATLEAST_ONCE")
    executions = stack.wait_for_executions(job_id, 2)
    first, second = [line for line in stack.log if line.get("job") == job_id and "attempt" in line]
    assert (first["event"], first["status"], first["attempt"], first["level"]) == ("call failed", 500, 1, "warn")
    assert (second["event"], second["status"], second["attempt"], second["level"]) == ("call succeeded", 200, 2, "info")
    assert second["took_ms"] == executions[1]["time_taken_ms"]
    assert second["lateness_ms"] == executions[1]["lateness_ms"]
    assert second["scheduled"] == hook.calls[0].headers["dronc-scheduled-time"]


def test_secrets_of_a_url_are_in_no_log(stack, hook, target):
    """Whatever becomes of the call, at the level debug."""
    fate = {"good": t.status(200), "bad": t.status(500), "gone": t.close, "ftp": t.redirect("ftp://user:s3cret@127.0.0.1/?token=t0psecret"),
            "far": t.redirect("http://user:s3cret@127.0.0.1:1/?token=t0psecret"), "odd": t.redirect("http://user:s3cret@127.0.0.1:99999/?token=t0psecret")}
    urls = [target.hook().answers(behaviour).url for behaviour in fate.values()] + ["http://127.0.0.1:1/", hook.url.replace("http", "https")]
    jobs = [once(stack, url.replace("//", "//user:s3cret@") + "?token=t0psecret") for url in urls]
    executions = [stack.wait_for_executions(job_id)[0] for job_id in jobs]
    stack.post({"schedule": "x", "api": urls[0].replace("//", "//user:s3cret@") + "?token=t0psecret", "type": "ATMOST_ONCE"})
    for text in (stack.all_logs(), str(executions)):
        assert "s3cret" not in text and "t0psecret" not in text
        assert not re.search("dXNlcjpzM2NyZXQ", text), "nor in base64"
    assert all(job_id in stack.all_logs() for job_id in jobs)
