"""A job that fails: counted, paused, and told to those who want to know, on the change from well to failing and back."""
import json
import time

import pytest

from harness import NEVER_SOON, id_bytes, job_key, key_of, wait_for
from target import held, status

GOOD, BAD = status(200), status(500)


def run_and_wait(client, job_id):
    """An occurrence by hand, from the call to its last record."""
    known = len(client.executions(job_id=job_id))
    assert client.run(job_id).status == 202
    wait_for(lambda: len(client.executions(job_id=job_id)) > known, what="the record of a manual run")


def second(ahead):
    """A whole second, so many from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead))


def count_of(client, job_id):
    return client.job(job_id).json["counts"]["failures"]


# --- pause_after_failures -----------------------------------------------------------------------------------------


def test_job_is_paused_after_failures_in_a_row_and_a_resume_starts_over(handler, runner, hook):
    hook.answers(BAD)
    job_id = handler.schedule("* * * * * *", hook.url, pause_after_failures=3)
    paused = wait_for(lambda: (lambda job: job["state"] == "PAUSED" and job)(handler.job(job_id).json))
    assert (paused["state_reason"], paused["state_note"], paused["next"]) == ("failures", "3 occurrences failed in a row", [])
    assert paused["counts"]["failures"] == 3 and paused["version"] == 1
    called = len(hook.calls)
    assert 3 <= called <= 4, "one may have been on its way"
    why = handler.job(job_id, f"/why?at={second(5)}").json
    assert (why["why"], why["state_reason"], why["state_note"]) == ("paused", "failures", "3 occurrences failed in a row")

    resumed = handler.resume(job_id).json
    assert (resumed["state"], resumed["counts"]["failures"]) == ("ACTIVE", 0)
    wait_for(lambda: handler.job(job_id).json["state"] == "PAUSED")
    assert called + 3 <= len(hook.calls) <= called + 4


def test_success_in_between_starts_the_count_over(handler, runner, hook):
    hook.answers(BAD, BAD, GOOD, BAD, BAD, GOOD)
    job_id = handler.schedule(NEVER_SOON, hook.url, pause_after_failures=3)
    counts = []
    for _ in range(6):
        run_and_wait(handler, job_id)
        counts.append(count_of(handler, job_id))
    assert counts == [1, 2, 0, 1, 2, 0]
    assert handler.job(job_id).json["state"] == "ACTIVE"


def test_retries_that_fail_are_one_failure(handler, runner, hook):
    hook.answers(BAD)
    job_id = handler.schedule(NEVER_SOON, hook.url, "ATLEAST_ONCE", pause_after_failures=2,
                              retry={"max_attempts": 3, "min_backoff_ms": 50, "max_backoff_ms": 50, "jitter": "none"})
    for failures in (1, 2):
        handler.run(job_id)
        wait_for(lambda: count_of(handler, job_id) == failures)  # noqa: B023
    assert len(hook.calls) == 6
    assert handler.job(job_id).json["state_reason"] == "failures"


def test_lost_occurrence_is_a_failure(make_runner, handler, hook):
    first = make_runner()
    hook.answers(held)
    job_id = handler.schedule(NEVER_SOON, hook.url, pause_after_failures=1)
    handler.run(job_id)
    hook.wait_for_calls(1)
    make_runner()
    first.kill()
    job = wait_for(lambda: (lambda job: job["state"] == "PAUSED" and job)(handler.job(job_id).json), 20)
    assert (job["state_reason"], job["counts"]["failures"]) == ("failures", 1)
    assert [e["outcome"] for e in handler.executions(job_id=job_id)] == ["lost"]


def test_job_that_does_not_ask_for_it_is_not_counted(handler, runner, hook):
    job_id = handler.schedule(NEVER_SOON, hook.answers(BAD).url, overlap="skip")
    run_and_wait(handler, job_id)
    assert handler.job(job_id).json["counts"] == {"of_latest": 1, "runs": 1, "failures_in_a_row": 1}


# --- notices ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ops(own_target):
    """Who wants to know that a job fails, and who that it does not any more."""
    return own_target.hook("/failing"), own_target.hook("/recovered")


def watched(client, hook, ops, kind="ATMOST_ONCE", **fields):
    """A job that is called by hand only, and tells."""
    fast = {"max_attempts": 5, "min_backoff_ms": 50, "max_backoff_ms": 50, "jitter": "none"}
    return client.schedule(NEVER_SOON, hook.url, kind, on_failure_url=ops[0].url, on_recovery_url=ops[1].url,
                           **{"retry": fast, **fields})


def wait_for_notice(client, job_id, state="delivered"):
    return wait_for(lambda: (lambda n: n and n["state"] == state and n)(client.job(job_id).json.get("last_notice")),
                    15, f"a notice that is {state}")


def left_in(redis, job_id):
    """Keys and members of Redis that name the job, the feed and the list of the dead apart."""
    name = id_bytes(job_id)
    with redis.client() as db:
        found = [key for key in db.keys("dronc:*") if name in key]
        for key in ("due", "retry", "broken"):
            found += [(key, entry) for entry in db.zrange(key_of(job_id, key), 0, -1) if name in entry]
        for key in db.keys("dronc:*:claimed:*"):
            found += [(key, field) for field in db.hkeys(key) if name in field]
    return found


def test_change_is_told_once_and_the_way_back_once(handler, runner, hook, ops):
    hook.answers(GOOD, BAD, BAD, BAD, GOOD, GOOD)
    job_id = watched(handler, hook, ops, name="nightly import")
    for _ in range(6):
        run_and_wait(handler, job_id)
    wait_for_notice(handler, job_id)
    failing, = ops[0].wait_for_calls(1)
    recovered, = ops[1].wait_for_calls(1)
    records = handler.executions(job_id=job_id)[::-1]
    assert [e["outcome"] for e in records] == ["succeeded", "failed", "failed", "failed", "succeeded", "succeeded"]

    for call, event, failures, record in ((failing, "failing", 1, records[1]), (recovered, "recovered", 3, records[4])):
        told = json.loads(call.body)
        assert (call.method, call.headers["content-type"], call.attempt) == ("POST", "application/json", 1)
        assert call.headers["dronc-job-id"] == told["job_id"] == job_id
        assert told == {"event": event, "job_id": job_id, "name": "nightly import", "at": call.headers["dronc-scheduled-time"],
                        "failures": failures, "execution": record}
    latest = handler.job(job_id).json
    assert {**latest["last_notice"], "at": None} == {"event": "recovered", "at": None, "state": "delivered", "status_code": 200,
                                                     "attempts": 1}
    assert latest["counts"] == {"of_latest": 6, "runs": 6, "failures_in_a_row": 0, "failures": 0}, "notices are no occurrences"


def test_failing_is_told_after_the_last_retry(handler, runner, hook, ops):
    hook.answers(BAD)
    job_id = watched(handler, hook, ops, "ATLEAST_ONCE")
    handler.run(job_id)
    failing, = ops[0].wait_for_calls(1)
    assert len(hook.calls) == 5 and json.loads(failing.body)["execution"]["attempt"] == 5


def test_notice_of_the_pause_leaves_though_the_job_is_paused(handler, runner, hook, ops):
    job_id = watched(handler, hook.answers(BAD), ops, pause_after_failures=1)
    assert "warnings" not in handler.job(job_id).json, "its retry is for the notices"
    handler.run(job_id)
    ops[0].wait_for_calls(1)
    wait_for_notice(handler, job_id)
    assert handler.job(job_id).json["state_reason"] == "failures"


def test_notice_that_is_not_taken_is_retried_with_the_same_key(handler, runner, hook, ops):
    ops[0].answers(status(503), status(500), status(204))
    job_id = watched(handler, hook.answers(BAD), ops)
    handler.run(job_id)
    assert wait_for_notice(handler, job_id)["attempts"] == 3
    calls = ops[0].calls
    assert [call.attempt for call in calls] == [1, 2, 3]
    assert len({call.key for call in calls}) == 1 and len({call.body for call in calls}) == 1
    assert [len(runner.events(event)) for event in ("notice delivered", "notice failed", "notice given up")] == [1, 2, 0]
    assert len(handler.executions(job_id=job_id)) == 1, "no record tells of notices"


def test_notice_is_given_up_as_calls_are_and_changes_nothing(handler, runner, redis, hook, ops):
    ops[0].answers(status(410))
    job_id = watched(handler, hook.answers(BAD), ops)
    handler.run(job_id)
    fate = wait_for_notice(handler, job_id, "given_up")
    assert (fate["event"], fate["status_code"], fate["attempts"]) == ("failing", 410, 1)
    job = handler.job(job_id).json
    assert (job["state"], job["counts"]["failures"]) == ("ACTIVE", 1)
    with redis.client() as db:
        assert not db.exists(key_of(job_id, "dead"), key_of(job_id, "retry"))


def test_url_of_a_notice_is_not_in_the_log_as_it_stands(handler, runner, hook, ops):
    secret = ops[0].url.replace("http://", "http://ops:s3cret@") + "?token=t0ken&job={{job_id}}"
    job_id = handler.schedule(NEVER_SOON, hook.answers(BAD).url, on_failure_url=secret)
    handler.run(job_id)
    call, = ops[0].wait_for_calls(1)
    assert call.query == f"token=t0ken&job={job_id.replace(':', '%3A')}"
    wait_for_notice(handler, job_id)
    assert "t0ken" not in runner.err + runner.out and "s3cret" not in runner.err + runner.out


def test_notice_of_a_killed_runner_is_delivered_by_another(make_runner, handler, hook, ops):
    first = make_runner()
    ops[0].answers(held, GOOD)
    job_id = watched(handler, hook.answers(BAD), ops)
    handler.run(job_id)
    ops[0].wait_for_calls(1)
    make_runner()
    first.kill()
    before, after = ops[0].wait_for_calls(2, timeout=20)
    assert before.key == after.key and before.body == after.body
    wait_for_notice(handler, job_id)
    assert [e["outcome"] for e in handler.executions(job_id=job_id)] == ["failed"], "nothing was lost"


def test_notice_is_never_too_late(make_runner, handler, redis, hook, ops):
    """As if all runners had been down for ten days when it was to be sent for the first time."""
    ops[0].answers(status(503, **{"Retry-After": "3600"}), GOOD)
    runner = make_runner()
    job_id = watched(handler, hook.answers(BAD), ops)
    handler.run(job_id)
    wait_for(lambda: runner.events("notice failed"))
    assert runner.terminate() == 0
    with redis.client() as db:
        retry, job = key_of(job_id, "retry"), job_key(job_id)
        entry, = db.zrange(retry, 0, -1)
        instant = entry[32:].split(b":")[0]
        earlier = b"%d" % (int(instant) - 10 * 86_400_000)
        db.hset(job, mapping={b"notice:" + earlier: db.hget(job, b"notice:" + instant), "notice": b"f %s waiting 0 0" % earlier})
        db.zrem(retry, entry)
        db.zadd(retry, {entry[:32] + earlier + b":1n." + entry[32:].split(b"n.")[1]: int(earlier)})
    make_runner()
    assert wait_for_notice(handler, job_id)["attempts"] == 1


def test_changed_url_is_the_one_that_is_called(handler, runner, hook, ops):
    ops[0].answers(status(503, **{"Retry-After": "1"}))
    job_id = watched(handler, hook.answers(BAD), ops)
    handler.run(job_id)
    ops[0].wait_for_calls(1)
    handler.patch(job_id, {"on_failure_url": ops[1].url})
    call, = ops[1].wait_for_calls(1)
    assert json.loads(call.body)["event"] == "failing"
    wait_for_notice(handler, job_id)


def test_notice_without_a_url_any_more_is_dropped(handler, runner, hook, ops):
    ops[0].answers(status(503, **{"Retry-After": "1"}))
    job_id = watched(handler, hook.answers(BAD), ops)
    handler.run(job_id)
    ops[0].wait_for_calls(1)
    handler.patch(job_id, {"on_failure_url": None})
    assert wait_for_notice(handler, job_id, "dropped")["attempts"] == 1
    assert len(ops[0].calls) == 1


def test_deleted_job_leaves_nothing_of_its_notices(handler, runner, redis, hook, ops):
    ops[0].answers(status(503, **{"Retry-After": "1"}))
    job_id = watched(handler, hook.answers(BAD), ops)
    handler.run(job_id)
    ops[0].wait_for_calls(1)
    wait_for(lambda: runner.events("notice failed"))
    assert handler.delete(job_id).status == 204
    wait_for(lambda: not left_in(redis, job_id), what="the end of the notice that waited")
    assert len(ops[0].calls) == 1


def test_backup_keeps_who_wants_to_know(handler, ops, hook):
    job_id = watched(handler, hook, ops, pause_after_failures=7)
    line = handler.export()
    assert handler.delete(job_id).status == 204
    assert handler.batch(line).status == 200
    job = handler.job(job_id).json
    assert (job["pause_after_failures"], job["on_failure_url"], job["on_recovery_url"]) == (7, ops[0].url, ops[1].url)
