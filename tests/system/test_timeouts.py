"""What takes long: a minute and a half for a silent target, ten seconds for a connection, all six attempts. These calls were
begun together with the shared stack (conftest's slow_calls), so that waiting for them costs next to nothing when all tests run."""
from harness import SCALE, id_bytes, key_of


def test_target_that_does_not_take_the_connection_times_out_after_10_s(stack, slow_calls):
    execution, = stack.wait_for_executions(slow_calls.full_job, timeout=20)
    assert (execution["success"], execution["status_code"], execution["error_class"]) == (False, 0, "timeout")
    assert 9_900 <= execution["time_taken_ms"] <= 11_000 * SCALE


def test_at_least_once_is_tried_six_times_and_then_dead(stack, slow_calls):
    executions = stack.wait_for_executions(slow_calls.failing_job, 6, timeout=70)
    assert [e["attempt"] for e in executions] == [1, 2, 3, 4, 5, 6]
    calls = slow_calls.failing.calls
    assert [call.attempt for call in calls] == [1, 2, 3, 4, 5, 6]
    assert len({call.key for call in calls}) == 1
    gaps = [later.at - earlier.at for earlier, later in zip(calls, calls[1:])]
    assert all(gap <= most + 0.5 * SCALE for gap, most in zip(gaps, [1, 2, 4, 8, 16])), gaps
    job_id = slow_calls.failing_job
    with stack.redis() as db:
        dead = [m for m in db.zrange(key_of(job_id, "dead"), 0, -1) if m.startswith(id_bytes(job_id))]
        assert len(dead) == 1
        assert not [m for m in db.zrange(key_of(job_id, "retry"), 0, -1) if m.startswith(id_bytes(job_id))]


def test_silent_target_times_out_after_90_s(stack, slow_calls):
    execution, = stack.wait_for_executions(slow_calls.silent_job, timeout=100)
    assert (execution["success"], execution["status_code"], execution["error_class"]) == (False, 0, "timeout")
    assert 89_900 <= execution["time_taken_ms"] <= 91_000 * SCALE
    assert len(slow_calls.silent.calls) == 1
