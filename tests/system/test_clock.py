"""Whose clock: a handler on a machine whose clock is wrong makes the same jobs as any other, by Redis' clock."""
import glob
import time

import pytest

from harness import SANITIZED, at_second, job_key, soon

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
OFFSETS = pytest.mark.parametrize("offset", ["-1h", "+1h"])

pytestmark = [
    pytest.mark.skipif(SANITIZED, reason="ASan has to be the first library in a process, and so has libfaketime"),
    pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed (make deps-test)"),
]


@pytest.fixture
def handler_off_by(make_handler):
    """A handler whose wall clock is wrong, its monotonic clock untouched."""
    return lambda offset: make_handler(LD_PRELOAD=FAKETIME, FAKETIME=offset, FAKETIME_DONT_FAKE_MONOTONIC=1)


def created(redis, job_id):
    with redis.client() as db:
        return int(db.hget(job_key(job_id), "created")) / 1000


@OFFSETS
def test_clock_that_is_wrong_does_not_move_a_job(handler_off_by, runner, redis, hook, offset):
    handler = handler_off_by(offset)
    posted = time.time()
    job_id = handler.schedule("* * * * * *", hook.url)
    assert posted - 0.1 <= created(redis, job_id) <= time.time() + 0.1
    call, = hook.wait_for_calls(1, timeout=2)[:1]
    assert call.at - posted < 2
    assert posted <= min(call.scheduled for call in hook.wait_for_calls(3)) <= posted + 2


@OFFSETS
def test_every_counts_from_redis_time(handler_off_by, runner, redis, hook, offset):
    handler = handler_off_by(offset)
    posted = time.time()
    job_id = handler.schedule("@every 2s", hook.url)
    call, = hook.wait_for_calls(1, timeout=4)[:1]
    assert call.scheduled == int(created(redis, job_id)) + 2
    assert posted + 1 <= call.scheduled <= posted + 3


@OFFSETS
def test_schedule_that_is_to_fire_once_soon_is_taken(handler_off_by, runner, hook, offset):
    """Over for a clock that is ahead; an hour away for one that is behind."""
    instant = soon(1)
    handler_off_by(offset).schedule(at_second(instant), hook.url)
    call, = hook.wait_for_calls(1, timeout=4)
    assert call.scheduled == instant


@OFFSETS
def test_schedule_that_is_over_is_refused(handler_off_by, hook, offset):
    answer = handler_off_by(offset).post({"schedule": at_second(time.time() - 1800), "api": hook.url, "type": "ATMOST_ONCE"})
    assert (answer.status, answer.code, answer.error["field"]) == (400, "JOB_CREATION_FAILED", "schedule")


def test_wrong_clock_is_told_once_and_costs_one_round_trip(handler_off_by, redis, hook):
    handler = handler_off_by("-1h")
    with redis.client() as db:
        def refused():
            return db.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"]
        handler.schedule("0 0 29 2 *", hook.url)
        before = refused()
        for n in range(5):
            handler.schedule(f"{n} 0 29 2 *", hook.url)
        assert refused() - before == 5, "it does not remember what it was told"
    lines = [line for line in (handler.err + handler.out).splitlines() if "clock differs" in line]
    assert len(lines) == 1
    assert '"redis_ahead_ms":36000' in lines[0] or '"redis_ahead_ms":35999' in lines[0]


def test_clock_that_is_right_says_nothing(handler, hook):
    handler.schedule("* * * * * *", hook.url)
    assert "clock" not in handler.err


def test_preview_starts_from_the_handlers_own_clock(handler_off_by):
    """It makes nothing, and asks no server."""
    answer = handler_off_by("+1h").get("/v1/schedule/preview?schedule=*+*+*+*+*+*&count=1")
    assert abs(answer.json["next"][0]["unix"] - time.time() - 3600) < 3
