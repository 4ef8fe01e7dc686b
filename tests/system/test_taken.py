"""An instant that was taken stays taken: acts in the last milliseconds before an instant, on real runners."""
import collections
import signal
import time

import pytest

from harness import at_second, id_bytes, key_of, state_of, wait_for
from target import slow

EVERY_SECOND = "* * * * * *"
THE_SAME = "0-59 * * * * *"  # another text for it
BOTH = pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])


def until(at_s):
    """The instants themselves are what is tested here."""
    time.sleep(max(0, at_s - time.time()))


def next_second():
    return int(time.time()) + 1


def assert_nothing_twice(client, job_ids, calls):
    keys = collections.Counter((call.key, call.attempt) for call in calls)
    assert [key for key, times in keys.items() if times > 1] == []
    for job_id in job_ids:
        ids = collections.Counter(entry["id"] for entry in client.executions(job_id=job_id, limit=200))
        assert [one for one, times in ids.items() if times > 1] == []


# --- created again ------------------------------------------------------------------------------------------------


@BOTH
def test_jobs_made_again_just_before_an_instant_are_called_once(handler, make_runner, target, kind):
    """Three times over, as fast as it goes, between a runner's claim (150 ms ahead) and its start (30 ms ahead)."""
    for _ in range(2):
        make_runner()
    hooks = [target.hook() for _ in range(20)]
    definitions = [{"schedule": EVERY_SECOND, "api": hook.url, "type": kind} for hook in hooks]
    jobs = [handler.post(definition).json["job_id"] for definition in definitions]
    for _ in range(5):
        instant = next_second()
        until(instant - 0.14)
        for job, definition in zip(jobs, definitions):
            for _ in range(3):
                assert handler.delete(job).status == 204
                assert handler.post(definition).status == 201
        until(instant + 0.3)
    wait_for(lambda: all(hook.calls for hook in hooks), what="a call of each")
    for job in jobs:
        handler.delete(job)
    assert_nothing_twice(handler, jobs, [call for hook in hooks for call in hook.calls])


# --- cancelled before it was sent ---------------------------------------------------------------------------------


def holder_of(db, job_id, instant_s, runners):
    """The runner that has started the job's occurrence at that instant; None: none has."""
    member = id_bytes(job_id) + b"%d000" % instant_s
    for runner in runners:
        claim = db.hget(key_of(job_id, f"claimed:{runner.name_in_redis}"), member)
        if claim and claim.startswith(b"s "):
            return runner
    return None


def test_call_that_is_cancelled_before_it_is_sent_is_not_sent(handler, redis, make_runner, hook):
    """Its runner is stopped between the start and the instant, and the message that it is cancelled does not reach it. While it
    sleeps a manual run cancels the occurrence, and a PATCH asks for the same instant again."""
    runners = [make_runner() for _ in range(2)]
    job_id = handler.schedule(EVERY_SECOND, hook.answers(slow(0.05)).url, overlap="cancel")
    cancelled = set()
    with redis.client() as db:
        for turn in range(90):
            instant = next_second()
            until(instant - 0.030)
            holder = None
            while holder is None and time.time() < instant - 0.012:
                holder = holder_of(db, job_id, instant, runners)
            if holder is None:
                until(instant + 0.1)  # too late: this process was not let run in time
                continue
            holder.signal(signal.SIGSTOP)
            wait_for(lambda: state_of(holder.pid) == "T")
            if time.time() >= instant:
                holder.signal(signal.SIGCONT)
                continue  # likewise: it may have been sent
            db.client_kill_filter(_type="pubsub")
            handler.run(job_id)
            handler.patch(job_id, {"schedule": (EVERY_SECOND, THE_SAME)[turn % 2]})
            until(instant + 0.1)
            holder.signal(signal.SIGCONT)
            until(instant + 0.4)
            for entry in handler.executions(job_id=job_id, limit=10):
                if entry["outcome"] == "cancelled" and entry["scheduled_time"] == instant:
                    cancelled.add(f"{job_id.removeprefix('capi:')}-{instant}000")
            if len(cancelled) >= 3:
                break
    assert len(cancelled) >= 3
    assert not cancelled & {call.key for call in hook.calls}
    handler.delete(job_id)
    assert_nothing_twice(handler, [job_id], hook.calls)


@BOTH
@pytest.mark.parametrize("act", ["pause", "delete"])
def test_call_that_waits_for_its_host_is_not_sent_after_a_pause_or_a_delete(handler, make_runner, hook, kind, act):
    """It is started, and its host has no call free: what happens to its job meanwhile counts."""
    make_runner(RUNNER_MAX_PER_HOST=1)
    hook.answers(slow(0.8))
    instant = next_second() + 1
    jobs = {handler.schedule(at_second(instant), f"{hook.url}?{n}", kind) for n in range(2)}
    first = hook.wait_for_calls(1)[0].headers["dronc-job-id"]
    [waits] = jobs - {first}
    assert getattr(handler, act)(waits).status in (200, 204)
    handler.wait_for_executions(first, 1)
    until(time.time() + 0.5)
    assert [call.headers["dronc-job-id"] for call in hook.calls] == [first]


# --- manual runs --------------------------------------------------------------------------------------------------


def test_run_by_hand_never_has_the_name_of_an_occurrence(handler, runner, hook):
    """Runs in the very milliseconds of an instant that is under way, of a job whose own instants lie elsewhere by then."""
    job_id = handler.schedule(EVERY_SECOND, hook.answers(slow(0.5)).url)
    hook.wait_for_calls(1)
    for turn in range(6):
        instant = next_second()
        until(instant - 0.015)
        handler.patch(job_id, {"schedule": f"@every {3600 + turn}s"})
        until(instant - 0.001)
        for _ in range(6):
            assert handler.run(job_id).status == 202
        handler.patch(job_id, {"schedule": EVERY_SECOND})
        until(instant + 1)
    handler.delete(job_id)
    wait_for(lambda: not [call for call in hook.calls if not call.ended], what="the end of all calls")
    assert_nothing_twice(handler, [job_id], hook.calls)


def test_runs_by_hand_are_called_at_once_however_many_come(handler, runner, hook):
    """More than one in a millisecond have names ahead of the clock; they do not wait for it."""
    job_id = handler.schedule("0 0 1 1 *", hook.url)
    names = [handler.run(job_id).json["execution_id"] for _ in range(300)]
    assert len(set(names)) == 300
    hook.wait_for_calls(300)
    by_name = {entry["id"]: entry for entry in handler.executions(job_id=job_id, limit=200)}
    assert all(entry["lateness_ms"] >= 0 for entry in by_name.values())
