"""What is known of a call afterwards: what a record holds, how records are found again, and how long they are kept."""
import pytest

import target as t
from harness import at_second, soon
from target import status

# --- what a record holds ------------------------------------------------------------------------------------------


def called(stack, url, kind="ATMOST_ONCE"):
    """The record of a call that was made just now."""
    return stack.wait_for_executions(stack.schedule(at_second(soon()), url, kind))[0]


def test_record_tells_what_the_call_spent_its_time_on(stack, own_target):
    """The first call to a host has to look its name up and to connect; TLS is only there with https."""
    execution = called(stack, own_target.hook().url.replace("127.0.0.1", "localhost"))
    timings = execution["timings_us"]
    assert set(timings) == {"dns", "connect", "first_byte", "total"}
    assert timings["dns"] + timings["connect"] <= timings["first_byte"] <= timings["total"]
    assert timings["total"] // 1000 <= execution["time_taken_ms"] + 1


def test_kept_connection_has_neither_lookup_nor_connect(stack, own_target):
    hook = own_target.hook()
    called(stack, hook.url)
    assert set(called(stack, hook.url + "?again")["timings_us"]) == {"first_byte", "total"}


def test_record_names_the_runner_that_called(stack, hook):
    assert called(stack, hook.url)["runner"]


def test_record_tells_how_large_the_answer_was(stack, hook):
    hook.answers(status(200, body=b"x" * 1234))
    execution = called(stack, hook.url)
    assert execution["response_bytes"] == 1234
    assert "truncated" not in execution


def test_long_answer_is_cut_and_no_failure(stack, hook):
    hook.answers(status(200, body=b"x" * 3_000_000))
    execution = called(stack, hook.url)
    assert (execution["success"], execution["truncated"], execution["response_bytes"]) == (True, True, 1 << 20)


def test_call_that_nobody_took_has_a_total_only(stack):
    execution = called(stack, "http://127.0.0.1:1/nobody-is-here")
    assert execution["error_class"] == "connect"
    assert set(execution["timings_us"]) <= {"dns", "total"}
    assert execution["response_bytes"] == 0


def test_redirects_fail_in_two_ways(stack, target, hook):
    """Too many of them, and one to where no call may go."""
    hook.answers(t.redirect(hook.url))
    assert called(stack, hook.url)["error_class"] == "too_many_redirects"
    assert called(stack, target.hook().answers(t.redirect("ftp://127.0.0.1/x")).url)["error_class"] == "redirect"
