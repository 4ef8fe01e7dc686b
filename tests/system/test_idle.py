"""Calls whose period is the time after which their target closes idle connections: none is lost, none is made twice."""
import pytest

from harness import wait_for
from idle import IdleTarget, Loop, Way


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.stop()


@pytest.mark.parametrize("tells", [False, True], ids=["silent", "keep-alive"])
def test_no_call_meets_the_end_of_its_connection(make_runner, handler, loop, tells):
    """The time-out is a second, the round trip 40 ms, and jobs call each second; the whole table is tests/idle/idle.py's."""
    jobs, rounds = 20, 6
    target = IdleTarget(loop, 1, tells)
    way = Way(loop, target.port, 0.04)
    runner = make_runner()
    for kind in ("ATMOST_ONCE", "ATLEAST_ONCE"):
        for number in range(jobs):
            handler.schedule("* * * * * *", f"http://127.0.0.1:{way.port}/{kind}/{number}", kind, max_runs=rounds)
    calls = wait_for(lambda: len(runner.calls) >= 2 * jobs * rounds and runner.calls, 30, "all calls")
    assert [call for call in calls if call["event"] == "call failed"] == []
    assert set(target.keys.values()) == {1}


def test_calls_of_a_burst_share_connections(make_runner, handler, loop):
    """Ten at a time, a hundred at once."""
    target = IdleTarget(loop, 1)
    runner = make_runner(RUNNER_MAX_PER_HOST=10)
    job = handler.schedule("0 0 1 1 *", f"http://127.0.0.1:{target.port}/")
    for _ in range(100):
        assert handler.run(job).status in (200, 201, 202)
    wait_for(lambda: len(runner.calls) >= 100, 30, "all calls")
    assert target.connections <= 20
