"""Occurrences of one job that meet, on real runners: allow, skip, queue, cancel."""
import time
from urllib.parse import quote

import pytest

from harness import NEVER_SOON, id_bytes, job_key, key_of, wait_for
from target import at_once, held, slow, status

EVERY_SECOND = "* * * * * *"
BOTH = pytest.mark.parametrize("kind", ["ATMOST_ONCE", "ATLEAST_ONCE"])


def with_outcome(client, job_id, outcome):
    return [e for e in client.executions(job_id=job_id, limit=200) if e["outcome"] == outcome]


def wait_for_outcome(client, job_id, outcome, count=1, timeout=15):
    return wait_for(lambda: (lambda found: len(found) >= count and found)(with_outcome(client, job_id, outcome)), timeout,
                    f"{count} that are {outcome}")


def why(client, job_id, execution):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(execution["scheduled_time"]))
    return client.job(job_id, f"/why?at={quote(at)}").json


def execution_of(call):
    """The id of the execution that a call is."""
    job, scheduled = call.key.rsplit("-", 1)
    return f"exec:{job}:{scheduled}:{call.attempt}"


@pytest.fixture(params=[1, 2], ids=["one runner", "two runners"])
def runners(request, make_runner):
    return [make_runner() for _ in range(request.param)]


# --- allow --------------------------------------------------------------------------------------------------------


def test_calls_overlap_where_nothing_is_said(handler, runner, hook):
    handler.schedule(EVERY_SECOND, hook.answers(held).url)
    hook.wait_for_calls(3)
    assert at_once(hook.calls) >= 3
    hook.release()


# --- skip ---------------------------------------------------------------------------------------------------------


@BOTH
def test_skip_calls_one_at_a_time_and_says_which_one_it_was(handler, runners, hook, kind):
    job_id = handler.schedule(EVERY_SECOND, hook.answers(slow(1.6)).url, kind, overlap="skip")
    hook.wait_for_calls(3)
    skipped = wait_for_outcome(handler, job_id, "skipped", 2)
    assert at_once(hook.calls) == 1
    ids = {execution_of(call) for call in hook.calls}
    for execution in skipped:
        name, _, rest = execution["error"].partition(" ")
        assert name in ids and rest == "was under way" and execution["error_class"] == "overlap"
        assert (execution["execution_time"], execution["attempt"], execution["success"]) == (0, 1, False)
        answer = why(handler, job_id, execution)
        assert (answer["why"], answer["explanation"]) == ("skipped", execution["error"])
    counts = handler.job(job_id).json["counts"]
    assert counts["runs"] < len(handler.executions(job_id=job_id, limit=200)), "what was left out is none"
    called = {call.scheduled for call in hook.calls}
    assert not called & {execution["scheduled_time"] for execution in skipped}
    answer = handler.get(f"/v1/track/executions?job_id={job_id}&outcome=skipped")
    assert answer.status == 200 and {e["outcome"] for e in answer.json["executions"]} == {"skipped"}


def test_skip_counts_the_wait_for_the_next_attempt(handler, runners, hook):
    job_id = handler.schedule(EVERY_SECOND, hook.answers(status(500), status(200)).url, "ATLEAST_ONCE", overlap="skip",
                              retry={"min_backoff_ms": 3000, "max_backoff_ms": 3000, "jitter": "none"})
    calls = hook.wait_for_calls(3, 20)
    assert [call.attempt for call in calls[:3]] == [1, 2, 1]
    assert calls[0].scheduled == calls[1].scheduled
    assert all(e["error"].startswith(execution_of(calls[0])) for e in with_outcome(handler, job_id, "skipped"))
    assert len(with_outcome(handler, job_id, "skipped")) >= 1


def test_skip_goes_on_when_the_runner_that_calls_is_killed(handler, make_runner, hook):
    first = make_runner()
    job_id = handler.schedule(EVERY_SECOND, hook.answers(held, status(200)).url, overlap="skip")
    hook.wait_for_calls(1)
    first.kill()
    second = make_runner()
    calls = hook.wait_for_calls(3, 30)
    lost = wait_for_outcome(handler, job_id, "lost")
    assert [e["scheduled_time"] for e in lost] == [calls[0].scheduled]
    assert with_outcome(handler, job_id, "skipped"), "as long as no runner knew that it was lost"
    assert second.running
    hook.release()


# --- queue --------------------------------------------------------------------------------------------------------


@BOTH
def test_queue_calls_the_one_that_waits_right_after(handler, runners, hook, kind):
    job_id = handler.schedule(EVERY_SECOND, hook.answers(held, status(200)).url, kind, overlap="queue")
    wait_for_outcome(handler, job_id, "skipped")
    hook.release()
    calls = hook.wait_for_calls(4)
    assert at_once(calls) == 1
    assert calls[1].scheduled == calls[0].scheduled + 1 and calls[1].attempt == 1
    assert calls[1].at - calls[0].answered < 0.5
    skipped = with_outcome(handler, job_id, "skipped")
    assert [e["scheduled_time"] for e in skipped] == [calls[0].scheduled + 2]
    keys = [call.key for call in hook.calls]
    assert len(keys) == len(set(keys))


@BOTH
def test_queue_calls_the_one_that_waits_when_the_runner_is_killed(handler, make_runner, hook, kind):
    first = make_runner()
    job_id = handler.schedule(EVERY_SECOND, hook.answers(held, status(200)).url, kind, overlap="queue")
    hook.wait_for_calls(1)
    wait_for_outcome(handler, job_id, "skipped")
    first.kill()
    make_runner()
    calls = hook.wait_for_calls(4, 30)
    scheduled = [call.scheduled for call in calls]
    assert calls[0].scheduled + 1 in scheduled, "the one that waited"
    assert (scheduled.count(calls[0].scheduled), calls[1].attempt) == ((2, 2) if kind == "ATLEAST_ONCE" else (1, 1))
    assert scheduled == sorted(scheduled)
    hook.release()


def test_queue_is_left_behind_by_nobody(handler, runner, redis, hook):
    """Deleted while one is called and one waits: the call ends, the other goes."""
    job_id = handler.schedule(EVERY_SECOND, hook.answers(held).url, overlap="queue")
    hook.wait_for_calls(1)
    with redis.client() as db:
        wait_for(lambda: db.hexists(job_key(job_id), "waiting"))
        assert handler.delete(job_id).status == 204
        hook.release()
        wait_for(lambda: not db.keys("dronc:*:claimed:*"))
        assert not db.exists(job_key(job_id))
        wait_for(lambda: not db.zcard(key_of(job_id, "retry")), 20)
    assert len(hook.calls) == 1


def test_queue_in_a_pause_is_cancelled(handler, runner, redis, hook):
    job_id = handler.schedule(EVERY_SECOND, hook.answers(held).url, overlap="queue")
    hook.wait_for_calls(1)
    with redis.client() as db:
        wait_for(lambda: db.hexists(job_key(job_id), "waiting"))
        wait_for(lambda: [why(handler, job_id, {"scheduled_time": hook.calls[0].scheduled + n})["why"] for n in (0, 1)] ==
                 ["under_way", "queued"])
        handler.pause(job_id)
        hook.release()
        cancelled = wait_for_outcome(handler, job_id, "cancelled")
        assert [e["scheduled_time"] for e in cancelled] == [hook.calls[0].scheduled + 1]
        assert not db.zcard(key_of(job_id, "retry"))
    handler.resume(job_id)
    hook.wait_for_calls(3)


# --- cancel -------------------------------------------------------------------------------------------------------


@BOTH
def test_cancel_aborts_the_earlier_call(handler, runners, hook, kind):
    closed = []

    def until_closed(talk):
        talk.peer.settimeout(10)
        closed.append((talk.request, talk.peer.recv(1), time.time()))
        return False

    job_id = handler.schedule(EVERY_SECOND, hook.answers(until_closed, until_closed, status(200)).url, kind, overlap="cancel")
    calls = hook.wait_for_calls(4)
    wait_for(lambda: len(closed) == 2)
    for nth in (0, 1):
        request, data, at = closed[nth]
        assert (request, data) == (calls[nth], b"") and at - calls[nth + 1].at < 1
    cancelled = wait_for_outcome(handler, job_id, "cancelled", 2)[::-1]
    assert [e["scheduled_time"] for e in cancelled] == [calls[0].scheduled, calls[1].scheduled]
    for execution, by in zip(cancelled, calls[1:]):
        assert execution["error"] == f"aborted for the sake of {execution_of(by)}; it may have reached its target"
        assert why(handler, job_id, execution)["explanation"] == execution["error"]
    wait_for_outcome(handler, job_id, "succeeded", 2)
    assert [call.attempt for call in hook.calls] == [1] * len(hook.calls), "nothing of it is tried again"
    assert {e["outcome"] for e in handler.executions(job_id=job_id)} == {"cancelled", "succeeded"}


def test_cancel_whose_message_is_lost_alarms_nobody(handler, runner, redis, hook):
    """The earlier call ends by itself, and what came of it is not recorded a second time."""
    job_id = handler.schedule(NEVER_SOON, hook.answers(held, status(200)).url, overlap="cancel")
    handler.run(job_id)
    hook.wait_for_calls(1)
    with redis.client() as db:
        db.hdel(key_of(job_id, f"claimed:{runner.name_in_redis}"), *db.hkeys(key_of(job_id, f"claimed:{runner.name_in_redis}")))
    hook.release()
    handler.run(job_id)
    wait_for_outcome(handler, job_id, "succeeded")
    assert not runner.events("record refused")


# --- by hand ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overlap, outcome, calls", [("skip", "skipped", 1), ("queue", "succeeded", 2), ("cancel", "cancelled", 2)])
def test_run_by_hand_while_one_is_under_way(handler, runners, hook, pass_instants, overlap, outcome, calls):
    job_id = handler.schedule(NEVER_SOON, hook.answers(held, status(200)).url, overlap=overlap)
    handler.run(job_id)
    hook.wait_for_calls(1)
    handler.run(job_id)
    if overlap == "queue":
        pass_instants(1)
        assert len(hook.calls) == 1
        hook.release()
    wait_for_outcome(handler, job_id, outcome, 2 if overlap == "queue" else 1)
    hook.release()
    hook.wait_for_calls(calls)
    wait_for_outcome(handler, job_id, "succeeded", 2 if overlap == "queue" else 1)
    assert len(hook.calls) == calls


# --- another rule -------------------------------------------------------------------------------------------------


def test_rule_may_change_while_one_is_called_and_one_waits(handler, runner, redis, hook):
    job_id = handler.schedule(NEVER_SOON, hook.answers(held, status(200)).url, overlap="queue")
    handler.run(job_id)
    hook.wait_for_calls(1)
    handler.run(job_id)
    with redis.client() as db:
        wait_for(lambda: db.hexists(job_key(job_id), "waiting"))
        assert handler.patch(job_id, {"overlap": "allow"}).status == 200
        hook.release()
        hook.wait_for_calls(2)
        wait_for_outcome(handler, job_id, "succeeded", 2)
        assert not db.hkeys(key_of(job_id, f"claimed:{runner.name_in_redis}")) and not db.zcard(key_of(job_id, "retry"))
