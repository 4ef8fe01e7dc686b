"""Whose clock: a handler on a machine whose clock is wrong makes the same jobs as any other, by Redis' clock; and what happens when that is set."""
import glob
import struct
import subprocess
import time

import pytest

from harness import ROOT, SANITIZED, at_second, job_key, soon, wait_for
from target import status

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


# --- Redis' clock ---------------------------------------------------------------------------------------------------


@pytest.fixture
def stepped(home, make_redis):
    """A Redis whose clock can be set: (redis, set(seconds from the true time))."""
    library, offset = home / "redis_clock.so", home / "redis.clock"
    offset.write_bytes(struct.pack("q", 0))
    subprocess.run(["gcc", "-O2", "-fPIC", "-shared", "-o", library, ROOT / "tests" / "chaos" / "redis_clock.c"], check=True)

    def step(seconds):
        with open(offset, "r+b") as file:
            file.write(struct.pack("q", int(seconds * 1_000_000)))
    return make_redis(folder="stepped", env={"LD_PRELOAD": library, "CLOCK_OFFSET_FILE": offset}), step


def test_call_that_was_started_before_the_clock_was_set_back_is_not_sent_after_a_pause(stepped, make_handler, make_runner, own_target):
    """Retries are due every few milliseconds, so that some are between their start and their instant when the runner learns of it."""
    redis, step = stepped
    step(4)
    handler, runner = make_handler(**redis.settings()), make_runner(**redis.settings())
    hooks = [own_target.hook().answers(status(500)) for _ in range(60)]
    instant = soon(1) + 4
    jobs = [handler.schedule(at_second(instant), hook.url, "ATLEAST_ONCE",
                             retry={"max_attempts": 2, "min_backoff_ms": 1000 + 20 * n, "max_backoff_ms": 1000 + 20 * n, "jitter": "none"})
            for n, hook in enumerate(hooks)]
    hooks[0].wait_for_calls(2)
    step(0)
    wait_for(lambda: "clock was set" in runner.out)
    for job_id in jobs:
        assert handler.pause(job_id).status in (200, 409)  # 409: it is over
    paused = time.time()
    wait_for(lambda: time.time() > paused + 5, 10)  # by Redis' clock, all retries have been due by now
    late = [call.at - paused for hook in hooks for call in hook.calls if call.at > paused + 0.3]
    assert late == []
